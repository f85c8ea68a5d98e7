"""A folder of images, one subfolder per class: `folder:<path>`.

    <path>/train/<class>/*.jpg      and      <path>/test/<class>/*.jpg

`data.splits` decides which folders are splits and which are classes, `data.listing`
what is read in a class folder. Without splits, a share of every class
is held out for testing, by a hash of the images' contents: the same images on every
machine, and equal ones on the same side. An image's id is its content, so that a
replaced file is a different image, whose results are computed again, and a folder that
was moved or renamed is the same set. Listing a million files takes about ten seconds,
hashing them once about a second per gigabyte and core.
"""

import os
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from conceptevo_jax.data.content import (
    FileIds,
    content_of,
    file_ids,
    number_equal,
    read_file,
)
from conceptevo_jax.data.decoding import DEFAULT_FORMATS, MAX_PIXELS, Decoding
from conceptevo_jax.data.held_out import (
    held_out_count,
    held_out_images,
    require_two_of_each,
)
from conceptevo_jax.data.image_set import ImageSet
from conceptevo_jax.data.listing import File
from conceptevo_jax.data.passed_over import listed_names
from conceptevo_jax.data.splits import Split, list_split
from conceptevo_jax.errors import DataError, UsageError
from conceptevo_jax.places import typed_place
from conceptevo_jax.printable import printable
from conceptevo_jax.store import checksum

TEST_SHARE = 0.2
"""Default held-out share of each class in a folder without splits."""


def load(
    split: str,
    *,
    source: str,
    side: int,
    cache: Path | None = None,
    test_share: float = TEST_SHARE,
    formats: Sequence[str] = DEFAULT_FORMATS,
    max_pixels: int = MAX_PIXELS,
    value_range: int | None = None,
) -> ImageSet:
    """Open one split.

    Args:
      split: `train` or `test`.
      source: The folder.
      side: Height and width in pixels to which every image is resized.
      cache: Folder of the cache of hashes; all files are hashed anew if None.
      test_share: Share of each class that is held out if the folder has no splits.
      formats: Names of image formats that are opened, from
        `conceptevo_jax.data.decoding.FORMATS`; files with their suffixes are read.
      max_pixels: Height times width of the largest image that is decoded.
      value_range: Largest value of files of more than 8 bits, such as 4095 for 12 bits
        in 16-bit files; 65535 if None.

    Raises:
      UsageError: if `test_share` is not between 0 and 1, a format is unknown, or a
        number is not a whole number from 1.
      DataError: if the folder, a split, a class or its images are missing, or a class
        has too few images to hold any out.
    """
    decoding = Decoding(formats=formats, max_pixels=max_pixels, value_range=value_range)
    root = _root(source)
    listed = _listed(root, split, test_share, decoding)
    folder = listed.folder
    contents = file_ids(folder, [file.path for file in listed.listing.files], cache)
    files, ids, notes = _split_files(root, split, test_share, listed, contents)
    keys = number_equal(decoding.ids(ids))
    below = "" if listed.whole else f"{folder.name}/"

    def read(row: int) -> bytes:
        return _read(folder / files[row].path, ids[row])

    return ImageSet(
        name=f"folder {printable(root.name)}",
        split=split,
        keys=keys,
        names=tuple(printable(f"{below}{file.path}") for file in files),
        labels=np.array([file.label for file in files], np.int32),
        classes=listed.listing.classes,
        side=side,
        border=0,
        origin=printable(str(root)),
        read=read,
        notes=notes,
        decoding=decoding,
        unreadable=_unreadable_reasons(keys, files, contents),
    )


def _unreadable_reasons(
    keys: Sequence[str], files: Sequence[File], contents: FileIds
) -> dict[str, str]:
    """Why images cannot be read, by their ids."""
    return {
        key: contents.unreadable[file.path]
        for key, file in zip(keys, files, strict=True)
        if not file.readable
    }


def _split_files(
    root: Path, split: str, test_share: float, listed: Split, contents: FileIds
) -> tuple[list[File], list[str], tuple[str, ...]]:
    """Files of a split, their content ids, and notes for the user.

    In a folder without splits the held-out images are the test images.
    """
    files = [
        file._replace(readable=file.path not in contents.unreadable)
        for file in listed.listing.files
    ]
    ids = list(contents.ids)
    notes = (*listed.listing.notes, *_changed(listed.folder, contents))
    if not listed.whole:
        return files, ids, notes
    classes = listed.listing.classes
    require_two_of_each(root, files, classes)
    held_out, single_image_classes = held_out_images(ids, files, classes, test_share)
    notes = (
        *notes,
        *_note_of_copies(root, [classes[label] for label in single_image_classes]),
    )
    rows = np.flatnonzero(held_out == (split == "test")).tolist()
    return [files[row] for row in rows], [ids[row] for row in rows], notes


def sizes(
    source: str,
    *,
    test_share: float = TEST_SHARE,
    formats: Sequence[str] = DEFAULT_FORMATS,
    max_pixels: int = MAX_PIXELS,
    value_range: int | None = None,
) -> tuple[int, int, int]:
    """Number of training and test images and of classes, without reading any image.

    For a folder without splits that holds equal images, the numbers may be off by the
    number of these.

    Args:
      source: The folder.
      test_share: As for `load`, like the others.
      formats: See there.
      max_pixels: See there.
      value_range: See there.

    Raises:
      UsageError, DataError: as `load` does.
    """
    decoding = Decoding(formats=formats, max_pixels=max_pixels, value_range=value_range)
    root = _root(source)
    counts = {}
    for split in ("train", "test"):
        listed = _listed(root, split, test_share, decoding)
        files, classes = listed.listing.files, listed.listing.classes
        counts[split] = len(files)
        if listed.whole:
            numbers = require_two_of_each(root, files, classes)
            test = sum(held_out_count(number, test_share) for number in numbers)
            return len(files) - test, test, len(classes)
    return counts["train"], counts["test"], len(classes)


def _root(source: str) -> Path:
    root = Path(os.path.abspath(typed_place(source, "folder:PATH")))
    if not os.path.isdir(root):
        raise DataError(
            f"{printable(str(root))} is not a folder: folder:PATH names one of images."
        )
    return root


def _listed(root: Path, split: str, test_share: float, decoding: Decoding) -> Split:
    if not isinstance(test_share, int | float) or not 0 < test_share < 1:
        raise UsageError(f"test_share must be between 0 and 1, not {test_share!r}.")
    return list_split(root, split, decoding)


def _read(path: Path, content: str) -> bytes:
    """A file's bytes, which must match the content of its id."""
    image = read_file(path)
    if checksum(image) != content_of(content):
        raise DataError("the file changed after it was listed: run again")
    return image


def _note_of_copies(root: Path, classes: Sequence[str]) -> tuple[str, ...]:
    if not classes:
        return ()
    return (
        f"{len(classes)} classes of {printable(str(root))} are copies of one image, "
        f"which is both trained on and held out: {listed_names(classes)}.",
    )


def _changed(folder: Path, contents: FileIds) -> tuple[str, ...]:
    if not contents.changed:
        return ()
    return (
        f"{len(contents.changed)} images of {printable(str(folder))} are not what they "
        f"were at the last call, such as {printable(contents.changed[0])}: they count "
        "as other images, and all that depends on them is made anew.",
    )

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
    number_duplicates,
    read_file,
)
from conceptevo_jax.data.decoding import DEFAULT_FORMATS, MAX_PIXELS, DecodingSettings
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
from conceptevo_jax.printable import printable_name
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
    decoding = DecodingSettings(
        formats=formats, max_pixels=max_pixels, value_range=value_range
    )
    root = _root(source)
    listed_split = _list_requested_split(root, split, test_share, decoding)
    folder = listed_split.folder
    paths = [file.path for file in listed_split.listing.files]
    content_ids = file_ids(folder, paths, cache)
    files, ids, notes = _split_files(root, split, test_share, listed_split, content_ids)
    keys = number_duplicates(decoding.ids(ids))
    name_prefix = "" if listed_split.is_unsplit else f"{folder.name}/"
    return ImageSet(
        name=f"folder {printable_name(root.name)}",
        split=split,
        keys=keys,
        names=tuple(printable_name(f"{name_prefix}{file.path}") for file in files),
        labels=np.array([file.label for file in files], np.int32),
        classes=listed_split.listing.classes,
        side=side,
        border=0,
        origin=printable_name(str(root)),
        read=lambda row: _read(folder / files[row].path, ids[row]),
        notes=notes,
        decoding=decoding,
        unreadable_reasons=_unreadable_reasons(keys, files, content_ids),
    )


def _unreadable_reasons(
    keys: Sequence[str], files: Sequence[File], content_ids: FileIds
) -> dict[str, str]:
    """Why images cannot be read, by their ids."""
    return {
        key: content_ids.unreadable_reasons[file.path]
        for key, file in zip(keys, files, strict=True)
        if not file.is_readable
    }


def _split_files(
    root: Path, split: str, test_share: float, listed_split: Split, content_ids: FileIds
) -> tuple[list[File], list[str], tuple[str, ...]]:
    """Files of a split, their content ids, and notes for the user.

    In a folder without splits the held-out images are the test images.
    """
    files = [
        file._replace(is_readable=file.path not in content_ids.unreadable_reasons)
        for file in listed_split.listing.files
    ]
    ids = list(content_ids.ids)
    notes = (
        *listed_split.listing.notes,
        *_note_of_changes(listed_split.folder, content_ids),
    )
    if not listed_split.is_unsplit:
        return files, ids, notes
    classes = listed_split.listing.classes
    require_two_of_each(root, files, classes)
    is_held_out, single_image_classes = held_out_images(ids, files, classes, test_share)
    notes = (
        *notes,
        *_note_of_copies(root, [classes[label] for label in single_image_classes]),
    )
    rows = np.flatnonzero(is_held_out == (split == "test")).tolist()
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
    decoding = DecodingSettings(
        formats=formats, max_pixels=max_pixels, value_range=value_range
    )
    root = _root(source)
    counts = {}
    for split in ("train", "test"):
        listed_split = _list_requested_split(root, split, test_share, decoding)
        files, classes = listed_split.listing.files, listed_split.listing.classes
        counts[split] = len(files)
        if listed_split.is_unsplit:
            class_counts = require_two_of_each(root, files, classes)
            test = sum(held_out_count(number, test_share) for number in class_counts)
            return len(files) - test, test, len(classes)
    return counts["train"], counts["test"], len(classes)


def _root(source: str) -> Path:
    root = Path(os.path.abspath(typed_place(source, "folder:PATH")))
    if not os.path.isdir(root):
        raise DataError(
            f"{printable_name(str(root))} is not a folder: folder:PATH names one of "
            "images."
        )
    return root


def _list_requested_split(
    root: Path, split: str, test_share: float, decoding: DecodingSettings
) -> Split:
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
        f"{len(classes)} classes of {printable_name(str(root))} are copies of one "
        "image, "
        f"which is both trained on and held out: {listed_names(classes)}.",
    )


def _note_of_changes(folder: Path, content_ids: FileIds) -> tuple[str, ...]:
    if not content_ids.changed_names:
        return ()
    return (
        f"{len(content_ids.changed_names)} images of {printable_name(str(folder))} are "
        "not what they "
        "were at the last call, such as "
        f"{printable_name(content_ids.changed_names[0])}: they count "
        "as other images, and all that depends on them is made anew.",
    )

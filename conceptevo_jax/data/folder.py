"""A folder of images, one subfolder per class: `folder:<path>`.

    <path>/train/<class>/*.jpg      and      <path>/test/<class>/*.jpg

`validation` or `val` may stand in place of `test`. Where the path holds neither, its
own subfolders are the classes, and a share of every class is held out for testing, by
a hash of the images' contents: the same images on every machine, and equal ones on the
same side. An image's id is its content, so that a replaced file is another image, whose
results are made anew, and a folder that was moved or renamed is the same set. Listing a
million files takes about ten seconds, hashing them once about a second per gigabyte and
core.
"""

import os
from collections.abc import Sequence
from pathlib import Path
from typing import NamedTuple

import numpy as np
from jaxtyping import Bool

from conceptevo_jax.data.content import FileIds, content_of, file_ids, number_equal
from conceptevo_jax.data.images import ImageSet
from conceptevo_jax.errors import DataError, UsageError
from conceptevo_jax.store import checksum

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")

_SPLITS = {"train": ("train",), "test": ("test", "validation", "val")}


TEST_SHARE = 0.2
"""Of each class, where the folder has no splits and nothing else is said."""


def load(
    split: str,
    *,
    source: str,
    side: int,
    cache: Path | None = None,
    test_share: float = TEST_SHARE,
) -> ImageSet:
    """Open one split.

    Args:
      split: `train` or `test`.
      source: The folder.
      side: Height and width in pixels to which every image is resized.
      cache: Where contents' hashes are remembered; all files are hashed anew if None.
      test_share: Share of each class that is held out where the folder has no splits.

    Raises:
      UsageError: if `test_share` is not between 0 and 1.
      DataError: if the folder, a split, a class or its images are missing, or a class
        has too few images to hold any out.
    """
    root, folder, classes, files = _listed_split(source, split, test_share)
    contents = file_ids(folder, [file.path for file in files], cache)
    keys = np.array(contents.ids, object)
    if folder == root:
        held_out = _held_out(contents.ids, files, classes, test_share)
        rows = np.flatnonzero(held_out == (split == "test"))
        files, keys = [files[row] for row in rows.tolist()], keys[rows]
    below = "" if folder == root else f"{folder.name}/"
    ids: list[str] = keys.tolist()

    def read(row: int) -> bytes:
        return _read(folder / files[row].path, ids[row])

    return ImageSet(
        name=f"folder {root.name}",
        split=split,
        keys=number_equal(ids),
        names=tuple(_printable(f"{below}{file.path}") for file in files),
        labels=np.array([file.label for file in files], np.int32),
        classes=classes,
        side=side,
        border=0,
        origin=str(root),
        read=read,
        notes=_notes(folder, contents),
    )


def sizes(
    source: str, *, test_share: float = TEST_SHARE, **_: object
) -> tuple[int, int, int]:
    """Number of training and test images and of classes, without reading any image.

    Where the folder has no splits and holds equal images, within their number.
    """
    counts = {}
    for split in _SPLITS:
        root, folder, classes, files = _listed_split(source, split, test_share)
        counts[split] = len(files)
        if folder == root:
            per_class = np.bincount([file.label for file in files]).tolist()
            test = sum(_held_out_count(count, test_share) for count in per_class)
            return len(files) - test, test, len(classes)
    return counts["train"], counts["test"], len(classes)


class File(NamedTuple):
    """An image: its path below the listed folder, and its class."""

    path: str
    label: int


def _listed_split(
    source: str, split: str, test_share: float
) -> tuple[Path, Path, tuple[str, ...], list[File]]:
    """The root, the folder that was listed, its classes and images.

    The folder is the root where no split has one of its own.
    """
    if not 0 < test_share < 1:
        raise UsageError(f"test_share must be between 0 and 1, not {test_share}.")
    root = Path(source).expanduser().absolute()
    if not root.is_dir():
        raise DataError(f"{root} is not a folder: folder:PATH names one of images.")
    folders = {name: _split_folder(root, name) for name in _SPLITS}
    if folders["train"] is None and folders["test"] is None:
        return root, root, *_listed(root)
    return root, *_one_split(root, folders, split)


def _split_folder(root: Path, split: str) -> Path | None:
    there = (root / name for name in _SPLITS[split])
    return next((path for path in there if path.is_dir()), None)


def _one_split(
    root: Path, folders: dict[str, Path | None], split: str
) -> tuple[Path, tuple[str, ...], list[File]]:
    """Folder, classes and files of a split, whose classes must be the other's."""
    listed = {}
    for name, folder in folders.items():
        if folder is None:
            raise DataError(
                f"{root} has no folder {' or '.join(_SPLITS[name])}, though it has the "
                f"other split: add {root / _SPLITS[name][0]} with a folder per class."
            )
        listed[name] = (folder, *_listed(folder))
    train, test = listed["train"][1], listed["test"][1]
    if train != test:
        only = ", ".join(sorted(set(train) ^ set(test)))
        raise DataError(
            f"{root}: train and test need the same classes, but only one of them has: "
            f"{only}."
        )
    return listed[split]


def _listed(folder: Path) -> tuple[tuple[str, ...], list[File]]:
    """Classes of a folder, and its images in the order of their names."""
    entries = os.scandir(folder)
    classes = sorted(e.name for e in entries if e.is_dir() and e.name[0] != ".")
    if not classes:
        raise DataError(
            f"{folder} holds no folders: it needs one per class, with images "
            f"({', '.join(SUFFIXES)}) in it."
        )
    files: list[File] = []
    for label, name in enumerate(classes):
        images = sorted(
            File(f"{name}/{entry.name}", label)
            for entry in os.scandir(folder / name)
            if entry.name.lower().endswith(SUFFIXES) and entry.name[0] != "."
        )
        if not images:
            raise DataError(
                f"class folder {folder / name} holds no images "
                f"({', '.join(SUFFIXES)}). Add some, or remove it."
            )
        files += images
    return tuple(classes), files


def _held_out_count(distinct: int, share: float) -> int:
    """How many of a class's distinct images are held out: one at least, never all."""
    return min(max(round(share * distinct), 1), distinct - 1)


def _held_out(
    ids: Sequence[str], files: Sequence[File], classes: Sequence[str], share: float
) -> Bool[np.ndarray, " i"]:
    """Which images are held out: of every class those of the smallest hashes.

    Copies of one image stay on one side, but where a class has nothing else.

    Raises:
      DataError: naming a class that has a single file.
    """
    labels = np.array([file.label for file in files])
    held_out = np.zeros(len(files), bool)
    for label, name in enumerate(classes):
        rows = np.flatnonzero(labels == label)
        if len(rows) < 2:
            raise DataError(
                f"class {name!r} has a single image, which cannot be both trained on "
                "and held out. Add images, or give the folder train/ and test/ of its "
                "own."
            )
        units = [ids[row] for row in rows.tolist()]
        if len(set(units)) < 2:
            units = list(number_equal(units))
        ranked = sorted(set(units), key=lambda unit: checksum(f"test:{unit}".encode()))
        chosen = set(ranked[: _held_out_count(len(ranked), share)])
        held_out[rows] = [unit in chosen for unit in units]
    return held_out


def _read(path: Path, content: str) -> bytes:
    """A file's bytes, which must be those that its id was made from."""
    if not path.is_file():
        raise DataError("it is no regular file, or is gone")
    image = path.read_bytes()
    if checksum(image) != content_of(content):
        raise DataError("the file changed after it was listed: run again")
    return image


def _notes(folder: Path, contents: FileIds) -> tuple[str, ...]:
    if not contents.changed:
        return ()
    return (
        f"{len(contents.changed)} images of {folder} are not what they were at the "
        f"last call, such as {_printable(contents.changed[0])}: they count as other "
        "images, and all that depends on them is made anew.",
    )


def _printable(name: str) -> str:
    """A path as text that can be written anywhere, also where it is not UTF-8."""
    return os.fsencode(name).decode("utf-8", "backslashreplace")

"""A folder of images, one subfolder per class: `folder:<path>`.

    <path>/train/<class>/*.jpg      and      <path>/test/<class>/*.jpg

`validation` or `val` may stand in place of `test`. Where the path holds neither, its
own subfolders are the classes, and a share of every class is held out for testing, by
a hash of the file's name: the same files on every machine. An image's id is its path
below the folder and its size in bytes, so that a replaced file is another image, whose
results are made anew. Listing a million files takes about ten seconds.
"""

import hashlib
import os
from pathlib import Path
from typing import NamedTuple

import numpy as np

from conceptevo_jax.data.images import ImageSet
from conceptevo_jax.errors import DataError, UsageError

SUFFIXES = (".jpg", ".jpeg", ".png", ".webp")

_SPLITS = {"train": ("train",), "test": ("test", "validation", "val")}


def load(
    split: str,
    *,
    source: str,
    side: int,
    test_share: float = 0.2,
) -> ImageSet:
    """Open one split.

    Args:
      split: `train` or `test`.
      source: The folder.
      side: Height and width in pixels to which every image is resized.
      test_share: Share of each class that is held out where the folder has no splits.

    Raises:
      UsageError: if `test_share` is not between 0 and 1.
      DataError: if the folder, a split, a class or its images are missing.
    """
    if not 0 < test_share < 1:
        raise UsageError(f"test_share must be between 0 and 1, not {test_share}.")
    root = Path(source).expanduser().absolute()
    if not root.is_dir():
        raise DataError(f"{root} is not a folder: folder:PATH names one of images.")
    found = {name: _split_folder(root, name) for name in _SPLITS}
    if found["train"] is None and found["test"] is None:
        classes, files = _listed(root)
        wanted = split == "test"
        files = [f for f in files if _is_held_out(f.path, test_share) == wanted]
        _require_images(files, f"the {split} share of {root}")
    else:
        classes, files = _one_split(root, found, split)
    return ImageSet(
        name=f"folder {root.name}",
        split=split,
        keys=tuple(f"{file.path}:{file.bytes}" for file in files),
        labels=np.array([file.label for file in files], np.int32),
        classes=classes,
        side=side,
        border=0,
        origin=str(root),
        read=lambda row: (root / files[row].path).read_bytes(),
    )


class File(NamedTuple):
    """An image: its path below the root, its class, and its size."""

    path: str
    label: int
    bytes: int


def _split_folder(root: Path, split: str) -> Path | None:
    there = (root / name for name in _SPLITS[split])
    return next((path for path in there if path.is_dir()), None)


def _one_split(
    root: Path, found: dict[str, Path | None], split: str
) -> tuple[tuple[str, ...], list[File]]:
    """Classes and files of a split, whose classes must be those of the other."""
    listed = {}
    for name, folder in found.items():
        if folder is None:
            raise DataError(
                f"{root} has no folder {' or '.join(_SPLITS[name])}, though it has the "
                f"other split: add {root / _SPLITS[name][0]} with a folder per class."
            )
        classes, files = _listed(folder)
        below = [f._replace(path=f"{folder.name}/{f.path}") for f in files]
        listed[name] = classes, below
    (train, _), (test, _) = listed["train"], listed["test"]
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
        own = sorted(
            File(f"{name}/{entry.name}", label, entry.stat().st_size)
            for entry in os.scandir(folder / name)
            if entry.name.lower().endswith(SUFFIXES) and entry.name[0] != "."
        )
        _require_images(own, f"class folder {folder / name}")
        files += own
    return tuple(classes), files


def _require_images(files: list, what: str) -> None:
    if not files:
        raise DataError(
            f"{what} holds no images ({', '.join(SUFFIXES)}). Add some, or remove it."
        )


def _is_held_out(file: str, share: float) -> bool:
    digest = hashlib.blake2b(f"test:{file}".encode(), digest_size=8).digest()
    return int.from_bytes(digest, "little") < share * 2**64

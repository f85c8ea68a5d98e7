"""Which folders of a data set are its training and test images, and which are classes.

`Training` and `Testing` are splits like `train` and `test`, and `val` is used if there
is no `test`. A folder with such a name is a split if it holds class folders; if
it holds images itself, next to other class folders, it is a class of that name.
"""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from conceptevo_jax.data.decoding import Decoding
from conceptevo_jax.data.listing import Listing, holds_images, list_classes, subfolders
from conceptevo_jax.data.passed_over import listed_names
from conceptevo_jax.errors import DataError
from conceptevo_jax.printable import printable
from conceptevo_jax.types import record

SPLIT_NAMES = {
    "train": ("train", "training"),
    "test": ("test", "testing", "validation", "val", "valid"),
}
"""Possible names of a split's folder, in any letter case; the first match is used."""


@record
class Split:
    """A listed folder, with notes for the user.

    Attributes:
      folder: The listed folder.
      listing: Its classes and images.
      whole: Whether it holds all images, so that a part must still be held out.
    """

    folder: Path
    listing: Listing
    whole: bool


def list_split(root: Path, split: str, decoding: Decoding) -> Split:
    """List the images of a split, or all images if the folder has no splits.

    Args:
      root: Folder of splits, or of classes.
      split: `train` or `test`.
      decoding: Which files are opened.

    Raises:
      DataError: saying what is missing, and what to do.
    """
    folders = subfolders(root)
    split_folders = {
        kind: _named(root, folders, names) for kind, names in SPLIT_NAMES.items()
    }
    candidates = [path for paths in split_folders.values() for path in paths]
    other_folders = [
        name
        for name in (folders if candidates else ())
        if root / name not in candidates
        and holds_images(root / name, decoding, below=True)
    ]
    with_classes = _with_classes(split_folders, other_folders, decoding)
    if not any(with_classes.values()):
        return _whole(root, candidates, other_folders, decoding)
    return _divided(root, split, split_folders, with_classes, other_folders, decoding)


def _named(root: Path, folders: Sequence[str], names: Sequence[str]) -> list[Path]:
    """The folders of a list with one of the names, the first name first."""
    return [
        root / folder for name in names for folder in folders if folder.lower() == name
    ]


def _with_classes(
    split_folders: dict[str, list[Path]],
    other_folders: Sequence[str],
    decoding: Decoding,
) -> dict[str, list[Path]]:
    """The named folders that are splits.

    A folder with both class folders and images is a class if it is the only one among
    other classes.
    """
    nested = {
        kind: [path for path in paths if _holds_classes(path, decoding)]
        for kind, paths in split_folders.items()
    }
    if all(nested.values()) or not other_folders:
        return nested
    return {
        kind: [path for path in paths if not holds_images(path, decoding, below=False)]
        for kind, paths in nested.items()
    }


def _holds_classes(path: Path, decoding: Decoding) -> bool:
    inner = subfolders(path)
    return any(holds_images(path / name, decoding, below=True) for name in inner)


def _whole(
    root: Path,
    candidates: Sequence[Path],
    other_folders: Sequence[str],
    decoding: Decoding,
) -> Split:
    """All images of a folder of classes."""
    flat = [path for path in candidates if holds_images(path, decoding, below=False)]
    names = listed_names([path.name for path in flat])
    root_name = printable(str(root))
    if flat and not other_folders:
        raise DataError(
            f"{root_name}: {names} hold images, but no folders of classes: put the "
            "images of each class into a folder of its name there."
        )
    listing = list_classes(root, decoding)
    if flat:
        note = (
            f"{names} in {root_name} hold images themselves: they are read as classes."
        )
        listing = dataclasses.replace(listing, notes=(note, *listing.notes))
    return Split(folder=root, listing=listing, whole=True)


def _divided(
    root: Path,
    split: str,
    split_folders: dict[str, list[Path]],
    with_classes: dict[str, list[Path]],
    other_folders: Sequence[str],
    decoding: Decoding,
) -> Split:
    """One of two splits, which must have the same classes."""
    root_name = printable(str(root))
    if not with_classes["train"]:
        (test, *_) = with_classes["test"]
        raise DataError(
            f"{root_name} has no folder train of class folders, though it has "
            f"{printable(test.name)}: add {root_name}/train with a folder per class."
        )
    folders = {"train": with_classes["train"][0]}
    listed = {"train": list_classes(folders["train"], decoding)}
    for path in with_classes["test"]:
        listing = list_classes(path, decoding)
        if set(listing.classes) & set(listed["train"].classes):
            folders["test"], listed["test"] = path, listing
            break
    else:
        raise DataError(_no_test(root, folders["train"], split_folders["test"]))
    _require_same_classes(root_name, folders, listed)
    beside = [path for paths in split_folders.values() for path in paths]
    unread = [path for path in beside if path not in folders.values()]
    flat = [path.name for path in unread if path not in with_classes["test"]]
    notes = _unread_notes(root_name, folders, unread, flat, other_folders)
    if holds_images(root, decoding, below=False):
        notes.append(f"Images that lie in {root_name} itself are left out.")
    listing = listed[split]
    return Split(
        folder=folders[split],
        listing=dataclasses.replace(listing, notes=(*notes, *listing.notes)),
        whole=False,
    )


def _unread_notes(
    root_name: str,
    folders: dict[str, Path],
    unread: Sequence[Path],
    flat: Sequence[str],
    other_folders: Sequence[str],
) -> list[str]:
    """A sentence about folders next to those that are read, if there are any."""
    if not (unread or other_folders):
        return []
    read = " and ".join(printable(path.name) for path in folders.values())
    why = f" ({listed_names(flat)} without class folders)" if flat else ""
    skipped_names = listed_names([*(path.name for path in unread), *other_folders])
    return [f"{read} of {root_name} are read, but not {skipped_names}{why}."]


def _no_test(root: Path, train: Path, candidates: Sequence[Path]) -> str:
    """The message about class folders for training, but none for testing."""
    root_name, name = printable(str(root)), printable(train.name)
    if candidates:
        flat = listed_names([path.name for path in candidates])
        what, add = f"{flat} next to it holds none of their names", candidates[0].name
    else:
        what, add = f"there is no folder {' or '.join(SPLIT_NAMES['test'])}", "test"
    return (
        f"{root_name}/{name} holds class folders, but {what}: put class folders of the "
        f"same names into {root_name}/{printable(add)}, or name "
        f"folder:{root_name}/{name} alone, of which a fifth of every class is held out."
    )


def _require_same_classes(
    root_name: str, folders: dict[str, Path], listed: dict[str, Listing]
) -> None:
    only = set(listed["train"].classes) ^ set(listed["test"].classes)
    if not only:
        return
    names = " and ".join(printable(path.name) for path in folders.values())
    notes = dict.fromkeys(note for listing in listed.values() for note in listing.notes)
    raise DataError(
        " ".join(
            (
                f"{root_name}: {names} need the same classes, but only one of them "
                f"has: {listed_names(sorted(only))}.",
                *notes,
            )
        )
    )

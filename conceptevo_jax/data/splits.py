"""Which folders of a data set are its training and test images, and which are classes.

`Training` and `Testing` are splits like `train` and `test`, and `val` is used if there
is no `test`. A folder with such a name is a split if it holds class folders; if
it holds images itself, next to other class folders, it is a class of that name.
"""

import dataclasses
from collections.abc import Sequence
from pathlib import Path

from conceptevo_jax.data.decoding import DecodingSettings
from conceptevo_jax.data.listing import Listing, holds_images, list_classes, subfolders
from conceptevo_jax.data.passed_over import listed_names
from conceptevo_jax.errors import DataError
from conceptevo_jax.printable import printable_name
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
      is_unsplit: Whether it holds all images, so that a part must still be held out.
    """

    folder: Path
    listing: Listing
    is_unsplit: bool


def list_split(root: Path, split: str, decoding: DecodingSettings) -> Split:
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
        split_name: _folders_named(root, folders, names)
        for split_name, names in SPLIT_NAMES.items()
    }
    candidates = [path for paths in split_folders.values() for path in paths]
    other_folders = _other_folders(root, folders, candidates, decoding)
    class_splits = _class_splits(split_folders, other_folders, decoding)
    if not any(class_splits.values()):
        return _unsplit_folder(root, candidates, other_folders, decoding)
    return _split_folder(
        root, split, split_folders, class_splits, other_folders, decoding
    )


def _folders_named(
    root: Path, folders: Sequence[str], names: Sequence[str]
) -> list[Path]:
    """The folders of a list with one of the names, the first name first."""
    return [
        root / folder for name in names for folder in folders if folder.lower() == name
    ]


def _other_folders(
    root: Path,
    folders: Sequence[str],
    candidates: Sequence[Path],
    decoding: DecodingSettings,
) -> list[str]:
    """Folders with images beside the candidates for splits; none without candidates."""
    return [
        name
        for name in (folders if candidates else ())
        if root / name not in candidates
        and holds_images(root / name, decoding, recursive=True)
    ]


def _class_splits(
    split_folders: dict[str, list[Path]],
    other_folders: Sequence[str],
    decoding: DecodingSettings,
) -> dict[str, list[Path]]:
    """The named folders that are splits.

    A folder with both class folders and images is a class if it is the only one among
    other classes.
    """
    folders_with_classes = {
        split_name: [path for path in paths if _holds_classes(path, decoding)]
        for split_name, paths in split_folders.items()
    }
    if all(folders_with_classes.values()) or not other_folders:
        return folders_with_classes
    return {
        split_name: [
            path for path in paths if not holds_images(path, decoding, recursive=False)
        ]
        for split_name, paths in folders_with_classes.items()
    }


def _holds_classes(path: Path, decoding: DecodingSettings) -> bool:
    class_folders = subfolders(path)
    return any(
        holds_images(path / name, decoding, recursive=True) for name in class_folders
    )


def _unsplit_folder(
    root: Path,
    candidates: Sequence[Path],
    other_folders: Sequence[str],
    decoding: DecodingSettings,
) -> Split:
    """All images of a folder of classes."""
    flat_folders = [
        path for path in candidates if holds_images(path, decoding, recursive=False)
    ]
    names = listed_names([path.name for path in flat_folders])
    root_name = printable_name(str(root))
    if flat_folders and not other_folders:
        raise DataError(
            f"{root_name}: {names} hold images, but no folders of classes: put the "
            "images of each class into a folder of its name there."
        )
    listing = list_classes(root, decoding)
    if flat_folders:
        note = (
            f"{names} in {root_name} hold images themselves: they are read as classes."
        )
        listing = dataclasses.replace(listing, notes=(note, *listing.notes))
    return Split(folder=root, listing=listing, is_unsplit=True)


def _split_folder(
    root: Path,
    split: str,
    split_folders: dict[str, list[Path]],
    class_splits: dict[str, list[Path]],
    other_folders: Sequence[str],
    decoding: DecodingSettings,
) -> Split:
    """One of two splits, which must have the same classes."""
    root_name = printable_name(str(root))
    if not class_splits["train"]:
        (test, *_) = class_splits["test"]
        raise DataError(
            f"{root_name} has no folder train of class folders, though it has "
            f"{printable_name(test.name)}: add {root_name}/train with a folder per "
            "class."
        )
    folders = {"train": class_splits["train"][0]}
    listings = {"train": list_classes(folders["train"], decoding)}
    for path in class_splits["test"]:
        listing = list_classes(path, decoding)
        if set(listing.classes) & set(listings["train"].classes):
            folders["test"], listings["test"] = path, listing
            break
    else:
        raise DataError(
            _missing_test_message(root, folders["train"], split_folders["test"])
        )
    _require_same_classes(root_name, folders, listings)
    named_folders = [path for paths in split_folders.values() for path in paths]
    unread_folders = [path for path in named_folders if path not in folders.values()]
    flat_names = [
        path.name for path in unread_folders if path not in class_splits["test"]
    ]
    notes = _unread_notes(root_name, folders, unread_folders, flat_names, other_folders)
    if holds_images(root, decoding, recursive=False):
        notes.append(f"Images that lie in {root_name} itself are left out.")
    listing = listings[split]
    return Split(
        folder=folders[split],
        listing=dataclasses.replace(listing, notes=(*notes, *listing.notes)),
        is_unsplit=False,
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
    read = " and ".join(printable_name(path.name) for path in folders.values())
    why = f" ({listed_names(flat)} without class folders)" if flat else ""
    skipped_names = listed_names([*(path.name for path in unread), *other_folders])
    return [f"{read} of {root_name} are read, but not {skipped_names}{why}."]


def _missing_test_message(root: Path, train: Path, candidates: Sequence[Path]) -> str:
    """The message about class folders for training, but none for testing."""
    root_name, name = printable_name(str(root)), printable_name(train.name)
    if candidates:
        flat_names = listed_names([path.name for path in candidates])
        lack, folder_name = (
            f"{flat_names} next to it holds none of their names",
            candidates[0].name,
        )
    else:
        lack, folder_name = (
            f"there is no folder {' or '.join(SPLIT_NAMES['test'])}",
            "test",
        )
    return (
        f"{root_name}/{name} holds class folders, but {lack}: put class folders of the "
        f"same names into {root_name}/{printable_name(folder_name)}, or name "
        f"folder:{root_name}/{name} alone, of which a fifth of every class is held out."
    )


def _require_same_classes(
    root_name: str, folders: dict[str, Path], listings: dict[str, Listing]
) -> None:
    unshared_classes = set(listings["train"].classes) ^ set(listings["test"].classes)
    if not unshared_classes:
        return
    names = " and ".join(printable_name(path.name) for path in folders.values())
    notes = dict.fromkeys(
        note for listing in listings.values() for note in listing.notes
    )
    raise DataError(
        " ".join(
            (
                f"{root_name}: {names} need the same classes, but only one of them "
                f"has: {listed_names(sorted(unshared_classes))}.",
                *notes,
            )
        )
    )

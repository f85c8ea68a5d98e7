"""The classes of a folder and their images, and counts of the files that are skipped.

Each subfolder is a class, with all folders below it: links to folders are followed, but
never back to a folder that is already read. Hidden and system files are
skipped. Listing takes about ten seconds for a million files, since only the names of
regular files are read.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import NamedTuple

from conceptevo_jax.data.decoding import FORMATS, DecodingSettings
from conceptevo_jax.data.directory_entries import (
    SYSTEM_NAMES,
    directory_entries,
    folder_identities,
    is_folder,
    is_hidden,
    is_image,
    looks_readable,
    scan_directory,
    suffix_of,
)
from conceptevo_jax.data.passed_over import (
    PassedOver,
    describe_no_images,
    describe_passed_over,
)
from conceptevo_jax.errors import DataError
from conceptevo_jax.printable import printable_name

_IMAGE_SUFFIXES = frozenset(suffix for name in FORMATS for suffix in FORMATS[name])


class File(NamedTuple):
    """An image: its path below the listed folder, its class, whether it looks readable.

    A folder that cannot be read is represented by one unreadable image, with a `/` at
    its end.
    """

    path: str
    label: int
    is_readable: bool = True


@dataclass(frozen=True, kw_only=True)
class Listing:
    """Classes of a folder, its images class by class, and sentences about the rest.

    Attributes:
      classes: Names of the folders that hold images, as on the disk.
      files: Their files, in the order of classes and names.
      notes: Whole sentences about files that are not read.
    """

    classes: tuple[str, ...]
    files: list[File]
    notes: tuple[str, ...]


def list_classes(folder: Path, decoding: DecodingSettings) -> Listing:
    """List a folder of class folders.

    Args:
      folder: Holds a folder for every class.
      decoding: Which suffixes are opened.

    Raises:
      DataError: if it cannot be read, or holds no images in class folders, with the
        numbers of the files it holds.
    """
    passed_over = PassedOver()
    names = _class_folders(folder, decoding, passed_over)
    classes, files, locked_folders = _list_files(folder, names, decoding, passed_over)
    notes = describe_passed_over(folder, decoding, passed_over)
    if not classes:
        locked_names = [file.path for file in locked_folders]
        reason = describe_no_images(
            folder, decoding, folders=names, locked_folders=locked_names
        )
        raise DataError(" ".join((reason, *notes)))
    notes += _note_of_nesting(folder, classes, files)
    return Listing(classes=tuple(classes), files=locked_folders + files, notes=notes)


def _list_files(
    folder: Path, names: Sequence[str], decoding: DecodingSettings, passed: PassedOver
) -> tuple[list[str], list[File], list[File]]:
    """Classes, their files, and the class folders that cannot be read."""
    above = folder_identities([folder, *folder.resolve().parents])
    classes: list[str] = []
    files: list[File] = []
    locked: list[File] = []
    for name in names:
        images = sorted(_image_paths(folder, name, above, decoding, passed))
        if not images:
            passed.empty_folders.append(name)
        elif images == [(f"{name}/", False)]:
            locked.append(File(f"{name}/", 0, False))
        else:
            files += (File(path, len(classes), readable) for path, readable in images)
            classes.append(name)
    return classes, files, locked


def subfolders(folder: Path) -> list[str]:
    """Names of the folders in a folder, except hidden and system folders.

    Raises:
      DataError: if it cannot be read.
    """
    return sorted(
        entry.name
        for entry in directory_entries(folder)
        if not is_hidden(entry.name) and is_folder(entry)
    )


def holds_images(folder: Path, decoding: DecodingSettings, *, recursive: bool) -> bool:
    """Whether images lie in a folder itself, or also in folders below it.

    Args:
      folder: The folder.
      decoding: Which suffixes are opened.
      recursive: Whether to search the folders below, too.
    """
    if not recursive:
        return any(
            is_image(entry, decoding.suffixes) for entry in directory_entries(folder)
        )
    ancestor_ids = folder_identities(folder.resolve().parents)
    return any(
        _image_paths(folder.parent, folder.name, ancestor_ids, decoding, PassedOver())
    )


def _class_folders(
    folder: Path, decoding: DecodingSettings, passed_over: PassedOver
) -> list[str]:
    names = []
    for entry in directory_entries(folder):
        if entry.name.lower() in SYSTEM_NAMES:
            passed_over.system_names.add(entry.name)
        elif entry.name[0] == ".":
            continue
        elif is_folder(entry):
            names.append(entry.name)
        elif suffix_of(entry.name) in _IMAGE_SUFFIXES:
            passed_over.loose_images += 1
    return sorted(names)


def _image_paths(
    root: Path,
    name: str,
    ancestor_ids: set[tuple[int, int]],
    decoding: DecodingSettings,
    passed_over: PassedOver,
) -> Iterator[tuple[str, bool]]:
    """Paths of images in a class folder and all below, and whether they look readable.

    Args:
      root: Folder of the class folder.
      name: The class folder.
      ancestor_ids: Folders that are not to be entered.
      decoding: Which suffixes are opened.
      passed_over: Collects the files that are not read.
    """
    suffixes, entered_ids, pending_folders = (
        decoding.suffixes,
        set(ancestor_ids),
        [name],
    )
    while pending_folders:
        relative_folder = pending_folders.pop()
        try:
            (identity,) = folder_identities([root / relative_folder])
            if identity in entered_ids:
                passed_over.revisited_links.append(relative_folder)
                continue
            entered_ids.add(identity)
            entries = scan_directory(root / relative_folder)
        except OSError:
            yield f"{relative_folder}/", False
            continue
        inner_folders = []
        for entry in entries:
            if entry.name.lower() in SYSTEM_NAMES:
                passed_over.system_names.add(entry.name)
            elif entry.name[0] == ".":
                continue
            elif is_folder(entry):
                inner_folders.append(f"{relative_folder}/{entry.name}")
            else:
                passed_over.file_count += 1
                suffix = suffix_of(entry.name)
                if suffix in suffixes:
                    yield f"{relative_folder}/{entry.name}", looks_readable(entry)
                else:
                    passed_over.suffix_counts[suffix] += 1
        # The last is taken first: folders are entered in the order of their names.
        pending_folders += sorted(inner_folders, reverse=True)


def _note_of_nesting(
    folder: Path, classes: Sequence[str], files: Sequence[File]
) -> tuple[str, ...]:
    """A sentence, if a single class looks like a folder of class folders."""
    if len(classes) != 1:
        return ()
    inner_folders = {
        file.path.split("/")[1] for file in files if file.path.count("/") > 1
    }
    if len(inner_folders) < 2 or any(file.path.count("/") == 1 for file in files):
        return ()
    (name,) = classes
    folder_name = printable_name(str(folder))
    return (
        f"{folder_name} has a single class, {printable_name(name)}: if the folders in "
        "it "
        f"are the classes, name folder:{folder_name}/{printable_name(name)}.",
    )

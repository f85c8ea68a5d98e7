"""Entries of directories, and which of them are folders or images."""

import os
from collections.abc import Sequence
from pathlib import Path

from conceptevo_jax.data.content import why_unreadable
from conceptevo_jax.errors import DataError
from conceptevo_jax.printable import printable_name

SYSTEM_NAMES = frozenset(
    {
        "lost+found",
        "__macosx",
        "@eadir",
        "#recycle",
        "$recycle.bin",
        "recycler",
        "system volume information",
        "thumbs.db",
        "desktop.ini",
        "__pycache__",
    }
)
"""Names of files and folders that operating systems create, in lower case."""


def directory_entries(folder: Path) -> list[os.DirEntry[str]]:
    """The entries of a folder.

    Raises:
      DataError: if the folder cannot be read.
    """
    try:
        return scan_directory(folder)
    except OSError as error:
        raise DataError(
            f"folder {printable_name(str(folder))} cannot be read ({error.strerror}): "
            "give "
            "yourself the right to read it, or name another."
        ) from None


def scan_directory(folder: Path) -> list[os.DirEntry[str]]:
    """The entries of a folder; raises `OSError` if it cannot be read."""
    with os.scandir(folder) as entries:
        return list(entries)


def folder_identities(folders: Sequence[Path]) -> set[tuple[int, int]]:
    """Device and inode of each folder, which are equal for links to it."""
    return {(facts.st_dev, facts.st_ino) for facts in map(os.stat, folders)}


def is_hidden(name: str) -> bool:
    """Whether a file or folder is hidden, or created by the operating system."""
    return name[0] == "." or name.lower() in SYSTEM_NAMES


def is_folder(entry: os.DirEntry[str]) -> bool:
    """Whether an entry is a folder, or a link to one."""
    try:
        return entry.is_dir()
    except OSError:  # a link that leads to itself
        return False


def is_image(entry: os.DirEntry[str], suffixes: frozenset[str]) -> bool:
    """Whether an entry is a visible file with one of the suffixes.

    Args:
      entry: An entry of a folder.
      suffixes: Suffixes in lower case, without the dot.
    """
    hidden = is_hidden(entry.name)
    return not hidden and suffix_of(entry.name) in suffixes and not is_folder(entry)


def looks_readable(entry: os.DirEntry[str]) -> bool:
    """Whether it is a file, which the listing shows for everything except links."""
    regular = entry.is_file(follow_symlinks=False)
    return regular or why_unreadable(Path(entry.path)) is None


def suffix_of(name: str) -> str:
    """A name's suffix in lower case, without the dot; empty if it is not a word."""
    stem, _, suffix = name.rpartition(".")
    return suffix.lower() if stem and len(suffix) <= 8 else ""

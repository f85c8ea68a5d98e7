"""Files in a folder of images that are not read: counts and sentences."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from conceptevo_jax.data.decoding import FORMATS, Decoding
from conceptevo_jax.printable import printable

_NAMED = 5
"""Largest number of names and suffixes that a sentence lists."""


@dataclass
class PassedOver:
    """Files in a folder that are not read.

    Attributes:
      files: Number of all files in class folders.
      suffixes: Numbers of files by suffix that is not opened.
      loose: Number of images next to the class folders.
      empty: Folders without an image that is opened.
      system: Names of system files.
      revisited: Links to folders that are already read.
    """

    files: int = 0
    suffixes: Counter[str] = field(default_factory=Counter)
    loose: int = 0
    empty: list[str] = field(default_factory=list)
    system: set[str] = field(default_factory=set)
    revisited: list[str] = field(default_factory=list)


def listed_names(names: Sequence[str]) -> str:
    """The first few names in a sentence, and how many more there are."""
    listed = ", ".join(map(printable, names[:_NAMED]))
    unnamed_count = len(names) - _NAMED
    return f"{listed} and {unnamed_count} more" if unnamed_count > 0 else listed


def describe_passed_over(
    folder: Path, decoding: Decoding, passed: PassedOver
) -> tuple[str, ...]:
    """Sentences about files that were not read.

    Args:
      folder: The listed folder.
      decoding: The opened formats.
      passed: The files not read, counted while listing.
    """
    folder_name = printable(str(folder))
    return (
        *_describe_files(folder_name, decoding, passed),
        *_describe_places(folder_name, passed),
    )


def _describe_files(
    folder_name: str, decoding: Decoding, passed: PassedOver
) -> list[str]:
    """Sentences about files of formats that are not opened, and of unknown formats."""
    notes = []
    suffix_counts = Counter(passed.suffixes)
    for name, suffixes in FORMATS.items():
        present = [suffix for suffix in suffixes if suffix_counts[suffix]]
        if present:
            number = sum(suffix_counts.pop(suffix) for suffix in present)
            suffix_names = " or ".join(f".{suffix}" for suffix in present)
            notes.append(
                f"{number} of {passed.files} files of {folder_name} are "
                f"{suffix_names}, which is not opened: allow it by "
                f"{decoding.allowing(name)}."
            )
    if +suffix_counts:
        notes.append(
            f"{sum(suffix_counts.values())} of {passed.files} files of {folder_name} "
            "cannot be opened, and are left out: "
            f"{_commonest_suffixes(suffix_counts)}."
        )
    return notes


def _commonest_suffixes(suffix_counts: Counter[str]) -> str:
    commonest = sorted((+suffix_counts).items(), key=_by_number)[:_NAMED]
    return ", ".join(
        f"{number} .{printable(suffix)}" if suffix else f"{number} without a suffix"
        for suffix, number in commonest
    )


def _describe_places(folder_name: str, passed: PassedOver) -> list[str]:
    """Sentences about loose images, empty folders, and links that are not followed."""
    notes = []
    if passed.loose:
        notes.append(
            f"{passed.loose} images lie in {folder_name} itself and are left out: put "
            "them into the folders of their classes."
        )
    if passed.empty:
        notes.append(
            f"{len(passed.empty)} folders of {folder_name} hold no image that is "
            f"opened, and are no classes: {listed_names(passed.empty)}."
        )
    if passed.system:
        notes.append(
            f"{listed_names(sorted(passed.system))} in {folder_name} are the system's "
            "own, and are left out."
        )
    if passed.revisited:
        notes.append(
            f"{len(passed.revisited)} links in {folder_name} lead back to folders that "
            f"are read already, and are not followed: {listed_names(passed.revisited)}."
        )
    return notes


def _by_number(counted: tuple[str, int]) -> tuple[int, str]:
    """The most frequent first; the same order whatever order a disk lists files in."""
    suffix, number = counted
    return -number, suffix


def describe_no_images(
    folder: Path,
    decoding: Decoding,
    *,
    folders: Sequence[str],
    locked: Sequence[str],
) -> str:
    """The message about a folder without readable images.

    Args:
      folder: The listed folder.
      decoding: The formats that would have been opened.
      folders: Names of its subfolders.
      locked: Subfolders that cannot be read.
    """
    suffixes = [suffix for name in decoding.formats for suffix in FORMATS[name]]
    what = "no images in its folders" if folders else "no folders"
    needs = (
        f"{printable(str(folder))} holds {what}: it needs one folder per class, with "
        f"images ({', '.join(f'.{suffix}' for suffix in suffixes)}) in it."
    )
    if not locked:
        return needs
    return f"{needs} {len(locked)} folders cannot be read: {listed_names(locked)}."

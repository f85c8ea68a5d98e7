"""Files in a folder of images that are not read: counts and sentences."""

from collections import Counter
from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

from conceptevo_jax.data.decoding import FORMATS, DecodingSettings
from conceptevo_jax.printable import printable_name

_MAX_NAMES = 5
"""Largest number of names and suffixes that a sentence lists."""


@dataclass
class PassedOver:
    """Files in a folder that are not read.

    Attributes:
      file_count: Number of all files in class folders.
      suffix_counts: Numbers of files by suffix that is not opened.
      loose_images: Number of images next to the class folders.
      empty_folders: Folders without an image that is opened.
      system_names: Names of system files.
      revisited_links: Links to folders that are already read.
    """

    file_count: int = 0
    suffix_counts: Counter[str] = field(default_factory=Counter)
    loose_images: int = 0
    empty_folders: list[str] = field(default_factory=list)
    system_names: set[str] = field(default_factory=set)
    revisited_links: list[str] = field(default_factory=list)


def listed_names(names: Sequence[str]) -> str:
    """The first few names in a sentence, and how many more there are."""
    name_list = ", ".join(map(printable_name, names[:_MAX_NAMES]))
    unnamed_count = len(names) - _MAX_NAMES
    return f"{name_list} and {unnamed_count} more" if unnamed_count > 0 else name_list


def describe_passed_over(
    folder: Path, decoding: DecodingSettings, passed_over: PassedOver
) -> tuple[str, ...]:
    """Sentences about files that were not read.

    Args:
      folder: The listed folder.
      decoding: The opened formats.
      passed_over: The files not read, counted while listing.
    """
    folder_name = printable_name(str(folder))
    return (
        *_describe_files(folder_name, decoding, passed_over),
        *_describe_places(folder_name, passed_over),
    )


def _describe_files(
    folder_name: str, decoding: DecodingSettings, passed: PassedOver
) -> list[str]:
    """Sentences about files of formats that are not opened, and of unknown formats."""
    notes = []
    suffix_counts = Counter(passed.suffix_counts)
    for name, suffixes in FORMATS.items():
        present = [suffix for suffix in suffixes if suffix_counts[suffix]]
        if present:
            number = sum(suffix_counts.pop(suffix) for suffix in present)
            suffix_names = " or ".join(f".{suffix}" for suffix in present)
            notes.append(
                f"{number} of {passed.file_count} files of {folder_name} are "
                f"{suffix_names}, which is not opened: allow it by "
                f"{decoding.setting_to_allow(name)}."
            )
    if +suffix_counts:
        notes.append(
            f"{sum(suffix_counts.values())} of {passed.file_count} files of "
            f"{folder_name} "
            "cannot be opened, and are left out: "
            f"{_commonest_suffixes(suffix_counts)}."
        )
    return notes


def _commonest_suffixes(suffix_counts: Counter[str]) -> str:
    commonest = sorted((+suffix_counts).items(), key=_largest_first)[:_MAX_NAMES]
    return ", ".join(
        f"{number} .{printable_name(suffix)}"
        if suffix
        else f"{number} without a suffix"
        for suffix, number in commonest
    )


def _describe_places(folder_name: str, passed: PassedOver) -> list[str]:
    """Sentences about loose images, empty folders, and links that are not followed."""
    notes = []
    if passed.loose_images:
        notes.append(
            f"{passed.loose_images} images lie in {folder_name} itself and are left "
            "out: put them into the folders of their classes."
        )
    if passed.empty_folders:
        notes.append(
            f"{len(passed.empty_folders)} folders of {folder_name} hold no image that "
            f"is opened, and are no classes: {listed_names(passed.empty_folders)}."
        )
    if passed.system_names:
        notes.append(
            f"{listed_names(sorted(passed.system_names))} in {folder_name} are the "
            "system's own, and are left out."
        )
    if passed.revisited_links:
        notes.append(
            f"{len(passed.revisited_links)} links in {folder_name} lead back to "
            "folders that are read already, and are not followed: "
            f"{listed_names(passed.revisited_links)}."
        )
    return notes


def _largest_first(suffix_and_count: tuple[str, int]) -> tuple[int, str]:
    """The most frequent first; the same order whatever order a disk lists files in."""
    suffix, number = suffix_and_count
    return -number, suffix


def describe_no_images(
    folder: Path,
    decoding: DecodingSettings,
    *,
    folders: Sequence[str],
    locked_folders: Sequence[str],
) -> str:
    """The message about a folder without readable images.

    Args:
      folder: The listed folder.
      decoding: The formats that would have been opened.
      folders: Names of its subfolders.
      locked_folders: Subfolders that cannot be read.
    """
    suffixes = [suffix for name in decoding.formats for suffix in FORMATS[name]]
    lack = "no images in its folders" if folders else "no folders"
    need = (
        f"{printable_name(str(folder))} holds {lack}: it needs one folder per class, "
        "with "
        f"images ({', '.join(f'.{suffix}' for suffix in suffixes)}) in it."
    )
    if not locked_folders:
        return need
    return (
        f"{need} {len(locked_folders)} folders cannot be read: "
        f"{listed_names(locked_folders)}."
    )

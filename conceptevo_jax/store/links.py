"""Links that lead out of a folder are not followed, neither for reading nor for
writing.

A result folder or store may come from somebody else, and a link in it may point at any
file of the reader. A folder that is reached through a link is allowed, and
so is a link whose target lies in the same folder. Changes during a check are
not detected.
"""

import contextlib
import os
from collections.abc import Iterator
from pathlib import Path

from conceptevo_jax.errors import DataError


def is_within(path: Path, folder: Path) -> bool:
    """Whether a path, with links followed, lies in a folder or is that folder.

    Args:
      path: A file or folder; it need not exist.
      folder: The folder that may contain it.
    """
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))


def require_no_outward_links(path: Path, folder: Path) -> None:
    """Refuse links out of a folder, and pipes and devices, whose reading may not end.

    Args:
      path: A file or folder to be read or written, with everything below it. It need
        not exist.
      folder: The folder that no link may leave.

    Raises:
      DataError: naming the link and its target, or an entry that is neither file nor
        folder.
    """
    _require_within(path, folder)
    for entry in _walk_entries(path):
        if entry.is_symlink():
            _require_within(Path(entry.path), folder)
        elif not (entry.is_file() or entry.is_dir()) and os.path.lexists(entry):
            raise DataError(f"{entry.path} is neither a file nor a folder: remove it.")


def _require_within(path: Path, folder: Path) -> None:
    if not is_within(path, folder):
        raise DataError(
            f"{path} leads to {os.path.realpath(path)}, out of {folder}: links of a "
            "result or a store are followed only within it. Remove the link, or put "
            "what it leads to in its place."
        )


def _walk_entries(folder: Path) -> Iterator[os.DirEntry[str]]:
    """Everything below a folder; folders that are links are not entered.

    Entries that cannot be listed, or are deleted meanwhile, are not read later either.
    """
    pending_folders: list[Path | str] = [folder]
    while pending_folders:
        with contextlib.suppress(OSError), os.scandir(pending_folders.pop()) as entries:
            for entry in entries:
                yield entry
                if entry.is_dir(follow_symlinks=False):
                    pending_folders.append(entry.path)


def require_inside_result(path: Path, result_folder: Path) -> None:
    """Refuse to write at a path where a link of the result leads elsewhere.

    Args:
      path: A file or folder to be written. A path outside the result is the caller's
        choice.
      result_folder: A result folder.

    Raises:
      DataError: naming the link and its target.
    """
    if path.is_relative_to(result_folder) or is_within(path.parent, result_folder):
        require_no_outward_links(path, result_folder)

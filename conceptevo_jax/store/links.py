"""Links that lead out of a folder are not followed: neither read nor written through.

A result folder or store may come from somebody else, and a link in it may point at any
file of the reader's. A folder that is reached through a link is as good as another, and
so is a link whose target lies in the same folder. What changes while it is looked at is
not noticed.
"""

import os
from collections.abc import Iterator
from pathlib import Path

from conceptevo_jax.errors import DataError


def is_within(path: Path, folder: Path) -> bool:
    """Whether a path, its links followed, lies in a folder or is that folder."""
    return Path(os.path.realpath(path)).is_relative_to(os.path.realpath(folder))


def require_closed(path: Path, folder: Path) -> None:
    """Refuse what leads out of a folder, whether it is there or not.

    Args:
      path: A file or folder that shall be read or written, with all below it.
      folder: Out of which nothing may lead.

    Raises:
      DataError: naming the link and its target.
    """
    for name in (path, *_links(path)):
        if not is_within(name, folder):
            raise DataError(
                f"{name} leads to {os.path.realpath(name)}, out of {folder}: links of "
                "a result or a store are followed only within it. Remove the link, or "
                "put what it leads to in its place."
            )


def require_own(path: Path, result: Path) -> None:
    """Refuse to write at a path where a link of the result leads elsewhere.

    Args:
      path: A file or folder that is to be written. One outside of the result is its
        caller's own choice; nothing below it may lead out of it then.
      result: A result folder.

    Raises:
      DataError: naming the link and its target.
    """
    inside = path.is_relative_to(result) or is_within(path.parent, result)
    require_closed(path, result if inside else path)


def _links(folder: Path) -> Iterator[Path]:
    """All links below a folder; folders that are links are not entered."""
    if not folder.is_dir():
        return
    for root, folders, files in os.walk(folder):
        for name in (*folders, *files):
            path = os.path.join(root, name)
            if os.path.islink(path):
                yield Path(path)

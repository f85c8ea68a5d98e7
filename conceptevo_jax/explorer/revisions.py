"""The data files that a folder page lists, and deletion of earlier ones.

A live page reads `data/revision.js` repeatedly: it lists the data files by name.
Data files are named by their content, so an existing file is complete and never
changes. Only files of the revision before the last one are deleted.
"""

import json
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from conceptevo_jax.store import parse_json, read_file, write_bytes, write_text
from conceptevo_jax.store.bounded_reading import LARGEST_TEXT
from conceptevo_jax.store.kinds import matches_type

REVISION = "data/revision.js"

KINDS = ("chunks", "sheets")
"""What a page lists, each by name."""

_DATA_FILE = re.compile(r"[a-z]*-?\d*(-\d+)?\.[0-9a-f]{12}\.(js|webp)")
"""Names of data files: other files in their folders are not touched."""

_CALL = "conceptevoRevision("


def escape_script(content: object) -> str:
    """JSON that may stand in a script: a `<` can only be in a string, as an escape."""
    return json.dumps(content).replace("<", "\\u003c")


def write_revision(folder: Path, index: Mapping[str, Any]) -> None:
    """Write what a live page lists, for pages that are open.

    Args:
      folder: Of the page.
      index: Its revision, data files by kind and name, and whether more will follow.
    """
    write_text(folder / REVISION, f"{_CALL}{escape_script(index)});")


def remove_revision(folder: Path) -> None:
    """Remove the revision of a page that was live."""
    (folder / REVISION).unlink(missing_ok=True)


def read_revision(folder: Path) -> dict[str, dict[str, str]]:
    """Data files that an open live page may still load; none if that is unknown."""
    path = folder / REVISION
    try:
        text = read_file(path, path.parent, LARGEST_TEXT).decode()
        index = parse_json(text.removeprefix(_CALL).removesuffix(");"))
        listed_paths = {kind: index[kind] for kind in KINDS}
    except (OSError, ValueError, LookupError, TypeError):
        return {}
    return (
        listed_paths
        if matches_type(listed_paths, Mapping[str, Mapping[str, str]])
        else {}
    )


def listed_files(index: Mapping[str, Any]) -> set[str]:
    """Paths of the data files that a page lists, relative to its folder."""
    return {path for kind in KINDS for path in index.get(kind, {}).values()}


def write_once(path: Path, content: bytes) -> None:
    """Write a file that is named by its content, unless it is there.

    Args:
      path: The file.
      content: What it holds.
    """
    if not path.is_file():
        write_bytes(path, content)


def delete_stale_files(folder: Path, listed_paths: set[str]) -> None:
    """Delete data files of earlier pages.

    Args:
      folder: Of the page.
      listed_paths: Paths of data files to keep, relative to the folder.
    """
    for subfolder in ("data", "sheets"):
        for path in (folder / subfolder).glob("*"):
            is_listed = f"{subfolder}/{path.name}" in listed_paths
            if _DATA_FILE.fullmatch(path.name) and not is_listed:
                path.unlink()

"""Checksums of a run's weights and tables, in `checksums.json` of its folder.

Orbax's files have no checksums: a changed byte there is a changed weight. So
restored arrays are compared with the saved ones, array by array, at about 1 GB a
second. A snapshot is listed once all of it is on the disk; a listed snapshot that is
missing is an error, and a snapshot that a kill left unlisted is saved again.
"""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import jax
import numpy as np

from conceptevo_jax.errors import DataError
from conceptevo_jax.store import checksum, read_sealed, write_sealed
from conceptevo_jax.store.kinds import matches_type

CHECKSUMS = "checksums.json"

_FIELD_TYPES: dict[str, Any] = {
    "snapshots": Mapping[str, str],
    "resume": Mapping[str, str],
    "tables": Sequence[str],
}
"""Entries of the file, by epoch as text, the latest last."""

_KEPT_TABLES = 2
"""The current table and the one before: a kill may happen between list and table."""

_KEPT_RESUME_STATES = 2
"""Number of states to resume from that are kept."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Checksums:
    """What a run's folder should hold.

    Attributes:
      snapshots: Checksum of the variables, by epoch as text.
      resume: Checksum of the state to resume from, by epoch as text.
      tables: Checksums that the table may have, the latest last.
    """

    snapshots: Mapping[str, str]
    resume: Mapping[str, str]
    tables: tuple[str, ...]


def tree_checksum(tree: Any) -> str:
    """Checksum of all arrays of a tree, with their names, types and shapes."""
    parts: list[bytes | memoryview] = []
    for path, leaf in jax.tree_util.tree_leaves_with_path(tree):
        array = np.asarray(leaf)
        name = f"{jax.tree_util.keystr(path)} {array.dtype} {array.shape}"
        parts += [
            name.encode(),
            np.ascontiguousarray(array).reshape(-1).view("u1").data,
        ]
    return checksum(*parts)


def read_checksums(folder: Path) -> Checksums:
    """The checksums in a run's folder; none where no snapshot was saved yet.

    Raises:
      DataError: if the file is damaged, or has other entries.
    """
    path = folder / CHECKSUMS
    if not path.is_file():
        return Checksums(snapshots={}, resume={}, tables=())
    remedy = f"Delete {folder} and train again."
    values = read_sealed(path, remedy)
    for name, field_type in _FIELD_TYPES.items():
        if not matches_type(values.get(name), field_type):
            raise DataError(f"{path} lists no checksums of {name}. {remedy}")
    return Checksums(
        snapshots=values["snapshots"],
        resume=values["resume"],
        tables=tuple(values["tables"]),
    )


def update_checksums(
    folder: Path,
    *,
    snapshots: Mapping[str, str] | None = None,
    resume: Mapping[str, str] | None = None,
    table: str | None = None,
    epochs_to_forget: Iterable[str] = (),
) -> None:
    """Add to the checksums in a run's folder.

    Args:
      folder: The run's folder.
      snapshots: Checksums of snapshots that are on the disk.
      resume: Checksums of states that are about to be saved; the latest two are kept.
      table: Checksum of a table that is about to be written.
      epochs_to_forget: Epochs whose snapshots are about to be replaced.
    """
    before = read_checksums(folder)
    kept_checksums = {
        e: c for e, c in before.snapshots.items() if e not in set(epochs_to_forget)
    }
    states = sorted({**before.resume, **(resume or {})}.items(), key=_number)
    tables = before.tables if table is None else (*before.tables, table)
    after = Checksums(
        snapshots={**kept_checksums, **(snapshots or {})},
        resume=dict(states[-_KEPT_RESUME_STATES:]),
        tables=tables[-_KEPT_TABLES:],
    )
    if after != before:
        write_sealed(folder / CHECKSUMS, dataclasses.asdict(after))


def _number(state: tuple[str, str]) -> int:
    return int(state[0])


def require_checksum(expected_checksum: str | None, tree: Any, noun: str) -> None:
    """Refuse arrays that differ from the saved ones.

    Args:
      expected_checksum: Their checksum, or None if none is listed.
      tree: The arrays as read.
      noun: A description of the arrays.

    Raises:
      DataError: naming it.
    """
    if expected_checksum != tree_checksum(tree):
        raise DataError(
            f"{noun} is damaged: its checksum is not the one in {CHECKSUMS}. Delete "
            "the run's folder and train again."
        )

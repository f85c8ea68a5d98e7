"""Folders of stages: listing and filling them, and the locks that jobs hold."""

import dataclasses
import fcntl
import re
import shutil
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import IO, Any

from conceptevo_jax.devices import call_in_first_process, is_first
from conceptevo_jax.errors import DataError
from conceptevo_jax.store.files import (
    drop_abandoned,
    replace_folder,
    write_json,
    write_sealed,
)
from conceptevo_jax.store.links import require_no_outward_links
from conceptevo_jax.store.records import MANIFEST, UNFINISHED, read_manifest

PARTIAL = ".partial"
"""Suffix of a stage's folder until the stage is finished."""

STAGE_NAME = re.compile(r"\.?(?P<stage>[a-z][a-z_-]*)-(?P<key>[0-9a-f]{12})(\.|$)")
"""Name of a stage's folder, finished or not."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Entry:
    """One stage in a store, finished or not.

    Attributes:
      stage: Name of the stage, such as `train` or `stimuli`.
      key: Content key of its settings and inputs.
      about: The manifest's one-line description.
      bytes: Size on disk.
      modified: Time of the last change, seconds since 1970.
      finished: Whether it can be used.
      path: Its folder.
    """

    stage: str
    key: str
    about: str
    bytes: int
    modified: float
    finished: bool
    path: Path


def fill_folder(
    final_path: Path,
    fill: Callable[[Path], None],
    manifest: Mapping[str, object],
    *,
    in_all_processes: bool,
) -> None:
    """Let `fill` fill a folder, which gets its name when it is finished.

    Args:
      final_path: The folder under its final name.
      fill: Fills a folder, which may hold earlier partial work.
      manifest: Describes how the stage was made.
      in_all_processes: Whether all processes call `fill`, or only the first.
    """
    if final_path.exists():
        read_manifest(final_path)  # It has none: say so before the work, not after.
    partial = final_path.with_name(final_path.name + PARTIAL)
    call_in_first_process(lambda: _begin(partial, manifest["about"]))
    try:
        if in_all_processes:
            fill(partial)
        else:
            call_in_first_process(lambda: fill(partial))
    except BaseException:
        _drop_if_empty(partial)
        raise
    call_in_first_process(lambda: _finish(partial, manifest, final_path))


def _begin(partial: Path, about: object) -> None:
    require_no_outward_links(partial, partial.parent)
    drop_abandoned(partial, locked=True)
    partial.mkdir(parents=True, exist_ok=True)
    write_json(partial / UNFINISHED, {"about": about})


def _drop_if_empty(partial: Path) -> None:
    # A stage that failed before it saved anything has nothing to resume from.
    if is_first() and [path.name for path in partial.glob("*")] == [UNFINISHED]:
        shutil.rmtree(partial)


def _finish(partial: Path, manifest: Mapping[str, object], final: Path) -> None:
    write_sealed(partial / MANIFEST, manifest)
    (partial / UNFINISHED).unlink(missing_ok=True)
    replace_folder(partial, final)


def take_lock(path: Path, *, wait: bool) -> IO[str] | None:
    """Hold a lock until the file is closed; None if another process holds it.

    Args:
      path: The lock.
      wait: Whether to wait until no other process holds it.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    file = path.open("w")
    try:
        fcntl.flock(file, fcntl.LOCK_EX if wait else fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        file.close()
        return None
    return file


def is_stage(path: Path) -> bool:
    """Whether this is a folder of a stage, finished or not, with our marker."""
    if path.is_symlink() or not path.is_dir() or not STAGE_NAME.match(path.name):
        return False
    return any((path / marker).is_file() for marker in (MANIFEST, UNFINISHED))


def read_entry(path: Path) -> Entry:
    """The description of a stage in its folder; without a manifest it is unfinished."""
    manifest: dict[str, Any] = {}
    is_finished = not path.name.endswith((PARTIAL, ".tmp"))
    if is_finished:
        try:
            manifest = read_manifest(path, path.parent)
        except DataError:
            is_finished = False
    match = STAGE_NAME.match(path.name)
    assert match is not None
    return Entry(
        stage=match["stage"],
        key=match["key"],
        about=str(manifest.get("about", "")),
        bytes=sum(f.stat().st_size for f in path.rglob("*") if f.is_file()),
        modified=path.stat().st_mtime,
        finished=is_finished,
        path=path,
    )

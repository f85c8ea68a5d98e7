"""The shared store: every finished stage in `runs/store/<stage>-<key>/`.

A stage is named by what it is and a key over its settings and the keys of its inputs,
so a changed setting re-runs exactly what depends on it and experiments share the
rest. Long stages work in a `.partial` folder that survives a kill and is renamed when
finished. Keys of the stages touched are kept, so that a caller can say what was
reused. Of several processes the first writes, and all others read what it wrote: the
store must lie where all of them see it.
"""

import contextlib
import dataclasses
import fcntl
import os
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import IO, Any, TypeVar

from conceptevo_jax.devices import by_first, first_decides, is_first
from conceptevo_jax.errors import DataError
from conceptevo_jax.store.keys import content_key
from conceptevo_jax.store.records import (
    load_record,
    read_manifest,
    save_record,
    write_json,
)

R = TypeVar("R")

PARTIAL = ".partial"


@dataclasses.dataclass(frozen=True, kw_only=True)
class Entry:
    """One stage in a store, finished or not.

    Attributes:
      stage: What it is, such as `train` or `stimuli`.
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


class Store:
    """Finished stages below one folder, found again by content.

    Attributes:
      root: The folder.
      seconds: Time spent in this process per stage that was really run.
      reused: How many stages were found finished.
    """

    def __init__(self, root: Path) -> None:
        self.root = Path(root).absolute()
        self.seconds: dict[str, float] = {}
        self.reused = 0

    def path(self, stage: str, key: str) -> Path:
        """Where the stage lies, or would lie, once finished."""
        return self.root / f"{stage}-{key}"

    def has(self, stage: str, key: str) -> bool:
        """Whether the stage is finished."""
        manifest = self.path(stage, key) / "manifest.json"
        return first_decides(manifest.is_file)

    def record(
        self,
        stage: str,
        kind: type[R],
        make: Callable[[], R],
        *,
        config: object,
        inputs: Mapping[str, str],
        about: str = "",
    ) -> tuple[R, str]:
        """Load a record, or make and save it.

        Args:
          stage: Name of the stage.
          kind: The record's type.
          make: Computes the record; called only when none is stored, and then in all
            processes.
          config: Settings that the result depends on, and nothing else.
          inputs: Content keys of what it is made from, by name.
          about: One line for `conceptevo ls`.

        Returns:
          The record and its content key.
        """
        key = content_key(stage, config, inputs)
        folder = self.path(stage, key)
        if not self.has(stage, key):
            with self._locked(folder):
                if not self.has(stage, key):
                    start = time.perf_counter()
                    value = make()
                    made_by = {"stage": stage, "config": config, "inputs": inputs}
                    by_first(lambda: save_record(folder, value, **made_by, about=about))
                    self._spent(stage, start)
                    # What processes computed may differ in the last digit.
                    return value if is_first() else load_record(folder, kind), key
        self.reused += 1
        return load_record(folder, kind), key

    def folder(
        self,
        stage: str,
        make: Callable[[Path], None],
        *,
        config: object,
        inputs: Mapping[str, str],
        about: str = "",
        together: bool = False,
    ) -> tuple[Path, str]:
        """Find a folder, or let `make` fill it; a killed `make` finds its files again.

        Args:
          stage: Name of the stage.
          make: Fills the folder it is given, which may hold earlier partial work.
          config: Settings that the result depends on, and nothing else.
          inputs: Content keys of what it is made from, by name.
          about: One line for `conceptevo ls`.
          together: Whether all processes call `make`, or the first alone.

        Returns:
          The finished folder and its content key.
        """
        key = content_key(stage, config, inputs)
        final = self.path(stage, key)
        if not self.has(stage, key):
            with self._locked(final):
                if not self.has(stage, key):
                    manifest = {"schema": 1, "type": "folder", "stage": stage}
                    manifest |= {"config": config, "inputs": inputs, "about": about}
                    start = time.perf_counter()
                    _fill(final, make, manifest, together=together)
                    self._spent(stage, start)
                    return final, key
        self.reused += 1
        return final, key

    def entries(self) -> list[Entry]:
        """All stages in the store, newest last."""
        if not self.root.is_dir():
            return []
        found = [_entry(path) for path in self.root.iterdir() if _is_stage(path)]
        return sorted(found, key=lambda entry: entry.modified)

    def remove(self, entry: Entry) -> None:
        """Delete one stage; what was made from it stays usable."""
        if entry.path.parent != self.root:
            raise DataError(f"{entry.path} does not lie in the store {self.root}.")
        shutil.rmtree(entry.path)

    @contextlib.contextmanager
    def _locked(self, folder: Path) -> Iterator[None]:
        """Of several jobs that need a stage one makes it; the others wait for it.

        A job that is killed lets go of the lock; the file stays and means nothing.
        """
        lock = self.root / ".locks" / folder.name
        with contextlib.ExitStack() as held:
            by_first(lambda: held.enter_context(_take(lock)))
            yield

    def _spent(self, stage: str, start: float) -> None:
        spent = time.perf_counter() - start
        self.seconds[stage] = self.seconds.get(stage, 0.0) + spent


def _fill(
    final: Path,
    make: Callable[[Path], None],
    manifest: Mapping[str, object],
    *,
    together: bool,
) -> None:
    """Let `make` fill a folder, which gets its name when it is finished."""
    if final.exists():
        read_manifest(final)  # It has none: say so before the work, not after.
    partial = final.with_name(final.name + PARTIAL)
    by_first(lambda: partial.mkdir(parents=True, exist_ok=True))
    if together:
        make(partial)
    else:
        by_first(lambda: make(partial))

    def finish() -> None:
        write_json(partial / "manifest.json", manifest)
        os.replace(partial, final)

    by_first(finish)


def _take(path: Path) -> IO[str]:
    """Wait until nobody else holds a lock, and hold it until the file is closed."""
    path.parent.mkdir(parents=True, exist_ok=True)
    file = path.open("w")
    fcntl.flock(file, fcntl.LOCK_EX)
    return file


def _is_stage(path: Path) -> bool:
    return path.is_dir() and "-" in path.name


def _entry(path: Path) -> Entry:
    manifest: dict[str, Any] = {}
    finished = not path.name.endswith((PARTIAL, ".tmp"))
    if finished:
        try:
            manifest = read_manifest(path)
        except DataError:
            finished = False
    stage, _, key = path.name.removeprefix(".").rpartition("-")
    return Entry(
        stage=stage,
        key=key.partition(".")[0],
        about=str(manifest.get("about", "")),
        bytes=sum(f.stat().st_size for f in path.rglob("*") if f.is_file()),
        modified=path.stat().st_mtime,
        finished=finished,
        path=path,
    )

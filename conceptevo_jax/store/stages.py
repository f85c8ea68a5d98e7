"""The shared store: every finished stage in `runs/store/<stage>-<key>/`.

A stage is named by its kind and a key of its settings and the keys of its inputs,
so a changed setting re-runs exactly the stages that depend on it, and experiments share
the rest. Long stages work in a `.partial` folder that survives a kill and is renamed
when finished. The store counts reused stages, so that a caller can report them. With
several processes the first writes, and all others read its files: the
store must lie where all of them see it.

The store's folder has a marker, `store.json`, and so does each stage: folders
without a marker are neither listed nor deleted. The key of a finished stage is compared
with the requested key. Files in a stage's folder have their own checksums,
which their readers compare; see `conceptevo_jax.store.files`.
"""

import contextlib
import shutil
import time
from collections.abc import Callable, Iterator, Mapping
from pathlib import Path
from typing import TypeVar

from conceptevo_jax.devices import call_in_first_process, first_decides, is_first
from conceptevo_jax.errors import DataError
from conceptevo_jax.store.files import (
    drop_abandoned,
    drop_replacements,
    read_sealed,
    write_sealed,
)
from conceptevo_jax.store.keys import content_key
from conceptevo_jax.store.links import require_no_outward_links
from conceptevo_jax.store.records import (
    MANIFEST,
    SCHEMA,
    load_record,
    require_key,
    save_record,
)
from conceptevo_jax.store.stage_folders import (
    STAGE_NAME,
    Entry,
    fill_folder,
    is_stage,
    read_entry,
    take_lock,
)

R = TypeVar("R")


MARKER = "store.json"
"""File that marks a folder as a store, with its layout."""

LAYOUT = 2
"""Version of a store's layout; stores of another version are refused."""


class Store:
    """Finished stages below one folder, found again by content.

    Attributes:
      root: The folder.
      seconds: Time spent in this process per stage that was actually run.
      reused: Number of stages that were already finished.
    """

    def __init__(self, root: Path) -> None:
        self.root = Path(root).absolute()
        self.seconds: dict[str, float] = {}
        self.reused = 0
        self._is_checked = False

    def path(self, stage: str, key: str) -> Path:
        """Where the stage lies, or would lie, once finished.

        Args:
          stage: Its name.
          key: Its content key.
        """
        return self.root / f"{stage}-{key}"

    def has(self, stage: str, key: str) -> bool:
        """Whether the stage is finished.

        Args:
          stage: Its name.
          key: Its content key.
        """
        manifest = self.path(stage, key) / MANIFEST
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
          config: Exactly the settings that the result depends on.
          inputs: Content keys of its inputs, by name.
          about: One line for `conceptevo ls`.

        Returns:
          The record and its content key.
        """
        key = content_key(stage, config, inputs)
        folder = self.path(stage, key)
        call_in_first_process(self._open)
        if not self.has(stage, key):
            with self._locked(folder):
                if not self.has(stage, key):
                    start = time.perf_counter()
                    value = make()
                    made_by = {"stage": stage, "config": config, "inputs": inputs}
                    call_in_first_process(
                        lambda: save_record(folder, value, **made_by, about=about)
                    )
                    self._add_time(stage, start)
                    # What processes computed may differ in the last digit.
                    if not is_first():
                        value = load_record(folder, kind, self.root)
                    return value, key
        self.reused += 1
        return self.load(stage, kind, key), key

    def load(self, stage: str, kind: type[R], key: str) -> R:
        """Load a finished record by its key.

        Args:
          stage: Its name.
          kind: The record's type.
          key: Its content key.

        Raises:
          DataError: if it is missing, damaged, or was made under another key.
        """
        folder = self.path(stage, key)
        require_key(folder, key, self.root)
        return load_record(folder, kind, self.root)

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
          make: Fills a folder, which may hold earlier partial work.
          config: Exactly the settings that the result depends on.
          inputs: Content keys of its inputs, by name.
          about: One line for `conceptevo ls`.
          together: Whether all processes call `make`, or only the first.

        Returns:
          The finished folder and its content key.

        Raises:
          DataError: if it was made under another key, or a link in it leads out of the
            store.
        """
        key = content_key(stage, config, inputs)
        final = self.path(stage, key)
        call_in_first_process(self._open)
        if not self.has(stage, key):
            with self._locked(final):
                if not self.has(stage, key):
                    manifest = {"schema": SCHEMA, "type": "folder", "stage": stage}
                    manifest |= {"config": config, "inputs": inputs, "about": about}
                    start = time.perf_counter()
                    fill_folder(final, make, manifest, in_all_processes=together)
                    self._add_time(stage, start)
                    return final, key
        self.reused += 1
        require_key(final, key, self.root)
        require_no_outward_links(final, self.root)
        return final, key

    def entries(self) -> list[Entry]:
        """All stages in the store, newest last: folders with this package's marker.

        Raises:
          DataError: if the folder is not a store, or has another layout.
        """
        if not self.root.exists():
            return []
        self._require_layout()
        stages = [read_entry(path) for path in self.root.iterdir() if is_stage(path)]
        return sorted(stages, key=lambda entry: entry.modified)

    def remove(self, entry: Entry) -> None:
        """Delete one stage; stages made from it stay usable.

        Raises:
          DataError: if it lies elsewhere, is not a stage, or a job is working on it.
        """
        if entry.path.parent != self.root:
            raise DataError(f"{entry.path} does not lie in the store {self.root}.")
        if not is_stage(entry.path):
            raise DataError(f"{entry.path} carries no marker of a stage: left alone.")
        with contextlib.ExitStack() as stack:
            lock = self._lock_path(f"{entry.stage}-{entry.key}")
            if (file := take_lock(lock, wait=False)) is None:
                raise DataError(
                    f"{entry.path.name} is in use: a running job holds its lock. "
                    "Wait for it to end, or end it."
                )
            stack.enter_context(file)
            shutil.rmtree(entry.path)

    def is_locked(self, entry: Entry) -> bool:
        """Whether a running job, of any process on this machine, makes this stage."""
        file = take_lock(self._lock_path(f"{entry.stage}-{entry.key}"), wait=False)
        if file is not None:
            file.close()
        return file is None

    def _open(self) -> None:
        """Mark the folder as a store before the first stage is written to it."""
        if self._is_checked:
            return
        self._require_layout()
        if not (self.root / MARKER).is_file():
            write_sealed(self.root / MARKER, {"layout": LAYOUT})
        drop_abandoned(self.root, recursive=False)
        self._is_checked = True

    def _require_layout(self) -> None:
        """Refuse a folder of stages without a marker, or with another layout.

        Raises:
          DataError: naming the folder and what to do.
        """
        path = self.root / MARKER
        if path.is_file():
            remedy = "Move the store away, or choose another run_dir."
            layout = read_sealed(path, remedy).get("layout")
            if layout == LAYOUT:
                return
            age_message = f"is a store of layout {layout}"
        elif not self.root.exists():
            return
        elif not self.root.is_dir():
            raise DataError(
                f"{self.root} is a file, not a store. Name the folder `store` next "
                "to the result folders, or choose another run_dir."
            )
        elif not any(self.root.iterdir()):
            return
        elif any(STAGE_NAME.match(child.name) for child in self.root.iterdir()):
            age_message = (
                f"holds stages but no {MARKER}: it is a store of an earlier layout"
            )
        elif {child.name for child in self.root.iterdir()} <= _BESIDE_STAGES:
            return
        else:
            raise DataError(
                f"{self.root} is not a store: it has no {MARKER}. Name the folder "
                "`store` next to the result folders."
            )
        raise DataError(
            f"{self.root} {age_message}; this version reads layout {LAYOUT}, in which "
            "an "
            "image is known by its content. Delete that folder or move it away, or "
            "choose another run_dir, and run again: all stages are made anew."
        )

    def _lock_path(self, name: str) -> Path:
        path = self.root / ".locks" / name
        require_no_outward_links(path, self.root)
        return path

    @contextlib.contextmanager
    def _locked(self, folder: Path) -> Iterator[None]:
        """If several jobs need a stage, one makes it and the others wait for it.

        A killed job releases the lock; the lock file stays and has no effect. What it
        was writing is deleted by the next job that holds the lock.
        """
        lock = self._lock_path(folder.name)

        def take_folder_lock() -> None:
            file = take_lock(lock, wait=True)
            assert file is not None
            stack.enter_context(file)
            drop_replacements(folder)

        with contextlib.ExitStack() as stack:
            call_in_first_process(take_folder_lock)
            yield

    def _add_time(self, stage: str, start: float) -> None:
        spent = time.perf_counter() - start
        self.seconds[stage] = self.seconds.get(stage, 0.0) + spent


_BESIDE_STAGES = frozenset({".compiled", ".locks", "indexed", "tfds"})
"""Entries of a store besides stages, which may exist before the first stage."""

"""The monitor in an experiment's trainings: one JSON line per epoch, kept with them.

Whole epochs alone are looked at: within the first one, batch statistics have not come
to rest, and an untrained network has nothing to lose. A training that runs is watched
as it goes; one that is found finished, or goes on after a kill, has its snapshots read
again, to the same reports.
"""

import json
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from conceptevo_jax.data import Decoded
from conceptevo_jax.devices import in_first_process
from conceptevo_jax.errors import DataError
from conceptevo_jax.models import Model
from conceptevo_jax.monitor import ConceptMonitor, Report
from conceptevo_jax.pipeline.base_space import BaseSpace
from conceptevo_jax.store import Store, read_file, seal, unseal, write_text
from conceptevo_jax.store.bounded_reading import LARGEST_TEXT
from conceptevo_jax.training import Row, read_table, snapshots
from conceptevo_jax.training.table import TABLE
from conceptevo_jax.types import Epoch, Snapshot


class Watch:
    """Watches one training; an `on_epoch` callable.

    Args:
      monitor: Looks at the snapshots.
      folder: Of the training.
      run: Its name.
      model: What is trained.
      name: Of the file in the folder that gets the reports.
    """

    def __init__(
        self, monitor: ConceptMonitor, folder: Path, run: str, model: Model, name: str
    ) -> None:
        self.monitor, self.folder, self.run = monitor, folder, run
        self.model, self.path = model, folder / name
        self.reports: list[Report] | None = None

    def __call__(self, snapshot: Snapshot, row: Row) -> None:
        """Look at an epoch, and first at those before it, if they were missed."""
        if not is_watched(snapshot.epoch):
            return
        if self.reports is None:
            self.reports = []
            self._look(self._saved_before(snapshot))
        self._look([snapshot])

    def read_again(self) -> None:
        """Look at all epochs of a finished training."""
        self.reports = []
        self._look(self._saved())

    def _saved(self) -> list[Snapshot]:
        saved = snapshots(self.folder, self.run, self.model)
        return [shot for shot in saved if is_watched(shot.epoch)]

    def _saved_before(self, snapshot: Snapshot) -> list[Snapshot]:
        if snapshot.epoch == 0:
            return []
        saved = self._saved()
        names = [shot.epoch for shot in saved]
        is_saved = snapshot.epoch in names
        return saved[: names.index(snapshot.epoch)] if is_saved else saved

    def _look(self, shots: Sequence[Snapshot]) -> None:
        assert self.reports is not None
        for shot in shots:
            self.reports.append(self.monitor.update(shot.epoch, shot.load()))
        lines = [json.dumps(seal(report.as_dict())) for report in self.reports]
        in_first_process(
            lambda: write_text(self.path, "".join(f"{line}\n" for line in lines))
        )


def is_watched(epoch: Epoch) -> bool:
    """Whether the monitor looks at a snapshot: at whole epochs alone."""
    return isinstance(epoch, int)


def make_monitor(
    store: Store, images: Decoded, model: Model, space_key: str | None
) -> ConceptMonitor:
    """A monitor of one architecture, in a space of the store if there is one.

    Args:
      store: Where the space lies.
      images: The pool.
      model: What is watched.
      space_key: Content key of the space.
    """
    space = None
    if space_key is not None:
        space = store.load("space", BaseSpace, space_key).space
    return ConceptMonitor.of_model(model, space, images)


def is_complete(path: Path, folder: Path) -> bool:
    """Whether reports are there of every epoch of a finished training.

    One that was watched, killed, and went on without being watched has some only.

    Args:
      path: The file of reports.
      folder: Of the training.
    """
    epochs = [row.epoch for row in read_table(folder / TABLE) if is_watched(row.epoch)]
    return [report["epoch"] for report in read_reports(path)] == epochs


def read_reports(path: Path) -> list[dict[str, Any]]:
    """All reports of a training, as plain values; none where it was not watched.

    Raises:
      DataError: naming a line that is damaged, or a file that is no own one.
    """
    if not path.is_file():
        return []
    try:
        content = read_file(path, path.parent, LARGEST_TEXT)
    except (OSError, ValueError) as error:
        raise DataError(f"{path} cannot be used ({error}). Delete it.") from error
    reports = []
    for number, line in enumerate(content.splitlines(), 1):
        try:
            reports.append(unseal(line))
        except ValueError as error:
            raise DataError(
                f"line {number} of {path} cannot be used ({error}). Delete the file: "
                "the monitor looks again at the next call."
            ) from error
    return reports

"""The monitor in an experiment's trainings: one JSON line per epoch, kept with them.

Only whole epochs are measured: within the first epoch, batch statistics have not
settled, and an untrained network has nothing to lose. A running training is watched
while it runs; if it is already finished, or resumes after a kill, its snapshots are
read again, with the same reports.
"""

import json
from collections.abc import Sequence
from pathlib import Path

from conceptevo_jax.data import DecodedImages
from conceptevo_jax.devices import call_in_first_process
from conceptevo_jax.models import Model
from conceptevo_jax.monitor import ConceptMonitor, Report
from conceptevo_jax.pipeline.base_space import BaseSpace
from conceptevo_jax.pipeline.monitor_reports import is_watched
from conceptevo_jax.pipeline.trained_run import TrainedRun, TrainingIdentity
from conceptevo_jax.store import Store, seal, write_text
from conceptevo_jax.training import Row
from conceptevo_jax.types import Snapshot


class Watch:
    """Watches one training; an `on_epoch` callable.

    Args:
      monitor: Measures the snapshots.
      folder: The training's folder.
      identity: The run, its model and its training images.
      path: The file of reports to write.
    """

    def __init__(
        self,
        monitor: ConceptMonitor,
        folder: Path,
        identity: TrainingIdentity,
        path: Path,
    ) -> None:
        self.monitor, self.folder = monitor, folder
        self.identity, self.path = identity, path
        self.reports: list[Report] | None = None

    def __call__(self, snapshot: Snapshot, row: Row) -> None:
        """Measure an epoch, after earlier epochs that were missed."""
        if not is_watched(snapshot.epoch):
            return
        if self.reports is None:
            self.reports = []
            self._measure(self._read_snapshots_before(snapshot))
        self._measure([snapshot])

    def read_again(self, run: TrainedRun) -> None:
        """Measure all epochs of a finished training."""
        self.reports = []
        self._measure([shot for shot in run.snapshots if is_watched(shot.epoch)])

    def _read_snapshots_before(self, snapshot: Snapshot) -> list[Snapshot]:
        if snapshot.epoch == 0:
            return []
        run = TrainedRun.from_folder(self.folder, self.identity)
        saved = [shot for shot in run.snapshots if is_watched(shot.epoch)]
        names = [shot.epoch for shot in saved]
        is_saved = snapshot.epoch in names
        return saved[: names.index(snapshot.epoch)] if is_saved else saved

    def _measure(self, snapshots: Sequence[Snapshot]) -> None:
        assert self.reports is not None
        for snapshot in snapshots:
            self.reports.append(self.monitor.update(snapshot.epoch, snapshot.load()))
        lines = [json.dumps(seal(report.as_dict())) for report in self.reports]
        call_in_first_process(
            lambda: write_text(self.path, "".join(f"{line}\n" for line in lines))
        )


def make_monitor(
    store: Store, images: DecodedImages, model: Model, space_key: str | None
) -> ConceptMonitor:
    """A monitor of one architecture, in a space of the store if there is one.

    Args:
      store: The store of the space.
      images: The pool.
      model: The watched model.
      space_key: Content key of the space.
    """
    space = None
    if space_key is not None:
        space = store.load("space", BaseSpace, space_key).space
    return ConceptMonitor.of_model(model, space, images)

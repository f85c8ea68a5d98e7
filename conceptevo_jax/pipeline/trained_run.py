"""What a training wrote, read back: all that its folder holds, finished or not."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from conceptevo_jax.models import Model
from conceptevo_jax.pipeline.monitor_reports import is_watched, read_reports
from conceptevo_jax.store.stage_folders import PARTIAL
from conceptevo_jax.training import Row, read_run, read_table, snapshots, trained_model
from conceptevo_jax.training.table import TABLE
from conceptevo_jax.types import Epoch, Observation, Snapshot, record


@record
class TrainingIdentity:
    """Which run a training is, of what, on which images.

    Attributes:
      name: The run's name.
      model: What is trained.
      train_images_id: Of the training images.
    """

    name: str
    model: Model
    train_images_id: str

    @classmethod
    def from_folder(cls, folder: Path) -> "TrainingIdentity":
        """What a training's folder says of it, from its first moment on.

        Args:
          folder: Of the training, finished or not.

        Raises:
          DataError: if it says nothing, is damaged, or names a model that is not there.
        """
        folder = current_folder(folder)
        description = read_run(folder)
        return cls(
            name=description["name"],
            model=trained_model(folder, description),
            train_images_id=description["train"],
        )


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class TrainedRun:
    """A run, as far as it was trained and observed.

    Attributes:
      name: The run's name.
      key: Content key of its training.
      model: What was trained.
      rows: Its table, a row per snapshot.
      snapshots: Its snapshots in order.
      observations: What was observed, by epoch.
      keys: Content keys of the observations, by epoch.
      reports: What the monitor said of each snapshot, as plain values; none where it
        did not look.
    """

    name: str
    key: str
    model: Model
    rows: list[Row]
    snapshots: list[Snapshot]
    observations: dict[Epoch, Observation]
    keys: dict[Epoch, str]
    reports: Sequence[dict[str, Any]] = ()

    @classmethod
    def from_folder(
        cls,
        folder: Path,
        identity: TrainingIdentity | None = None,
        reports: Path | None = None,
    ) -> "TrainedRun":
        """Read back what a training wrote; nothing is observed yet.

        Args:
          folder: Of the training, finished or not.
          identity: Which run it is; None for what the folder says.
          reports: The file of the monitor's reports, which need not be there yet; None
            to read none.

        Raises:
          DataError: if a piece is missing or damaged, naming it.
        """
        folder = current_folder(folder)
        if identity is None:
            identity = TrainingIdentity.from_folder(folder)
        return cls(
            name=identity.name,
            key=training_key(folder),
            model=identity.model,
            snapshots=snapshots(folder, identity.name, identity.model),
            rows=read_table(folder / TABLE),
            observations={},
            keys={},
            reports=() if reports is None else read_reports(reports),
        )

    def row(self, epoch: Epoch) -> Row:
        """The table's row of one snapshot."""
        return next(row for row in self.rows if row.epoch == epoch)

    def observed_at(self, *epochs: Epoch) -> "TrainedRun":
        """The same run with the observations of these snapshots alone."""
        return dataclasses.replace(
            self,
            observations={epoch: self.observations[epoch] for epoch in epochs},
            keys={epoch: self.keys[epoch] for epoch in epochs},
        )

    @property
    def is_watched_to_the_end(self) -> bool:
        """Whether the monitor reported on every epoch.

        One that was watched, killed, and went on without being watched has some
        reports only.
        """
        epochs = [row.epoch for row in self.rows if is_watched(row.epoch)]
        return [report["epoch"] for report in self.reports] == epochs


def current_folder(folder: Path) -> Path:
    """Where a training lies now: its folder is renamed when it is finished."""
    if folder.is_dir():
        return folder
    name = folder.name.removesuffix(PARTIAL)
    renamed = name if folder.name.endswith(PARTIAL) else name + PARTIAL
    return folder.with_name(renamed)


def training_key(folder: Path) -> str:
    """Content key of a training, by its folder in a store, finished or not."""
    return folder.name.removesuffix(PARTIAL).rpartition("-")[2]

"""Trainings read from their folders, whether finished or not."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from conceptevo_jax.epochs import Epoch
from conceptevo_jax.models import Model
from conceptevo_jax.pipeline.monitor_reports import is_watched, read_reports
from conceptevo_jax.store.stage_folders import PARTIAL
from conceptevo_jax.training import Row, read_run, read_table, snapshots, trained_model
from conceptevo_jax.training.table import TABLE
from conceptevo_jax.types import Observation, Snapshot, record


@record
class TrainingIdentity:
    """The run that a training belongs to, its model and its training images.

    Attributes:
      name: The run's name.
      model: The trained model.
      train_images_id: Id of the training images.
    """

    name: str
    model: Model
    train_images_id: str

    @classmethod
    def from_folder(cls, folder: Path) -> "TrainingIdentity":
        """Read the identity from a training's folder, which has it from the start.

        Args:
          folder: The training's folder, finished or not.

        Raises:
          DataError: if the record is missing or damaged, or names an unknown model.
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
      model: The trained model.
      rows: Its table, a row per snapshot.
      snapshots: Its snapshots in order.
      observations: Its observations, by epoch.
      keys: Content keys of the observations, by epoch.
      reports: The monitor's report on each snapshot, as plain values; none if it was
        off.
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
        """Read a training from its folder, without observations.

        Args:
          folder: The training's folder, finished or not.
          identity: The run and its model; by default as recorded in the folder.
          reports: The file of the monitor's reports, which may not exist yet; None to
            read none.

        Raises:
          DataError: if a part is missing or damaged, naming it.
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
        """The same run with only the observations of these snapshots."""
        return dataclasses.replace(
            self,
            observations={epoch: self.observations[epoch] for epoch in epochs},
            keys={epoch: self.keys[epoch] for epoch in epochs},
        )

    @property
    def is_watched_to_the_end(self) -> bool:
        """Whether the monitor reported on every epoch.

        A training that was watched, killed and resumed without the monitor has only
        some of the reports.
        """
        epochs = [row.epoch for row in self.rows if is_watched(row.epoch)]
        return [report["epoch"] for report in self.reports] == epochs


def current_folder(folder: Path) -> Path:
    """The current folder of a training, which is renamed when it is finished."""
    if folder.is_dir():
        return folder
    name = folder.name.removesuffix(PARTIAL)
    renamed_folder = name if folder.name.endswith(PARTIAL) else name + PARTIAL
    return folder.with_name(renamed_folder)


def training_key(folder: Path) -> str:
    """Content key of a training, from its folder in a store, finished or not."""
    return folder.name.removesuffix(PARTIAL).rpartition("-")[2]

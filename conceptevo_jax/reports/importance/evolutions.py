"""Which evolutions of a run are measured, and for which classes."""

import functools
import itertools
from collections.abc import Sequence

from conceptevo_jax.analysis.importance.milestones import (
    Milestones,
    find_milestones,
    named_milestones,
)
from conceptevo_jax.analysis.importance.scores import ScoringSettings
from conceptevo_jax.config import Config, schema_values
from conceptevo_jax.epochs import epoch_label
from conceptevo_jax.errors import unknown_name
from conceptevo_jax.pipeline.images import Images
from conceptevo_jax.pipeline.runs import Job
from conceptevo_jax.pipeline.trained_run import TrainedRun
from conceptevo_jax.reports.importance.settings import ImportanceSettings
from conceptevo_jax.streams import stream
from conceptevo_jax.types import Snapshot, record

_NOT_SCORING = ("images", "classes", "epochs", "accuracy", "shown", "top", "patches")
"""Fields of `ImportanceSettings` that are not fields of `ScoringSettings`."""


@record
class Evolution:
    """The change of a run's concepts from one milestone to the next.

    Attributes:
      run: The run.
      title: The run's title in figures.
      number: Number of the evolution in the run, from 1.
      before: The earlier snapshot.
      after: The later one.
      accuracies: Top-1 training accuracy of both, as shares.
      relative: See `Milestones`.
    """

    run: TrainedRun
    title: str
    number: int
    before: Snapshot
    after: Snapshot
    accuracies: tuple[float, float]
    relative: bool

    @property
    def span_label(self) -> str:
        """The first and the last snapshot: `init to epoch 3`."""
        return f"{epoch_label(self.before.epoch)} to {epoch_label(self.after.epoch)}"

    def log_label(self, class_name: str) -> str:
        """Name of this evolution in a log, when it is measured for a class."""
        return f"{self.run.name}, {self.span_label}, {class_name}"


def training_jobs(config: Config) -> list[Job]:
    """Every run to train, with nothing to observe."""
    return [
        Job(name=name, run=run, dataset=config.dataset)
        for name, run in config.runs.items()
    ]


def scoring_of(config: Config) -> ScoringSettings:
    """How a configuration computes importance."""
    settings = schema_values(ImportanceSettings.of(config))
    scoring_values = {k: v for k, v in settings.items() if k not in _NOT_SCORING}
    return ScoringSettings(**scoring_values, **schema_values(config.method.sensitivity))


def evolutions_of(config: Config, run: TrainedRun) -> list[Evolution]:
    """The evolutions between the run's milestones of accuracy, or named snapshots.

    Args:
      config: May name the snapshots, and chooses the accuracy.
      run: The run, with all its snapshots.

    Raises:
      UsageError: if the run has too few snapshots, or none with such a name.
    """
    settings = ImportanceSettings.of(config)
    milestones = milestones_of(settings.epochs, run, accuracy=settings.accuracy)
    snapshots = {shot.epoch: _cached_snapshot(shot) for shot in run.snapshots}
    return [
        Evolution(
            run=run,
            title=config.runs[run.name].title,
            number=number,
            before=snapshots[before],
            after=snapshots[after],
            accuracies=(accuracy_before, accuracy_after),
            relative=milestones.relative,
        )
        for number, ((before, accuracy_before), (after, accuracy_after)) in enumerate(
            itertools.pairwise(
                zip(milestones.epochs, milestones.accuracies, strict=True)
            ),
            1,
        )
    ]


def milestones_of(
    names: Sequence[str], run: TrainedRun, *, accuracy: str = "eval"
) -> Milestones:
    """The named snapshots, or without names those at the milestones of accuracy.

    Args:
      names: Epochs, or names such as `step8`.
      run: The run.
      accuracy: `eval` or `running`, see `find_milestones`.

    Raises:
      UsageError: if the run has too few snapshots, or none with such a name.
    """
    if not names:
        return find_milestones(run.name, run.rows, accuracy=accuracy)
    epochs = [int(name) if name.isdecimal() else name for name in names]
    return named_milestones(run.name, run.rows, epochs, accuracy=accuracy)


def _cached_snapshot(snapshot: Snapshot) -> Snapshot:
    """The snapshot, read from disk only once, since every class needs it."""
    load = functools.lru_cache(maxsize=1)(snapshot.load)
    return Snapshot(run=snapshot.run, epoch=snapshot.epoch, load=load)


def measured_classes(config: Config, class_count: int) -> list[int]:
    """The classes to measure: all of them, or a random sample, ascending.

    Its seed is that of the images, so the sample is the same for all runs and seeds.

    Args:
      config: Sets the number of classes.
      class_count: The number of classes of the images.
    """
    sample_size = ImportanceSettings.of(config).classes
    if sample_size is None:
        return list(range(class_count))
    order = stream(config.dataset.seed, "classes").permutation(class_count)
    return sorted(order[:sample_size].tolist())


def class_of(name: str, images: Images) -> int:
    """The label of a class.

    Args:
      name: The class's name.
      images: Whose classes.

    Raises:
      UsageError: for an unknown name, with the valid ones.
    """
    if name not in images.classes:
        raise unknown_name("class", name, images.classes)
    return images.classes.index(name)

"""Which evolutions of a run are measured, and for which classes."""

import functools
import itertools
from collections.abc import Sequence

from conceptevo_jax.analysis.importance.milestones import (
    Milestones,
    find_milestones,
    named_milestones,
)
from conceptevo_jax.analysis.importance.scores import (
    Scoring,
)
from conceptevo_jax.config import Config, plain
from conceptevo_jax.errors import unknown_name
from conceptevo_jax.pipeline.images import Images
from conceptevo_jax.pipeline.runs import Job, TrainedRun
from conceptevo_jax.streams import stream
from conceptevo_jax.types import Snapshot, record

_OWN = ("images", "classes", "epochs", "accuracy", "shown", "top", "patches")
"""Settings of `ImportanceConfig` that are not `Scoring`'s."""


@record
class Evolution:
    """What happens to a run's concepts from one milestone to the next.

    Attributes:
      run: The run.
      title: How figures call the run.
      number: Which evolution of the run, from 1.
      before: The earlier snapshot.
      after: The later one.
      accuracies: Top-1 training accuracy of both.
      relative: See `Milestones`.
    """

    run: TrainedRun
    title: str
    number: int
    before: Snapshot
    after: Snapshot
    accuracies: tuple[float, float]
    relative: bool

    def named(self, of: str) -> str:
        """The evolution for a class or the like, in a log's line."""
        before, after = self.before.epoch, self.after.epoch
        return f"{self.run.name}, epochs {before} to {after}, {of}"


def training_jobs(config: Config) -> list[Job]:
    """Every run to train, with nothing to observe."""
    return [
        Job(name=name, run=run, dataset=config.dataset)
        for name, run in config.runs.items()
    ]


def scoring_of(config: Config) -> Scoring:
    """How importance is computed, by a configuration."""
    values = {k: v for k, v in plain(config.importance).items() if k not in _OWN}
    return Scoring(**values, **plain(config.method.sensitivity))


def evolutions_of(config: Config, run: TrainedRun) -> list[Evolution]:
    """The evolutions between the run's milestones of accuracy, or named snapshots.

    Raises:
      UsageError: if it has too few snapshots for that, or none so named.
    """
    of = config.importance
    found = milestones_of(of.epochs, run, accuracy=of.accuracy)
    shots = {shot.epoch: _loaded_once(shot) for shot in run.snapshots}
    stops = list(zip(found.epochs, found.accuracies, strict=True))
    return [
        Evolution(
            run=run,
            title=config.runs[run.name].title,
            number=number,
            before=shots[before],
            after=shots[after],
            accuracies=(low, high),
            relative=found.relative,
        )
        for number, ((before, low), (after, high)) in enumerate(
            itertools.pairwise(stops), 1
        )
    ]


def milestones_of(
    names: Sequence[str], run: TrainedRun, *, accuracy: str = "eval"
) -> Milestones:
    """The snapshots so named, or those at the milestones of accuracy without any.

    Raises:
      UsageError: if the run has too few snapshots for that, or none so named.
    """
    if not names:
        return find_milestones(run.name, run.rows, accuracy=accuracy)
    named = [int(name) if name.isdecimal() else name for name in names]
    return named_milestones(run.name, run.rows, named, accuracy=accuracy)


def _loaded_once(shot: Snapshot) -> Snapshot:
    """The snapshot, read from disk at its first use alone: every class needs it."""
    load = functools.lru_cache(maxsize=1)(shot.load)
    return Snapshot(run=shot.run, epoch=shot.epoch, load=load)


def chosen_classes(config: Config, known: int) -> list[int]:
    """All classes, or so many at random, seeded with the images: alike for all runs."""
    count = config.importance.classes
    if count is None:
        return list(range(known))
    drawn = stream(config.dataset.seed, "classes").permutation(known)[:count]
    return sorted(drawn.tolist())


def class_of(name: str, images: Images) -> int:
    """The class so named.

    Raises:
      UsageError: for an unknown one, with the valid ones.
    """
    if name not in images.classes:
        raise unknown_name("class", name, images.classes)
    return images.classes.index(name)

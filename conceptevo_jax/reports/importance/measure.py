"""How a run's concepts evolve between milestones: importance and reversion, kept.

Each class of each evolution is a record of its own in the store, so that a long
experiment goes on where it stopped.
"""

import functools
import itertools
from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Int

from conceptevo_jax.analysis.importance.milestones import (
    Milestones,
    find_milestones,
    named_milestones,
)
from conceptevo_jax.analysis.importance.reversion import (
    ClassImages,
    Reverting,
    measure_reversion,
)
from conceptevo_jax.analysis.importance.scores import (
    Scoring,
    chosen_sites,
    measure_importance,
)
from conceptevo_jax.config import Config, plain
from conceptevo_jax.errors import UsageError, unknown_name
from conceptevo_jax.pipeline.images import Images
from conceptevo_jax.pipeline.runs import Job, TrainedRun
from conceptevo_jax.pipeline.session import Session
from conceptevo_jax.store import content_key
from conceptevo_jax.streams import stream
from conceptevo_jax.types import Importance, Reversion, Snapshot, record

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


def _some(
    among: Bool[np.ndarray, " i"], count: int | None, rng: np.random.Generator
) -> Int[np.ndarray, " _"]:
    """Rows of so many of those images at random, or of all; ascending."""
    rows = rng.permutation(np.flatnonzero(among))
    return np.sort(rows[: len(rows) if count is None else count])


def class_of(name: str, images: Images) -> int:
    """The class so named.

    Raises:
      UsageError: for an unknown one, with the valid ones.
    """
    if name not in images.classes:
        raise unknown_name("class", name, images.classes)
    return images.classes.index(name)


class Measures:
    """Importance and reversion of one run's evolutions; compiled when first needed.

    Args:
      session: Images, store and settings.
      run: Whose evolutions.
    """

    def __init__(self, session: Session, run: TrainedRun) -> None:
        self.session, self.run, self.config = session, run, session.config
        self.scoring = scoring_of(self.config)
        self.reverting = Reverting(**plain(self.config.reversion))
        self.sites = chosen_sites(run.model, self.scoring.sites)

    @functools.cached_property
    def _importance(self):  # noqa: ANN202  # its type is `importance.Measure`
        return measure_importance(self.run.model, self.scoring, seed=self.config.seed)

    @functools.cached_property
    def _reversion(self):  # noqa: ANN202  # its type is `reversion.Measure`
        return measure_reversion(
            self.run.model, self.sites, self.reverting, seed=self.config.seed
        )

    def importance(
        self, evolution: Evolution, label: int, count: int | None
    ) -> tuple[Importance, str]:
        """The evolution's importance for a class, on so many of its training images.

        Raises:
          UsageError: for a class without training images.
        """
        train = self.session.images.train
        rng = stream(self.config.seed, "training images of a class", label)
        rows = _some(train.labels == label, count, rng)
        if not len(rows):
            raise UsageError(
                f"class {self.session.images.classes[label]!r} has no training images: "
                "an evolution matters for images. Take more, or another class."
            )
        return self.session.store.record(
            "importance",
            Importance,
            lambda: self._importance(
                evolution.before, evolution.after, train.pixels[rows], rows, label
            ),
            # What decides the numbers: batches do not, and sizes are told by the rows.
            config={
                "method": self.scoring.method,
                "ties": self.scoring.ties,
                "checked": self.scoring.checked,
                "sites": [site.name for site in self.sites],
                "seed": self.config.seed,
                "label": label,
                "rows": content_key(arrays={"rows": rows}),
            },
            inputs={
                "before": content_key(self.run.key, evolution.before.epoch),
                "after": content_key(self.run.key, evolution.after.epoch),
                "train": train.images_id,
            },
            about=self._about(evolution, label),
        )

    def reversion(self, evolution: Evolution, label: int) -> tuple[Reversion, str]:
        """What reverting the evolution does to the accuracy on a class.

        Raises:
          UsageError: for a class without training images.
        """
        of = self.reverting
        importance, key = self.importance(evolution, label, of.train_images)
        images = self.session.images
        inside = images.test.labels == label
        rng = stream(self.config.seed, "test images of a class", label)
        test = _some(inside, of.test_images, rng)
        rng = stream(self.config.seed, "test images of other classes", label)
        rest = _some(~inside, of.elsewhere_images, rng)
        # All pixels are read only when there is something to compute.
        return self.session.store.record(
            "reversion",
            Reversion,
            lambda: self._reversion(
                evolution.before,
                evolution.after,
                importance,
                ClassImages(
                    label=label,
                    train=images.train.pixels[importance.images],
                    rows=importance.images,
                    test=images.test.pixels[test],
                    elsewhere=images.test.pixels[rest],
                    elsewhere_labels=images.test.labels[rest],
                ),
            ),
            config={
                "bins": of.bins,
                "repeats": of.repeats,
                "images": of.images,
                "seed": self.config.seed,
                "label": label,
            },
            inputs={
                "importance": key,
                "test": images.test.images_id,
                "rows": content_key(arrays={"test": test, "elsewhere": rest}),
            },
            about=self._about(evolution, label),
        )

    def _about(self, evolution: Evolution, label: int) -> str:
        name = self.session.images.classes[label]
        return f"{evolution.before.name} to {evolution.after.epoch}, class {name}"


def mean_halves(importance: Importance) -> float | None:
    """Mean over the sites of the halves' rank correlation; None where none has one."""
    known = importance.halves[np.isfinite(importance.halves)]
    return float(known.mean()) if len(known) else None


def shown_class(
    config: Config, images: Images, run: str, found: Sequence[Sequence[Importance]]
) -> int:
    """The class to show of a run: as configured, or the most reliable one.

    Args:
      config: May name a class of the run.
      images: Whose classes.
      run: The run's name.
      found: Per evolution, the importances of all measured classes.
    """
    wanted = config.importance.shown.get(run)
    if wanted is not None:
        return class_of(wanted, images)

    def agreement(importances: Sequence[Importance]) -> float:
        return float(np.mean([mean_halves(one) or 0.0 for one in importances]))

    by_class = list(zip(*found, strict=True))
    return max(by_class, key=agreement)[0].label

"""How a run's concepts evolve between milestones: importance and reversion, kept.

Each class of each evolution is a record of its own in the store, so that a long
experiment goes on where it stopped.
"""

import functools
from collections.abc import Iterator, Sequence

import numpy as np
from jaxtyping import Bool, Int

from conceptevo_jax.analysis.importance.reversion import (
    ClassImages,
    Reverting,
    measure_reversion,
)
from conceptevo_jax.analysis.importance.scores import (
    measure_importance,
    select_sites,
)
from conceptevo_jax.config import Config, plain
from conceptevo_jax.errors import UsageError
from conceptevo_jax.pipeline.images import Images
from conceptevo_jax.pipeline.runs import TrainedRun
from conceptevo_jax.pipeline.session import Session
from conceptevo_jax.reports.importance.evolutions import (
    Evolution,
    chosen_classes,
    class_of,
    evolutions_of,
    scoring_of,
)
from conceptevo_jax.store import content_key
from conceptevo_jax.streams import stream
from conceptevo_jax.types import Epoch, Importance, Reversion, record


def _some(
    among: Bool[np.ndarray, " i"], count: int | None, rng: np.random.Generator
) -> Int[np.ndarray, " _"]:
    """Rows of so many of those images at random, or of all; ascending."""
    rows = rng.permutation(np.flatnonzero(among))
    return np.sort(rows[: len(rows) if count is None else count])


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
        self.sites = select_sites(run.model, self.scoring.sites)

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


@record
class Important:
    """One run's evolutions and how much they matter.

    Attributes:
      run: The run.
      evolutions: In order.
      found: Per evolution, the importances of all measured classes.
      label: The class to show.
      drawn: The classes that were to be measured; claims rest on them alone.
    """

    run: TrainedRun
    evolutions: Sequence[Evolution]
    found: Sequence[Sequence[Importance]]
    label: int
    drawn: Sequence[int]

    def pairs(self) -> Iterator[tuple[Evolution, Sequence[Importance]]]:
        """Each evolution with the importances of all measured classes."""
        return zip(self.evolutions, self.found, strict=True)

    @property
    def shown(self) -> list[Importance]:
        """Per evolution, the importance for the class to show."""
        return [
            next(one for one in importances if one.label == self.label)
            for importances in self.found
        ]

    @property
    def epochs(self) -> list[Epoch]:
        """The milestones."""
        last = [one.after.epoch for one in self.evolutions]
        return [self.evolutions[0].before.epoch, *last]


def find_important(session: Session, run: TrainedRun) -> Important:
    """Measure all evolutions of a run for every chosen class, or find them stored."""
    config, measures = session.config, Measures(session, run)
    evolutions = evolutions_of(config, run)
    names = session.images.classes
    labels = chosen_classes(config, len(names))

    def measured(evolution: Evolution, label: int) -> Importance:
        with session.stage("importance", of=evolution.named(names[label])):
            return measures.importance(evolution, label, config.importance.images)[0]

    importances = [
        [measured(evolution, label) for label in labels] for evolution in evolutions
    ]
    shown = shown_class(config, session.images, run.name, importances)
    if shown not in labels:  # named, and not among those drawn
        for evolution, by_class in zip(evolutions, importances, strict=True):
            by_class.append(measured(evolution, shown))
    return Important(
        run=run, evolutions=evolutions, found=importances, label=shown, drawn=labels
    )

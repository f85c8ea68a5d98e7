"""How a run's concepts evolve between milestones: importance and reversion, stored.

Each class of each evolution is a separate record in the store, so that a long
experiment resumes where it stopped.
"""

import functools
from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Int

from conceptevo_jax.analysis.importance.class_images import ClassImages
from conceptevo_jax.analysis.importance.reversion import Measure as MeasureReversion
from conceptevo_jax.analysis.importance.reversion import (
    ReversionOptions,
    measure_reversion,
)
from conceptevo_jax.analysis.importance.scores import Measure as MeasureImportance
from conceptevo_jax.analysis.importance.scores import (
    measure_importance,
    select_sites,
)
from conceptevo_jax.config import schema_values
from conceptevo_jax.errors import UsageError
from conceptevo_jax.pipeline.session import Session
from conceptevo_jax.pipeline.trained_run import TrainedRun
from conceptevo_jax.reports.importance.evolutions import (
    Evolution,
    scoring_of,
)
from conceptevo_jax.reports.importance.settings import ReversionSettings
from conceptevo_jax.store import content_key
from conceptevo_jax.streams import stream
from conceptevo_jax.types import Importance, Reversion


def _sample_rows(
    candidates: Bool[np.ndarray, " i"], count: int | None, rng: np.random.Generator
) -> Int[np.ndarray, " _"]:
    """Rows of `count` candidate images at random, or of all for None; ascending."""
    rows = rng.permutation(np.flatnonzero(candidates))
    return np.sort(rows[: len(rows) if count is None else count])


class EvolutionMeasures:
    """Importance and reversion of one run's evolutions; compiled when first needed.

    Args:
      session: Images, store and settings.
      run: The run.
    """

    def __init__(self, session: Session, run: TrainedRun) -> None:
        self.session, self.run, self.config = session, run, session.config
        self.scoring = scoring_of(self.config)
        self.reverting = ReversionOptions(
            **schema_values(ReversionSettings.of(self.config))
        )
        self.sites = select_sites(run.model, self.scoring.sites)

    @functools.cached_property
    def _importance(self) -> MeasureImportance:
        return measure_importance(self.run.model, self.scoring, seed=self.config.seed)

    @functools.cached_property
    def _reversion(self) -> MeasureReversion:
        return measure_reversion(
            self.run.model, self.sites, self.reverting, seed=self.config.seed
        )

    def importance(
        self, evolution: Evolution, label: int, count: int | None
    ) -> tuple[Importance, str]:
        """The evolution's importance for a class, on its training images.

        Args:
          evolution: An evolution of this run.
          label: The class.
          count: Images of the class, sampled at random; None for all.

        Returns:
          The importance, and its content key in the store.

        Raises:
          UsageError: for a class without training images.
        """
        train = self.session.images.train
        rng = stream(self.config.seed, "training images of a class", label)
        rows = _sample_rows(train.labels == label, count, rng)
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
            # What decides the numbers: batch sizes do not, and the rows say how many.
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
        """How reverting the evolution changes the accuracy on a class.

        Args:
          evolution: An evolution of this run.
          label: The class.

        Returns:
          The reversion, and its content key in the store.

        Raises:
          UsageError: for a class without training images.
        """
        settings = self.reverting
        importance, key = self.importance(evolution, label, settings.train_images)
        images = self.session.images
        is_class = images.test.labels == label
        rng = stream(self.config.seed, "test images of a class", label)
        test = _sample_rows(is_class, settings.test_images, rng)
        rng = stream(self.config.seed, "test images of other classes", label)
        elsewhere_rows = _sample_rows(~is_class, settings.elsewhere_images, rng)
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
                    elsewhere=images.test.pixels[elsewhere_rows],
                    elsewhere_labels=images.test.labels[elsewhere_rows],
                ),
            ),
            config={
                "bins": settings.bins,
                "repeats": settings.repeats,
                "images": settings.images,
                "seed": self.config.seed,
                "label": label,
            },
            inputs={
                "importance": key,
                "test": images.test.images_id,
                "rows": content_key(arrays={"test": test, "elsewhere": elsewhere_rows}),
            },
            about=self._about(evolution, label),
        )

    def _about(self, evolution: Evolution, label: int) -> str:
        name = self.session.images.classes[label]
        return f"{evolution.before.name} to {evolution.after.epoch}, class {name}"


def measure_reversions(
    session: Session,
    measures: EvolutionMeasures,
    evolution: Evolution,
    labels: Sequence[int],
) -> tuple[list[Reversion], list[Importance]]:
    """Effect of reverting an evolution, class by class, and the importances behind it.

    Args:
      session: Logs the stages.
      measures: The measures of the evolution's run.
      evolution: The evolution.
      labels: The classes.

    Returns:
      Per class, the reversion and the importance that defines its bins.
    """
    config, class_names = session.config, session.images.classes
    reversions, importances = [], []
    for label in labels:
        stage = f"revert {evolution.run.name}"
        with session.stage(stage, subject=evolution.log_label(class_names[label])):
            reversions.append(measures.reversion(evolution, label)[0])
        count = ReversionSettings.of(config).train_images
        importances.append(measures.importance(evolution, label, count)[0])
    return reversions, importances


def split_half_reliability(importance: Importance) -> float | None:
    """Split-half reliability (Spearman) of the ranking, mean over sites.

    None if no site has one.
    """
    finite_values = importance.halves[np.isfinite(importance.halves)]
    return float(finite_values.mean()) if len(finite_values) else None

"""All evolutions of a run, for every class to measure and for the one in figures."""

from collections.abc import Iterator, Sequence

import numpy as np

from conceptevo_jax.config import Config
from conceptevo_jax.epochs import Epoch
from conceptevo_jax.pipeline.images import Images
from conceptevo_jax.pipeline.session import Session
from conceptevo_jax.pipeline.trained_run import TrainedRun
from conceptevo_jax.reports.importance.evolutions import (
    Evolution,
    class_of,
    evolutions_of,
    measured_classes,
)
from conceptevo_jax.reports.importance.measure import (
    EvolutionMeasures,
    split_half_reliability,
)
from conceptevo_jax.reports.importance.settings import ImportanceSettings
from conceptevo_jax.types import Importance, record


def featured_class(
    config: Config,
    images: Images,
    run: str,
    importances: Sequence[Sequence[Importance]],
) -> int:
    """The class in a run's figures: as configured, or with the most reliable ranking.

    Args:
      config: May name a class of the run.
      images: The images, with their classes.
      run: The run's name.
      importances: Per evolution, the importances of all measured classes.
    """
    class_name = ImportanceSettings.of(config).shown.get(run)
    if class_name is not None:
        return class_of(class_name, images)

    def mean_reliability(class_importances: Sequence[Importance]) -> float:
        reliabilities = [
            split_half_reliability(importance) or 0.0
            for importance in class_importances
        ]
        return float(np.mean(reliabilities))

    importances_by_class = list(zip(*importances, strict=True))
    return max(importances_by_class, key=mean_reliability)[0].label


@record
class RunImportance:
    """One run's evolutions and their importances.

    Attributes:
      run: The run.
      evolutions: Its evolutions, in order.
      importances: Per evolution, the importances of all measured classes.
      featured_label: The class that figures show.
      sampled_labels: The classes to measure; claims use only these. The featured class
        is among them, unless the configuration names another.
    """

    run: TrainedRun
    evolutions: Sequence[Evolution]
    importances: Sequence[Sequence[Importance]]
    featured_label: int
    sampled_labels: Sequence[int]

    def pairs(self) -> Iterator[tuple[Evolution, Sequence[Importance]]]:
        """Each evolution with the importances of all measured classes."""
        return zip(self.evolutions, self.importances, strict=True)

    @property
    def featured_importances(self) -> list[Importance]:
        """Per evolution, the importance for the featured class."""
        return [
            next(
                importance
                for importance in class_importances
                if importance.label == self.featured_label
            )
            for class_importances in self.importances
        ]

    @property
    def epochs(self) -> list[Epoch]:
        """The milestones."""
        later_epochs = [evolution.after.epoch for evolution in self.evolutions]
        return [self.evolutions[0].before.epoch, *later_epochs]


def measure_run_importance(session: Session, run: TrainedRun) -> RunImportance:
    """Measure all evolutions of a run for every class to measure, or read them.

    Args:
      session: Images, store and settings.
      run: The run, with all its snapshots.
    """
    config, measures = session.config, EvolutionMeasures(session, run)
    evolutions = evolutions_of(config, run)
    class_names = session.images.classes
    labels = measured_classes(config, len(class_names))
    images_per_class = ImportanceSettings.of(config).images

    def measure_class(evolution: Evolution, label: int) -> Importance:
        with session.stage(
            "importance", subject=evolution.log_label(class_names[label])
        ):
            return measures.importance(evolution, label, images_per_class)[0]

    importances = [
        [measure_class(evolution, label) for label in labels]
        for evolution in evolutions
    ]
    featured_label = featured_class(config, session.images, run.name, importances)
    if featured_label not in labels:  # the configuration names one outside the sample
        for evolution, class_importances in zip(evolutions, importances, strict=True):
            class_importances.append(measure_class(evolution, featured_label))
    return RunImportance(
        run=run,
        evolutions=evolutions,
        importances=importances,
        featured_label=featured_label,
        sampled_labels=labels,
    )

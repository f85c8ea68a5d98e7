"""The course of a run by its top-1 test accuracy: its best, its losses, its recovery.

Claims about failing trainings depend on it. A run that did not behave as its recipe
intends is reported as such, and decides no claim.
"""

import contextlib
from collections.abc import Mapping, Sequence

import numpy as np

from conceptevo_jax.analysis.importance.milestones import Milestones, find_milestones
from conceptevo_jax.epochs import Epoch, epoch_label
from conceptevo_jax.errors import UsageError
from conceptevo_jax.pipeline.trained_run import TrainedRun
from conceptevo_jax.training import Row
from conceptevo_jax.types import record

NEAR_CHANCE = 1.5
"""Largest accuracy that counts as chance, as a multiple of 1 / number of classes."""

DROPPED_SHARE = 0.5
"""Accuracy has dropped below this share of its best so far."""

LEARNT_ACCURACY = 0.5
"""A run has learnt once its top-1 test accuracy reaches this."""


@record
class Course:
    """The course of a run, as indices in its list of snapshots; None for never.

    Attributes:
      first: The first whole epoch.
      best: Highest test accuracy before anything was lost.
      dropped: The first after `best` with less than half of that accuracy.
      chance: The first after `best` at chance.
      lowest: The lowest accuracy after `best`.
      last: The last snapshot.
    """

    first: int
    best: int
    dropped: int | None
    chance: int | None
    lowest: int
    last: int

    @property
    def has_collapsed(self) -> bool:
        """Whether the accuracy was lost down to chance."""
        return self.chance is not None

    @property
    def has_recovered(self) -> bool:
        """Whether the accuracy was lost and recovered from its lowest."""
        return self.dropped is not None and self.lowest < self.last


def course_of(rows: Sequence[Row], classes: int) -> Course:
    """The course of a run by its top-1 test accuracy.

    Args:
      rows: Its table.
      classes: The number of classes.
    """
    accuracy = np.array([row.test_top1 for row in rows])
    whole_epochs = [i for i, row in enumerate(rows) if isinstance(row.epoch, int)]
    # The best before the first great loss, not one after a recovery.
    best_so_far = np.maximum.accumulate(accuracy)
    losses = (accuracy < DROPPED_SHARE * best_so_far) & (best_so_far >= LEARNT_ACCURACY)
    drop_index = int(losses.argmax()) if losses.any() else None
    best = int(accuracy[:drop_index].argmax())
    is_after_best = np.arange(len(accuracy)) > best
    is_at_chance = is_after_best & (accuracy <= NEAR_CHANCE / classes)
    chance = None
    if drop_index is not None and is_at_chance.any():
        chance = int(is_at_chance.argmax())
    return Course(
        first=whole_epochs[0],
        best=best,
        dropped=drop_index,
        chance=chance,
        lowest=int(best + accuracy[best:].argmin()),
        last=len(accuracy) - 1,
    )


def landmarks(epochs: Sequence[Epoch], course: Course) -> list[Epoch]:
    """The snapshots of a run that claims compare.

    Args:
      epochs: All its snapshots, in order.
      course: Its course.

    """
    places = (course.first, course.best, course.lowest, course.last, course.chance)
    return [epochs[index] for index in places if index is not None]


def accuracy_milestones(
    trained_runs: Mapping[str, TrainedRun], names: Sequence[str]
) -> dict[str, Milestones]:
    """Milestones of training accuracy, for runs that have them.

    Args:
      trained_runs: All runs, by name.
      names: The runs to use.
    """
    milestones = {}
    for name in names:
        with contextlib.suppress(UsageError):
            milestones[name] = find_milestones(name, trained_runs[name].rows)
    return milestones


def epochs_on_map(
    run: TrainedRun, milestones: Milestones | None, classes: int
) -> list[Epoch]:
    """The snapshots of a run that maps show: its landmarks, and its milestones.

    Args:
      run: The run, with its table.
      milestones: Milestones of its training accuracy, if it has them.
      classes: The number of classes.
    """
    course = course_of(run.rows, classes)
    landmark_epochs = landmarks([row.epoch for row in run.rows], course)
    return [
        "init",
        *landmark_epochs,
        *(() if milestones is None else milestones.epochs),
    ]


def place_label(epochs: Sequence[Epoch], place: int | None) -> str:
    """The snapshot at an index of a course, in words.

    Args:
      epochs: All snapshots of the run, in order.
      place: The index; None for never.
    """
    return "no snapshot" if place is None else epoch_label(epochs[place])

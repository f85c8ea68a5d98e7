"""Outcome of a watched training, and the monitor's errors about it."""

from collections.abc import Callable, Sequence

from conceptevo_jax.monitor import DAMAGED, LOST
from conceptevo_jax.pipeline.trained_run import TrainedRun
from conceptevo_jax.reports.training_failures.course import (
    LEARNT_ACCURACY,
    NEAR_CHANCE,
    Course,
    course_of,
)
from conceptevo_jax.training import Row
from conceptevo_jax.types import record

HEALTHY, FAILING, RECOVERING, OTHER = "healthy", "failing", "recovering", "other"
"""Kinds of trainings: three that recipes intend, and all others."""


CAME_BACK = 0.75
"""Share of its best accuracy that a recovering run must regain."""


@record
class WatchedRun:
    """One run and the monitor's alarms.

    Attributes:
      recipe: Its configuration.
      model: Its architecture.
      meant: The behaviour that the recipe intends.
      kind: The actual behaviour; `other` if it is not the intended one.
      dropped: The epoch in which accuracy fell below half of its best, if it did.
      alarms: Epoch and status of every alarm.
      rows: Its table, only whole epochs.
    """

    recipe: str
    model: str
    meant: str
    kind: str
    dropped: int | None
    alarms: tuple[tuple[int, str], ...]
    rows: tuple[Row, ...]

    @property
    def in_time(self) -> bool:
        """Whether an alarm came no later than the drop."""
        return self.dropped is not None and any(
            e <= self.dropped for e, _ in self.alarms
        )

    @property
    def called_lost(self) -> bool:
        """Whether it was ever called lost."""
        return any(status == LOST for _, status in self.alarms)

    @property
    def called_damaged(self) -> bool:
        """Whether it was ever called damaged."""
        return any(status == DAMAGED for _, status in self.alarms)


ERRORS: dict[str, tuple[str, str, Callable[[WatchedRun], bool]]] = {
    "false_alarm": (
        HEALTHY,
        "healthy runs in which any alarm is raised",
        lambda watched: bool(watched.alarms),
    ),
    "false_stop": (
        HEALTHY,
        "healthy runs that are called lost",
        lambda watched: watched.called_lost,
    ),
    "late": (
        FAILING,
        "failing runs without an alarm by the epoch in which accuracy drops",
        lambda watched: not watched.in_time,
    ),
    "missed": (
        FAILING,
        "failing runs that are never called lost",
        lambda watched: not watched.called_lost,
    ),
    "unseen": (
        RECOVERING,
        "recovering runs without an alarm by the epoch in which accuracy drops",
        lambda watched: not watched.in_time,
    ),
    "given_up": (
        RECOVERING,
        "recovering runs that are called lost",
        lambda watched: watched.called_lost,
    ),
}
"""Errors of the monitor: the kind of runs, a description, and the condition."""


def _kind_of(rows: Sequence[Row], course: Course, classes: int) -> str:
    """The kind of training by its test accuracy, whatever its recipe intends."""
    best, last = rows[course.best].test_top1, rows[-1].test_top1
    if course.dropped is None:
        fine = best >= LEARNT_ACCURACY and last >= CAME_BACK * best
        return HEALTHY if fine else OTHER
    if last <= NEAR_CHANCE / classes:
        return FAILING
    return RECOVERING if last >= CAME_BACK * best else OTHER


def watch(run: TrainedRun, recipe: str, meant: str, classes: int) -> WatchedRun:
    """Classify a run by its accuracy, and list the monitor's alarms.

    Args:
      run: The finished run, with its monitor's reports.
      recipe: Name of its recipe.
      meant: The behaviour that the recipe intends.
      classes: Number of classes, for the accuracy of chance.
    """
    rows = [row for row in run.rows if isinstance(row.epoch, int)]
    course = course_of(rows, classes)
    kind = _kind_of(rows, course, classes)
    return WatchedRun(
        recipe=recipe,
        model=run.model.name,
        meant=meant,
        kind=kind if kind == meant else OTHER,
        dropped=course.dropped,
        alarms=tuple(
            (report["epoch"], report["status"])
            for report in run.reports
            if report["status"] in (DAMAGED, LOST)
        ),
        rows=tuple(rows),
    )

"""Differences that claims are about, and the interval end that decides."""

from typing import NamedTuple

from conceptevo_jax.analysis.dynamics.trajectory import Trajectory
from conceptevo_jax.analysis.statistics.estimates import Estimate
from conceptevo_jax.analysis.statistics.intervals import Interval, difference_interval

ABOVE = (
    "lower end of the difference's 95 % interval over neurons above 0 (with too few "
    "live neurons for an interval, the difference)"
)
"""The last part of such a claim's rule."""


class Difference(NamedTuple):
    """A difference, its 95 % interval over neurons, and its two numbers in words."""

    amount: float
    interval: Interval | None
    comparison: str

    @property
    def lower_end(self) -> float:
        """The number that must be above 0: the lower end, or else the difference."""
        return self.amount if self.interval is None else self.interval[0]


def snapshot_difference(
    trajectory: Trajectory, measure: str, larger: int, smaller: int
) -> Difference:
    """The difference of a measure between two snapshots of a run.

    Args:
      trajectory: All measures of the run's snapshots.
      measure: The measure.
      larger: Index of the snapshot with the larger value, according to the claim.
      smaller: Index of the other snapshot.
    """
    values = trajectory.series(measure)
    return _difference(
        float(values[larger]),
        trajectory.interval(measure, larger),
        float(values[smaller]),
        trajectory.interval(measure, smaller),
    )


def _difference(
    first: float,
    first_interval: Interval | None,
    second: float,
    second_interval: Interval | None,
) -> Difference:
    return Difference(
        amount=first - second,
        interval=difference_interval(first, first_interval, second, second_interval),
        comparison=f"{first:.2f} against {second:.2f}",
    )


def estimate_difference(
    larger: Estimate | None, smaller: Estimate | None
) -> Difference | None:
    """The difference of two estimates; None if either has no value.

    Args:
      larger: The larger estimate, according to the claim.
      smaller: The other estimate.
    """
    if larger is None or larger.value is None:
        return None
    if smaller is None or smaller.value is None:
        return None
    return _difference(
        larger.value, _interval(larger), smaller.value, _interval(smaller)
    )


def _interval(estimate: Estimate) -> Interval | None:
    if estimate.low is None or estimate.high is None:
        return None
    return estimate.low, estimate.high

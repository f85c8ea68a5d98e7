"""Differences that claims are about, and the interval end that decides."""

from typing import NamedTuple

from conceptevo_jax.analysis.dynamics.trajectory import Trajectory
from conceptevo_jax.analysis.statistics.estimates import Estimate
from conceptevo_jax.analysis.statistics.intervals import Interval, difference_interval

ABOVE_RULE = (
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
    trajectory: Trajectory, measure: str, larger_index: int, smaller_index: int
) -> Difference:
    """The difference of a measure between two snapshots of a run.

    Args:
      trajectory: All measures of the run's snapshots.
      measure: The measure.
      larger_index: Index of the snapshot with the larger value, according to the claim.
      smaller_index: Index of the other snapshot.
    """
    values = trajectory.series(measure)
    return _difference(
        float(values[larger_index]),
        trajectory.interval(measure, larger_index),
        float(values[smaller_index]),
        trajectory.interval(measure, smaller_index),
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
    larger_estimate: Estimate | None, smaller_estimate: Estimate | None
) -> Difference | None:
    """The difference of two estimates; None if either has no value.

    Args:
      larger_estimate: The larger estimate, according to the claim.
      smaller_estimate: The other estimate.
    """
    if larger_estimate is None or larger_estimate.value is None:
        return None
    if smaller_estimate is None or smaller_estimate.value is None:
        return None
    return _difference(
        larger_estimate.value,
        _interval(larger_estimate),
        smaller_estimate.value,
        _interval(smaller_estimate),
    )


def _interval(estimate: Estimate) -> Interval | None:
    if estimate.low is None or estimate.high is None:
        return None
    return estimate.low, estimate.high

"""Differences that claims are about, and the end of their interval that decides."""

from typing import NamedTuple

from conceptevo_jax.analysis.dynamics.trajectory import Trajectory
from conceptevo_jax.analysis.statistics.estimates import Estimate
from conceptevo_jax.analysis.statistics.intervals import Interval, difference_interval

ABOVE = (
    "lower end of the difference's 95 % interval over neurons above 0 (where too few "
    "live for one, the difference)"
)
"""How the rule of such a claim ends."""


class Difference(NamedTuple):
    """A difference, its 95 % interval over neurons, and its two numbers in words."""

    amount: float
    interval: Interval | None
    comparison: str

    @property
    def lower_end(self) -> float:
        """What must be above 0: the interval's lower end, or the difference itself."""
        return self.amount if self.interval is None else self.interval[0]


def snapshot_difference(
    trajectory: Trajectory, measure: str, larger: int, smaller: int
) -> Difference:
    """By how much a measure is larger at one snapshot of a run than at another.

    Args:
      trajectory: All measures of the run's snapshots.
      measure: Which one.
      larger: Place of the snapshot that the claim says is larger.
      smaller: Place of the other one.
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
    """By how much one estimate exceeds another; None where either has no value.

    Args:
      larger: The one that the claim says is larger.
      smaller: The other one.
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

"""Differences that claims are about, and the end of their interval that decides."""

from typing import NamedTuple

from conceptevo_jax.analysis.dynamics.trajectory import Trajectory
from conceptevo_jax.analysis.statistics.estimates import Estimate
from conceptevo_jax.analysis.statistics.intervals import Interval, difference_interval

ABOVE = (
    "lower end of the difference's 95 % interval over neurons above 0 (where too few "
    "live for one, the difference)"
)
"""What such a claim's rule ends with."""


class Change(NamedTuple):
    """A difference, its 95 % interval over neurons, and both numbers in words."""

    value: float
    interval: Interval | None
    both: str

    @property
    def end(self) -> float:
        """What must clear 0: the lower end, or else the difference itself."""
        return self.value if self.interval is None else self.interval[0]


def change_of(trajectory: Trajectory, measure: str, more: int, less: int) -> Change:
    """By how much a measure is larger at one place of a trajectory than at another."""
    (first, of_first), (second, of_second) = (
        (float(trajectory.series(measure)[at]), trajectory.interval(measure, at))
        for at in (more, less)
    )
    return _difference(first, of_first, second, of_second)


def _difference(
    first: float, of_first: Interval | None, second: float, of_second: Interval | None
) -> Change:
    return Change(
        value=first - second,
        interval=difference_interval(first, of_first, second, of_second),
        both=f"{first:.2f} against {second:.2f}",
    )


def less_of(well: Estimate | None, over: Estimate | None) -> Change | None:
    """By how much a number is smaller in the second run; None where it is unknown."""
    if well is None or over is None or well.value is None or over.value is None:
        return None
    return _difference(well.value, _ends(well), over.value, _ends(over))


def _ends(one: Estimate) -> Interval | None:
    return None if one.low is None or one.high is None else (one.low, one.high)

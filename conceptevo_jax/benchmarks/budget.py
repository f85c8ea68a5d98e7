"""Measurements in a limited time, the most informative first.

The duration of a measurement on a device is not known beforehand. Each has a weight,
its expected duration relative to the others; finished measurements show how long a unit
of weight takes. Measurements that would not fit are not started and reported as such. A
started measurement is finished, so a call may exceed its time by the duration of its
last measurement.
"""

import dataclasses
import time
from collections.abc import Callable, Sequence
from itertools import chain, zip_longest
from typing import Any, NamedTuple

from conceptevo_jax.benchmarks.rows import Row
from conceptevo_jax.pipeline.outcome import Claim


class MeasuredPart(NamedTuple):
    """What a measurement leaves: table rows, claims and tables of its kind alone."""

    rows: list[Row]
    claims: list[Claim]
    tables: dict[str, list[dict[str, Any]]]


@dataclasses.dataclass(frozen=True, kw_only=True)
class Measurement:
    """Something that is measured as a whole.

    Attributes:
      part: Of the benchmark.
      what: Is measured, in words.
      call: Measures it.
      weight: Its expected length; 1 is that of VGG16's training step and forward pass.
    """

    part: str
    what: str
    call: Callable[[], MeasuredPart]
    weight: float = 1.0


def interleave_by_importance(
    parts: Sequence[Sequence[Measurement]],
) -> list[Measurement]:
    """One measurement of each part in turn; within a part, what takes least first.

    Args:
      parts: The measurements of each part, the most informative part first.
    """
    sorted_parts = [
        sorted(part, key=lambda measurement: measurement.weight) for part in parts
    ]
    rounds = zip_longest(*sorted_parts)
    return [
        measurement
        for measurement in chain.from_iterable(rounds)
        if measurement is not None
    ]


class Budget:
    """The time of a call, and what it was spent on."""

    def __init__(self, minutes: float | None, spent_seconds: float = 0.0) -> None:
        """Begin now.

        Args:
          minutes: In which everything should be measured; None for no limit.
          spent_seconds: Seconds that the call has taken so far.
        """
        self.minutes = minutes
        self.end = time.monotonic() - spent_seconds + 60 * (minutes or 0.0)
        self.seconds = self.weight = 0.0

    def reason_to_skip(self, measurement: Measurement) -> str | None:
        """Why there is no time for a measurement; None if there is.

        The first is begun whenever any time is left.
        """
        if self.minutes is None:
            return None
        seconds_left = max(0.0, self.end - time.monotonic())
        rate = self.seconds / self.weight if self.weight else 0.0
        expected_seconds = rate * measurement.weight
        if 0 < seconds_left >= expected_seconds:
            return None
        return (
            f"not run: time: of {self.minutes:g} minutes {seconds_left:.0f} s were "
            f"left, some {expected_seconds:.0f} s would be needed"
        )

    def time_measurement(self, measurement: Measurement) -> MeasuredPart:
        """Measure, and learn how long it takes."""
        start = time.monotonic()
        try:
            return measurement.call()
        finally:
            self.seconds += time.monotonic() - start
            self.weight += measurement.weight


def skipped_measurement(measurement: Measurement, reason: str) -> MeasuredPart:
    """One row that says why a measurement was left out.

    Args:
      measurement: What was left out.
      reason: The reason.
    """
    return MeasuredPart(
        [Row(part=measurement.part, what=measurement.what, why=reason)], [], {}
    )

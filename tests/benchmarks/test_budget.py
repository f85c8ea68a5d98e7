"""A benchmark of limited time measures what tells most, and names what it left out."""

from types import SimpleNamespace

import pytest

from conceptevo_jax.benchmarks import budget
from conceptevo_jax.benchmarks.budget import (
    Budget,
    MeasuredPart,
    Measurement,
    interleave_by_importance,
    skipped_measurement,
)


@pytest.fixture
def clock(monkeypatch):
    """A clock that stands still unless it is moved: `clock[0] += seconds`."""
    now = [100.0]
    monkeypatch.setattr(budget, "time", SimpleNamespace(monotonic=lambda: now[0]))
    return now


def taking(clock, seconds, weight=1.0):
    def call():
        clock[0] += seconds
        return MeasuredPart([], [], {})

    return Measurement(part="p", what="w", call=call, weight=float(weight))


def planned(part, *weights):
    return [
        Measurement(part=part, what=str(n), call=lambda: None, weight=float(weight))
        for n, weight in enumerate(weights)
    ]


def test_each_part_has_its_turn_and_the_shortest_of_a_part_comes_first():
    parts = [planned("a", 4, 1, 2), planned("b", 1), planned("c", 2, 1)]
    order = [(one.part, one.weight) for one in interleave_by_importance(parts)]
    assert order == [("a", 1), ("b", 1), ("c", 1), ("a", 2), ("c", 2), ("a", 4)]


def test_what_was_measured_tells_how_long_the_rest_takes(clock):
    limit = Budget(minutes=10.0)
    assert (
        limit.reason_to_skip(taking(clock, 1, weight=1000)) is None
    )  # nothing known yet
    limit.time_measurement(taking(clock, 200, weight=2))
    assert limit.reason_to_skip(taking(clock, 1, weight=4)) is None  # 400 of 400 s left
    assert limit.reason_to_skip(taking(clock, 1, weight=4.1)) == (
        "not run: time: of 10 minutes 400 s were left, some 410 s would be needed"
    )
    limit.time_measurement(taking(clock, 10, weight=5))  # 30 s a unit now
    assert limit.reason_to_skip(taking(clock, 1, weight=13)) is None
    assert limit.reason_to_skip(taking(clock, 1, weight=13.1))


def test_time_spent_before_counts_and_nothing_begins_after_the_end(clock):
    assert (
        Budget(minutes=1.0, spent_seconds=59.0).reason_to_skip(taking(clock, 1)) is None
    )
    assert "0 s were left" in Budget(minutes=1.0, spent_seconds=61.0).reason_to_skip(
        taking(clock, 1)
    )


def test_without_a_limit_everything_is_measured(clock):
    limit = Budget(minutes=None)
    limit.time_measurement(taking(clock, 1e9))
    assert limit.reason_to_skip(taking(clock, 1, weight=1e9)) is None


def test_a_measurement_that_failed_was_time_spent_too(clock):
    def call():
        clock[0] += 50
        raise RuntimeError("no memory")

    limit = Budget(minutes=1.0)
    with pytest.raises(RuntimeError, match="no memory"):
        limit.time_measurement(Measurement(part="p", what="w", call=call))
    assert "10 s were left, some 50 s" in limit.reason_to_skip(taking(clock, 1))


def test_what_is_left_out_is_a_row_with_its_reason():
    (one,) = planned("networks", 1)
    (row,) = skipped_measurement(one, "not run: time").rows
    assert (row.part, row.what, row.why) == ("networks", "0", "not run: time")
    assert (row.value, row.seconds) == (None, None)

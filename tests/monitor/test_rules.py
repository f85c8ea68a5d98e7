"""Alarms on planted numbers."""

import pytest

from conceptevo_jax.errors import UsageError
from conceptevo_jax.monitor import DAMAGED, HEALTHY, LOST, Rules
from conceptevo_jax.monitor.rules import judge

BEST = {"selectivity": 1.0, "persistence": 0.4}


@pytest.mark.parametrize(
    ("selectivity", "persistence", "nonfinite", "status"),
    [
        (1.0, 0.4, 0.0, HEALTHY),
        (0.6, 0.21, 0.0, HEALTHY),
        (1.0, 0.19, 0.0, DAMAGED),
        (0.45, 0.4, 0.0, DAMAGED),
        (0.1, 0.9, 0.0, LOST),
        (0.0, None, 0.0, LOST),
        (1.0, 0.4, 0.6, LOST),
        (1.0, None, 0.4, HEALTHY),
    ],
)
def test_status_by_the_share_of_the_best(selectivity, persistence, nonfinite, status):
    numbers = {
        "selectivity": selectivity,
        "persistence": persistence,
        "nonfinite_share": nonfinite,
    }
    found, reasons = judge(numbers, BEST, Rules())
    assert found == status
    assert bool(reasons) == (status != HEALTHY)


def test_reasons_say_what_fell_and_from_where():
    numbers = {"selectivity": 0.9, "persistence": 0.1, "nonfinite_share": 0.0}
    _, reasons = judge(numbers, BEST, Rules())
    assert reasons[0] == "persistence fell to 0.10, below 50% of its best 0.40"
    assert reasons[1].startswith("the late neurons still tell images apart")


@pytest.mark.parametrize(
    ("selectivity", "live", "status"),
    [
        (0.10, 0.97, HEALTHY),
        (0.03, 0.30, HEALTHY),
        (None, 0.97, HEALTHY),
        (0.40, 0.11, DAMAGED),
        (None, 0.11, DAMAGED),
        (0.0, 0.11, LOST),
        (0.01, 0.97, LOST),
    ],
)
def test_floors_hold_from_the_first_epoch_on(selectivity, live, status):
    """Nothing has been better: a run may have been dead from its first epoch."""
    numbers = {"selectivity": selectivity, "live_share": live, "persistence": None}
    found, reasons = judge(numbers, {}, Rules())
    assert found == status
    assert bool(reasons) == (status != HEALTHY)
    assert any("live share is 0.110" in reason for reason in reasons) == (live < 0.2)


def test_without_a_past_nothing_has_fallen():
    numbers = {"selectivity": 0.05, "persistence": 0.0, "nonfinite_share": 0.0}
    assert judge(numbers, {}, Rules()) == (HEALTHY, [])


def test_rules_out_of_range_are_refused():
    with pytest.raises(UsageError, match=r"rule lost must be from 0 to 1, not 2\.0"):
        Rules(lost=2.0)

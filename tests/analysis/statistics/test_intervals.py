"""Wilson's and Student's intervals, and those of differences."""

import math

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conceptevo_jax.analysis.statistics.intervals import (
    difference_interval,
    mean_interval,
    share_interval,
    share_intervals,
)


@given(st.integers(1, 200), st.floats(0, 1))
def test_wilsons_interval_solves_its_equation(n, share):
    """Its ends are where a true share would lie 1.96 errors from the one found."""
    successes = round(share * n)
    observed = successes / n
    for end in share_interval(successes, n):
        error = math.sqrt(end * (1 - end) / n)
        assert abs(observed - end) == pytest.approx(1.959964 * error, abs=1e-6)
    low, high = share_interval(successes, n)
    assert 0 <= low <= observed <= high <= 1


@given(st.integers(1, 150), st.lists(st.floats(0, 1), max_size=5))
def test_intervals_of_many_shares_are_those_of_each(n, shares):
    counts = [round(share * n) for share in shares]
    intervals = share_intervals(np.array(counts, float) / n, n)
    assert intervals.shape == (len(shares), 2)
    for count, interval in zip(counts, intervals, strict=True):
        assert tuple(interval) == share_interval(count, n)


def test_the_interval_of_a_mean_covers_the_truth_as_often_as_it_says(rng):
    samples = rng.normal(3, 2, (4000, 3)).tolist()
    inside = [low < 3 < high for low, high in map(mean_interval, samples)]
    assert np.mean(inside) == pytest.approx(0.95, abs=0.012)


@pytest.mark.parametrize("values", [[], [1.0], [1.0, float("nan")]])
def test_one_value_has_no_interval(values):
    assert mean_interval(values) is None


def test_the_interval_of_a_difference_covers_the_truth_as_often_as_it_says(rng):
    n, shares = 200, (0.9, 0.8)
    hits = rng.binomial(n, shares, (4000, 2))
    inside = []
    for first, second in hits.tolist():
        intervals = share_interval(first, n), share_interval(second, n)
        low, high = difference_interval(
            first / n, intervals[0], second / n, intervals[1]
        )
        inside.append(low <= 0.1 <= high)
    assert np.mean(inside) == pytest.approx(0.95, abs=0.012)


def test_a_difference_reaches_as_far_as_both_reaches_squared():
    interval = difference_interval(5.0, (2.0, 6.0), 1.0, (0.0, 5.0))
    assert interval == pytest.approx((4 - 5, 4 + math.sqrt(2)))
    assert difference_interval(5.0, None, 1.0, (0.0, 5.0)) is None
    assert difference_interval(5.0, (2.0, 6.0), 1.0, None) is None

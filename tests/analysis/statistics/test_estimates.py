"""Intervals from halves are as wide as the truth, for means and for what is no mean."""

import numpy as np
import pytest

from conceptevo_jax.analysis.statistics.estimates import estimate, halves, mean_estimate


def test_the_interval_of_a_mean_is_the_textbook_one(rng):
    values = rng.normal(3, 2, 400)
    mean = mean_estimate(values, draws=2000)
    assert mean.value == pytest.approx(values.mean())
    assert mean.n == 400
    width = 2 * 1.96 * values.std(ddof=1) / np.sqrt(400)
    assert mean.high - mean.low == pytest.approx(width, rel=0.1)


def test_it_covers_the_truth_as_often_as_it_says(rng):
    covered = 0
    for seed in range(200):
        values = rng.normal(size=60)
        mean = mean_estimate(values, seed=seed, draws=200)
        covered += mean.low <= 0 <= mean.high
    assert 0.88 <= covered / 200 <= 0.99


def test_a_statistic_that_grows_with_n_lies_inside_its_interval(rng):
    values = rng.normal(size=200)
    maximum = estimate(lambda rows: values[rows].max(), 200)
    assert maximum.low <= maximum.value <= maximum.high


def test_too_few_neurons_give_no_value_and_say_so():
    missing = estimate(lambda rows: 1.0, 7, min_neurons=20)
    assert (missing.value, missing.low, missing.high, missing.n) == (
        None,
        None,
        None,
        7,
    )
    assert missing.why == "7 live neurons are too few: 20 are needed"


def test_enough_for_a_value_may_be_too_few_for_an_interval():
    count = estimate(len, 25, min_neurons=20)
    assert (count.value, count.low) == (25.0, None)


def test_what_is_not_finite_is_left_out_of_means():
    mean = mean_estimate(np.array([1.0, np.nan, 3.0, np.inf]))
    assert (mean.value, mean.n) == (2.0, 2)
    assert mean_estimate(np.full(3, np.nan)).value is None


def test_halves_are_halves_and_depend_on_the_seed():
    first, repeated, other_seed = halves(9, 20, 0), halves(9, 20, 0), halves(9, 20, 1)
    assert (first.sum(axis=1) == 4).all()
    np.testing.assert_array_equal(first, repeated)
    assert (first != other_seed).any()
    assert len(halves(1, 20, 0)) == 0

"""Resamples of rows and columns, and what refits add to them."""

import numpy as np
import pytest
from scipy.stats import t

from conceptevo_jax.analysis.statistics.crossed_bootstrap import (
    add_refit_spread,
    resample,
)


def test_as_many_rows_and_columns_are_drawn_as_there_are():
    draws = resample(37, 12, draws=200, rng=np.random.default_rng(3))
    for counts, n in ((draws.rows, 37), (draws.columns, 12)):
        assert counts.shape == (200, n)
        assert (counts.sum(axis=1) == n).all()
    # Each is drawn once on average, and as often as chance has it.
    assert draws.rows.var() == pytest.approx(1 - 1 / 37, abs=0.05)
    correlation = np.corrcoef(draws.rows[:, 0], draws.columns[:, 0])[0, 1]
    assert abs(correlation) < 0.25


def test_one_row_tells_nothing_of_others():
    assert resample(1, 9, draws=50, rng=np.random.default_rng(0)).columns.shape == (
        0,
        9,
    )


def test_refits_add_students_t_of_their_spread(rng):
    fits = np.array([0.5, 0.7, 0.6])
    widened = add_refit_spread(np.full(4000, 0.5), fits, rng)
    for share in (0.025, 0.25, 0.5, 0.975):
        expected = 0.5 + 0.1 * t.ppf(share, 2)
        assert np.quantile(widened, share) == pytest.approx(expected, abs=0.01)


def test_one_fit_alone_adds_nothing(rng):
    draws = rng.normal(size=20)
    np.testing.assert_array_equal(add_refit_spread(draws, np.array([0.4]), rng), draws)

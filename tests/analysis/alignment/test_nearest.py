"""The nearest neuron, among all and among those of a resample."""

import numpy as np
import pytest

from conceptevo_jax.analysis.alignment.nearest import nearest_values, resampled_nearest
from conceptevo_jax.analysis.statistics.crossed_bootstrap import Draws, resample


def test_neurons_that_are_equally_near_share_the_place():
    correlation = np.array([[0.2, 0.6, 0.9], [0.1, np.nan, 0.3]])
    similarity = np.array([[0.5, 0.5, 0.1], [0.2, 0.9, 0.2]])
    np.testing.assert_allclose(nearest_values(correlation, similarity), [0.4, 0.2])


def test_resamples_look_for_the_nearest_neuron_that_is_drawn(rng):
    correlation, similarity = rng.normal(size=(2, 30, 25))
    correlation[3, similarity[3].argmax()] = np.nan
    draws = resample(30, 25, draws=20, rng=rng)
    expected = []
    for rows, columns in zip(draws.rows, draws.columns, strict=True):
        rows_a, rows_b = (
            np.repeat(np.arange(len(c)), c.astype(int)) for c in (rows, columns)
        )
        cells = np.ix_(rows_a, np.unique(rows_b))
        expected.append(nearest_values(correlation[cells], similarity[cells]).mean())
    means = resampled_nearest(correlation, similarity, draws)
    np.testing.assert_allclose(means, expected)


def test_where_all_are_equally_near_a_resample_is_the_mean_over_all():
    correlation = np.arange(50.0).reshape(2, 25)
    unresampled = Draws(rows=np.ones((1, 2)), columns=np.ones((1, 25)))
    (mean,) = resampled_nearest(correlation, np.zeros((2, 25)), unresampled)
    assert mean == pytest.approx(correlation.mean())

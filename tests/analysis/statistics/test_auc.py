"""Rank statistics against scikit-learn, brute force and known populations."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp
from scipy.stats import norm
from sklearn.metrics import roc_auc_score

from conceptevo_jax.analysis.statistics.agreeing_pairs import Pairs, split_pairs
from conceptevo_jax.analysis.statistics.auc import (
    permutation_null,
    rank_auc,
    resampled_aucs,
)
from conceptevo_jax.analysis.statistics.crossed_bootstrap import (
    Draws,
    bounded_estimate,
    resample,
)

TIED = hnp.arrays(np.float32, st.integers(1, 30), elements=st.integers(0, 6))


def sklearn_auc(agree, disagree, weights=None):
    labels = np.r_[np.ones(len(agree)), np.zeros(len(disagree))]
    return roc_auc_score(labels, np.r_[agree, disagree], sample_weight=weights)


def random_pairs(rng, shape):
    kind = rng.random(shape).ravel()
    return Pairs(agree=np.flatnonzero(kind < 0.1), disagree=np.flatnonzero(kind > 0.5))


@given(agree=TIED, disagree=TIED)
def test_equals_scikit_learn_with_ties(agree, disagree):
    assert rank_auc(agree, disagree) == pytest.approx(sklearn_auc(agree, disagree))


def test_equal_values_give_exactly_one_half():
    assert rank_auc(np.full(7, 0.3, np.float32), np.full(90, 0.3, np.float32)) == 0.5


def test_is_one_when_every_agreeing_pair_wins():
    assert rank_auc(np.array([3.0, 2.0]), np.array([1.0, 0.0, -1.0])) == 1.0


def interval(values, pairs, draws):
    """The 95 % interval that alignment gives an AUC."""
    auc = rank_auc(values.ravel()[pairs.agree], values.ravel()[pairs.disagree])
    estimate = bounded_estimate(auc, resampled_aucs(values, pairs, draws), 1, why="")
    return estimate.low, estimate.high


def test_resamples_equal_ranking_every_one_anew(rng):
    rows, columns = 60, 40
    values = rng.normal(size=(rows, 1)) + rng.normal(size=columns)
    values = values + rng.normal(size=(rows, columns))
    pairs = random_pairs(rng, values.shape)
    values.ravel()[pairs.agree] += 1.0
    values = np.round(values, 1)
    draws = resample(rows, columns, draws=200, rng=rng)
    first, second = np.divmod(np.r_[pairs.agree, pairs.disagree], columns)
    agree, disagree = values.ravel()[pairs.agree], values.ravel()[pairs.disagree]
    exact = [
        sklearn_auc(agree, disagree, row_counts[first] * column_counts[second])
        for row_counts, column_counts in zip(draws.rows, draws.columns, strict=True)
    ]
    approximate = resampled_aucs(values, pairs, draws)
    assert np.std(exact) > 0.02
    assert np.sqrt(np.mean((approximate - exact) ** 2)) < 0.2 * np.std(exact)
    for share in (0.025, 0.975):
        expected = np.quantile(exact, share)
        assert np.quantile(approximate, share) == pytest.approx(expected, abs=0.008)


def test_interval_covers_the_population_where_both_sets_are_sampled():
    """In 95 of 100 samples, which the interval over the first set alone does not."""
    rng = np.random.default_rng(5)
    n, shift, between = 50, 1.0, 0.8
    truth = norm.cdf(shift / np.sqrt(2 + 2 * between**2))
    covered = np.zeros((200, 2), bool)
    for covers in covered:
        # How near a neuron lies to those that it agrees with differs between neurons.
        offsets = between * rng.normal(size=(2, n))
        shifts = shift + offsets[0][:, None] + offsets[1]
        values = rng.normal(size=(n, n))
        pairs = random_pairs(rng, values.shape)
        values.ravel()[pairs.agree] += shifts.ravel()[pairs.agree]
        crossed = resample(n, n, draws=200, rng=rng)
        rows_only = Draws(rows=crossed.rows, columns=np.ones_like(crossed.columns))
        for method, draws in enumerate((crossed, rows_only)):
            low, high = interval(values, pairs, draws)
            covers[method] = low <= truth <= high
    assert 0.9 <= covered[:, 0].mean() <= 0.99
    assert covered[:, 1].mean() < 0.87


def test_resamples_without_a_pair_of_both_kinds_have_no_auc(rng):
    values = rng.normal(size=(20, 10))
    pairs = Pairs(agree=np.arange(4), disagree=np.arange(20, 150))
    draws = resample(20, 10, draws=200, rng=rng)
    aucs = resampled_aucs(values, pairs, draws)
    lacks_a_kind = (draws.rows[:, 0] == 0) | (draws.columns[:, :4] == 0).all(axis=1)
    np.testing.assert_array_equal(np.isnan(aucs), lacks_a_kind)
    low, high = interval(values, pairs, draws)
    assert 0 <= low <= high <= 1


def test_null_of_unrelated_values_lies_about_one_half(rng):
    values = rng.normal(size=(60, 50)).astype(np.float32)
    mean, high = permutation_null(values, random_pairs(rng, values.shape), rng=rng)
    assert mean == pytest.approx(0.5, abs=0.02)
    assert mean < high < 0.6


@pytest.mark.parametrize("turn", [np.asarray, np.transpose])
def test_null_exposes_neurons_that_agree_with_and_lie_near_everything(rng, turn):
    hub = rng.normal(size=(80, 1))
    measure = turn(hub + 0.3 * rng.normal(size=(80, 70)))
    closeness = turn(hub + 0.3 * rng.normal(size=(80, 70)))
    pairs = split_pairs(measure)
    auc = rank_auc(closeness.ravel()[pairs.agree], closeness.ravel()[pairs.disagree])
    _, high = permutation_null(closeness, pairs, rng=rng)
    assert auc > 0.95
    assert auc < high + 0.01


@pytest.mark.slow
def test_null_is_seldom_exceeded_by_chance_even_if_one_set_forms_groups():
    rng = np.random.default_rng(11)
    exceeded = 0
    for _ in range(100):
        groups = rng.integers(12, size=60)
        measure = rng.normal(size=(50, 12))[:, groups] + 0.1 * rng.normal(size=(50, 60))
        places = rng.normal(size=(12, 5))[groups]
        closeness = rng.normal(size=(50, 5)) @ places.T
        pairs = split_pairs(measure)
        _, high = permutation_null(closeness, pairs, rng=rng)
        values = closeness.ravel()
        exceeded += rank_auc(values[pairs.agree], values[pairs.disagree]) > high
    assert exceeded <= 7


def test_null_of_a_sample_of_pairs_is_that_of_all(rng):
    values = (rng.normal(size=(300, 1)) + rng.normal(size=(300, 200))).astype("f4")
    pairs = split_pairs(rng.normal(size=(300, 1)) + rng.normal(size=(300, 200)))
    assert pairs.disagree.size > 10_000
    mean, _ = permutation_null(values, pairs, rng=rng)
    null_aucs = []
    for _ in range(39):
        by_row, by_column = (
            values[rng.permutation(300)],
            values[:, rng.permutation(200)],
        )
        for permuted in (by_row.ravel(), by_column.ravel()):
            null_aucs.append(rank_auc(permuted[pairs.agree], permuted[pairs.disagree]))
    assert mean == pytest.approx(np.mean(null_aucs), abs=0.01)

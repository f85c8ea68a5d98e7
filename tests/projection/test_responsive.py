"""Images embedded from the neurons that respond to them, against slow references."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from conceptevo_jax.errors import DataError
from conceptevo_jax.projection import (
    QUANTILE_LEVELS,
    rank_responses,
    response_quantiles,
    responsive_images,
    responsive_vectors,
)
from conceptevo_jax.types import Embedding

B, N, Q, D, COUNT = 9, 7, 6, 3, 4
RANK = jax.jit(rank_responses)
EMBED = jax.jit(responsive_vectors, static_argnums=5)
TABLES = hnp.arrays(np.float32, (N, Q), elements=st.integers(-3, 3).map(float))
PEAKS = hnp.arrays(
    np.float32, (B, N), elements=st.integers(-8, 8).map(lambda value: value / 2)
)


def slow_rank(value, table):
    """The position over q + 1, in words: see `rank_responses`."""
    below, equal = (table < value).sum(), (table == value).sum()
    if equal:
        return (below + (equal + 1) / 2) / (len(table) + 1)
    if below == 0:
        return 0.0
    excess, spread = value - table[below - 1], table[-1] - table[0]
    gap = excess + spread if below == len(table) else table[below] - table[below - 1]
    return (below + excess / gap) / (len(table) + 1)


def slow_vectors(peaks, tables, vectors, live, rectified, count):
    rows, coverage = [], []
    for image in peaks:
        ranked = []
        for n, value in enumerate(image):
            if live[n] and np.isfinite(value) and (value > 0 or not rectified[n]):
                ranked.append((-np.float32(slow_rank(value, tables[n])), n))
        best = [n for _, n in sorted(ranked)[:count]]
        rows.append(vectors[best].mean(axis=0) if best else np.full(D, np.nan))
        coverage.append(float(bool(best)))
    return np.array(rows), np.array(coverage)


@pytest.mark.slow
@given(peaks=PEAKS, tables=TABLES)
def test_ranks_equal_the_slow_reference(peaks, tables):
    tables = np.sort(tables, axis=1)
    found = np.asarray(RANK(peaks, tables))
    expected = [[slow_rank(v, tables[n]) for n, v in enumerate(row)] for row in peaks]
    np.testing.assert_allclose(found, expected, atol=1e-6)
    assert found.min() >= 0
    assert found.max() <= 1


def test_ranks_grow_with_the_response_beyond_the_table_too(rng):
    tables = np.sort(rng.normal(size=(N, Q)), axis=1).astype(np.float32)
    peaks = np.sort(rng.normal(size=(B, N)) * 5, axis=0).astype(np.float32)
    ranks = np.asarray(RANK(peaks, tables))
    inside = peaks >= tables[:, 0]
    assert (np.diff(ranks, axis=0)[inside[:-1]] > 0).all()
    assert (ranks[~inside] == 0).all()


def test_ranks_do_not_depend_on_a_neurons_scale(rng):
    sample, peaks = rng.normal(size=(300, N)), rng.normal(size=(B, N))
    scale, shift = rng.uniform(0.01, 100, N), rng.normal(size=N) * 10
    plain, scaled = (
        RANK(change(peaks).astype(np.float32), response_quantiles(change(sample)))
        for change in (lambda x: x, lambda x: x * scale + shift)
    )
    np.testing.assert_allclose(plain, scaled, atol=2e-3)


def test_ranks_of_the_largest_floats_are_those_of_small_ones(rng):
    """Responses of both signs, up to ±3.4e38: their differences are no float32."""
    sample, peaks = (rng.uniform(-1, 1, (n, N)).astype(np.float32) for n in (300, B))
    sample[0], sample[1], peaks[0], peaks[1] = -0.99, 0.9, 0.999, -0.999
    largest = np.float32(2.0**127 * 1.99)
    small, large = (
        np.asarray(RANK(peaks * scale, response_quantiles(sample * scale)))
        for scale in (np.float32(1), largest)
    )
    assert np.isfinite(large).all()
    np.testing.assert_allclose(large, small, atol=1e-6)


@pytest.mark.slow
@given(peaks=PEAKS, tables=TABLES, seed=st.integers(0, 99))
def test_vectors_equal_the_slow_reference(peaks, tables, seed):
    rng = np.random.default_rng(seed)
    tables = np.sort(tables, axis=1)
    vectors = rng.normal(size=(N, D)).astype(np.float32)
    live, rectified = rng.random(N) < 0.8, rng.random(N) < 0.5
    vectors[~live] = np.nan
    facts = (peaks, tables, vectors, live, rectified)
    found, coverage = EMBED(*map(jnp.asarray, facts), COUNT)
    expected, covered = slow_vectors(*facts, COUNT)
    np.testing.assert_allclose(found, expected, atol=1e-5)
    np.testing.assert_array_equal(coverage, covered)


def test_an_image_nobody_responds_to_has_no_vector(rng):
    vectors = rng.normal(size=(N, D)).astype(np.float32)
    tables = np.tile(np.linspace(0, 1, Q, dtype=np.float32), (N, 1))
    peaks = np.full((2, N), np.nan, np.float32)
    peaks[0] = 0
    everyone = jnp.ones(N, bool)
    found, coverage = EMBED(peaks, tables, vectors, everyone, everyone, COUNT)
    assert np.isnan(found).all()
    assert not np.any(coverage)


def test_quantiles_are_those_of_each_neuron(rng):
    sample = rng.normal(size=(101, N)).astype(np.float32)
    table = response_quantiles(sample, np.array([0, 0.25, 1]))
    ordered = np.sort(sample, axis=0)
    np.testing.assert_allclose(table, ordered[[0, 25, 100]].T, rtol=1e-6)


def test_quantiles_of_a_broken_neuron_are_missing(rng):
    sample = rng.normal(size=(50, 3)).astype(np.float32)
    sample[4, 0], sample[5, 1] = np.inf, np.nan
    table = response_quantiles(sample)
    assert np.isnan(table[:2]).all()
    assert np.isfinite(table[2]).all()


def test_levels_are_finest_where_responses_are_strongest():
    steps = np.diff(QUANTILE_LEVELS)
    assert QUANTILE_LEVELS[[0, -1]].tolist() == [0, 1]
    assert (np.diff(steps) < 0).all()
    assert steps[-1] < 1 / 4096 / 3


@pytest.mark.slow
def test_a_softmax_of_ranks_weights_the_neurons(rng):
    tables = np.sort(rng.normal(size=(N, Q)).astype(np.float32), axis=1)
    peaks = rng.normal(size=(B, N)).astype(np.float32)
    vectors = rng.normal(size=(N, D)).astype(np.float32)
    known = (peaks, tables, vectors, np.ones(N, bool), np.zeros(N, bool))
    weighed = jax.jit(responsive_vectors, static_argnums=(5, 6))
    ranks = np.asarray(RANK(peaks, tables), np.float64)
    weights = np.exp(ranks / 0.2)
    expected = weights @ vectors / weights.sum(axis=1, keepdims=True)
    np.testing.assert_allclose(weighed(*known, N, 0.2)[0], expected, rtol=1e-4)
    # Hot, all count alike; cold, the strongest alone.
    np.testing.assert_allclose(
        weighed(*known, COUNT, 1e6)[0], EMBED(*known, COUNT)[0], rtol=1e-4
    )
    strongest = vectors[ranks.argmax(axis=1)]
    np.testing.assert_allclose(weighed(*known, N, 1e-5)[0], strongest, rtol=1e-4)


@pytest.fixture
def pool(rng, make_stimuli):
    """Responses of N neurons to 30 images, two of the neurons without a vector."""
    vectors = rng.normal(size=(N, D)).astype(np.float32)
    vectors[2] = np.nan
    neurons = Embedding(vectors=vectors, coverage=np.ones(N, np.float32))
    peaks = rng.normal(size=(30, N)).astype(np.float32)
    peaks[3, 5] = np.nan
    rectified = [True, False] * 3 + [True]
    sites = make_stimuli([[0]] * N, rectified=rectified).sites
    facts = {"quantiles": response_quantiles(peaks), "neurons": neurons}
    return peaks, facts | {"sites": sites, "count": 2}


@pytest.mark.slow
def test_any_batching_gives_the_same_images(pool):
    peaks, facts = pool
    whole = responsive_images([peaks], pool_size=30, **facts)
    padded = np.concatenate([peaks, np.full((2, N), 9, np.float32)])
    parts = responsive_images(np.split(padded, 4), pool_size=30, **facts)
    np.testing.assert_array_equal(whole.vectors, parts.vectors)
    np.testing.assert_array_equal(whole.coverage, parts.coverage)
    live = np.array([n not in (2, 5) for n in range(N)])
    rectified = np.array([site.rectified for site in facts["sites"]])
    known = (facts["quantiles"], facts["neurons"].vectors, live, rectified)
    np.testing.assert_allclose(whole.vectors, slow_vectors(peaks, *known, 2)[0], 1e-4)


def test_a_sweep_that_ends_early_is_refused(pool):
    peaks, facts = pool
    with pytest.raises(DataError, match=r"responses to 20 images .* has 30"):
        responsive_images([peaks[:20]], pool_size=30, **facts)

"""Streaming top-k against a full sort, under any batching and with many ties."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from conceptevo_jax.activations import Peaks
from conceptevo_jax.stimuli import Search, stimuli_of_arrays, top_k_fold

pytestmark = pytest.mark.slow

IMAGES, NEURONS = 23, 5
# Few values, so that ties are everywhere.
VALUES = st.sampled_from([-2.0, -1.0, 0.0, 1.0, 2.0])
BROKEN = st.sampled_from([np.nan, np.inf, -np.inf, 0.0, 1.0, 2.0])
PEAKS = arrays(np.float32, (IMAGES, NEURONS), elements=VALUES)
BATCHES = st.sampled_from([1, 2, 5, 7, 22, 23, 100])


def check(found, expected):
    for name, value in expected.items():
        np.testing.assert_array_equal(getattr(found, name), value, err_msg=name)


@given(peaks=PEAKS, batch_size=BATCHES)
def test_streaming_equals_a_full_sort(sites, make_pool, sort_all, peaks, batch_size):
    pool = make_pool(IMAGES)
    found = stimuli_of_arrays(peaks, sites, pool, Search(k=4), batch_size=batch_size)
    check(found, sort_all(peaks, pool.order, 4))


@pytest.mark.parametrize(("k", "batch_size"), [(1, 1), (IMAGES - 1, 7)])
def test_extreme_batches_and_numbers_of_stimuli(
    sites, make_pool, sort_all, rng, k, batch_size
):
    peaks, pool = rng.integers(-2, 3, (IMAGES, NEURONS)), make_pool(IMAGES)
    peaks = peaks.astype(np.float32)
    found = stimuli_of_arrays(
        peaks,
        sites,
        pool,
        Search(k=k),
        projection_images=None,
        batch_size=batch_size,
    )
    check(found, sort_all(peaks, pool.order, k))


@given(peaks=arrays(np.float32, (IMAGES, NEURONS), elements=BROKEN), batch_size=BATCHES)
def test_one_broken_response_makes_a_neuron_dead(
    sites, make_pool, sort_all, peaks, batch_size
):
    pool = make_pool(IMAGES)
    found = stimuli_of_arrays(peaks, sites, pool, Search(k=4), batch_size=batch_size)
    check(found, sort_all(peaks, pool.order, 4))


@given(peaks=PEAKS, seed=st.integers(0, 99))
def test_ties_do_not_depend_on_the_order_of_the_images(sites, make_pool, peaks, seed):
    """The same images in other rows: the same ids, peaks and flags are chosen."""
    pool, k = make_pool(IMAGES), 4
    moved = np.random.default_rng(seed).permutation(IMAGES)
    plain, permuted = (
        fold_all(peaks[rows], pool.order[rows], k)
        for rows in (np.arange(IMAGES), moved)
    )
    rows = np.asarray(permuted.rows)
    np.testing.assert_array_equal(plain.rows, np.where(rows < 0, -1, moved[rows]))
    np.testing.assert_array_equal(plain.values, permuted.values)


def fold_all(peaks, order, k):
    """Feed all images in batches of 6 to a fold without a floor."""
    floor = np.full(NEURONS, -np.inf, np.float32)
    fold, every = (
        top_k_fold(NEURONS, k, order, floor),
        np.arange(IMAGES, dtype=np.int32),
    )
    state = fold.empty()
    for rows in np.array_split(every, 4):
        values = jnp.asarray(peaks[rows])
        batch = Peaks(values, jnp.zeros(values.shape, jnp.int32))
        state = fold.add(state, batch, jnp.asarray(rows), jnp.ones(len(rows), bool))
    return state


@pytest.mark.parametrize("batch_size", [3, 23])
def test_both_zeros_are_one_value(sites, make_pool, sort_all, batch_size):
    peaks = np.zeros((IMAGES, NEURONS), np.float32)
    peaks[::2], peaks[-1] = -0.0, -1
    pool = make_pool(IMAGES)
    found = stimuli_of_arrays(peaks, sites, pool, Search(k=4), batch_size=batch_size)
    check(found, sort_all(peaks, pool.order, 4))


def test_another_seed_breaks_ties_otherwise(sites, make_pool):
    peaks = np.ones((IMAGES, NEURONS), np.float32)
    peaks[0] = 0
    first, second = (
        stimuli_of_arrays(peaks, sites, make_pool(IMAGES, seed), Search(k=4))
        for seed in (0, 1)
    )
    assert first.tied.all()
    assert second.tied.all()
    assert not np.array_equal(first.image_ids, second.image_ids)


def test_padding_never_enters():
    """Rows that are not valid leave no trace, however large their values are."""
    order, floor = np.arange(4, dtype=np.uint32), np.full(1, -np.inf, np.float32)
    fold = top_k_fold(1, 2, order, floor)
    rows, valid = jnp.array([0, 1, 3, 3]), jnp.array([True, True, False, False])
    values = jnp.array([[1.0], [2.0], [jnp.nan], [jnp.inf]])
    state = fold.add(fold.empty(), Peaks(values, rows[:, None]), rows, valid)
    np.testing.assert_array_equal(state.rows, [[1, 0, -1]])
    np.testing.assert_array_equal(state.values, [[2, 1, -np.inf]])
    assert (state.lowest[0], state.highest[0], state.nonfinite[0]) == (1, 2, False)


def test_the_state_does_not_grow_with_the_images():
    """n × (k+1) slots, whatever the pool and however much was added."""
    shapes = []
    for count in (20, 2000):
        order = np.arange(count, dtype=np.uint32)
        fold = top_k_fold(NEURONS, 4, order, np.zeros(NEURONS, np.float32))
        empty = jax.eval_shape(fold.empty)
        peaks = Peaks(jnp.ones((20, NEURONS)), jnp.zeros((20, NEURONS), jnp.int32))
        rows, valid = jnp.arange(20), jnp.ones(20, bool)
        after = jax.eval_shape(fold.add, empty, peaks, rows, valid)
        assert jax.tree.map(describe, after) == jax.tree.map(describe, empty)
        shapes.append(jax.tree.map(describe, empty))
    assert shapes[0] == shapes[1]
    assert max(np.prod(shape) for shape, _ in shapes[0]) == NEURONS * 5


def describe(leaf):
    return leaf.shape, leaf.dtype


@pytest.mark.parametrize("value", [np.nan, np.inf, -np.inf])
def test_non_finite_peaks_rank_last_or_by_sign_only_when_asked(value):
    order, floor = np.arange(3, dtype=np.uint32), np.full(1, -np.inf, np.float32)
    values = jnp.array([[-5.0], [value], [7.0]], jnp.float32)
    batch = Peaks(values, jnp.zeros((3, 1), jnp.int32))
    rows, valid = jnp.arange(3), jnp.ones(3, bool)
    for asked in (False, True):
        fold = top_k_fold(1, 2, order, floor, rank_nonfinite=asked)
        state = fold.add(fold.empty(), batch, rows, valid)
        ranks = [1, 2, 0] if value == np.inf else [2, 0, 1]
        np.testing.assert_array_equal(state.rows[0], ranks if asked else [2, 0, -1])
        assert state.nonfinite[0]


@given(
    peaks=arrays(np.float32, (IMAGES, NEURONS), elements=VALUES | BROKEN),
    owner=arrays(np.int32, (IMAGES,), elements=st.integers(0, 3)),
    equal=st.booleans(),
)
def test_what_devices_saw_apart_joins_to_what_one_device_saw(
    make_pool, peaks, owner, equal
):
    """Whoever sees which image, and if the hashes of two images are equal, too."""
    order = make_pool(IMAGES).order // np.uint32(2**31 if equal else 1)
    fold = top_k_fold(NEURONS, 4, order, np.zeros(NEURONS, np.float32))
    batch = Peaks(jnp.asarray(peaks), jnp.full(peaks.shape, 7, jnp.int32))
    rows = jnp.arange(IMAGES)
    whole = fold.add(fold.empty(), batch, rows, jnp.ones(IMAGES, bool))
    apart = [
        fold.add(fold.empty(), batch, rows, jnp.asarray(owner == one))
        for one in range(4)
    ]
    stacked = jax.tree.map(lambda *leaves: jnp.stack(leaves), *apart)
    joined = jax.vmap(lambda state: fold.join(state, "line"), axis_name="line")(stacked)
    for one in range(4):
        own = jax.tree.map(lambda leaf, one=one: leaf[one], joined)
        jax.tree.map(np.testing.assert_array_equal, own, whole)

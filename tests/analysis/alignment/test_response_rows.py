"""What agreement means, on cases computed by hand or by plain loops."""

import itertools

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from conceptevo_jax.analysis.alignment.response_rows import (
    products,
    remove_image_means,
    standardise,
    strongest_images,
    varying_neurons,
)
from conceptevo_jax.analysis.statistics.agreeing_pairs import split_pairs


def test_products_of_standardised_responses_are_pearson_correlations(rng):
    a, b = rng.normal(size=(50, 7)) * 30 + 5, rng.normal(size=(50, 4))
    expected = np.corrcoef(a.T, b.T)[:7, 7:]
    correlations = products(standardise(a), standardise(b))
    np.testing.assert_allclose(correlations, expected, atol=1e-6)


@pytest.mark.parametrize("value", [0.0, 0.1, -3e8, np.nan, np.inf, -np.inf])
def test_a_neuron_that_tells_images_apart_by_nothing_has_an_empty_row(rng, value):
    peaks = rng.normal(size=(30, 3)).astype(np.float32)
    peaks[:, 1] = value
    np.testing.assert_array_equal(varying_neurons(peaks), [True, False, True])
    np.testing.assert_array_equal(standardise(peaks)[1], 0.0)


def test_responses_up_to_the_largest_float_agree_as_small_ones_do(rng):
    peaks = rng.uniform(-1, 1, (40, 6)).astype(np.float32)
    large = peaks * np.float32(3e38)
    assert varying_neurons(large).all()
    np.testing.assert_allclose(standardise(large), standardise(peaks), atol=1e-6)


def test_one_value_that_is_not_finite_excludes_the_neuron(rng):
    peaks = rng.normal(size=(30, 2))
    peaks[4, 0] = np.nan
    np.testing.assert_array_equal(varying_neurons(peaks), [False, True])


def test_differences_of_rounding_do_not_count_as_responses():
    peaks = np.full((30, 1), 0.1, np.float32)
    peaks[3] = np.nextafter(peaks[3], np.float32(1))
    assert not varying_neurons(peaks)[0]


@pytest.mark.slow
@given(
    gain=hnp.arrays(np.float64, 20, elements=st.floats(-5, 5)), seed=st.integers(0, 99)
)
def test_removing_image_means_undoes_a_gain_that_all_neurons_share(gain, seed):
    rows = standardise(np.random.default_rng(seed).normal(size=(20, 6)))
    expected = remove_image_means(rows)
    np.testing.assert_allclose(remove_image_means(rows + gain), expected, atol=1e-9)


def test_nothing_remains_of_neurons_that_are_all_the_same(rng):
    rows = standardise(np.repeat(rng.normal(size=(30, 1)), 7, axis=1))
    np.testing.assert_array_equal(remove_image_means(rows), 0.0)


def overlaps(a, b, rectified=False):
    rows = [strongest_images(x, np.full(x.shape[1], rectified)) for x in (a, b)]
    return products(*rows)


def test_overlap_by_hand():
    # 40 images: the strongest 5 % are two.
    peaks = np.zeros((40, 4))
    for neuron, images in enumerate([(0, 1), (1, 2), (3, 4), (0, 1)]):
        peaks[images, neuron] = (2.0, 1.0)
    expected = [[1, 0.5, 0, 1], [0.5, 1, 0, 0.5], [0, 0, 1, 0], [1, 0.5, 0, 1]]
    np.testing.assert_allclose(overlaps(peaks, peaks), expected, atol=1e-6)


def test_tied_images_share_the_last_place_as_random_ties_would():
    # Two places. a: image 0, then one of 1..3; b: image 1, then one of 0, 2.
    a, b = np.zeros((40, 1)), np.zeros((40, 1))
    a[:4, 0], b[:3, 0] = (5, 1, 1, 1), (1, 5, 1)
    outcomes = itertools.product([{0, 1}, {0, 2}, {0, 3}], [{1, 0}, {1, 2}])
    expected = np.mean([len(x & y) / 2 for x, y in outcomes])
    assert overlaps(a, b).item() == pytest.approx(expected, abs=1e-6)


def test_overlap_does_not_depend_on_the_order_of_images(rng):
    a, b = (rng.integers(0, 4, size=(60, 5)).astype(np.float32) for _ in range(2))
    order = rng.permutation(60)
    np.testing.assert_array_equal(overlaps(a[order], b[order]), overlaps(a, b))


def test_images_without_response_are_not_strongest_where_rectified():
    peaks = np.zeros((40, 2), np.float32)
    peaks[7, 0] = peaks[8, 1] = 1.0
    np.testing.assert_allclose(
        overlaps(peaks, peaks, rectified=True), [[0.5, 0], [0, 0.5]], atol=1e-6
    )


def test_one_pair_in_a_hundred_agrees_and_half_disagree(rng):
    measure = rng.normal(size=(40, 50)).astype(np.float32)
    pairs = split_pairs(measure)
    values = measure.ravel()
    assert pairs.agree.size == 20
    assert pairs.disagree.size == 1000
    assert set(pairs.agree) == set(np.argsort(values)[-20:])
    assert set(pairs.disagree) == set(np.argsort(values)[:1000])


def test_all_pairs_that_tie_with_the_last_agreeing_one_agree():
    measure = np.zeros((20, 20), np.float32)
    measure.ravel()[[3, 50, 399, 7, 8, 9]] = [2, 2, 1, 1, 1, 1]
    pairs = split_pairs(measure)
    np.testing.assert_array_equal(pairs.agree, [3, 7, 8, 9, 50, 399])
    assert pairs.disagree.size == 394


def test_nothing_agrees_where_all_pairs_are_alike():
    assert split_pairs(np.full((20, 20), 0.25, np.float32)).agree.size == 0


def test_pairs_that_are_not_considered_are_in_neither_group(rng):
    measure = rng.normal(size=(30, 30)).astype(np.float32)
    measure[np.diag_indices(30)] = np.nan
    pairs = split_pairs(measure)
    diagonal = set(np.arange(30) * 31)
    assert pairs.agree.size == 9  # 1 % of 870, rounded up
    assert not diagonal & (set(pairs.agree) | set(pairs.disagree))
    nothing = split_pairs(np.full((3, 3), np.nan, np.float32))
    assert nothing.agree.size == nothing.disagree.size == 0

"""Diversity on sets whose diversity is known."""

import math

import numpy as np
import pytest

from conceptevo_jax.analysis.dynamics.diversity import (
    SPACING_FLOOR,
    distinct_share,
    early_neurons,
    early_share,
    effective_rank,
    late_neurons,
    selectivity,
    vasicek_entropy,
)
from conceptevo_jax.types import Site


def test_entropy_of_known_distributions(rng):
    ones = np.ones(1)
    normal = vasicek_entropy(rng.normal(0, 2, (20_000, 1)), ones)
    assert normal == pytest.approx(0.5 * math.log(2 * math.pi * math.e * 4), abs=0.03)
    uniform = vasicek_entropy(rng.uniform(0, 5, (20_000, 1)), ones)
    assert uniform == pytest.approx(math.log(5), abs=0.03)


def test_entropy_matches_scipy_where_nothing_is_floored(rng):
    from scipy.stats import differential_entropy

    values = rng.normal(size=(300, 4))
    entropy = vasicek_entropy(values, np.ones(4))
    expected = differential_entropy(values, method="vasicek").mean()
    assert entropy == pytest.approx(expected, abs=1e-12)


def test_entropy_of_equal_values_is_the_floor_and_not_minus_infinity():
    scale = np.array([2.0])
    entropy = vasicek_entropy(np.full((100, 1), 3.0), scale)
    assert entropy == pytest.approx(math.log(100 / 20 * SPACING_FLOOR * 2))


def test_entropy_grows_with_scale_by_its_logarithm(rng):
    values = rng.normal(size=(500, 3))
    entropy, scaled = (vasicek_entropy(f * values, np.ones(3)) for f in (1, 10))
    assert scaled - entropy == pytest.approx(math.log(10))


def test_effective_rank_counts_directions(rng):
    basis = np.eye(30)[:5]
    planted = rng.normal(size=(4000, 5)) @ basis
    assert effective_rank(planted) == pytest.approx(5, abs=0.05)
    assert effective_rank(rng.normal(size=(4000, 1)) * basis[:1]) == pytest.approx(1)
    assert effective_rank(np.full((50, 30), 0.3)) == 0.0
    assert effective_rank(7 * planted) == pytest.approx(effective_rank(planted))


def test_distinct_images_of_as_many_as_could_be():
    apart = np.arange(12).reshape(4, 3)
    assert distinct_share(apart, 1000) == 1.0
    assert distinct_share(np.tile([0, 1, 2], (4, 1)), 1000) == 3 / 12
    assert distinct_share(apart, 12) == 1.0
    assert distinct_share(np.where(apart < 6, apart, -1), 1000) == 6 / 12
    assert distinct_share(np.full((4, 3), -1), 1000) == 0.0


def test_neurons_are_early_by_their_nearest_base_neuron(rng):
    base = rng.normal(size=(40, 8))
    early = np.arange(40) < 10
    near = base[[3, 5, 20, 30]] + 0.01 * rng.normal(size=(4, 8))
    vectors = np.concatenate([near, base])
    is_early = early_share(vectors, base, early)
    np.testing.assert_array_equal(is_early[:4], [1, 1, 0, 0])


def site(name, channels):
    return Site(
        name=name, channels=channels, rectified=True, receptive_field=3, stride=1
    )


def test_early_and_late_are_thirds_of_the_sites():
    sites = [site(f"s{i}", i + 1) for i in range(6)]
    np.testing.assert_array_equal(np.flatnonzero(early_neurons(sites)), range(3))
    late = np.flatnonzero(late_neurons(sites))
    np.testing.assert_array_equal(late, range(10, 21))


def test_selectivity_tells_answers_from_silence():
    images = 100
    varied = np.tile([0.0, 2.0], images // 2)
    peaks = np.stack(
        [varied, np.full(images, 5.0), np.zeros(images), np.where(varied, np.nan, 1)],
        axis=1,
    )
    np.testing.assert_allclose(selectivity(peaks), [1, 0, 0, 0], atol=1e-12)
    scaled = selectivity(1e-3 * peaks)
    np.testing.assert_allclose(scaled, selectivity(peaks), atol=1e-12)

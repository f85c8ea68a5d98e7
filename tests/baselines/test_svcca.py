"""SVCCA: invariances it is made for, and the limits of its range."""

import numpy as np
import pytest

from conceptevo_jax.baselines.svcca import svcca
from conceptevo_jax.errors import DataError


@pytest.fixture
def responses():
    return np.random.default_rng(0).normal(size=(400, 12))


def test_it_does_not_see_invertible_linear_maps(responses, monkeypatch):
    """SVCCA's point: neurons may be mixed in any way, if all directions are kept."""
    mixed = responses @ np.random.default_rng(1).normal(size=(12, 12)) + 3
    assert svcca(responses, responses) == pytest.approx(1)
    monkeypatch.setattr("conceptevo_jax.baselines.svcca.KEPT_VARIANCE", 1.0)
    assert svcca(responses, mixed) == pytest.approx(1)


def test_unrelated_responses_share_chance_alone(responses):
    """Twelve directions of 400: canonical correlations of noise are about √(d / i)."""
    unrelated = np.random.default_rng(2).normal(size=(400, 12))
    assert 0.02 < svcca(responses, unrelated) < 0.25


def test_half_of_the_directions_in_common(responses):
    half_shared = responses.copy()
    half_shared[:, 6:] = np.random.default_rng(3).normal(size=(400, 6))
    assert svcca(responses, half_shared) == pytest.approx(0.55, abs=0.06)


def test_it_is_symmetric_and_takes_any_number_of_neurons(responses):
    fewer = responses[:, :5] + 0.1
    assert svcca(responses, fewer) == pytest.approx(svcca(fewer, responses))
    assert svcca(responses, fewer) == pytest.approx(1)


def test_directions_of_little_variance_do_not_count(responses):
    noisy = np.concatenate([responses, 1e-4 * np.ones((400, 1))], axis=1)
    noisy[::2, -1] *= -1
    assert svcca(noisy, responses) == pytest.approx(1)


def test_neurons_that_are_not_finite_and_constant_responses(responses):
    broken = responses.copy()
    broken[3, 0] = np.nan
    assert svcca(broken, responses) == pytest.approx(1)
    assert np.isnan(svcca(np.ones((400, 4)), responses))
    with pytest.raises(DataError, match="400 and to 300"):
        svcca(responses, responses[:300])

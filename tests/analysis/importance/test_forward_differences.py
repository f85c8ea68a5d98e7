"""Forward differences: right where Eq. 3 is known, and silent where they cannot be."""

import dataclasses

import flax.linen as nn
import jax.numpy as jnp
import numpy as np
import pytest
from evolving import CHANNELS, CLASSES, Hand, hand_model, weights

from conceptevo_jax.analysis.importance.forward_differences import forward_differences

ALL_NEURONS = np.arange(2 * CHANNELS)


@pytest.fixture
def pixels(rng):
    return rng.integers(1, 256, (3, 4, 4, 3), dtype=np.uint8)


@pytest.mark.parametrize("size", [1e-12, 1.0, 1e12])
def test_they_are_exact_in_a_linear_network_whatever_the_evolutions_size(
    size, pixels, rng
):
    """The logit is twice the gains' sum by the head's weights, times the brightness."""
    model, head = hand_model(), rng.normal(size=(CHANNELS, CLASSES))
    gains = rng.uniform(1, 2, (2, CHANNELS)) * [[1], [size]]
    before, after = (weights(gain, head) for gain in gains)
    differences = forward_differences(model, model.sites)(
        before, after, pixels, 1, ALL_NEURONS
    )
    gains, head = (
        np.asarray(weight_array, np.float32).astype(float)
        for weight_array in (gains, head)
    )
    light = pixels.mean(axis=3).sum((1, 2)) / 255
    expected = 2 * light[:, None] * (gains[1] - gains[0]) * head[:, 1]
    np.testing.assert_allclose(differences, np.tile(expected, 2), rtol=1e-6)


def test_what_has_not_changed_has_none(pixels, rng):
    model, same = hand_model(), weights(1.0, rng.normal(size=(CHANNELS, CLASSES)))
    differences = forward_differences(model, model.sites)(
        same, same, pixels, 0, ALL_NEURONS
    )
    assert differences.shape == (3, 2 * CHANNELS)
    assert not differences.any()
    dead, after = weights(0.0, 1.0), weights(1.0, 1.0)
    differences = forward_differences(model, model.sites)(
        dead, after, pixels, 0, ALL_NEURONS
    )
    assert (differences > 0).all()


class Narrow(Hand):
    """Computes in float32, whatever it is given."""

    @nn.compact
    def __call__(self, images, **options):
        return super().__call__(images, **options).astype(jnp.float32)


def test_a_network_of_a_narrower_type_has_none_to_be_judged_by(pixels):
    model = dataclasses.replace(hand_model(), module=Narrow())
    ends = weights(1.0, 1.0), weights(2.0, 1.0)
    differences = forward_differences(model, model.sites)(*ends, pixels, 0, ALL_NEURONS)
    assert np.isnan(differences).all()

"""Eq. 3: by hand, exact where the network is linear, and both ways alike."""

import dataclasses

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from evolving import CHANNELS, CLASSES, hand_model, weights
from exactness import site_errors, worst

from conceptevo_jax.activations import Recorder, resume, swap
from conceptevo_jax.analysis.importance.forward_differences import forward_differences
from conceptevo_jax.analysis.importance.sensitivity import (
    TIES,
    sensitivity_by_jvp,
    sensitivity_by_vjp,
)
from conceptevo_jax.models import (
    MODELS,
    MaxPool,
    build_model,
    identity_tap,
)
from conceptevo_jax.models.kinks import relu
from conceptevo_jax.models.pooling import max_pool
from conceptevo_jax.types import neuron_count, site_slices

pytestmark = pytest.mark.slow

METHODS = pytest.mark.parametrize("method", [sensitivity_by_vjp, sensitivity_by_jvp])


@pytest.fixture
def pixels(rng):
    return rng.integers(1, 256, (7, 4, 4, 3), dtype=np.uint8)


@pytest.fixture
def ends(rng):
    """Two snapshots that differ in everything."""
    return [
        weights(rng.uniform(0.5, 2, CHANNELS), rng.normal(size=(CHANNELS, CLASSES)))
        for _ in range(2)
    ]


def all_neurons(model):
    return np.arange(neuron_count(model.sites))


@METHODS
def test_the_sign_is_that_of_a_hand_computed_case(method):
    """Brightness 1 on 16 cells; a gain from 1 to 2 or 1/2; the head's weights 3, -2."""
    model = hand_model()
    head = np.zeros((CHANNELS, CLASSES))
    head[0], head[1], head[2, 1] = (3, -2, 0), (3, 3, 3), 5
    before = weights(1.0, head)
    after = weights([2, 0.5, 1, *[1] * 5], -head)  # the later head plays no part
    white = np.full((1, 4, 4, 3), 255, np.uint8)
    sensitivity, changed = method(model, model.sites, 2)(
        before, after, white, 1, all_neurons(model)
    )
    # `first` reaches the logit through the doubling, `second` changes twice as much.
    expected = [16 * -2 * 2 * 1, 16 * 3 * 2 * -0.5, *[0] * 6]
    np.testing.assert_allclose(sensitivity[0], expected * 2, rtol=1e-6)
    assert changed.tolist() == [True, True, *[False] * 6] * 2


@METHODS
@pytest.mark.parametrize("label", range(CLASSES))
def test_after_a_site_that_only_linear_layers_follow_it_is_the_change_of_the_logit(
    method, label, ends, pixels
):
    model = hand_model()
    before, after = ends
    sensitivity, _ = method(model, model.sites, 3)(
        *ends, pixels, label, all_neurons(model)
    )
    recorded_before, recorded_after = (
        Recorder(["first", "second"]),
        Recorder(["first", "second"]),
    )
    pixels = jnp.asarray(pixels)
    start = model.logits(before, pixels, tap=recorded_before)[:, label]
    model.logits(after, pixels, tap=recorded_after)
    for name, columns in site_slices(model.sites).items():
        for channel, column in enumerate(sensitivity[:, columns].T):
            mask = jnp.arange(CHANNELS) == channel
            tap = resume(
                name,
                swap(
                    mask,
                    recorded_after.activations[name],
                    recorded_before.activations[name],
                ),
            )
            change = model.logits(before, pixels, tap=tap)[:, label] - start
            np.testing.assert_allclose(column, change, rtol=1e-4, atol=1e-4)


@METHODS
def test_padding_of_the_last_batch_changes_nothing(method, ends, pixels):
    model, neurons = hand_model(), np.array([9, 0, 4])
    unpadded, padded = (
        method(model, model.sites, size)(*ends, pixels, 0, neurons) for size in (7, 4)
    )
    assert unpadded[0].shape == (7, 3)
    for a, b in zip(unpadded, padded, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5)


@METHODS
def test_some_sites_are_those_columns_of_all(method, ends, pixels):
    model = hand_model()
    sites = model.sites[1:]
    all_sites, _ = method(model, model.sites, 7)(*ends, pixels, 2, all_neurons(model))
    second_site, _ = method(model, sites, 7)(*ends, pixels, 2, np.arange(CHANNELS))
    np.testing.assert_allclose(second_site, all_sites[:, CHANNELS:], rtol=1e-5)


class Pooled(nn.Module):
    """`first` is brightness, weighed and shifted; `second` the maxima of its windows.

    A class's logit is the sum of the channel of its number. Of class 2 the maxima pass
    a ReLU at exactly 0 where they are 0.
    """

    one_sided: bool = False

    @nn.compact
    def __call__(self, images, *, train=False, tap=identity_tap):
        gain = self.param("gain", nn.initializers.ones, (CHANNELS,))
        head = self.param("head", nn.initializers.zeros, (CHANNELS, CLASSES))
        x = images.mean(axis=-1, keepdims=True) * gain[None, None, None]
        x = x + head[:, 0][None, None, None]
        x = tap("first", relu(x, one_sided=self.one_sided))
        x = tap("pool", max_pool(x, 2, 2, one_sided=self.one_sided))
        lifted = jnp.where(jnp.arange(CHANNELS) == 2, 0.0, 1.0)[None, None, None]
        x = tap("second", relu(x + lifted, one_sided=self.one_sided))
        return x.sum(axis=(1, 2))[:, :CLASSES]


@METHODS
@pytest.mark.parametrize("ties", TIES)
def test_where_cells_are_tied_the_fastest_counts(method, ties, rng):
    """Every window is tied, at 0 or at 1; what is bright rises, or falls, the most."""
    pool = MaxPool(site="first", name="pool", window=2, stride=2)
    model = dataclasses.replace(hand_model(), module=Pooled(), pools=(pool,))
    shift = np.tile(np.eye(CHANNELS)[1][:, None], CLASSES)
    before, after = weights(0.0, shift), weights([1, -1, *[1] * 6], shift)
    pixels = np.repeat(rng.permutation(160).reshape(10, 4, 4, 1), 3, axis=3)
    cells = pixels[..., 0].reshape(10, 2, 2, 2, 2) / 255
    brightest, darkest = (f(cells, axis=(2, 4)).sum((1, 2)) for f in (np.max, np.min))
    first = cells[:, :, 0, :, 0].sum((1, 2))
    expected = {
        "one_sided": [brightest, -darkest, brightest],
        "first": [first, -first, 0 * first],
    }[ties]
    if method is sensitivity_by_vjp:  # what lies behind the pooling is left to autodiff
        expected[2] = 0 * first
    for label in range(CLASSES):
        sensitivity, _ = method(model, model.sites[:1], 10, ties)(
            before, after, pixels.astype(np.uint8), label, np.arange(CHANNELS)
        )
        np.testing.assert_allclose(sensitivity[:, label], expected[label], rtol=1e-5)
        assert not np.delete(sensitivity, label, axis=1).any()
    exact = forward_differences(model, model.sites[:1])
    sensitivity = exact(before, after, pixels.astype(np.uint8), 2, np.array([2, 5]))
    np.testing.assert_allclose(
        sensitivity, np.stack([brightest, 0 * first], 1), rtol=1e-6
    )


def random_variables(rng, model):
    def leaf(path, shape):
        if path[-1].key in ("var", "scale"):
            return rng.uniform(0.5, 1.5, shape.shape).astype(np.float32)
        fan_in = np.prod(shape.shape[:-1]) if len(shape.shape) > 1 else 200
        return (rng.normal(size=shape.shape) * np.sqrt(2 / fan_in)).astype(np.float32)

    return jax.tree_util.tree_map_with_path(leaf, model.shapes())


@pytest.mark.parametrize("name", sorted(MODELS))
def test_every_site_of_every_architecture_is_exact(name, rng):
    # With as many classes as the demo's, whose networks are compiled for the same test.
    model = build_model(name, preset="tiny", classes=10)
    before, after = random_variables(rng, model), random_variables(rng, model)
    pixels = rng.integers(0, 256, (2, model.size, model.size, 3), dtype=np.uint8)
    for method, errors in site_errors(model, pixels)(before, after, 3).items():
        assert worst(errors)[1] < 1e-4, method

"""Eq. 3: by hand, exact where the network is linear, and both ways alike."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from evolving import CHANNELS, CLASSES, hand_model, weights

from conceptevo_jax.activations import Recorder, resume, swap
from conceptevo_jax.analysis.sensitivity import by_jvp, by_transpose
from conceptevo_jax.models import MODELS, Model, build_model
from conceptevo_jax.types import neuron_count, site_slices

METHODS = pytest.mark.parametrize("method", [by_transpose, by_jvp])


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


def all_of(model):
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
    found, changed = method(model, model.sites, 2)(
        before, after, white, 1, all_of(model)
    )
    # `first` reaches the logit through the doubling, `second` changes twice as much.
    expected = [16 * -2 * 2 * 1, 16 * 3 * 2 * -0.5, *[0] * 6]
    np.testing.assert_allclose(found[0], expected * 2, rtol=1e-6)
    assert changed.tolist() == [True, True, *[False] * 6] * 2


@METHODS
@pytest.mark.parametrize("label", range(CLASSES))
def test_after_a_site_that_only_linear_layers_follow_it_is_the_change_of_the_logit(
    method, label, ends, pixels
):
    model = hand_model()
    before, after = ends
    found, _ = method(model, model.sites, 3)(*ends, pixels, label, all_of(model))
    old, new = Recorder(["first", "second"]), Recorder(["first", "second"])
    pixels = jnp.asarray(pixels)
    start = model.logits(before, pixels, tap=old)[:, label]
    model.logits(after, pixels, tap=new)
    for name, where in site_slices(model.sites).items():
        for channel, column in enumerate(found[:, where].T):
            mask = jnp.arange(CHANNELS) == channel
            tap = resume(name, swap(mask, new.seen[name], old.seen[name]))
            change = model.logits(before, pixels, tap=tap)[:, label] - start
            np.testing.assert_allclose(column, change, rtol=1e-4, atol=1e-4)


@METHODS
def test_padding_of_the_last_batch_changes_nothing(method, ends, pixels):
    model, chosen = hand_model(), np.array([9, 0, 4])
    one, two = (
        method(model, model.sites, size)(*ends, pixels, 0, chosen) for size in (7, 4)
    )
    assert one[0].shape == (7, 3)
    for a, b in zip(one, two, strict=True):
        np.testing.assert_allclose(a, b, rtol=1e-5)


@METHODS
def test_some_sites_are_those_columns_of_all(method, ends, pixels):
    model = hand_model()
    second = model.sites[1:]
    everything, _ = method(model, model.sites, 7)(*ends, pixels, 2, all_of(model))
    some, _ = method(model, second, 7)(*ends, pixels, 2, np.arange(CHANNELS))
    np.testing.assert_allclose(some, everything[:, CHANNELS:], rtol=1e-5)


class Exact(Model):
    """Computes in the precision of its weights."""

    def normalise(self, pixels):
        return super().normalise(pixels).astype(jnp.float64)


def draw(rng, model):
    def leaf(path, shape):
        if path[-1].key in ("var", "scale"):
            return rng.uniform(0.5, 1.5, shape.shape)
        fan_in = np.prod(shape.shape[:-1]) if len(shape.shape) > 1 else 200
        return rng.normal(size=shape.shape) * np.sqrt(2 / fan_in)

    return jax.tree_util.tree_map_with_path(leaf, model.shapes())


@pytest.mark.parametrize("name", sorted(MODELS))
def test_both_methods_agree_in_double_precision(name, rng):
    """The transpose of a linearisation is the linearisation: to 1e-5 of the largest."""
    built = build_model(name, preset="tiny", classes=4)
    fields = {f.name: getattr(built, f.name) for f in dataclasses.fields(built)}
    model = Exact(**fields)
    before, after = draw(rng, model), draw(rng, model)
    pixels = rng.integers(0, 256, (2, model.size, model.size, 3), dtype=np.uint8)
    chosen = np.sort(rng.choice(neuron_count(model.sites), 12, replace=False))
    # Flax's layer normalisation asks for at least float32 by promotion.
    with jax.enable_x64(True), jax.numpy_dtype_promotion("standard"):
        one, other = (
            method(model, model.sites, 2)(before, after, pixels, 3, chosen)
            for method in (by_transpose, by_jvp)
        )
    assert one[0].dtype == other[0].dtype == np.float64
    assert np.abs(one[0]).max() > 1e-6
    np.testing.assert_allclose(
        *(s / np.abs(s).max() for s in (one[0], other[0])), rtol=1e-5, atol=1e-12
    )
    np.testing.assert_array_equal(one[1], other[1])

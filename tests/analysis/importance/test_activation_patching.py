"""An exchange of channels is the network with edited channels, and what it says."""

import jax.numpy as jnp
import numpy as np
import pytest

from conceptevo_jax.activations import edit, read_activations, resume
from conceptevo_jax.analysis.importance.activation_patching import (
    patched_suffix,
    revert_evolutions,
)
from conceptevo_jax.models import build_model


@pytest.fixture(scope="module")
def real():
    model = build_model("vgg16", preset="tiny", classes=4)
    return model, model.init(seed=0), model.init(seed=1)


@pytest.fixture
def pixels(real, rng):
    side = real[0].size
    return jnp.asarray(rng.integers(0, 256, (5, side, side, 3), dtype=np.uint8))


def read(model, variables, pixels):
    names = [site.name for site in model.sites]
    return read_activations(model, names)(variables, pixels)


@pytest.mark.slow
@pytest.mark.parametrize("position", [0, 6, -1])
def test_an_exchange_is_the_network_with_edited_channels(real, pixels, rng, position):
    """The suffix alone gives what the whole network with an editing tap does."""
    model, before, after = real
    site = model.sites[position]
    _, activations_before = read(model, before, pixels)
    plain, activations_after = read(model, after, pixels)
    masks = jnp.asarray(rng.random((3, site.channels)) < 0.5)
    arguments = (
        after,
        activations_after[site.name],
        activations_before[site.name],
        masks,
        pixels,
    )
    patched_logits = patched_suffix(model, site.name)(*arguments)
    for mask, logits in zip(masks, patched_logits, strict=True):
        tap = edit(
            model, {site.name: (jnp.asarray(mask), activations_before[site.name])}
        )
        expected = model.logits(after, pixels, tap=tap)
        np.testing.assert_allclose(logits, expected, rtol=1e-4, atol=1e-5)
        assert np.abs(logits - plain).max() > 100 * np.abs(logits - expected).max()


@pytest.mark.slow
def test_reverting_the_whole_first_site_is_the_rest_on_the_earlier_activations(
    real, pixels
):
    model, before, after = real
    site = model.sites[0]
    _, activations_before = read(model, before, pixels)
    plain, activations_after = read(model, after, pixels)
    all_channels = jnp.ones((1, site.channels), bool)
    (logits,) = patched_suffix(model, site.name)(
        after,
        activations_after[site.name],
        activations_before[site.name],
        all_channels,
        pixels,
    )
    expected = model.logits(
        after, pixels, tap=resume(site.name, activations_before[site.name])
    )
    np.testing.assert_allclose(logits, expected, rtol=1e-4, atol=1e-5)
    assert np.abs(logits - plain).max() > 100 * np.abs(logits - expected).max()


@pytest.mark.slow
def test_reverting_judges_what_the_exchange_gives(real, pixels):
    """On labels that are what the reverted network says, all are right; else none."""
    model, before, after = real
    site = model.sites[0]
    _, activations_before = read(model, before, pixels)
    logits = model.logits(
        after, pixels, tap=resume(site.name, activations_before[site.name])
    )
    labels = np.asarray(jnp.argmax(logits, axis=1), np.int32)
    masks = {site.name: np.ones((1, 1, site.channels), bool)}
    revert = revert_evolutions(model, model.sites[:1], 5)
    for judged_labels, is_correct in ((labels, True), ((labels + 1) % 4, False)):
        correctness = revert(before, after, np.asarray(pixels), judged_labels, masks)
        assert (correctness.reverted[0, 0, 0, :, 0] == is_correct).all()

"""An exchange of channels is the network with edited channels, and what it says."""

import jax.numpy as jnp
import numpy as np
import pytest

from conceptevo_jax.activations import edit, read_activations, resume
from conceptevo_jax.analysis.importance.activation_patching import (
    exchange,
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


@pytest.mark.parametrize("at", [0, 6, -1])
def test_an_exchange_is_the_network_with_edited_channels(real, pixels, rng, at):
    """The suffix alone gives what the whole network with an editing tap does."""
    model, before, after = real
    site = model.sites[at]
    _, old = read(model, before, pixels)
    plain, new = read(model, after, pixels)
    masks = jnp.asarray(rng.random((3, site.channels)) < 0.5)
    arguments = (after, new[site.name], old[site.name], masks, pixels)
    found = exchange(model, site.name)(*arguments)
    for mask, logits in zip(masks, found, strict=True):
        tap = edit(model, {site.name: (jnp.asarray(mask), old[site.name])})
        expected = model.logits(after, pixels, tap=tap)
        np.testing.assert_allclose(logits, expected, rtol=1e-4, atol=1e-5)
        assert np.abs(logits - plain).max() > 100 * np.abs(logits - expected).max()


def test_reverting_the_whole_first_site_is_the_rest_on_the_earlier_activations(
    real, pixels
):
    model, before, after = real
    site = model.sites[0]
    _, old = read(model, before, pixels)
    plain, new = read(model, after, pixels)
    everything = jnp.ones((1, site.channels), bool)
    (found,) = exchange(model, site.name)(
        after, new[site.name], old[site.name], everything, pixels
    )
    expected = model.logits(after, pixels, tap=resume(site.name, old[site.name]))
    np.testing.assert_allclose(found, expected, rtol=1e-4, atol=1e-5)
    assert np.abs(found - plain).max() > 100 * np.abs(found - expected).max()


def test_reverting_judges_what_the_exchange_gives(real, pixels):
    """On labels that are what the reverted network says, all are right; else none."""
    model, before, after = real
    site = model.sites[0]
    _, old = read(model, before, pixels)
    said = model.logits(after, pixels, tap=resume(site.name, old[site.name]))
    labels = np.asarray(jnp.argmax(said, axis=1), np.int32)
    masks = {site.name: np.ones((1, 1, site.channels), bool)}
    revert = revert_evolutions(model, model.sites[:1], 5)
    for given, right in ((labels, True), ((labels + 1) % 4, False)):
        found = revert(before, after, np.asarray(pixels), given, masks)
        assert (found.reverted[0, 0, 0, :, 0] == right).all()

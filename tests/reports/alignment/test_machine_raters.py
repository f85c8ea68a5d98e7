"""Mean activations of patches, against the plain forward pass."""

import jax.numpy as jnp
import numpy as np
import pytest
from planted import he_normal

from conceptevo_jax.activations import Recorder
from conceptevo_jax.models import build_model
from conceptevo_jax.reports.alignment.machine_raters import BATCH, site_means


@pytest.fixture(scope="module")
def model():
    return build_model("vgg16", preset="tiny", classes=10)


@pytest.fixture(scope="module")
def variables(model):
    return he_normal(model)


@pytest.mark.slow
def test_means_are_those_of_the_plain_forward_pass(model, variables, rng):
    names = [site.name for site in model.sites[-3:]]
    shape = (7, model.size, model.size, 3)
    patches = rng.integers(0, 256, shape, dtype=np.uint8)
    recorder = Recorder(names)
    model.module.apply(variables, model.normalise(jnp.asarray(patches)), tap=recorder)
    means = site_means(model, variables, names, patches)
    assert list(means) == names
    for name in names:
        expected = np.asarray(recorder.activations[name]).mean(axis=(1, 2))
        np.testing.assert_allclose(means[name], expected, rtol=1e-4, atol=1e-5)


@pytest.mark.slow
def test_neither_batches_nor_the_size_of_a_uniform_patch_count(model, variables, rng):
    name = model.sites[-1].name
    colours = rng.integers(0, 256, (BATCH + 3, 1, 1, 3), dtype=np.uint8)
    small, large = (
        np.broadcast_to(colours, (len(colours), side, side, 3)).copy()
        for side in (5, 40)
    )
    small_means = site_means(model, variables, [name], small)[name]
    large_means = site_means(model, variables, [name], large)[name]
    last_means = site_means(model, variables, [name], small[-2:])[name]
    assert small_means.shape == (BATCH + 3, model.sites[-1].channels)
    np.testing.assert_allclose(small_means, large_means, rtol=1e-4, atol=1e-5)
    np.testing.assert_allclose(small_means[-2:], last_means, rtol=1e-4, atol=1e-5)

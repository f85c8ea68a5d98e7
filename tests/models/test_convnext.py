"""ConvNeXt: the published facts, and stochastic depth."""

import flax.linen as nn
import jax
import numpy as np
import pytest
from flax.traverse_util import flatten_dict

from conceptevo_jax.models import build_model
from conceptevo_jax.models.convnext import PRESETS, Block
from conceptevo_jax.models.tapped import parameter_count
from conceptevo_jax.types import neuron_count

BLOCKS = {1: (3, 96), 3: (3, 192), 5: (9, 384), 7: (3, 768)}
"""Per odd module of torchvision's `features`: blocks and their width."""


@pytest.mark.slow
def test_full_size_has_the_published_counts():
    model = build_model("convnext_tiny", classes=1000)
    assert parameter_count(model.shapes()) == 28_589_128
    assert neuron_count(model.sites) == 8_640
    assert len(model.sites) == 24


def test_sites_are_blocks_and_downsamplings_without_the_stem():
    expected = {}
    for stage, (depth, width) in BLOCKS.items():
        expected |= {f"features.{stage}.{index}": width for index in range(depth)}
        if stage < 7:
            expected[f"features.{stage + 1}.0"] = width
            expected[f"features.{stage + 1}.1"] = 2 * width
    sites = build_model("convnext_tiny", classes=1000).sites
    assert [(site.name, site.channels) for site in sites] == list(expected.items())
    assert not any(site.rectified for site in sites)


@pytest.fixture(scope="module")
def branches():
    """Of a block and many images: its branch in evaluation and in training mode."""

    def measure(drop: float, images: int = 400) -> tuple[np.ndarray, np.ndarray]:
        block = Block(8, layer_scale=1.0, drop=drop)
        x = jax.random.normal(jax.random.key(1), (images, 4, 4, 8))
        variables = jax.jit(block.init, static_argnums=2)(jax.random.key(0), x, False)
        key = {"dropout": jax.random.key(2)}
        plain = block.apply(variables, x, False) - x
        return np.asarray(plain), np.asarray(
            block.apply(variables, x, True, rngs=key) - x
        )

    return measure


@pytest.mark.slow
def test_stochastic_depth_leaves_out_whole_branches_at_its_rate(branches):
    _, trained = branches(0.3)
    kept = np.abs(trained).max(axis=(1, 2, 3)) > 0
    assert abs(kept.mean() - 0.7) < 4 * np.sqrt(0.3 * 0.7 / 400)


def test_a_kept_branch_is_scaled_so_that_its_mean_stays(branches):
    plain, trained = branches(0.3)
    kept = np.abs(trained).max(axis=(1, 2, 3)) > 0
    np.testing.assert_allclose(0.7 * trained[kept], plain[kept], atol=1e-5)


def test_without_a_rate_no_branch_is_left_out(branches):
    np.testing.assert_array_equal(*branches(0.0))


def test_the_rate_rises_from_nothing_to_that_of_the_size():
    """Linear in the block's number (Huang et al., 2016), as torchvision has it."""
    rates = []

    def noticed(call, args, kwargs, context):
        if isinstance(context.module, Block):
            rates.append(context.module.drop)
        return call(*args, **kwargs)

    model = build_model("convnext_tiny", classes=3)
    with nn.intercept_methods(noticed):
        model.shapes()
    np.testing.assert_allclose(rates, np.arange(18) * 0.1 / 17)


def test_it_starts_as_torchvision_does():
    """N(0, .02), whose cut at ±2 cuts nothing; normalisations do nothing yet."""
    leaves = flatten_dict(
        build_model("convnext_tiny", preset="small", classes=300).init(3)
    )
    for path, leaf in leaves.items():
        leaf = np.asarray(leaf)
        if path[-1] != "kernel":
            start = {"bias": 0, "scale": 1, "layer_scale": PRESETS["small"].layer_scale}
            np.testing.assert_array_equal(leaf, np.float32(start[path[-1]]))
            continue
        error = 5 / np.sqrt(leaf.size)
        assert abs(np.std(leaf) / 0.02 - 1) < error
        assert abs(np.mean(leaf) / 0.02) < error
        assert abs(np.mean(np.abs(leaf) > 0.04) - 0.0455) < error


def test_a_branch_starts_at_the_published_scale():
    assert PRESETS["full"].layer_scale == 1e-6

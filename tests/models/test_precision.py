"""Models that compute in bfloat16: what is of which type, and how near it stays."""

import dataclasses

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from conceptevo_jax.errors import UsageError
from conceptevo_jax.models import MODELS, Model, build_model


@pytest.fixture(params=sorted(MODELS), scope="module")
def model(request) -> Model:
    return build_model(request.param, preset="tiny", classes=10)


@pytest.fixture
def pixels(rng) -> jax.Array:
    return jnp.asarray(rng.integers(0, 256, (8, 32, 32, 3), dtype=np.uint8))


def types(tree):
    return {leaf.dtype for leaf in jax.tree.leaves(tree)}


def test_activations_are_bfloat16_all_else_is_not(model, pixels):
    seen = {}

    def tap(site, activation):
        seen[site] = activation
        return activation

    half, variables = model.computing("bfloat16"), model.init(seed=0)
    logits = half.logits(variables, pixels, tap)
    assert {site.name for site in half.sites} <= set(seen)
    assert types(seen) == {jnp.dtype("bfloat16")}
    assert types((logits, half.init(seed=0))) == {jnp.dtype("float32")}
    gradient = jax.grad(lambda v: half.logits(v, pixels).sum())(variables)
    assert types(gradient) == {jnp.dtype("float32")}


def test_logits_are_near_those_of_float32(model, pixels):
    variables = model.init(seed=0)
    exact = np.asarray(model.logits(variables, pixels))
    half = np.asarray(model.computing("bfloat16").logits(variables, pixels))
    difference = np.abs(half - exact).max()
    assert 0 < difference < 0.05 * np.abs(exact).max()


def test_training_keeps_statistics_in_float32(pixels):
    model = build_model("inception_v3", preset="tiny", classes=10)
    variables = model.init(seed=0)
    means = {}
    for dtype in ("float32", "bfloat16"):
        module = model.computing(dtype).module
        _, changed = module.apply(
            variables,
            model.normalise(pixels),
            train=True,
            rngs={"dropout": jax.random.key(0)},
            mutable=["batch_stats", "auxiliary"],
        )
        means[dtype] = changed["batch_stats"]["Conv2d_1a_3x3"]["bn"]["mean"]
        assert types(changed["batch_stats"]) == {jnp.dtype("float32")}
    np.testing.assert_allclose(*means.values(), rtol=0.02, atol=1e-3)


def test_float32_is_what_there_was(model, pixels):
    variables = model.init(seed=0)
    same = model.computing("float32").logits(variables, pixels)
    np.testing.assert_array_equal(same, model.logits(variables, pixels))


def test_unknown_types_and_modules_of_one_type_are_refused(model):
    with pytest.raises(UsageError, match=r"float16.*bfloat16"):
        model.computing("float16")

    class Fixed(nn.Module):
        pass

    fixed = dataclasses.replace(model, module=Fixed())
    assert fixed.computing("float32") is fixed
    with pytest.raises(UsageError, match=f"{model.name} computes in float32 only"):
        fixed.computing("bfloat16")

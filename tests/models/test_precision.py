"""Models that compute in bfloat16: what is of which type, and how near it stays."""

import dataclasses
import functools

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from conceptevo_jax.errors import UsageError
from conceptevo_jax.models import MODELS, Model, build_model

pytestmark = pytest.mark.slow


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
        seen[site] = activation.dtype
        return activation

    half = model.in_dtype("bfloat16")
    logits = jax.eval_shape(lambda v: half.logits(v, pixels, tap), half.shapes())
    assert {site.name for site in half.sites} <= set(seen)
    assert set(seen.values()) == {jnp.dtype("bfloat16")}
    assert types((logits, half.shapes())) == {jnp.dtype("float32")}
    total = jax.grad(lambda v: half.logits(v, pixels).sum())
    assert types(jax.eval_shape(total, half.shapes())) == {jnp.dtype("float32")}


def test_logits_are_near_those_of_float32(model, pixels, random_variables):
    exact, half = (
        np.asarray(
            jax.jit(model.in_dtype(dtype).logits)(random_variables(model), pixels)
        )
        for dtype in ("float32", "bfloat16")
    )
    difference = np.abs(half - exact).max()
    assert 0 < difference < 0.05 * np.abs(exact).max()


def test_training_keeps_statistics_in_float32(pixels, random_variables):
    model = build_model("inception_v3", preset="tiny", classes=10)
    variables = random_variables(model)
    means = {}
    for dtype in ("float32", "bfloat16"):
        train = functools.partial(
            model.in_dtype(dtype).module.apply,
            train=True,
            rngs={"dropout": jax.random.key(0)},
            mutable=["batch_stats", "auxiliary"],
        )
        _, changed = jax.jit(train)(variables, model.normalise(pixels))
        means[dtype] = changed["batch_stats"]["Conv2d_1a_3x3"]["bn"]["mean"]
        assert types(changed["batch_stats"]) == {jnp.dtype("float32")}
    np.testing.assert_allclose(*means.values(), rtol=0.02, atol=1e-3)


def test_float32_is_what_there_was(model, pixels):
    same, there = (
        jax.jit(one.logits).lower(model.shapes(), pixels).as_text()
        for one in (model.in_dtype("float32"), model)
    )
    assert same == there


def test_unknown_types_and_modules_of_one_type_are_refused(model):
    with pytest.raises(UsageError, match=r"float16.*bfloat16"):
        model.in_dtype("float16")

    class Fixed(nn.Module):
        pass

    fixed = dataclasses.replace(model, module=Fixed())
    assert fixed.in_dtype("float32") is fixed
    with pytest.raises(UsageError, match=f"{model.name} computes in float32 only"):
        fixed.in_dtype("bfloat16")

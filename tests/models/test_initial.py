"""Initial weights: the initialisers' distributions, from seed, path and shape alone."""

from collections.abc import Callable
from typing import Any

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax.traverse_util import flatten_dict
from scipy import stats

from conceptevo_jax.models import MODELS, Model, Variables, build_model
from conceptevo_jax.models.initial import trace_initialisation

pytestmark = pytest.mark.slow

INITIALISERS = {
    name: getattr(nn.initializers, name)()
    for name in ("glorot_normal", "he_uniform", "lecun_normal", "normal", "uniform")
} | {
    "shifted": lambda key, shape, dtype: 3 + jax.random.normal(key, shape, dtype),
    "exponential": jax.random.exponential,
    "truncated": nn.initializers.truncated_normal(0.02),
}
"""Flax's, two of a user's, and one of operations that only JAX computes."""

WIDTH = 200


class Plain(nn.Module):
    """A layer of a user's own, whose last variable depends on a forward pass."""

    initialiser: Callable[..., jax.Array]
    dtype: Any = jnp.float32

    @nn.compact
    def __call__(self, x: jax.Array) -> jax.Array:
        for name in ("a", "b"):
            shape = (x.shape[-1], x.shape[-1])
            kernel = self.param(name, self.initialiser, shape, self.dtype)
            x = x @ kernel.astype(x.dtype)
        seen = self.variable("batch_stats", "seen", lambda: nn.relu(x + 2).mean())
        return x * seen.value


def _drawn(module: nn.Module, seed: int = 0) -> Variables:
    return trace_initialisation(module, (2, WIDTH)).draw(jax.random.key(seed))


@pytest.mark.parametrize("name", INITIALISERS)
def test_every_initialiser_keeps_its_distribution(name):
    """By the test of Kolmogorov and Smirnov, beside 40,000 numbers of JAX's own."""
    initialiser = INITIALISERS[name]
    variables = _drawn(Plain(initialiser))
    expected = initialiser(jax.random.key(9), (WIDTH, WIDTH), jnp.float32)
    for leaf in variables["params"].values():
        assert leaf.dtype == jnp.float32
        assert stats.ks_2samp(np.ravel(leaf), np.ravel(expected)).pvalue > 1e-3
        assert abs(np.std(leaf) / np.std(expected) - 1) < 0.02
    assert variables["batch_stats"]["seen"] == 2


def test_leaves_are_independent():
    leaves = jax.tree.leaves(_drawn(Plain(nn.initializers.normal(1.0)))["params"])
    leaves += jax.tree.leaves(_drawn(Plain(nn.initializers.normal(1.0)), 1)["params"])
    rows = np.corrcoef([np.ravel(leaf) for leaf in leaves])
    assert abs(rows - np.eye(4)).max() < 5 / WIDTH


def test_an_initialiser_of_many_operations_is_computed_by_jax():
    for leaf in _drawn(Plain(nn.initializers.orthogonal()))["params"].values():
        np.testing.assert_allclose(leaf @ leaf.T, np.eye(WIDTH), atol=1e-5)


def test_weights_of_another_type_are_drawn_in_it():
    for leaf in _drawn(Plain(nn.initializers.he_normal(), jnp.bfloat16))[
        "params"
    ].values():
        assert leaf.dtype == jnp.bfloat16
        spread = np.std(np.asarray(leaf, np.float32))
        assert abs(spread / np.sqrt(2 / WIDTH) - 1) < 0.02


@pytest.fixture(scope="module", params=MODELS)
def model(request) -> Model:
    return build_model(request.param, preset="tiny", classes=7)


def test_variables_have_the_shapes_that_were_said(model):
    variables = model.init(0)
    facts = [
        jax.tree.map(lambda leaf: (leaf.shape, leaf.dtype), tree)
        for tree in (variables, model.shapes())
    ]
    assert facts[0] == facts[1]
    assert all(isinstance(leaf, jax.Array) for leaf in jax.tree.leaves(variables))


def test_equal_seeds_give_equal_weights_and_others_no_equal_ones(model):
    first, again = model.init(3), model.init(3)
    jax.tree.map(np.testing.assert_array_equal, first, again)
    kernels = [
        np.ravel(leaf)[:4].tobytes()
        for seed in (3, 4, 2**32 - 1)
        for path, leaf in flatten_dict(model.init(seed)).items()
        if path[-1] == "kernel"
    ]
    assert len(set(kernels)) == len(kernels) > 0


def test_a_weight_does_not_depend_on_the_rest_of_the_network():
    few, many = (build_model("vgg16", preset="tiny", classes=c).init(0) for c in (3, 9))
    last = few["params"].pop("classifier.6"), many["params"].pop("classifier.6")
    jax.tree.map(np.testing.assert_array_equal, few, many)
    assert last[0]["kernel"].shape != last[1]["kernel"].shape


def test_the_weights_are_those_of_every_other_machine():
    """As they were drawn when this was written."""
    params = build_model("vgg16", preset="tiny", classes=7).init(3)["params"]
    expected = [0.24023426, 0.480949, 0.25236803, -0.23515315]
    drawn = params["features.0"]["kernel"][0, 0, 0, :4]
    np.testing.assert_array_equal(drawn, np.float32(expected))


def test_nothing_is_compiled(model):
    """But the hashing of paths, in the first drawing of all."""
    build_model("vgg16", preset="tiny", classes=3).init(0)
    assert _compiles(lambda: model.init(1)) == 0
    assert _compiles(lambda: jax.jit(lambda x: x + model.size)(jnp.int32(1))) > 0


def _compiles(call: Callable[[], object]) -> int:
    events: list[str] = []

    def listen(event: str, seconds: float, **_: Any) -> None:
        events.append(event)

    jax.monitoring.register_event_duration_secs_listener(listen)
    try:
        call()
    finally:
        jax.monitoring.unregister_event_duration_listener(listen)
    return sum("backend_compile" in event for event in events)

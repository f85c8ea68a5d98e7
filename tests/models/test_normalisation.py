"""Batch normalisation by definition."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from conceptevo_jax.models.normalisation import BatchNorm


@pytest.fixture
def x(rng) -> np.ndarray:
    return rng.normal(2, 3, (4, 5, 6, 3)).astype(np.float32)


@pytest.fixture
def variables(rng) -> dict:
    def row(low, high):
        return rng.uniform(low, high, 3).astype(np.float32)

    return {
        "params": {"scale": row(0.5, 2), "bias": row(-1, 1)},
        "batch_stats": {"mean": row(-1, 1), "var": row(0.5, 2)},
    }


def _normalised(x, mean, var, params):
    normal = (x - mean) / np.sqrt(var + 1e-3)
    return normal * params["scale"] + params["bias"]


def test_evaluation_uses_and_keeps_the_running_statistics(x, variables):
    stats = variables["batch_stats"]
    out, changed = BatchNorm().apply(
        variables, jnp.asarray(x), use_running_average=True, mutable=["batch_stats"]
    )
    expected = _normalised(x, stats["mean"], stats["var"], variables["params"])
    np.testing.assert_allclose(out, expected, atol=1e-4)
    jax.tree.map(np.testing.assert_array_equal, changed["batch_stats"], stats)


def test_training_uses_the_batch_and_remembers_its_unbiased_variance(x, variables):
    out, changed = BatchNorm().apply(
        variables, jnp.asarray(x), use_running_average=False, mutable=["batch_stats"]
    )
    rows = x.astype(np.float64).reshape(-1, 3)
    expected = _normalised(x, rows.mean(0), rows.var(0), variables["params"])
    np.testing.assert_allclose(out, expected, atol=1e-4)
    new = {"mean": rows.mean(0), "var": rows.var(0, ddof=1)}
    for name, old in variables["batch_stats"].items():
        expected = 0.9 * old + 0.1 * new[name]
        np.testing.assert_allclose(changed["batch_stats"][name], expected, rtol=1e-5)


def test_a_single_cell_leaves_finite_statistics(variables):
    _, changed = BatchNorm().apply(
        variables,
        jnp.ones((1, 1, 1, 3)),
        use_running_average=False,
        mutable=["batch_stats"],
    )
    assert all(np.isfinite(leaf).all() for leaf in jax.tree.leaves(changed))

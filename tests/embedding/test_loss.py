"""Eq. 1 against the formula written out in NumPy."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from conceptevo_jax.embedding import pair_losses

B, R, D = 5, 3, 4


def sigmoid(x):
    return 1 / (1 + np.exp(-x))


def reference_loss(n, m, r, s):
    loss = -np.log(sigmoid(n @ m))
    loss -= sum(np.log(1 - sigmoid(n @ v)) for v in r)
    return loss - sum(np.log(1 - sigmoid(m @ v)) for v in s)


def reference_gradient(n, m, r, s):
    """By hand: (log σ)' = 1 − σ and (log(1 − σ))' = −σ."""
    pull = 1 - sigmoid(n @ m)
    on_n = -pull * m + sum(sigmoid(n @ v) * v for v in r)
    on_m = -pull * n + sum(sigmoid(m @ v) * v for v in s)
    return on_n, on_m, [sigmoid(n @ v) * n for v in r], [sigmoid(m @ v) * m for v in s]


@pytest.fixture
def rows(rng):
    shapes = (B, D), (B, D), (B, R, D), (B, R, D)
    return [rng.normal(size=shape).astype(np.float32) for shape in shapes]


def gradient(rows, **options):
    def total(*vectors):
        return pair_losses(*vectors, **options)[0].sum()

    return jax.grad(total, argnums=(0, 1, 2, 3))(*map(jnp.asarray, rows))


def test_value_equals_the_formula(rows):
    total, positive = pair_losses(*map(jnp.asarray, rows))
    wide = [row.astype(np.float64) for row in rows]
    expected = [reference_loss(*pair) for pair in zip(*wide, strict=True)]
    np.testing.assert_allclose(total, expected, rtol=1e-5)
    term = -np.log(sigmoid((wide[0] * wide[1]).sum(axis=1)))
    np.testing.assert_allclose(positive, term, rtol=1e-5)


@pytest.mark.slow
def test_gradient_equals_the_formula(rows):
    wide = [row.astype(np.float64) for row in rows]
    slopes = [reference_gradient(*pair) for pair in zip(*wide, strict=True)]
    expected = zip(*slopes, strict=True)
    for found, wanted in zip(gradient(rows), expected, strict=True):
        np.testing.assert_allclose(found, np.array(wanted), rtol=1e-4, atol=1e-6)


def test_negatives_can_be_kept_from_learning(rows):
    learning, kept = gradient(rows), gradient(rows, negatives_learn=False)
    np.testing.assert_array_equal(kept[0], learning[0])
    np.testing.assert_array_equal(kept[1], learning[1])
    assert not np.any(kept[2])
    assert not np.any(kept[3])


def test_huge_products_stay_finite(rows):
    large = [100 * row for row in rows]
    assert np.isfinite(pair_losses(*map(jnp.asarray, large))[0]).all()
    assert all(np.isfinite(slope).all() for slope in gradient(large))

"""Pooling, whichever way it is computed."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from conceptevo_jax.models.pooling import average_pool, max_pool, tie_excess

pytestmark = pytest.mark.slow

WINDOWS = [(2, 2), (3, 2), (3, 1), (5, 3)]


@pytest.fixture
def x(rng) -> np.ndarray:
    return rng.normal(2, 3, (4, 7, 6, 3)).astype(np.float32)


@pytest.fixture(params=["cpu", "gpu"])
def backend(request, monkeypatch) -> str:
    monkeypatch.setattr(jax, "default_backend", lambda: request.param)
    return request.param


def windows(x, window, stride):
    views = np.lib.stride_tricks.sliding_window_view(x, (window, window), (1, 2))
    return views[:, ::stride, ::stride]


@pytest.mark.usefixtures("backend")
@pytest.mark.parametrize(("window", "stride"), WINDOWS)
def test_maxima_are_those_of_the_windows(x, window, stride):
    found = max_pool(jnp.asarray(x), window, stride)
    np.testing.assert_array_equal(found, windows(x, window, stride).max((-1, -2)))


@pytest.mark.usefixtures("backend")
@pytest.mark.parametrize(
    ("window", "stride", "pad"), [(3, 1, 1), (3, 2, 0), (5, 3, 0), (2, 2, 1)]
)
def test_averages_count_the_padding(x, window, stride, pad):
    padded = np.pad(x, ((0, 0), (pad, pad), (pad, pad), (0, 0)))
    expected = windows(padded, window, stride).mean((-1, -2))
    found = average_pool(jnp.asarray(x), window, stride, pad=pad)
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.usefixtures("backend")
@pytest.mark.parametrize(("window", "stride"), WINDOWS)
def test_the_first_of_equal_maxima_takes_the_gradient(rng, window, stride):
    x = rng.integers(0, 3, (2, 7, 6, 1)).astype(np.float32)
    weights = rng.normal(size=windows(x, window, stride).shape[:4]).astype(np.float32)
    found = jax.grad(lambda x: jnp.sum(max_pool(x, window, stride) * weights))(
        jnp.asarray(x)
    )
    expected = np.zeros_like(x)
    for at in np.ndindex(weights.shape):
        image, row, column, channel = at
        top, left = row * stride, column * stride
        cells = x[image, top : top + window, left : left + window, channel]
        down, right = np.unravel_index(cells.argmax(), cells.shape)
        expected[image, top + down, left + right, channel] += weights[at]
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-6)


@pytest.mark.usefixtures("backend")
@pytest.mark.parametrize(("window", "stride"), WINDOWS)
def test_the_largest_change_of_tied_cells_is_the_one_sided_derivative(
    rng, window, stride
):
    x = rng.integers(0, 3, (2, 7, 6, 3)).astype(np.float32)
    change = rng.integers(-9, 9, x.shape).astype(np.float32)
    views, changes = windows(x, window, stride), windows(change, window, stride)
    tied = views == views.max((-1, -2), keepdims=True)
    assert (tied.sum((-1, -2)) > 1).mean() > 0.3
    expected = np.where(tied, changes, -np.inf).max((-1, -2))
    pooled, found = jax.jvp(
        lambda x: max_pool(x, window, stride, one_sided=True),
        (jnp.asarray(x),),
        (jnp.asarray(change),),
    )
    np.testing.assert_array_equal(pooled, views.max((-1, -2)))
    np.testing.assert_array_equal(found, expected)
    assert (expected < 0).any()
    # It is what a small step gives; and autodiff's own, with the excess, too.
    moved = max_pool(jnp.asarray(x + change / 1024), window, stride)
    np.testing.assert_array_equal((moved - pooled) * 1024, expected)
    _, first = jax.jvp(
        lambda x: max_pool(x, window, stride),
        (jnp.asarray(x),),
        (jnp.asarray(change),),
    )
    excess = tie_excess(jnp.asarray(x), jnp.asarray(change), window, stride)
    np.testing.assert_array_equal(first + excess, expected)
    assert not np.asarray(excess)[tied.sum((-1, -2)) == 1].any()


@pytest.mark.usefixtures("backend")
def test_what_is_not_a_number_is_not_lost(x):
    x[1, 3, 2, 0] = np.nan
    x[2, 4, 4, 1] = np.inf
    for one_sided in (False, True):
        found = np.asarray(max_pool(jnp.asarray(x), 2, 2, one_sided=one_sided))
        assert np.argwhere(np.isnan(found)).tolist() == [[1, 1, 1, 0]]
        assert np.argwhere(np.isinf(found)).tolist() == [[2, 2, 2, 1]]

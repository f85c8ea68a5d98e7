"""Pooling, by what is fastest on the device at hand.

Accelerators get XLA's windowed reductions. On CPU a pooling is written out as a chain
of slices, first along rows, then along columns, which is three to ten times as fast
with its gradient (`docs/performance.md`). Of equal maxima the first takes the gradient,
whichever way is taken.
"""

from collections.abc import Callable
from functools import reduce

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float


def max_pool(
    x: Float[Array, "b h w c"], window: int, stride: int
) -> Float[Array, "b h2 w2 c"]:
    """Largest value in square windows without padding; NaN where there is one."""
    if jax.default_backend() == "cpu":
        return _separable(x, window, stride, _larger)
    return nn.max_pool(x, (window, window), (stride, stride))


def average_pool(
    x: Float[Array, "b h w c"], window: int, stride: int, *, pad: int = 0
) -> Float[Array, "b h2 w2 c"]:
    """Mean over square windows, zeros of the padding counted, as PyTorch does."""
    if jax.default_backend() == "cpu":
        padded = jnp.pad(x, ((0, 0), (pad, pad), (pad, pad), (0, 0)))
        total = _separable(padded, window, stride, jnp.add)
    else:
        sides, steps = (window, window), (stride, stride)
        total = nn.pool(x, 0.0, jax.lax.add, sides, steps, ((pad, pad), (pad, pad)))
    return total / float(window**2)


def _larger(first: Array, second: Array) -> Array:
    """The larger one; the first of equal ones; NaN before any number."""
    return jnp.where((first < second) | jnp.isnan(second), second, first)


def _separable(
    x: Float[Array, "b h w c"],
    window: int,
    stride: int,
    merge: Callable[[Array, Array], Array],
) -> Float[Array, "b h2 w2 c"]:
    """Reduce windows along rows and then along columns."""
    for axis in (2, 1):
        last = x.shape[axis] - window + 1
        x = reduce(
            merge,
            (
                jax.lax.slice_in_dim(x, i, i + last, stride, axis=axis)
                for i in range(window)
            ),
        )
    return x

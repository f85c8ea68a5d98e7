"""Pooling in the form that is fastest on the device.

Accelerators use XLA's windowed reductions. On CPU a pooling is computed as a chain
of slices, first along rows, then along columns, which is three to ten times as fast
including its gradient (`docs/performance.md`). In both forms the first of equal maxima
gets the gradient; `one_sided` gives the derivative that Eq. 3 of the paper needs.
"""

from collections.abc import Callable
from functools import partial, reduce

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float

from conceptevo_jax.models.kinks import maximum, maximum_one_sided


def max_pool(
    x: Float[Array, "b h w c"], window: int, stride: int, *, one_sided: bool = False
) -> Float[Array, "b h2 w2 c"]:
    """Largest value in square windows without padding; NaN if a window holds one.

    Args:
      x: Maps.
      window: Side of the windows.
      stride: Cells from one window to the next.
      one_sided: Whether the derivative is the one-sided one, in forward mode: the
        largest tangent over all cells that share the maximum.
    """
    if one_sided:
        return _reduce_separably(x, window, stride, maximum_one_sided)
    if jax.default_backend() == "cpu":
        return _reduce_separably(x, window, stride, maximum)
    return nn.max_pool(x, (window, window), (stride, stride))


def average_pool(
    x: Float[Array, "b h w c"], window: int, stride: int, *, pad: int = 0
) -> Float[Array, "b h2 w2 c"]:
    """Mean over square windows, including zeros of the padding, as in PyTorch.

    Args:
      x: Maps.
      window: Side of the windows, in cells.
      stride: Cells from one window to the next.
      pad: Rows and columns of zeros on either side.
    """
    if jax.default_backend() == "cpu":
        padded = jnp.pad(x, ((0, 0), (pad, pad), (pad, pad), (0, 0)))
        total = _reduce_separably(padded, window, stride, jnp.add)
    else:
        sides, steps = (window, window), (stride, stride)
        total = nn.pool(x, 0.0, jax.lax.add, sides, steps, ((pad, pad), (pad, pad)))
    return total / float(window**2)


def tie_excess(
    x: Float[Array, "b h w c"],
    change: Float[Array, "b h w c"],
    window: int,
    stride: int,
) -> Float[Array, "b h2 w2 c"]:
    """The difference of one-sided and autodiff derivatives of windows' maxima.

    It is the largest change over the cells that share a window's maximum, minus that of
    the first cell; 0 in windows without a tie.

    Args:
      x: Maps.
      change: Direction in which the maps move.
      window: Side of the windows, in cells.
      stride: Cells from one window to the next.
    """

    def rate(merge: Callable[[Array, Array], Array]) -> Array:
        pool = partial(_reduce_separably, window=window, stride=stride, merge=merge)
        return jax.jvp(pool, (x,), (change,))[1]

    return rate(maximum_one_sided) - rate(maximum)


def _reduce_separably(
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

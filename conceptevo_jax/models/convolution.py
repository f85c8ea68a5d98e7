"""Convolutions in the form that is fastest on the device.

Accelerators use XLA's convolution. On CPU it takes up to twenty times as long for some
shapes as an explicit matrix product; the choice depends only on shapes, as measured
in `docs/performance.md`. All forms agree to rounding, including gradients.
"""

from collections.abc import Callable
from itertools import product

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
from jax.typing import DTypeLike
from jaxtyping import Array, Float

Pair = tuple[int, int]


LINE_VALUES = 128
"""Cells times channels of a line up to which a kernel along it becomes a matrix."""


class Conv(nn.Module):
    """Flax's `nn.Conv` with the same parameters, computed by `convolve`.

    Attributes:
      width: Channels of the output.
      kernel: Height and width of the kernel.
      stride: Steps down and to the right.
      pad: Rows and columns of zeros on either side.
      use_bias: Whether a bias is added.
      kernel_init: Initialises the kernel; the bias starts at zero.
      dtype: Type of the computation; None for that of inputs and parameters.
    """

    width: int
    kernel: Pair
    stride: Pair = (1, 1)
    pad: Pair = (0, 0)
    use_bias: bool = True
    kernel_init: Callable[..., Array] = nn.initializers.lecun_normal()
    dtype: DTypeLike | None = None

    @nn.compact
    def __call__(self, x: Float[Array, "b h w c"]) -> Float[Array, "b h2 w2 c2"]:
        """Convolve every image."""
        shape = (*self.kernel, x.shape[-1], self.width)
        kernel = self.param("kernel", self.kernel_init, shape, jnp.float32)
        x, weights = jnp.asarray(x, self.dtype), jnp.asarray(kernel, self.dtype)
        y = convolve(x, weights, stride=self.stride, pad=self.pad)
        if not self.use_bias:
            return y
        bias = self.param("bias", nn.initializers.zeros, (self.width,), jnp.float32)
        return y + jnp.asarray(bias, self.dtype)[None, None, None]


def convolve(
    x: Float[Array, "b h w c"],
    kernel: Float[Array, "i j c c2"],
    *,
    stride: Pair = (1, 1),
    pad: Pair = (0, 0),
) -> Float[Array, "b h2 w2 c2"]:
    """Cross-correlate maps with a kernel, zeros around them.

    Args:
      x: Maps.
      kernel: Height, width, channels in and channels out.
      stride: Steps down and to the right, in cells.
      pad: Rows and columns of zeros on either side.
    """
    sides = kernel.shape[0], kernel.shape[1]
    on_cpu = jax.default_backend() == "cpu"
    if on_cpu and _tiles(sides, stride, pad):
        return tile_product(x, kernel)
    if on_cpu and _short_line(sides, stride, x):
        return line_product(x, kernel, pad=pad)
    if on_cpu and _suits_product(sides, (x.shape[1], x.shape[2])):
        return patch_product(x, kernel, stride=stride, pad=pad)
    return xla_convolution(x, kernel, stride=stride, pad=pad)


def _tiles(kernel: Pair, stride: Pair, pad: Pair) -> bool:
    """Whether patches do not overlap, so that none has to be copied."""
    return stride == kernel and pad == (0, 0)


def _suits_product(kernel: Pair, cells: Pair) -> bool:
    """Whether the kernel is a row or a column, or larger than the map.

    In these cases patches take little memory, and XLA's convolution is slowest.
    """
    larger = any(k > n for k, n in zip(kernel, cells, strict=True))
    return min(kernel) == 1 or larger


def _short_line(kernel: Pair, stride: Pair, x: Float[Array, "b h w c"]) -> bool:
    """Whether the kernel is a row or a column on a small map of few channels."""
    along = 2 if kernel[0] == 1 else 1
    small = x.shape[along] * x.shape[3] <= LINE_VALUES
    return min(kernel) == 1 and stride == (1, 1) and small


def line_product(
    x: Float[Array, "b h w c"], kernel: Float[Array, "i j c c2"], *, pad: Pair
) -> Float[Array, "b h2 w2 c2"]:
    """A convolution along rows or columns, as one matrix from a whole line to another.

    Its work grows with the length of the line, but no patch is copied.

    Args:
      x: Maps.
      kernel: A single row or column.
      pad: Rows and columns of zeros on either side.
    """
    if kernel.shape[0] == 1:
        band = band_matrix(x.shape[2], kernel.shape[1], pad[1], x.dtype)
        matrix = jnp.einsum("wvt,tco->wcvo", band, kernel[0])
        return jnp.einsum("bhwc,wcvo->bhvo", x, matrix)
    band = band_matrix(x.shape[1], kernel.shape[0], pad[0], x.dtype)
    matrix = jnp.einsum("hgt,tco->hcgo", band, kernel[:, 0])
    return jnp.einsum("bhwc,hcgo->bgwo", x, matrix)


def band_matrix(
    cells: int, taps: int, pad: int, dtype: DTypeLike
) -> Float[Array, "i o t"]:
    """1 where a kernel's tap `t` leads from cell `i` of a line to its cell `o`.

    Args:
      cells: Length of the line.
      taps: Length of the kernel.
      pad: Zeros on either side.
      dtype: Of the matrix.
    """
    inputs, outputs = np.arange(cells), np.arange(cells + 2 * pad - taps + 1)
    steps = inputs[:, None] - outputs + pad
    return jnp.asarray(steps[..., None] == np.arange(taps), dtype)


def tile_product(
    x: Float[Array, "b h w c"], kernel: Float[Array, "i j c c2"]
) -> Float[Array, "b h2 w2 c2"]:
    """A convolution whose patches lie side by side, as one matrix product.

    Rows and columns that fill no patch are left out.

    Args:
      x: Maps.
      kernel: As high and wide as a tile.
    """
    high, wide = kernel.shape[:2]
    rows, columns = x.shape[1] // high, x.shape[2] // wide
    used = x[:, : rows * high, : columns * wide]
    tiles = used.reshape(len(x), rows, high, columns, wide, x.shape[3])
    return jnp.einsum("bhiwjc,ijco->bhwo", tiles, kernel)


def patch_product(
    x: Float[Array, "b h w c"],
    kernel: Float[Array, "i j c c2"],
    *,
    stride: Pair,
    pad: Pair,
) -> Float[Array, "b h2 w2 c2"]:
    """A convolution as patches times a matrix; takes the memory of all patches.

    Args:
      x: Maps.
      kernel: Height, width, channels in and channels out.
      stride: Steps down and to the right, in cells.
      pad: Rows and columns of zeros on either side.
    """
    (high, wide), (down, right) = kernel.shape[:2], stride
    padded = jnp.pad(x, ((0, 0), (pad[0],) * 2, (pad[1],) * 2, (0, 0)))
    rows = padded.shape[1] - high + 1
    columns = padded.shape[2] - wide + 1
    patches = jnp.concatenate(
        [
            padded[:, i : i + rows : down, j : j + columns : right]
            for i, j in product(range(high), range(wide))
        ],
        axis=-1,
    )
    return patches @ kernel.reshape(-1, kernel.shape[-1])


def xla_convolution(
    x: Float[Array, "b h w c"],
    kernel: Float[Array, "i j g c2"],
    *,
    stride: Pair,
    pad: Pair,
    groups: int = 1,
) -> Float[Array, "b h2 w2 c2"]:
    """XLA's own, within groups of channels: `c = g * groups`.

    Args:
      x: Maps.
      kernel: Height, width, channels of a group and channels out.
      stride: Steps down and to the right, in cells.
      pad: Rows and columns of zeros on either side.
      groups: Groups of channels that do not see each other.
    """
    return jax.lax.conv_general_dilated(
        x,
        kernel,
        stride,
        [(side, side) for side in pad],
        dimension_numbers=("NHWC", "HWIO", "NHWC"),
        feature_group_count=groups,
    )

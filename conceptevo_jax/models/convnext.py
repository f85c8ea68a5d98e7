"""ConvNeXt-T (Liu et al., 2022, https://arxiv.org/abs/2201.03545).

Layer names, shapes and initialisation follow torchvision's `convnext_tiny`. Sites are
the blocks, tapped where they are added to the residual stream, and the
normalisation and the convolution of every downsampling between two stages: 24, without
the stem. No site is rectified. The narrow presets keep every site; their maps shrink
from 8×8 to a single cell.

Stochastic depth (Huang et al., 2016) drops the branch of a block for single images, at
a rate that rises with depth.
"""

import dataclasses
from collections.abc import Callable, Iterator
from functools import partial

import flax.linen as nn
import jax.numpy as jnp
from jax.typing import DTypeLike
from jaxtyping import Array, Float

from conceptevo_jax.errors import unknown_name
from conceptevo_jax.models.convolution import Conv
from conceptevo_jax.models.depthwise import DepthwiseConv
from conceptevo_jax.models.normalisation import promote_to_float32
from conceptevo_jax.models.tapped import Model, Tap, identity_tap
from conceptevo_jax.models.vgg import IMAGENET_MEAN, IMAGENET_STD
from conceptevo_jax.types import Site

KERNEL = 7
"""Side of the depthwise convolution."""

EXPANSION = 4
"""Width of a block's hidden layer over that of the block."""


@dataclasses.dataclass(frozen=True)
class Size:
    """One preset: blocks and widths of the four stages, stem, input and regularisers.

    `layer_scale` is the initial scale of every block's branch, `drop` the rate of
    stochastic depth at the last block.
    """

    widths: tuple[int, int, int, int]
    stem: int
    side: int
    layer_scale: float
    drop: float
    depths: tuple[int, int, int, int] = (3, 3, 9, 3)
    mean: tuple[float, float, float] = (0.5, 0.5, 0.5)
    std: tuple[float, float, float] = (0.5, 0.5, 0.5)


PRESETS = {
    "full": Size(
        widths=(96, 192, 384, 768),
        stem=4,
        side=256,
        layer_scale=1e-6,
        drop=0.1,
        mean=IMAGENET_MEAN,
        std=IMAGENET_STD,
    ),
    "small": Size((16, 24, 32, 48), 4, 32, 0.1, 0.0),
    "tiny": Size((8, 8, 12, 16), 4, 32, 0.1, 0.1),
}

_linear = nn.initializers.normal(0.02)
"""Torchvision's `trunc_normal_` cuts at ±2, a hundred deviations away: at none."""


class Block(nn.Module):
    """x + scale · MLP(norm(depthwise(x))), with the branch randomly left out."""

    width: int
    layer_scale: float
    drop: float
    dtype: DTypeLike | None = None

    @nn.compact
    def __call__(
        self, x: Float[Array, "b h w c"], train: bool
    ) -> Float[Array, "b h w c"]:
        """Add the branch to the residual stream."""
        dense = partial(nn.Dense, kernel_init=_linear, dtype=self.dtype)
        y = DepthwiseConv(self.width, KERNEL, _linear, self.dtype, name="block.0")(x)
        y = _layer_norm(y, "block.2")
        y = dense(EXPANSION * self.width, name="block.3")(y)
        y = nn.gelu(y, approximate=False)
        y = dense(self.width, name="block.5")(y)
        constant = nn.initializers.constant(self.layer_scale)
        scale = self.param("layer_scale", constant, (self.width,), jnp.float32)
        branch = y * jnp.asarray(scale, self.dtype)[None, None, None]
        # One draw for an image's whole branch: that is stochastic depth.
        dropped = nn.Dropout(self.drop, broadcast_dims=(1, 2, 3))
        return x + dropped(branch, deterministic=not train)


class ConvNeXt(nn.Module):
    """The network of `size`, logits from NHWC images, in `dtype`."""

    size: Size
    classes: int
    dtype: DTypeLike | None = None

    @nn.compact
    def __call__(
        self,
        images: Float[Array, "b h w 3"],
        *,
        train: bool = False,
        tap: Tap = identity_tap,
    ) -> Float[Array, "b m"]:
        """Logits of normalised images; `train` needs a `dropout` generator."""
        size = self.size
        x = _patches(size.widths[0], size.stem, "features.0.0", self.dtype)(images)
        x = _layer_norm(x, "features.0.1")
        for name, kind, width, drop in _layers(size):
            if kind == "norm":
                x = _layer_norm(x, name)
            elif kind == "down":
                x = _patches(width, 2, name, self.dtype)(x)
            else:
                block = Block(width, size.layer_scale, drop, self.dtype, name=name)
                x = block(x, train)
            x = tap(name, x)
        x = _layer_norm(jnp.mean(x, axis=(1, 2)), "classifier.0")
        dense = partial(nn.Dense, kernel_init=_linear, dtype=self.dtype)
        return dense(self.classes, name="classifier.2")(x)


def _layer_norm(x: Float[Array, "*cells c"], name: str) -> Float[Array, "*cells c"]:
    """Layer normalisation with float32 statistics, in the type of `x`."""
    norm = nn.LayerNorm(epsilon=1e-6, name=name)
    return norm(promote_to_float32(x)).astype(x.dtype)


def _patches(width: int, side: int, name: str, dtype: DTypeLike | None) -> Conv:
    """A convolution whose patches do not overlap."""
    window = (side, side)
    return Conv(width, window, window, kernel_init=_linear, dtype=dtype, name=name)


def _layers(size: Size) -> Iterator[tuple[str, str, int, float]]:
    """Name, kind (`block`, `norm` or `down`), width and drop rate of every site."""
    blocks, block_index = sum(size.depths), 0
    for stage, (depth, width) in enumerate(zip(size.depths, size.widths, strict=True)):
        if stage:
            yield f"features.{2 * stage}.0", "norm", size.widths[stage - 1], 0.0
            yield f"features.{2 * stage}.1", "down", width, 0.0
        for index in range(depth):
            rate = size.drop * block_index / (blocks - 1)
            yield f"features.{2 * stage + 1}.{index}", "block", width, rate
            block_index += 1


def _sites(size: Size) -> Iterator[Site]:
    field, stride = size.stem, size.stem
    for name, kind, width, _ in _layers(size):
        if kind == "block":
            field += (KERNEL - 1) * stride
        elif kind == "down":
            field, stride = field + stride, 2 * stride
        yield Site(
            name=name,
            channels=width,
            rectified=False,
            receptive_field=field,
            stride=stride,
        )


def _build(preset: str, classes: int) -> Model:
    if preset not in PRESETS:
        raise unknown_name("preset of convnext_tiny", preset, PRESETS)
    size = PRESETS[preset]
    return Model(
        name="convnext_tiny",
        preset=preset,
        module=ConvNeXt(size=size, classes=classes),
        sites=tuple(_sites(size)),
        size=size.side,
        classes=classes,
        mean=size.mean,
        std=size.std,
    )


ARCHITECTURES: dict[str, Callable[[str, int], Model]] = {"convnext_tiny": _build}

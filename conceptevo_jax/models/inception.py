"""InceptionV3 (Szegedy et al., 2016, https://arxiv.org/abs/1512.00567).

Layer names, shapes and initialisation follow torchvision's `inception_v3` with its
auxiliary head, whose logits are sown into the collection `auxiliary` in training mode;
their weight is a setting of the training. Sites are the five convolutions of the
stem and the eleven mixed blocks, after their last ReLU.
Two blocks pass on max-pooled copies of the block before, 288 and 768 channels at
full size, without weights: their peaks are equal, and the sites list them as copies.

The narrow presets keep every site and read 32 pixels: they leave out the poolings of
the stem and pad it, so that the grids are 15, 7 and 3 cells wide and stride 2 misses no
cell.
"""

from collections.abc import Callable, Sequence
from functools import partial

import flax.linen as nn
import jax
import jax.numpy as jnp
from jax.typing import DTypeLike
from jaxtyping import Array, Float

from conceptevo_jax.errors import unknown_name
from conceptevo_jax.models.convolution import Conv
from conceptevo_jax.models.inception_blocks import (
    BLOCKS,
    PADDED_CONVOLUTIONS,
    POOLED_BRANCH,
    POOLED_CONVOLUTIONS,
    POOLING,
    STEM,
    Branch,
    Kernel,
    Layer,
)
from conceptevo_jax.models.inception_sites import Size, inception_pools, inception_sites
from conceptevo_jax.models.kinks import relu
from conceptevo_jax.models.normalisation import BatchNorm
from conceptevo_jax.models.pooling import average_pool, max_pool
from conceptevo_jax.models.tapped import Model, Tap, identity_tap
from conceptevo_jax.models.vgg import IMAGENET_MEAN, IMAGENET_STD

PRESETS = {
    "full": Size(
        divide=1,
        min_width=1,
        side=299,
        dropout=0.5,
        stem="pooled",
        auxiliary=(5, 3, 5),
        mean=IMAGENET_MEAN,
        std=IMAGENET_STD,
    ),
    "small": Size(16, 8, 32, 0.3),
    "tiny": Size(64, 4, 32, 0.3),
}

_normal = nn.initializers.normal


def _linear(
    classes: int, inputs: int, deviation: float, dtype: DTypeLike | None
) -> nn.Dense:
    """A last layer N(0, spread), with PyTorch's own bias: uniform up to ±1/√inputs."""

    def bias(key: Array, shape: tuple[int, ...], dtype: DTypeLike) -> Array:
        bound = inputs**-0.5
        return jax.random.uniform(key, shape, dtype, -bound, bound)

    return nn.Dense(
        classes, dtype=dtype, kernel_init=_normal(deviation), bias_init=bias, name="fc"
    )


class BasicConv2d(nn.Module):
    """Convolution without bias, batch normalisation, ReLU."""

    width: int
    kernel: Kernel = (1, 1)
    stride: int = 1
    pad: bool = True
    dtype: DTypeLike | None = None
    one_sided: bool = False

    @nn.compact
    def __call__(
        self, x: Float[Array, "b h w c"], train: bool
    ) -> Float[Array, "b h2 w2 c2"]:
        """Activation after the ReLU."""
        high, wide = self.kernel
        conv = Conv(
            self.width,
            self.kernel,
            (self.stride, self.stride),
            pad=(high // 2, wide // 2) if self.pad else (0, 0),
            use_bias=False,
            kernel_init=_normal(0.1),
            dtype=self.dtype,
            name="conv",
        )
        normalise = BatchNorm(name="bn")
        x = normalise(conv(x), use_running_average=not train)
        return relu(x, one_sided=self.one_sided)


class Mixed(nn.Module):
    """One mixed block: parallel branches, with concatenated outputs."""

    branches: Sequence[Branch]
    size: Size
    dtype: DTypeLike | None = None
    one_sided: bool = False

    @nn.compact
    def __call__(
        self, x: Float[Array, "b h w c"], train: bool, tap: Tap
    ) -> Float[Array, "b h2 w2 c2"]:
        """Activation of all branches; a max pooling's passes through the tap."""
        outputs = []
        for branch in self.branches:
            y = x
            if branch.pool == "average":
                y = average_pool(x, 3, 1, pad=1)
            elif branch.pool == "max":
                y = max_pool(x, *POOLING, one_sided=self.one_sided)
                y = tap(f"{self.name}.{POOLED_BRANCH}", y)
            for layer in branch.layers:
                y = self._conv(layer)(y, train)
            ends = [self._conv(end)(y, train) for end in branch.ends]
            outputs += ends or [y]
        return jnp.concatenate(outputs, axis=-1)

    def _conv(self, layer: Layer) -> BasicConv2d:
        return BasicConv2d(
            self.size.width(layer.width),
            layer.kernel,
            layer.stride,
            pad=layer.stride == 1,
            dtype=self.dtype,
            one_sided=self.one_sided,
            name=layer.name,
        )


class AuxiliaryHead(nn.Module):
    """The second classifier, on the last grid but one."""

    size: Size
    classes: int
    dtype: DTypeLike | None = None

    @nn.compact
    def __call__(self, x: Float[Array, "b h w c"], train: bool) -> Float[Array, "b m"]:
        """Auxiliary logits."""
        window, stride, side = self.size.auxiliary
        width = self.size.width
        x = average_pool(x, window, stride)
        conv = partial(BasicConv2d, dtype=self.dtype)
        x = conv(width(128), name="conv0")(x, train)
        x = conv(width(768), (side, side), pad=False, name="conv1")(x, train)
        x = jnp.mean(x, axis=(1, 2))
        return _linear(self.classes, x.shape[-1], 0.001, self.dtype)(x)


class InceptionV3(nn.Module):
    """The network of `size`, logits from NHWC images, in `dtype`."""

    size: Size
    classes: int
    dtype: DTypeLike | None = None
    one_sided: bool = False

    @nn.compact
    def __call__(
        self,
        images: Float[Array, "b h w 3"],
        *,
        train: bool = False,
        tap: Tap = identity_tap,
    ) -> Float[Array, "b m"]:
        """Logits of normalised images; `train` needs a `dropout` generator."""
        x, size = images, self.size
        basic = partial(BasicConv2d, dtype=self.dtype, one_sided=self.one_sided)
        for layer in STEM:
            pad = layer.name in PADDED_CONVOLUTIONS[size.stem]
            width = size.width(layer.width)
            conv = basic(width, layer.kernel, layer.stride, pad, name=layer.name)
            x = tap(layer.name, conv(x, train))
            pool = POOLED_CONVOLUTIONS[size.stem].get(layer.name)
            if pool:
                x = tap(pool, max_pool(x, *POOLING, one_sided=self.one_sided))
        for name, branches in BLOCKS.items():
            block = Mixed(branches, size, self.dtype, self.one_sided, name=name)
            x = tap(name, block(x, train, tap))
            if name == "Mixed_6e" and (train or self.is_initializing()):
                head = AuxiliaryHead(size, self.classes, self.dtype, name="AuxLogits")
                logits = head(x, train)
                if not self.is_initializing():
                    self.sow("auxiliary", "logits", logits)
        x = nn.Dropout(size.dropout, deterministic=not train)(jnp.mean(x, axis=(1, 2)))
        return _linear(self.classes, x.shape[-1], 0.1, self.dtype)(x)


def _build(preset: str, classes: int) -> Model:
    if preset not in PRESETS:
        raise unknown_name("preset of inception_v3", preset, PRESETS)
    size = PRESETS[preset]
    return Model(
        name="inception_v3",
        preset=preset,
        module=InceptionV3(size=size, classes=classes),
        sites=tuple(inception_sites(size)),
        pools=tuple(inception_pools(size)),
        size=size.side,
        classes=classes,
        mean=size.mean,
        std=size.std,
    )


ARCHITECTURES: dict[str, Callable[[str, int], Model]] = {"inception_v3": _build}

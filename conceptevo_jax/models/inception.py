"""InceptionV3 (Szegedy et al., 2016, https://arxiv.org/abs/1512.00567).

Layer names, shapes and initialisation follow torchvision's `inception_v3` with its
auxiliary head, whose logits are sown into the collection `auxiliary` in training mode;
how much they count is a setting of the training. Sites are the five convolutions of the
stem and the eleven mixed blocks, after their last ReLU.

Two blocks pass max-pooled copies of the block before on, 288 and 768 channels of the
full size, which no weight changes: their peaks are equal, and the sites say so.

The narrow presets keep every site and read 32 pixels: they leave out the poolings of
the stem and pad it, so that the grids are 15, 7 and 3 cells wide and stride 2 misses no
cell.
"""

import dataclasses
import itertools
from collections.abc import Callable, Iterator, Sequence
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
    PADDED,
    POOLED,
    POOLED_BRANCH,
    POOLING,
    STEM,
    Branch,
    Kernel,
    Layer,
)
from conceptevo_jax.models.kinks import relu
from conceptevo_jax.models.normalisation import BatchNorm
from conceptevo_jax.models.pooling import average_pool, max_pool
from conceptevo_jax.models.tapped import MaxPool, Model, Tap, identity_tap
from conceptevo_jax.models.vgg import IMAGENET_MEAN, IMAGENET_STD
from conceptevo_jax.types import Site


@dataclasses.dataclass(frozen=True)
class Size:
    """One preset: how widths are divided, the stem, the auxiliary head, the input.

    Every width of the full size is divided by `divide` and at least `min_width`.
    `stem` is `pooled` as published, or `padded`. `auxiliary` is window and stride of
    the auxiliary head's pooling and the side of its convolution.
    """

    divide: int
    min_width: int
    side: int
    dropout: float
    stem: str = "padded"
    auxiliary: tuple[int, int, int] = (3, 2, 3)
    mean: tuple[float, float, float] = (0.5, 0.5, 0.5)
    std: tuple[float, float, float] = (0.5, 0.5, 0.5)

    def width(self, full: int) -> int:
        """Channels of a layer that has `full` of them at full size."""
        return max(full // self.divide, self.min_width)


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
    classes: int, inputs: int, spread: float, dtype: DTypeLike | None
) -> nn.Dense:
    """A last layer N(0, spread), with PyTorch's own bias: uniform up to ±1/√inputs."""

    def bias(key: Array, shape: tuple[int, ...], kind: DTypeLike) -> Array:
        bound = inputs**-0.5
        return jax.random.uniform(key, shape, kind, -bound, bound)

    return nn.Dense(
        classes, dtype=dtype, kernel_init=_normal(spread), bias_init=bias, name="fc"
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
    """One mixed block: branches side by side, their outputs concatenated."""

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
            pad = layer.name in PADDED[size.stem]
            width = size.width(layer.width)
            conv = basic(width, layer.kernel, layer.stride, pad, name=layer.name)
            x = tap(layer.name, conv(x, train))
            pool = POOLED[size.stem].get(layer.name)
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


def _sites(size: Size) -> Iterator[Site]:
    field, stride = 1, 1
    for layer in STEM:
        field += (layer.kernel[1] - 1) * stride
        stride *= layer.stride
        width = size.width(layer.width)
        yield _site(layer.name, width, field, stride)
        if layer.name in POOLED[size.stem]:
            field, stride = field + 2 * stride, 2 * stride
    for name, branches in BLOCKS.items():
        before, pools = width, branches[-1].pool == "max"
        field += max(map(_reach, branches)) * stride
        stride *= 2 if pools else 1
        width = sum(_width(branch, size) for branch in branches)
        copies = tuple(range(width, width + before)) if pools else ()
        width += before if pools else 0
        yield _site(name, width, field, stride, copies)


def _pools(size: Size) -> Iterator[MaxPool]:
    """The poolings of the stem, and of the blocks whose last branch is one."""
    window, stride = POOLING
    for site, name in POOLED[size.stem].items():
        yield MaxPool(site=site, name=name, window=window, stride=stride)
    for site, name in itertools.pairwise(BLOCKS):
        if BLOCKS[name][-1].pool == "max":
            name = f"{name}.{POOLED_BRANCH}"
            yield MaxPool(site=site, name=name, window=window, stride=stride)


def _site(
    name: str, width: int, field: int, stride: int, copies: tuple[int, ...] = ()
) -> Site:
    return Site(
        name=name,
        channels=width,
        rectified=True,
        receptive_field=field,
        stride=stride,
        copies=copies,
    )


def _reach(branch: Branch) -> int:
    """Cells by which a branch widens the field, along a row."""
    ends = max((end.kernel[1] - 1 for end in branch.ends), default=0)
    pool = 2 if branch.pool else 0
    return pool + ends + sum(layer.kernel[1] - 1 for layer in branch.layers)


def _width(branch: Branch, size: Size) -> int:
    """Channels that a branch adds; max pooling has none of its own."""
    return sum(size.width(end.width) for end in branch.ends or branch.layers[-1:])


def _build(preset: str, classes: int) -> Model:
    if preset not in PRESETS:
        raise unknown_name("preset of inception_v3", preset, PRESETS)
    size = PRESETS[preset]
    return Model(
        name="inception_v3",
        preset=preset,
        module=InceptionV3(size=size, classes=classes),
        sites=tuple(_sites(size)),
        pools=tuple(_pools(size)),
        size=size.side,
        classes=classes,
        mean=size.mean,
        std=size.std,
    )


ARCHITECTURES: dict[str, Callable[[str, int], Model]] = {"inception_v3": _build}

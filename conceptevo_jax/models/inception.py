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
from collections.abc import Callable, Iterator, Sequence
from functools import partial

import flax.linen as nn
import jax.numpy as jnp
from jax.typing import DTypeLike
from jaxtyping import Array, Float

from conceptevo_jax.errors import unknown_name
from conceptevo_jax.models.convolution import Conv
from conceptevo_jax.models.normalisation import BatchNorm
from conceptevo_jax.models.pooling import average_pool, max_pool
from conceptevo_jax.models.tapped import Model, Tap, identity_tap
from conceptevo_jax.models.vgg import IMAGENET_MEAN, IMAGENET_STD
from conceptevo_jax.types import Site


@dataclasses.dataclass(frozen=True)
class Size:
    """One preset: how widths are divided, the stem, the auxiliary head, the input.

    Every width of the full size is divided by `divide` and at least `least`. `stem` is
    `pooled` as published, or `padded`. `auxiliary` is window and stride of the
    auxiliary head's pooling and the side of its convolution.
    """

    divide: int
    least: int
    side: int
    dropout: float
    stem: str = "padded"
    auxiliary: tuple[int, int, int] = (3, 2, 3)
    mean: tuple[float, float, float] = (0.5, 0.5, 0.5)
    std: tuple[float, float, float] = (0.5, 0.5, 0.5)

    def width(self, full: int) -> int:
        """Channels of a layer that has `full` of them at full size."""
        return max(full // self.divide, self.least)


PRESETS = {
    "full": Size(
        divide=1,
        least=1,
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

Kernel = tuple[int, int]


class BasicConv2d(nn.Module):
    """Convolution without bias, batch normalisation, ReLU."""

    width: int
    kernel: Kernel = (1, 1)
    stride: int = 1
    pad: bool = True
    dtype: DTypeLike | None = None

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
        return nn.relu(normalise(conv(x), use_running_average=not train))


@dataclasses.dataclass(frozen=True)
class Layer:
    """A convolution of a branch; its name follows the branch's."""

    name: str
    width: int
    kernel: Kernel = (1, 1)
    stride: int = 1


@dataclasses.dataclass(frozen=True)
class Branch:
    """One path through a block.

    Attributes:
      layers: One after the other.
      ends: Layers side by side at the end, their outputs concatenated.
      pool: `average` before the layers, `max` in place of any, or none.
    """

    layers: tuple[Layer, ...] = ()
    ends: tuple[Layer, ...] = ()
    pool: str | None = None


_ROW, _COLUMN = (1, 7), (7, 1)


def _block_a(pooled: int) -> list[Branch]:
    return [
        Branch((Layer("branch1x1", 64),)),
        Branch((Layer("branch5x5_1", 48), Layer("branch5x5_2", 64, (5, 5)))),
        Branch(
            (
                Layer("branch3x3dbl_1", 64),
                Layer("branch3x3dbl_2", 96, (3, 3)),
                Layer("branch3x3dbl_3", 96, (3, 3)),
            )
        ),
        Branch((Layer("branch_pool", pooled),), pool="average"),
    ]


def _block_b() -> list[Branch]:
    return [
        Branch((Layer("branch3x3", 384, (3, 3), 2),)),
        Branch(
            (
                Layer("branch3x3dbl_1", 64),
                Layer("branch3x3dbl_2", 96, (3, 3)),
                Layer("branch3x3dbl_3", 96, (3, 3), 2),
            )
        ),
        Branch(pool="max"),
    ]


def _block_c(inner: int) -> list[Branch]:
    return [
        Branch((Layer("branch1x1", 192),)),
        Branch(
            (
                Layer("branch7x7_1", inner),
                Layer("branch7x7_2", inner, _ROW),
                Layer("branch7x7_3", 192, _COLUMN),
            )
        ),
        Branch(
            (
                Layer("branch7x7dbl_1", inner),
                Layer("branch7x7dbl_2", inner, _COLUMN),
                Layer("branch7x7dbl_3", inner, _ROW),
                Layer("branch7x7dbl_4", inner, _COLUMN),
                Layer("branch7x7dbl_5", 192, _ROW),
            )
        ),
        Branch((Layer("branch_pool", 192),), pool="average"),
    ]


def _block_d() -> list[Branch]:
    return [
        Branch((Layer("branch3x3_1", 192), Layer("branch3x3_2", 320, (3, 3), 2))),
        Branch(
            (
                Layer("branch7x7x3_1", 192),
                Layer("branch7x7x3_2", 192, _ROW),
                Layer("branch7x7x3_3", 192, _COLUMN),
                Layer("branch7x7x3_4", 192, (3, 3), 2),
            )
        ),
        Branch(pool="max"),
    ]


def _block_e() -> list[Branch]:
    return [
        Branch((Layer("branch1x1", 320),)),
        Branch(
            (Layer("branch3x3_1", 384),),
            (Layer("branch3x3_2a", 384, (1, 3)), Layer("branch3x3_2b", 384, (3, 1))),
        ),
        Branch(
            (Layer("branch3x3dbl_1", 448), Layer("branch3x3dbl_2", 384, (3, 3))),
            (
                Layer("branch3x3dbl_3a", 384, (1, 3)),
                Layer("branch3x3dbl_3b", 384, (3, 1)),
            ),
        ),
        Branch((Layer("branch_pool", 192),), pool="average"),
    ]


BLOCKS: dict[str, list[Branch]] = {
    "Mixed_5b": _block_a(32),
    "Mixed_5c": _block_a(64),
    "Mixed_5d": _block_a(64),
    "Mixed_6a": _block_b(),
    "Mixed_6b": _block_c(128),
    "Mixed_6c": _block_c(160),
    "Mixed_6d": _block_c(160),
    "Mixed_6e": _block_c(192),
    "Mixed_7a": _block_d(),
    "Mixed_7b": _block_e(),
    "Mixed_7c": _block_e(),
}
"""The mixed blocks, with the widths of the full size."""

STEM = (
    Layer("Conv2d_1a_3x3", 32, (3, 3), 2),
    Layer("Conv2d_2a_3x3", 32, (3, 3)),
    Layer("Conv2d_2b_3x3", 64, (3, 3)),
    Layer("Conv2d_3b_1x1", 80),
    Layer("Conv2d_4a_3x3", 192, (3, 3)),
)
"""The convolutions before them."""

_PADDED = {"pooled": ("Conv2d_2b_3x3",), "padded": tuple(c.name for c in STEM[1:])}
_POOLED = {"pooled": ("Conv2d_2b_3x3", "Conv2d_4a_3x3"), "padded": ()}
"""By kind of stem: which convolutions are padded, and after which is a max pooling."""


class Mixed(nn.Module):
    """One mixed block: branches side by side, their outputs concatenated."""

    branches: Sequence[Branch]
    size: Size
    dtype: DTypeLike | None = None

    @nn.compact
    def __call__(
        self, x: Float[Array, "b h w c"], train: bool
    ) -> Float[Array, "b h2 w2 c2"]:
        """Activation of all branches."""
        outputs = []
        for branch in self.branches:
            y = _pooled(x, branch.pool)
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
            name=layer.name,
        )


def _pooled(x: Array, kind: str | None) -> Array:
    if kind == "average":
        return average_pool(x, 3, 1, pad=1)
    if kind == "max":
        return max_pool(x, 3, 2)
    return x


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
        dense = partial(nn.Dense, kernel_init=_normal(0.001), dtype=self.dtype)
        return dense(self.classes, name="fc")(jnp.mean(x, axis=(1, 2)))


class InceptionV3(nn.Module):
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
        x, size = images, self.size
        for layer in STEM:
            pad = layer.name in _PADDED[size.stem]
            width = size.width(layer.width)
            conv = BasicConv2d(
                width,
                layer.kernel,
                layer.stride,
                pad=pad,
                dtype=self.dtype,
                name=layer.name,
            )
            x = tap(layer.name, conv(x, train))
            if layer.name in _POOLED[size.stem]:
                x = max_pool(x, 3, 2)
        for name, branches in BLOCKS.items():
            x = tap(name, Mixed(branches, size, self.dtype, name=name)(x, train))
            if name == "Mixed_6e" and (train or self.is_initializing()):
                head = AuxiliaryHead(size, self.classes, self.dtype, name="AuxLogits")
                logits = head(x, train)
                if not self.is_initializing():
                    self.sow("auxiliary", "logits", logits)
        x = nn.Dropout(size.dropout, deterministic=not train)(jnp.mean(x, axis=(1, 2)))
        dense = partial(nn.Dense, kernel_init=_normal(0.1), dtype=self.dtype)
        return dense(self.classes, name="fc")(x)


def _sites(size: Size) -> Iterator[Site]:
    field, stride = 1, 1
    for layer in STEM:
        field += (layer.kernel[1] - 1) * stride
        stride *= layer.stride
        width = size.width(layer.width)
        yield _site(layer.name, width, field, stride)
        if layer.name in _POOLED[size.stem]:
            field, stride = field + 2 * stride, 2 * stride
    for name, branches in BLOCKS.items():
        before, pools = width, branches[-1].pool == "max"
        field += max(map(_reach, branches)) * stride
        stride *= 2 if pools else 1
        width = sum(_width(branch, size) for branch in branches)
        copies = tuple(range(width, width + before)) if pools else ()
        width += before if pools else 0
        yield _site(name, width, field, stride, copies)


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
        size=size.side,
        classes=classes,
        mean=size.mean,
        std=size.std,
    )


ARCHITECTURES: dict[str, Callable[[str, int], Model]] = {"inception_v3": _build}

"""VGG16 and VGG19 without batch normalisation (Simonyan & Zisserman, 2015).

Layer names, shapes and initialisation follow torchvision's `vgg16` and `vgg19`. Sites
are the convolutions, tapped after their ReLU; `<site>.pre` taps before it.
`vgg16_no_dropout` is VGG16 with a dropout rate of 0 and therefore starts from the
same weights for the same seed.

The narrow presets keep every site. Their layers start from He et al. (2015) scaled by
fan-in: torchvision's N(0, .01) for linear layers is meant for 4,096 inputs and makes
the signal of a 96-unit layer vanish.
"""

import dataclasses
from collections.abc import Callable, Iterator
from functools import partial

import flax.linen as nn
from jax.typing import DTypeLike
from jaxtyping import Array, Float

from conceptevo_jax.errors import unknown_name
from conceptevo_jax.models.convolution import Conv
from conceptevo_jax.models.kinks import relu
from conceptevo_jax.models.pooling import max_pool
from conceptevo_jax.models.tapped import MaxPool, Model, Tap, identity_tap
from conceptevo_jax.types import Site

IMAGENET_MEAN, IMAGENET_STD = (0.485, 0.456, 0.406), (0.229, 0.224, 0.225)

DEPTHS = {"vgg16": (2, 2, 3, 3, 3), "vgg19": (2, 2, 4, 4, 4)}
"""Convolutions per stage."""

WINDOW = 2
"""Side of the windows of a max pooling, and the step between them."""


@dataclasses.dataclass(frozen=True)
class Size:
    """One preset: widths of the five stages and the hidden layers, and the input."""

    widths: tuple[int, int, int, int, int]
    hidden: int
    side: int
    dropout: float
    wide: bool = False
    mean: tuple[float, float, float] = (0.5, 0.5, 0.5)
    std: tuple[float, float, float] = (0.5, 0.5, 0.5)


PRESETS = {
    "full": Size(
        widths=(64, 128, 256, 512, 512),
        hidden=4096,
        side=224,
        dropout=0.5,
        wide=True,
        mean=IMAGENET_MEAN,
        std=IMAGENET_STD,
    ),
    "small": Size((8, 16, 32, 48, 64), 96, 32, 0.3),
    "tiny": Size((8, 8, 12, 16, 16), 32, 32, 0.3),
}

_he = nn.initializers.variance_scaling(2.0, "fan_in", "normal")
_kaiming_fan_out = nn.initializers.variance_scaling(2.0, "fan_out", "normal")


class VGG(nn.Module):
    """The network of `depths` and `size`, logits from NHWC images, in `dtype`."""

    depths: tuple[int, ...]
    size: Size
    classes: int
    dropout: float
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
        conv_init, dense_init = _he, _he
        if self.size.wide:
            conv_init, dense_init = _kaiming_fan_out, nn.initializers.normal(0.01)
        conv = partial(
            Conv, kernel=(3, 3), pad=(1, 1), kernel_init=conv_init, dtype=self.dtype
        )
        dense = partial(nn.Dense, kernel_init=dense_init, dtype=self.dtype)
        x, side = images, self.one_sided
        for index, width in _convolutions(self.depths, self.size.widths):
            name = f"features.{index}"
            if width is None:
                x = tap(name, max_pool(x, WINDOW, WINDOW, one_sided=side))
                continue
            x = tap(f"{name}.pre", conv(width, name=name)(x))
            x = tap(name, relu(x, one_sided=side))
        x = x.reshape(x.shape[0], -1)
        for index in (0, 3):
            x = dense(self.size.hidden, name=f"classifier.{index}")(x)
            x = relu(x, one_sided=side)
            x = nn.Dropout(self.dropout, deterministic=not train)(x)
        return dense(self.classes, name="classifier.6")(x)


def _convolutions(
    depths: tuple[int, ...], widths: tuple[int, ...]
) -> Iterator[tuple[int, int | None]]:
    """Index in torchvision's `features` and width; a width of None is a pooling."""
    index = 0
    for depth, width in zip(depths, widths, strict=True):
        for _ in range(depth):
            yield index, width
            index += 2
        yield index, None
        index += 1


def _sites(depths: tuple[int, ...], widths: tuple[int, ...]) -> Iterator[Site]:
    field, stride = 1, 1
    for index, width in _convolutions(depths, widths):
        if width is None:
            field, stride = field + stride, stride * 2
            continue
        field += 2 * stride
        name = f"features.{index}"
        yield Site(
            name=name,
            channels=width,
            rectified=True,
            receptive_field=field,
            stride=stride,
            pre=f"{name}.pre",
        )


def _pools(depths: tuple[int, ...], widths: tuple[int, ...]) -> Iterator[MaxPool]:
    """The poolings, each of the convolution before it and its ReLU."""
    site = ""
    for index, width in _convolutions(depths, widths):
        name = f"features.{index}"
        if width is None:
            yield MaxPool(site=site, name=name, window=WINDOW, stride=WINDOW)
        site = name


def _build(
    name: str, depth: str, dropout: float | None, preset: str, classes: int
) -> Model:
    if preset not in PRESETS:
        raise unknown_name(f"preset of {name}", preset, PRESETS)
    size, depths = PRESETS[preset], DEPTHS[depth]
    rate = size.dropout if dropout is None else dropout
    return Model(
        name=name,
        preset=preset,
        module=VGG(depths=depths, size=size, classes=classes, dropout=rate),
        sites=tuple(_sites(depths, size.widths)),
        pools=tuple(_pools(depths, size.widths)),
        size=size.side,
        classes=classes,
        mean=size.mean,
        std=size.std,
    )


ARCHITECTURES: dict[str, Callable[[str, int], Model]] = {
    "vgg16": partial(_build, "vgg16", "vgg16", None),
    "vgg16_no_dropout": partial(_build, "vgg16_no_dropout", "vgg16", 0.0),
    "vgg19": partial(_build, "vgg19", "vgg19", None),
}

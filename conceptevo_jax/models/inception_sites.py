"""Sizes of InceptionV3, and the sites and poolings that follow from its blocks."""

import dataclasses
import itertools
from collections.abc import Iterator

from conceptevo_jax.models.inception_blocks import (
    BLOCKS,
    POOLED_BRANCH,
    POOLED_CONVOLUTIONS,
    POOLING,
    STEM,
    Branch,
)
from conceptevo_jax.models.tapped import MaxPool
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
        """Channels of a layer that has `full` channels at full size."""
        return max(full // self.divide, self.min_width)


def inception_sites(size: Size) -> Iterator[Site]:
    """The layers of the stem and the blocks, in forward order."""
    field, stride = 1, 1
    for layer in STEM:
        field += (layer.kernel[1] - 1) * stride
        stride *= layer.stride
        width = size.width(layer.width)
        yield _site(layer.name, width, field, stride)
        if layer.name in POOLED_CONVOLUTIONS[size.stem]:
            field, stride = field + 2 * stride, 2 * stride
    for name, branches in BLOCKS.items():
        before, pools = width, branches[-1].pool == "max"
        field += max(map(_reach, branches)) * stride
        stride *= 2 if pools else 1
        width = sum(_width(branch, size) for branch in branches)
        copies = tuple(range(width, width + before)) if pools else ()
        width += before if pools else 0
        yield _site(name, width, field, stride, copies)


def inception_pools(size: Size) -> Iterator[MaxPool]:
    """The poolings of the stem, and of the blocks whose last branch is a pooling."""
    window, stride = POOLING
    for site, name in POOLED_CONVOLUTIONS[size.stem].items():
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

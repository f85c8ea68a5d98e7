"""The blocks of InceptionV3 (Szegedy et al., 2016), as in torchvision.

Widths are those of the full size.
"""

import dataclasses

Kernel = tuple[int, int]


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
      layers: Layers in sequence.
      ends: Parallel layers at the end, with concatenated outputs.
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

PADDED_CONVOLUTIONS = {
    "pooled": ("Conv2d_2b_3x3",),
    "padded": tuple(c.name for c in STEM[1:]),
}
POOLED_CONVOLUTIONS: dict[str, dict[str, str]] = {
    "pooled": {"Conv2d_2b_3x3": "maxpool1", "Conv2d_4a_3x3": "maxpool2"},
    "padded": {},
}
"""By kind of stem: which convolutions are padded, and after which is a max pooling."""

POOLING = (3, 2)
"""Window and stride of every max pooling."""

POOLED_BRANCH = "branch_pool"
"""Torchvision's name for the branch of a block that pools."""

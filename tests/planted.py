"""Stimuli made by hand, and planted concepts."""

from collections.abc import Callable, Sequence

import jax
import numpy as np
import pytest

from conceptevo_jax.models import Model, Variables
from conceptevo_jax.types import Site, Stimuli

MakeStimuli = Callable[..., Stimuli]


def stimuli_of(
    lists: Sequence[Sequence[int]],
    *,
    pool_id: str = "pool",
    rectified: Sequence[bool] | None = None,
) -> Stimuli:
    """Stimuli of neurons that each have the images listed; an empty list is dead."""
    n, k = len(lists), max(map(len, lists))
    image_ids = np.full((n, k), -1, np.int32)
    for row, images in enumerate(lists):
        image_ids[row, : len(images)] = images
    count = np.array([len(images) for images in lists], np.int32)
    facts = [True] * n if rectified is None else rectified
    return Stimuli(
        image_ids=image_ids,
        peaks=np.where(image_ids < 0, np.nan, 1.0).astype(np.float32),
        positions=np.zeros((n, k, 2), np.int32),
        count=count,
        tied=np.zeros(n, bool),
        dead=count == 0,
        nonfinite=np.zeros(n, bool),
        grids=np.ones((n, 2), np.int32),
        sites=tuple(
            Site(name=f"site{i}", channels=1, rectified=r, receptive_field=3, stride=1)
            for i, r in enumerate(facts)
        ),
        pool_id=pool_id,
    )


def planted_lists(
    concepts: Sequence[Sequence[int]], images: int, k: int, seed: int
) -> list[list[int]]:
    """Stimuli of neurons that respond to the concepts listed for each of them.

    A concept has `images` images of its own; a neuron takes its `k` stimuli from the
    images of its concepts in equal parts.
    """
    generator = np.random.default_rng(seed)
    lists = []
    for own in concepts:
        parts = np.array_split(np.arange(k), len(own))
        drawn = [
            concept * images + generator.choice(images, len(part), replace=False)
            for concept, part in zip(own, parts, strict=True)
        ]
        lists.append(np.concatenate(drawn).tolist())
    return lists


@pytest.fixture(scope="session")
def make_stimuli() -> MakeStimuli:
    return stimuli_of


@pytest.fixture(scope="session")
def plant() -> Callable[..., Stimuli]:
    """Stimuli of neurons whose concepts are known."""

    def build(
        concepts: Sequence[Sequence[int]], images: int = 20, k: int = 8, seed: int = 0
    ) -> Stimuli:
        return stimuli_of(planted_lists(concepts, images, k, seed))

    return build


def he_normal(model: Model, seed: int = 0) -> Variables:
    """He-normal kernels without biases: the model's own take seconds to compile."""
    rng = np.random.default_rng(seed)

    def draw(leaf: jax.ShapeDtypeStruct) -> np.ndarray:
        spread = np.sqrt(2 / np.prod(leaf.shape[:-1])) * (len(leaf.shape) > 1)
        return (rng.normal(size=leaf.shape) * spread).astype(leaf.dtype)

    return jax.tree.map(draw, model.shapes())

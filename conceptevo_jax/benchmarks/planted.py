"""Stimuli of neurons with known concepts, and whether vectors recover these."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int

from conceptevo_jax.types import Embedding, Site, Space, Stimuli, neuron_count

IMAGES = 40
"""Images of a concept, of which each of its neurons has some as stimuli."""

_BLOCK = 1024


def planted_stimuli(
    neurons: int, groups: int, *, k: int = 10, seed: int = 0
) -> tuple[Stimuli, Int[np.ndarray, " n"]]:
    """Stimuli of neurons of one site, each of one concept.

    Args:
      neurons: How many.
      groups: Concepts; each has images of its own.
      k: Stimuli of a neuron, drawn from those.
      seed: Decides the draw.

    Returns:
      The stimuli, and the concept of each neuron.
    """
    rng = np.random.default_rng(seed)
    concepts = np.arange(neurons) % groups
    draws = rng.random((neurons, IMAGES), np.float32).argpartition(k, axis=1)[:, :k]
    image_ids = (IMAGES * concepts[:, None] + draws).astype(np.int32)
    return _stimuli(image_ids), concepts


def _stimuli(image_ids: Int[np.ndarray, "n k"]) -> Stimuli:
    """Stimuli of live neurons of one site, all equally strong."""
    neurons, k = image_ids.shape
    site = Site(
        name="site", channels=neurons, rectified=True, receptive_field=1, stride=1
    )
    return Stimuli(
        image_ids=image_ids,
        peaks=np.ones((neurons, k), np.float32),
        positions=np.zeros((neurons, k, 2), np.int32),
        count=np.full(neurons, k, np.int32),
        tied=np.zeros(neurons, bool),
        dead=np.zeros(neurons, bool),
        nonfinite=np.zeros(neurons, bool),
        grids=np.ones((1, 2), np.int32),
        sites=(site,),
        pool_id="planted",
    )


def random_space(sites: Sequence[Site], pool_id: str, images: int, dim: int) -> Space:
    """A space of random vectors, for what costs the same in any space.

    Args:
      sites: Of its base.
      pool_id: Of the pool.
      images: In the pool, all with a vector.
      dim: Dimensions.
    """
    rng, neurons = np.random.default_rng(0), neuron_count(sites)

    def random(count: int) -> Embedding:
        vectors = rng.normal(size=(count, dim)).astype(np.float32)
        return Embedding(vectors=vectors, coverage=np.ones(count, np.float32))

    return Space(
        base="random@0",
        pool_id=pool_id,
        method={},
        sites=tuple(sites),
        neurons=random(neurons),
        images=random(images),
        covered=np.ones(images, bool),
        quantiles=np.zeros((neurons, 0), np.float32),
        residual=0.0,
    )


def purity(vectors: Float[np.ndarray, "n d"], groups: Int[np.ndarray, " n"]) -> float:
    """Share of vectors whose nearest other one, by cosine, is of the same group.

    Args:
      vectors: One a neuron.
      groups: The group of each.
    """
    unit = vectors / np.linalg.norm(vectors, axis=1, keepdims=True)
    matches = 0
    for start in range(0, len(unit), _BLOCK):
        near = unit[start : start + _BLOCK] @ unit.T
        rows = np.arange(len(near))
        near[rows, start + rows] = -np.inf
        matches += (groups[near.argmax(axis=1)] == groups[start + rows]).sum()
    return float(matches / len(unit))

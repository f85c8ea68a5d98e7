"""Which concepts appear first, by group of neurons that lie close together.

Groups are clusters of the base's neurons (K-means over their directions), so they
are the same for all architectures. A neuron belongs to the group that contains it in
the snapshot that shows its concept best.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int
from sklearn.cluster import KMeans

from conceptevo_jax.analysis.dynamics.movement import Lifetimes
from conceptevo_jax.errors import UsageError
from conceptevo_jax.types import Embedding, Stimuli, record


@record
class Groups:
    """Groups of the base's neurons.

    Attributes:
      centers: Directions of their centers.
      label: The most common class among their stimuli.
      share: The share of the stimuli in that class.
      size: Number of base neurons in each.
    """

    centers: Float[np.ndarray, "g d"]
    label: Int[np.ndarray, " g"]
    share: Float[np.ndarray, " g"]
    size: Int[np.ndarray, " g"]


def group_base(
    embedding: Embedding,
    stimuli: Stimuli,
    labels: Int[np.ndarray, " i"],
    *,
    count: int,
    seed: int = 0,
) -> Groups:
    """Divide the base's neurons into groups of similar ones.

    Args:
      embedding: The base's neurons as projected.
      stimuli: Their stimuli.
      labels: Classes of the pool's images.
      count: Number of groups.
      seed: Seed of K-means' starts.

    Raises:
      UsageError: if there are fewer live neurons than groups.
    """
    live = embedding.placed & ~stimuli.dead
    if live.sum() < count:
        raise UsageError(f"{live.sum()} live base neurons cannot make {count} groups.")
    fit = KMeans(count, n_init=10, random_state=seed)
    groups = fit.fit_predict(_unit_vectors(embedding.vectors[live]))
    classes = np.zeros((count, int(labels.max()) + 1), int)
    for group, image_ids in zip(groups, stimuli.image_ids[live], strict=True):
        np.add.at(classes[group], labels[image_ids[image_ids >= 0]], 1)
    total = np.maximum(classes.sum(axis=1), 1)
    return Groups(
        centers=fit.cluster_centers_,
        label=classes.argmax(axis=1),
        share=classes.max(axis=1) / total,
        size=np.bincount(groups, minlength=count),
    )


def group_members(
    groups: Groups, embeddings: Sequence[Embedding], lives: Lifetimes
) -> Int[np.ndarray, " n"]:
    """The group in which each neuron lies in the snapshot that shows its concept best.

    Args:
      groups: The groups.
      embeddings: The run's neurons, by snapshot in order.
      lives: When their concepts appear and disappear.

    Returns:
      A group's number; -1 for a neuron without a concept or a place.
    """
    vectors_by_snapshot = np.stack([embedding.vectors for embedding in embeddings])
    medoids = np.maximum(lives.concept, 0)
    vectors = vectors_by_snapshot[medoids, np.arange(vectors_by_snapshot.shape[1])]
    return np.where(lives.concept >= 0, nearest_group(vectors, groups.centers), -1)


def nearest_group(
    vectors: Float[np.ndarray, "n d"], centers: Float[np.ndarray, "g d"]
) -> Int[np.ndarray, " n"]:
    """The group whose center is nearest in direction to each neuron.

    Args:
      vectors: Neurons of a snapshot; NaN without a place.
      centers: Directions of the groups' centers.

    Returns:
      A group's number; -1 without a place or groups.
    """
    placed = np.isfinite(vectors).all(axis=1)
    if not len(centers):
        return np.full(len(vectors), -1)
    distances = np.linalg.norm(
        _unit_vectors(np.where(placed[:, None], vectors, 0))[:, None] - centers, axis=2
    )
    return np.where(placed, distances.argmin(axis=1), -1)


def _unit_vectors(vectors: np.ndarray) -> np.ndarray:
    float64_vectors = vectors.astype(np.float64)
    norms = np.linalg.norm(float64_vectors, axis=1, keepdims=True)
    return float64_vectors / np.where(norms > 0, norms, 1)

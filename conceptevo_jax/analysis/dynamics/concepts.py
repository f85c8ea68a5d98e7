"""Concepts of a base: clusters of its neurons, to which all other neurons belong.

Clusters come from K-means over the directions of the base's neurons, so they are the
same for all architectures. A neuron belongs to the concept whose centre is nearest to
it in direction.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.spatial.distance import pdist
from sklearn.cluster import KMeans

from conceptevo_jax.errors import UsageError
from conceptevo_jax.streams import stream
from conceptevo_jax.types import Embedding, Stimuli, record

_PAIRED_MEMBERS = 200
"""Largest number of neurons of a concept whose pairs set the radius."""


@record
class Concepts:
    """Concepts of a base, the largest first.

    Attributes:
      centers: Directions of their centres.
      label: The most common class among the stimuli of their neurons.
      share: The share of the stimuli in that class.
      size: Number of base neurons in each.
      exemplar: The base neuron that shows each best: of those whose stimuli are of the
        class at least as often as the concept's, the one nearest to the centre.
      radius: Half of all pairs of base neurons of one concept are at most so far apart
        (Euclidean distance of their directions); 0 without pairs.
    """

    centers: Float[np.ndarray, "g d"]
    label: Int[np.ndarray, " g"]
    share: Float[np.ndarray, " g"]
    size: Int[np.ndarray, " g"]
    exemplar: Int[np.ndarray, " g"]
    radius: float


def no_concepts(dimensions: int) -> Concepts:
    """What is returned for a base with too few neurons: no concept.

    Args:
      dimensions: Of the space.
    """
    counts = np.zeros(0, int)
    return Concepts(
        centers=np.zeros((0, dimensions)),
        label=counts,
        share=np.zeros(0),
        size=counts,
        exemplar=counts,
        radius=0.0,
    )


def cluster_base(
    embedding: Embedding,
    stimuli: Stimuli,
    labels: Int[np.ndarray, " i"],
    *,
    count: int,
    seed: int = 0,
) -> Concepts:
    """Divide the base's neurons into concepts.

    Args:
      embedding: The base's neurons as projected.
      stimuli: Their stimuli.
      labels: Classes of the pool's images.
      count: Number of concepts.
      seed: Seed of K-means' starts.

    Raises:
      UsageError: if there are fewer live neurons than concepts.
    """
    live = embedding.placed & ~stimuli.dead
    if live.sum() < count:
        raise UsageError(f"{live.sum()} live base neurons cannot make {count} groups.")
    directions = unit_vectors(embedding.vectors[live])
    fit = KMeans(count, n_init=10, random_state=seed)
    clusters = fit.fit_predict(directions)
    order = np.argsort(-np.bincount(clusters, minlength=count), kind="stable")
    members = np.argsort(order)[clusters]
    centers = fit.cluster_centers_[order]
    by_neuron = class_counts(stimuli, labels)[live]
    by_concept = np.zeros((count, by_neuron.shape[1]), int)
    np.add.at(by_concept, members, by_neuron)
    label = by_concept.argmax(axis=1)
    share = by_concept.max(axis=1) / np.maximum(by_concept.sum(axis=1), 1)
    own_share = by_neuron[np.arange(len(members)), label[members]] / np.maximum(
        by_neuron.sum(axis=1), 1
    )
    return Concepts(
        centers=centers,
        label=label,
        share=share,
        size=np.bincount(members, minlength=count),
        exemplar=np.flatnonzero(live)[
            _exemplars(directions, centers, members, own_share >= share[members])
        ],
        radius=_radius(directions, members, seed),
    )


def _exemplars(
    directions: Float[np.ndarray, "n d"],
    centers: Float[np.ndarray, "g d"],
    members: Int[np.ndarray, " n"],
    typical: Bool[np.ndarray, " n"],
) -> Int[np.ndarray, " g"]:
    """The typical neuron of each concept that is nearest to its centre."""
    distances = np.linalg.norm(directions - centers[members], axis=1)
    exemplars = []
    for concept in range(len(centers)):
        # Some member's stimuli are of the class as often as those of all members are.
        neurons = np.flatnonzero((members == concept) & typical)
        exemplars.append(neurons[distances[neurons].argmin()])
    return np.array(exemplars, int)


def _radius(
    directions: Float[np.ndarray, "n d"], members: Int[np.ndarray, " n"], seed: int
) -> float:
    """Median distance of the pairs of neurons that share a concept."""
    rng = stream(seed, "pairs of neurons of a concept")
    distances = []
    for concept in np.unique(members):
        neurons = np.flatnonzero(members == concept)
        count = min(len(neurons), _PAIRED_MEMBERS)
        distances.append(pdist(directions[rng.choice(neurons, count, replace=False)]))
    joint = np.concatenate(distances)
    return float(np.median(joint)) if len(joint) else 0.0


def nearest_concept(
    vectors: Float[np.ndarray, "n d"], centers: Float[np.ndarray, "g d"]
) -> Int[np.ndarray, " n"]:
    """The concept whose centre is nearest in direction to each neuron.

    Args:
      vectors: Neurons of a snapshot; NaN without a place.
      centers: Directions of the concepts' centres.

    Returns:
      A concept's number; -1 without a place or concepts.
    """
    placed = np.isfinite(vectors).all(axis=1)
    if not len(centers):
        return np.full(len(vectors), -1)
    directions = unit_vectors(np.where(placed[:, None], vectors, 0))
    # The squared distance less what is the same for all concepts.
    distances = (centers**2).sum(axis=1) - 2 * directions @ centers.T
    return np.where(placed, distances.argmin(axis=1), -1)


def concept_members(
    concepts: Concepts,
    embeddings: Sequence[Embedding],
    dead: Bool[np.ndarray, "e n"],
) -> Int[np.ndarray, "e n"]:
    """The concept that each neuron belongs to in every snapshot of a run.

    Args:
      concepts: The concepts.
      embeddings: The run's neurons, by snapshot in order.
      dead: Which neurons are dead, by snapshot.

    Returns:
      A concept's number; -1 for a neuron that is dead or has no place.
    """
    nearest = [nearest_concept(e.vectors, concepts.centers) for e in embeddings]
    return np.where(dead, -1, np.stack(nearest))


def class_counts(
    stimuli: Stimuli, labels: Int[np.ndarray, " i"]
) -> Int[np.ndarray, "n c"]:
    """How many of each neuron's stimuli are of each class.

    Args:
      stimuli: Of a snapshot.
      labels: Classes of the pool's images.
    """
    used = stimuli.image_ids >= 0
    counts = np.zeros((len(used), int(labels.max()) + 1), int)
    neurons = np.nonzero(used)[0]
    np.add.at(counts, (neurons, labels[stimuli.image_ids[used]]), 1)
    return counts


def unit_vectors(vectors: Float[np.ndarray, "n d"]) -> Float[np.ndarray, "n d"]:
    """Directions of vectors, in float64; zeros stay zeros."""
    float64_vectors = vectors.astype(np.float64)
    norms = np.linalg.norm(float64_vectors, axis=1, keepdims=True)
    return float64_vectors / np.where(norms > 0, norms, 1)

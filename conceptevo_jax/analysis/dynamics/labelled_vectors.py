"""Vectors with classes, and the purity of their neighbourhoods.

Purity is the share of a vector's nearest neighbours that have its class. Distances
are Euclidean. From more than `MAX_VECTORS` vectors a random sample is drawn, since all
distances are in memory at once.
"""

import numpy as np
from jaxtyping import Bool, Float, Float64, Int
from scipy.spatial.distance import cdist

from conceptevo_jax.types import record

NEIGHBOURS = 10
"""Nearest neighbours that are considered."""

MAX_VECTORS = 2000
"""Largest number of vectors between which distances are computed."""


@record
class LabelledVectors:
    """One method's neurons or image segments in one snapshot.

    Attributes:
      vectors: The vector of each; NaN for those without a place.
      labels: Class of each; -1 for none.
    """

    vectors: Float[np.ndarray, "n d"]
    labels: Int[np.ndarray, " n"]

    @property
    def placed(self) -> Bool[np.ndarray, " n"]:
        """Which have a place."""
        return np.isfinite(self.vectors).all(axis=1)

    def class_rows(self, label: int) -> Float64[np.ndarray, "_ d"]:
        """The placed vectors of one class."""
        return self.vectors[(self.labels == label) & self.placed].astype(np.float64)


@record
class LabelledSample:
    """Vectors with a place and a class, in random order.

    Attributes:
      index: Rows of the `LabelledVectors` that they are taken from.
      vectors: Their places.
      labels: Their classes.
    """

    index: Int[np.ndarray, " n"]
    vectors: Float64[np.ndarray, "n d"]
    labels: Int[np.ndarray, " n"]


def sample_labelled(
    snapshot: LabelledVectors, rng: np.random.Generator
) -> LabelledSample:
    """Draw up to `MAX_VECTORS` of the vectors that have a place and a class.

    Args:
      snapshot: All vectors.
      rng: Draws the sample and its order.
    """
    candidates = np.flatnonzero(snapshot.placed & (snapshot.labels >= 0))
    rows = rng.permutation(candidates)[:MAX_VECTORS]
    return LabelledSample(
        index=rows,
        vectors=snapshot.vectors[rows].astype(np.float64),
        labels=snapshot.labels[rows],
    )


def purity(queries: LabelledSample, neighbours: LabelledSample) -> float:
    """Mean share of a vector's nearest neighbours that have its class.

    Args:
      queries: The vectors whose neighbours are taken.
      neighbours: Those among which they are taken, of the same or another snapshot; a
        vector is no neighbour of itself in either.

    Returns:
      NaN with fewer than two neighbours or without queries.
    """
    k = min(NEIGHBOURS, len(neighbours.index) - 1)
    if k < 1 or not len(queries.index):
        return float("nan")
    position = {row: p for p, row in enumerate(neighbours.index.tolist())}
    self_position = np.array([position.get(row, -1) for row in queries.index.tolist()])
    nearest_rows = nearest_positions(
        queries.vectors, neighbours.vectors, self_position, k
    )
    return float((neighbours.labels[nearest_rows] == queries.labels[:, None]).mean())


def chance_purity(labels: Int[np.ndarray, " n"]) -> float:
    """Share of pairs that are of one class; NaN with fewer than two labels."""
    n = len(labels)
    if n < 2:
        return float("nan")
    counts = np.bincount(labels)
    return float((counts * (counts - 1)).sum() / (n * (n - 1)))


def nearest_positions(
    queries: Float64[np.ndarray, "n d"],
    neighbours: Float64[np.ndarray, "m d"],
    self_position: Int[np.ndarray, " n"],
    k: int,
) -> Int[np.ndarray, "n k"]:
    """The k nearest neighbours; of equally near ones the first.

    Args:
      queries: The vectors whose neighbours are taken.
      neighbours: Those among which they are taken.
      self_position: Where among the neighbours each query itself is, which is left out;
        -1 where it is not.
      k: Number of neighbours.

    Returns:
      Positions in `neighbours`.
    """
    distances = cdist(queries, neighbours)
    queries_among_neighbours = np.flatnonzero(self_position >= 0)
    distances[queries_among_neighbours, self_position[queries_among_neighbours]] = (
        np.inf
    )
    return np.argsort(distances, axis=1, kind="stable")[:, :k]

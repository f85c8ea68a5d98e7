"""Clusters of candidates, from which groups are drawn."""

import numpy as np
from jaxtyping import Bool, Int
from sklearn.cluster import KMeans

from conceptevo_jax.study.design.candidates import Candidates
from conceptevo_jax.study.design.intruders import cosine_quantile
from conceptevo_jax.types import record

PER_CLUSTER = 20
"""Default number of neurons per cluster; the paper does not state it."""

MOST_CLUSTERS = 256
"""Default largest number of clusters."""


@record
class Cluster:
    """A cluster of a pool of candidates.

    Attributes:
      pool: The candidates.
      bound: Upper bound of an intruder's cosines.
      is_member: Which candidates are in the cluster.
      unused_rows: Rows of those that are in no group yet.
    """

    pool: Candidates
    bound: float
    is_member: Bool[np.ndarray, " n"]
    unused_rows: Int[np.ndarray, " _"]


def cluster_pool(
    pool: Candidates,
    count: int | None,
    quantile: float,
    seed: int,
    rng: np.random.Generator,
) -> list[Cluster]:
    """Divide a pool of candidates by K-means over their directions.

    Args:
      pool: The candidates, two at least.
      count: Of clusters; None for one per 20 candidates, 256 at most.
      quantile: Of the cosines of random pairs, which an intruder stays below.
      seed: Of K-means.
      rng: Draws the random pairs and the order of the clusters.

    Returns:
      The clusters, in random order.
    """
    count = count or min(max(len(pool) // PER_CLUSTER, 2), MOST_CLUSTERS)
    labels = _cluster_labels(pool.directions, count, seed)
    bound = cosine_quantile(pool, quantile, rng)
    masks = [labels == cluster for cluster in rng.permutation(labels.max() + 1)]
    return [
        Cluster(
            pool=pool, bound=bound, is_member=mask, unused_rows=np.flatnonzero(mask)
        )
        for mask in masks
    ]


def _cluster_labels(directions: np.ndarray, count: int, seed: int) -> np.ndarray:
    # A collapsed run's neurons may all have one vector; K-means warns of it.
    distinct = len(np.unique(directions, axis=0))
    fit = KMeans(min(count, distinct), n_init=3, random_state=seed)
    return fit.fit_predict(directions)

"""A 2-D map of vectors by UMAP, and placing further vectors on it.

Use maps for figures and the explorer, never for numbers: a map keeps neighbours, not
distances. Its stability score shows how much it depends on the seed. UMAP takes about
ten seconds to import and compile, so it is imported when first needed; 6,000 vectors
then take about five seconds per seed.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from scipy.spatial import KDTree

from conceptevo_jax.errors import (
    DataError,
    UsageError,
    require_count,
    require_seed,
    unknown_name,
)
from conceptevo_jax.projection.neighbors import (
    METRICS,
    SAME_DIRECTION_DISTANCE,
    nearest_rows,
    unit_rows,
)
from conceptevo_jax.projection.umap_map import umap_points
from conceptevo_jax.types import Layout

STABILITY_NEIGHBORS = 15
"""Size of the 2-D neighbourhoods compared between seeds."""

MIN_VECTORS = 4
"""Smallest number of vectors for a map."""


def fit_layout(
    vectors: Float[np.ndarray, "n d"],
    *,
    seed: int = 0,
    neighbors: int = 15,
    min_dist: float = 0.1,
    metric: str = "cosine",
    stability_seeds: int = 1,
) -> Layout:
    """Lay vectors out in two dimensions by UMAP (McInnes et al., 2018).

    The order of rows is part of the result. Use maps for figures, never for numbers.

    Args:
      vectors: One vector per row; rows with NaN are left out and get NaN points.
      seed: Seed of the map.
      neighbors: UMAP's `n_neighbors`, lowered if there are fewer vectors.
      min_dist: UMAP's `min_dist`.
      metric: A name in `METRICS`; `place_points` always uses cosine.
      stability_seeds: Number of further seeds, from `seed + 1`, to compare the map
        with.

    Returns:
      The map, with the mean overlap of neighbourhoods between its seed and the others.

    Raises:
      UsageError: if a number is out of range or the metric unknown.
      DataError: if fewer than four rows have a vector.

    Example:
      >>> layout = ce.fit_layout(placed.vectors, seed=0)
      >>> layout.points.shape, 0 <= layout.stability <= 1
      ((164, 2), True)
    """
    require_seed(seed)
    require_map(neighbors, min_dist, metric, stability_seeds)
    seeds = range(seed, seed + stability_seeds + 1)
    return fit_layouts(
        vectors, seeds=seeds, neighbors=neighbors, min_dist=min_dist, metric=metric
    )[0]


def require_map(
    neighbors: int, min_dist: float, metric: str, stability_seeds: int = 1
) -> None:
    """Refuse settings of a map that are invalid for any vectors.

    Args:
      neighbors: As for `fit_layout`, like the others.
      min_dist: See there.
      metric: See there.
      stability_seeds: See there.

    Raises:
      UsageError: naming the setting, and valid values.
    """
    require_count("stability_seeds", stability_seeds)
    if metric not in METRICS:
        raise unknown_name("metric", metric, METRICS)
    require_count("neighbors", neighbors, minimum=2)
    if not 0 <= min_dist <= 1:
        raise UsageError(f"min_dist must be from 0 to 1, not {min_dist}.")


def fit_layouts(
    vectors: Float[np.ndarray, "n d"],
    *,
    seeds: Sequence[int],
    neighbors: int = 15,
    min_dist: float = 0.1,
    metric: str = "cosine",
) -> list[Layout]:
    """One map per seed of the same vectors; their neighbours are computed once.

    Args:
      vectors: As for `fit_layout`, like the other settings.
      seeds: Two or more seeds.
      neighbors: See there.
      min_dist: See there.
      metric: See there.

    Returns:
      The maps, each with the mean overlap of its neighbourhoods with the others'.

    Raises:
      UsageError: if a number is out of range or the metric unknown.
      DataError: if fewer than four rows have a vector.
    """
    require_map(neighbors, min_dist, metric)
    if len(seeds) < 2:
        raise UsageError(f"layouts need two seeds or more, not {len(seeds)}.")
    for seed in seeds:
        require_seed(seed)
    _require_table(vectors)
    live = np.isfinite(vectors).all(axis=1)
    if live.sum() < MIN_VECTORS:
        raise DataError(
            f"a 2-D map needs {MIN_VECTORS} vectors, but {live.sum()} of {len(live)} "
            "rows "
            "have one; leave this snapshot out or add others."
        )
    rows = vectors[live].astype(np.float32)
    near = nearest_rows(rows, min(neighbors, len(rows) - 1), metric)
    maps = [umap_points(rows, near, seed, min_dist, metric) for seed in seeds]
    layouts = []
    for index, seed in enumerate(seeds):
        points = np.full((len(vectors), 2), np.nan, np.float32)
        points[live] = maps[index]
        other_maps = [
            other_map
            for other_index, other_map in enumerate(maps)
            if other_index != index
        ]
        stability = float(
            np.mean([_overlap(maps[index], other_map) for other_map in other_maps])
        )
        layouts.append(
            Layout(points=points, vectors=vectors, stability=stability, seed=seed)
        )
    return layouts


def place_points(
    layout: Layout, vectors: Float[np.ndarray, "m d"], neighbors: int = 3
) -> Float[np.ndarray, "m 2"]:
    """Place further vectors on a map without changing existing points.

    A vector is placed at the mean of the points of its nearest fitted vectors by
    cosine, weighted by inverse distance; a vector in the direction of a fitted vector
    is placed at that vector's point. UMAP's transform starts in the same way, but then
    the points also depend on the other placed vectors. More than three neighbours often
    lie on several islands of the map, with their mean in the empty space between.

    Args:
      layout: The map.
      vectors: One vector per row; rows with NaN get NaN points.
      neighbors: Number of fitted vectors in the mean.

    Returns:
      Points, each depending only on its own vector and on the map.

    Raises:
      UsageError: if `neighbors` is below 1, or the vectors have other dimensions.

    Example:
      >>> points = ce.place_points(layout, placed.vectors)
      >>> np.allclose(points, layout.points, atol=1e-4, equal_nan=True)
      True
    """
    require_count("neighbors", neighbors)
    _require_table(vectors, dim=layout.vectors.shape[1])
    live = np.isfinite(vectors).all(axis=1)
    fitted = np.isfinite(layout.points).all(axis=1)
    anchors, places = KDTree(unit_rows(layout.vectors[fitted])), layout.points[fitted]
    points = np.full((len(vectors), 2), np.nan, np.float32)
    ranks = range(1, min(neighbors, len(places)) + 1)
    # 1 − cosine is half the squared distance of unit vectors.
    distances, near = anchors.query(unit_rows(vectors[live]), ranks)
    weights = _weights(np.square(distances) / 2)
    points[live] = (weights[..., None] * places[near]).sum(axis=1)
    return points


def _require_table(vectors: np.ndarray, dim: int | None = None) -> None:
    """Refuse anything except a table of numbers with the right number of columns."""
    shape, kind = np.shape(vectors), np.asarray(vectors).dtype.kind
    if len(shape) != 2 or kind not in "fiu" or dim not in (None, shape[1]):
        raise UsageError(
            f"vectors must be numbers [n {dim or 'd'}], one vector a row, but their "
            f"shape is {shape}: give an embedding's `vectors`, of the map's own space."
        )


def warm_up() -> None:
    """Import and compile UMAP, which takes over ten seconds, before it is needed."""
    rows = np.random.default_rng(0).normal(size=(64, 3))
    fit_layout(rows, neighbors=5)


def _overlap(first: np.ndarray, second: np.ndarray) -> float:
    """Mean share of a point's nearest points that two maps have in common."""
    k = min(STABILITY_NEIGHBORS, len(first) - 1)
    first_neighbours, second_neighbours = (
        np.asarray(KDTree(m).query(m, k + 1)[1]) for m in (first, second)
    )
    shared = [
        len((set(first_neighbours[point]) & set(second_neighbours[point])) - {point})
        for point in range(len(first))
    ]
    return float(np.mean(shared)) / k


def _weights(distances: np.ndarray) -> np.ndarray:
    """Inverse distances `[m k]` with sum 1; equal directions get all weight."""
    same = distances < SAME_DIRECTION_DISTANCE
    inverse = 1 / np.where(same, 1, distances)
    weights = np.where(same.any(axis=1, keepdims=True), same, inverse)
    shares: np.ndarray = weights / weights.sum(axis=1, keepdims=True)
    return shares

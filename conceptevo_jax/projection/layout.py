"""A 2-D map of vectors by UMAP, and a way to put further vectors on it.

For figures and the explorer, never for a number: a map keeps neighbours, not distances.
Its stability score says how much of it depends on the seed. UMAP takes about ten
seconds to import and compile, so it is imported when first needed; 6,000 vectors then
take about five seconds a seed.
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
"""Size of the 2-D neighbourhoods that are compared between seeds."""

FEWEST = 4
"""Vectors below which there is no map."""


def fit_layout(
    vectors: Float[np.ndarray, "n d"],
    *,
    seed: int = 0,
    neighbors: int = 15,
    min_dist: float = 0.1,
    metric: str = "cosine",
    stability_seeds: int = 1,
) -> Layout:
    """Lay vectors out in two dimensions, in the row order given.

    Args:
      vectors: One a row; rows with NaN are left out and get NaN points.
      seed: Decides the map.
      neighbors: UMAP's `n_neighbors`, lowered where there are fewer vectors.
      min_dist: UMAP's.
      metric: A name in `METRICS`; `place_points` goes by cosine in any case.
      stability_seeds: Further seeds, `seed + 1` and so on, the map is compared with.

    Returns:
      The map, with the mean overlap of neighbourhoods between its seed and the others.

    Raises:
      UsageError: if a number is out of range or the metric unknown.
      DataError: if fewer than four rows have a vector.
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
    """Refuse settings of a map that mean nothing, whatever is laid out.

    Args:
      neighbors: As for `fit_layout`, and so are the others.
      min_dist: See there.
      metric: See there.
      stability_seeds: See there.

    Raises:
      UsageError: naming the setting, and what would do.
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
    """One map per seed of the same vectors; their neighbours are found once.

    Args:
      vectors: As for `fit_layout`, and so are the other settings.
      seeds: Two or more.
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
    if live.sum() < FEWEST:
        raise DataError(
            f"a 2-D map needs {FEWEST} vectors, but {live.sum()} of {len(live)} rows "
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
    """Put further vectors on a map without touching what is there.

    A vector goes to the mean of the points of its nearest fitted vectors by cosine,
    weighted by inverse distance, so one with the direction of a fitted vector goes to
    that one's point. UMAP's own transform starts in the same way, but then moves the
    points by what else is placed with them. More than three neighbours often lie on
    several islands of the map, and their mean in the void between.

    Args:
      layout: The map.
      vectors: One a row; rows with NaN get NaN points.
      neighbors: How many fitted vectors to take the mean of.

    Returns:
      Points, each depending on its own vector and on the map only.

    Raises:
      UsageError: if `neighbors` is below 1, or the vectors have other dimensions.
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
    """Refuse what is no table of numbers, or has another number of columns."""
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
    first_near, second_near = (
        np.asarray(KDTree(m).query(m, k + 1)[1]) for m in (first, second)
    )
    shared = [
        len((set(first_near[point]) & set(second_near[point])) - {point})
        for point in range(len(first))
    ]
    return float(np.mean(shared)) / k


def _weights(distances: np.ndarray) -> np.ndarray:
    """Inverse distances `[m k]`, made to add up to 1; same directions take it all."""
    same = distances < SAME_DIRECTION_DISTANCE
    inverse = 1 / np.where(same, 1, distances)
    weights = np.where(same.any(axis=1, keepdims=True), same, inverse)
    shares: np.ndarray = weights / weights.sum(axis=1, keepdims=True)
    return shares

"""Exact nearest neighbours of rows, for the metrics of a map."""

from collections.abc import Callable
from concurrent.futures import ThreadPoolExecutor

import numpy as np
from scipy.spatial.distance import cdist

from conceptevo_jax.devices import cores

SAME_DIRECTION_DISTANCE = 1e-10
"""Distance below which two directions count as equal."""

_BLOCK = 512
"""Rows whose distances to all others are computed at once."""

_MAX_THREADS = 8
"""Largest number of threads; each takes memory for a block of rows times all."""


def nearest_rows(
    rows: np.ndarray, neighbors: int, metric: str
) -> tuple[np.ndarray, np.ndarray]:
    """The nearest rows of each row, itself first, and their distances, `[n k]`.

    UMAP would compute them itself, but only approximately for over 4,096 rows, after 25
    s of compilation, and again for every seed.

    Args:
      rows: Finite vectors, `[n d]`.
      neighbors: k, the row itself included.
      metric: A name in `METRICS`.
    """
    indices = np.empty((len(rows), neighbors), np.int32)
    distances = np.empty((len(rows), neighbors), np.float32)

    def search(start: int) -> None:
        block_distances = METRICS[metric](rows[start : start + _BLOCK], rows)
        block = slice(start, start + len(block_distances))
        indices[block], distances[block] = _nearest_of_block(
            block_distances, start, neighbors
        )

    # Both SciPy and NumPy let other threads work meanwhile.
    with ThreadPoolExecutor(min(len(cores()), _MAX_THREADS)) as threads:
        list(threads.map(search, range(0, len(rows), _BLOCK)))
    return indices, distances


def _nearest_of_block(
    block_distances: np.ndarray, start: int, neighbors: int
) -> tuple[np.ndarray, np.ndarray]:
    """The rows nearest to each row from `start` on, the row itself first."""
    block_rows = np.arange(len(block_distances))
    block_distances[block_rows, start + block_rows] = -1
    near = np.argpartition(block_distances, neighbors - 1, axis=1)[:, :neighbors]
    near_distances = np.take_along_axis(block_distances, near, axis=1)
    order = np.argsort(near_distances, axis=1, kind="stable")
    nearest = np.take_along_axis(near, order, axis=1)
    return nearest, np.take_along_axis(near_distances, order, axis=1).clip(0)


def _cosine(
    first: np.ndarray, second: np.ndarray
) -> np.ndarray[tuple[int, int], np.dtype[np.float64]]:
    """1 − cosine of all pairs of rows, half the squared distance of unit vectors.

    This is not a matrix product, whose last bits would depend on the other rows,
    so that equal rows would not be at distance 0.
    """
    return cdist(unit_rows(first), unit_rows(second), "sqeuclidean") / 2


def unit_rows(vectors: np.ndarray) -> np.ndarray:
    """Rows of length one, in float64; rows of zeros stay."""
    rows = vectors.astype(np.float64)
    norms = np.sqrt((rows**2).sum(axis=1, keepdims=True))
    return rows / np.where(norms > 0, norms, 1)


METRICS: dict[str, Callable[[np.ndarray, np.ndarray], np.ndarray]] = {
    "cosine": _cosine,
    "euclidean": cdist,
}
"""The distances of a map, by UMAP's names."""

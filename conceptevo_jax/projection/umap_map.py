"""One map by UMAP, from a reproducible start."""

import importlib
import sys
import warnings
from types import ModuleType

import numpy as np

from conceptevo_jax.projection.neighbors import SAME_DIRECTION_DISTANCE, unit_rows


def umap_points(
    rows: np.ndarray,
    neighbours: tuple[np.ndarray, np.ndarray],
    seed: int,
    min_dist: float,
    metric: str,
) -> np.ndarray:
    """Points `[n 2]` of rows by UMAP.

    Args:
      rows: Finite vectors, `[n d]`.
      neighbours: From `nearest_rows`.
      seed: Seed of the map.
      min_dist: UMAP's `min_dist`.
      metric: A name in `METRICS`.
    """
    umap = import_umap()
    with warnings.catch_warnings():
        # It warns that neighbours handed to it do not serve its transform, which is
        # not used here.
        warnings.filterwarnings("ignore", r"precomputed_knn\[2\]", UserWarning)
        umap_model = umap.UMAP(
            n_neighbors=neighbours[0].shape[1],
            min_dist=min_dist,
            metric=metric,
            random_state=seed,
            n_jobs=1,
            precomputed_knn=neighbours,
            init=_start(rows, metric),
        )
        return umap_model.fit_transform(rows)


def import_umap() -> ModuleType:
    """UMAP without its parametric variant, which would import TensorFlow."""
    variant = "umap.parametric_umap"
    sys.modules.setdefault(variant, None)  # type: ignore[arg-type]  # so it is missed
    try:
        with warnings.catch_warnings():
            warnings.filterwarnings("ignore", "Tensorflow not installed", ImportWarning)
            return importlib.import_module("umap")
    finally:
        if sys.modules[variant] is None:
            del sys.modules[variant]


def _start(rows: np.ndarray, metric: str) -> np.ndarray:
    """Principal components, from which every seed's map starts.

    UMAP's own start, by ARPACK, varies from call to call in its last bits, and with it
    the whole map. Rounding removes such differences in the last bits of a matrix
    product.
    """
    vectors = unit_rows(rows) if metric == "cosine" else rows.astype(np.float64)
    vectors = vectors - vectors.mean(axis=0)
    axes = np.linalg.eigh(vectors.T @ vectors).eigenvectors[:, :-3:-1]
    axes = axes * np.sign(axes[abs(axes).argmax(axis=0), range(axes.shape[1])])
    points = vectors @ axes
    points = np.round(10 * points / max(abs(points).max(), SAME_DIRECTION_DISTANCE), 3)
    # Equal rows must not start from one point, nor all rows from one line.
    jitter = np.random.default_rng(0).normal(0, 1e-3, (len(rows), 2))
    return (points + jitter).astype(np.float32)

"""AlignedUMAP: a map per snapshot, aligned by linking each item to itself.

McInnes' extension of UMAP (https://umap-learn.readthedocs.io, "AlignedUMAP"): snapshots
are laid out together, and an item that has a vector in two neighbouring snapshots is
pulled to one place. It aligns maps, not vectors, and cannot distinguish an item that
changed from one that did not. Compiling takes about 40 s.
"""

import warnings
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from jaxtyping import Float, Int

from conceptevo_jax.errors import DataError
from conceptevo_jax.projection import import_umap

MIN_ITEMS = 5
"""A snapshot with fewer items has no map."""


def align_maps(
    vectors: Sequence[Float[np.ndarray, "n d"]],
    *,
    neighbors: int = 15,
    min_dist: float = 0.1,
    seed: int = 0,
) -> list[Float[np.ndarray, "n 2"]]:
    """Lay out the same items' vectors of several snapshots, in order.

    Args:
      vectors: One array per snapshot, `[n d]`; rows with NaN are left out and get NaN
        points.
      neighbors: UMAP's `n_neighbors`, lowered where there are fewer items.
      min_dist: UMAP's `min_dist`, in map units.
      seed: Decides the maps.

    Returns:
      A map per snapshot, `[n 2]`.

    Raises:
      DataError: if there are fewer than two snapshots, or too few items in one.
    """
    placed_rows = [
        np.flatnonzero(np.isfinite(snapshot).all(axis=1)) for snapshot in vectors
    ]
    smallest_count = min(map(len, placed_rows), default=0)
    if len(vectors) < 2 or smallest_count < MIN_ITEMS:
        raise DataError(
            f"aligned maps need two snapshots of {MIN_ITEMS} items or more, not "
            f"{len(vectors)} with {smallest_count} in the smallest."
        )
    relations = [_shared_rows(before, after) for before, after in pairwise(placed_rows)]
    umap = import_umap()
    with warnings.catch_warnings():
        # It names its own settings, and what its dependencies deprecate.
        warnings.simplefilter("ignore")
        fit = umap.AlignedUMAP(
            n_neighbors=min(neighbors, smallest_count - 1),
            min_dist=min_dist,
            random_state=seed,
        )
        placed = [
            snapshot[rows].astype(np.float32)
            for snapshot, rows in zip(vectors, placed_rows, strict=True)
        ]
        embeddings = fit.fit(placed, relations=relations).embeddings_
    maps = []
    for snapshot, rows, points in zip(vectors, placed_rows, embeddings, strict=True):
        snapshot_map = np.full((len(snapshot), 2), np.nan, np.float32)
        snapshot_map[rows] = points
        maps.append(snapshot_map)
    return maps


def _shared_rows(
    before: Int[np.ndarray, " n"], after: Int[np.ndarray, " m"]
) -> dict[int, int]:
    """Of items placed in both snapshots: the row in `before` to that in `after`."""
    after_rows = {index: row for row, index in enumerate(after.tolist())}
    return {
        row: after_rows[index]
        for row, index in enumerate(before.tolist())
        if index in after_rows
    }

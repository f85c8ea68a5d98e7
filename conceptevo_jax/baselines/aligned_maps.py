"""AlignedUMAP: a map per snapshot, kept alike by tying each item to itself.

McInnes' extension of UMAP (https://umap-learn.readthedocs.io, "AlignedUMAP"): snapshots
are laid out together, and an item that has a vector in two neighbouring snapshots is
pulled to one place. It aligns maps, not vectors, and cannot tell an item that changed
from one that did not. Compiling takes some 40 s.
"""

import warnings
from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from jaxtyping import Float

from conceptevo_jax.errors import DataError
from conceptevo_jax.projection import import_umap

FEWEST = 5
"""Items per snapshot below which there is no map."""


def align_maps(
    vectors: Sequence[Float[np.ndarray, "n d"]],
    *,
    neighbors: int = 15,
    min_dist: float = 0.1,
    seed: int = 0,
) -> list[Float[np.ndarray, "n 2"]]:
    """Lay out the same items' vectors of several snapshots, in order.

    Args:
      vectors: Per snapshot; rows with NaN are left out and get NaN points.
      neighbors: UMAP's `n_neighbors`, lowered where there are fewer items.
      min_dist: UMAP's.
      seed: Decides the maps.

    Raises:
      DataError: if there are fewer than two snapshots, or too few items in one.
    """
    placed = [np.flatnonzero(np.isfinite(one).all(axis=1)) for one in vectors]
    fewest = min(map(len, placed), default=0)
    if len(vectors) < 2 or fewest < FEWEST:
        raise DataError(
            f"aligned maps need two snapshots of {FEWEST} items or more, not "
            f"{len(vectors)} with {fewest} in the smallest."
        )
    ties = []
    for first, second in pairwise(placed):
        at = {item: row for row, item in enumerate(second.tolist())}
        same = [(r, at[i]) for r, i in enumerate(first.tolist()) if i in at]
        ties.append(dict(same))
    umap = import_umap()
    with warnings.catch_warnings():
        # It names its own settings, and what its dependencies deprecate.
        warnings.simplefilter("ignore")
        fit = umap.AlignedUMAP(
            n_neighbors=min(neighbors, fewest - 1),
            min_dist=min_dist,
            random_state=seed,
        )
        rows = [v[p].astype(np.float32) for v, p in zip(vectors, placed, strict=True)]
        found = fit.fit(rows, relations=ties).embeddings_
    maps = []
    for own, where, points in zip(vectors, placed, found, strict=True):
        full = np.full((len(own), 2), np.nan, np.float32)
        full[where] = points
        maps.append(full)
    return maps

"""How well a representation stays put between two snapshots: one definition for all.

A method gives every *item*, a neuron or an image segment, a vector in each snapshot. Of
two snapshots this module asks how far the vectors moved that should have stayed, and
how much of that a rigid motion undoes. A map that never changes does not drift, so
drift stands beside purity: whether an item's neighbours are of its class, within a
snapshot and, what neither a constant map nor a random one can have, from one snapshot
to the other.

Distances are Euclidean, in the vectors' own space or on a map. Not for how far concepts
of a run really move: that is `conceptevo_jax.analysis.dynamics.movement`. Costs two
matrices of distances, .2 s for 600 items on one core; of more than `MOST` a sample is
taken.
"""

import numpy as np
from jaxtyping import Bool, Float, Float64, Int
from scipy.spatial.distance import cdist, pdist
from scipy.stats import spearmanr

from conceptevo_jax.errors import DataError
from conceptevo_jax.streams import stream
from conceptevo_jax.types import record

NEIGHBOURS = 10
"""Nearest items that are looked at."""

MOST = 2000
"""Items that distances are taken between, at most."""

FEWEST = 3
"""Items of a class in each snapshot that it takes to have a centroid."""

_NOTHING = 1e-12
"""A spread below this share of the vectors' size is rounding."""


@record
class Items:
    """One method's items in one snapshot.

    Attributes:
      vectors: Where each lies; NaN for those without a place.
      labels: Class of each; -1 for none.
    """

    vectors: Float[np.ndarray, "n d"]
    labels: Int[np.ndarray, " n"]


@record
class Drift:
    """What became of the items of one snapshot in another; NaN where unknown.

    Attributes:
      shift: Per class, distance between its centroids in both snapshots, in units of
        the root mean square distance of its items from their centroid.
      raw: Squared distance between an item's two places, as a share of the squared
        spread of both snapshots: 0 where nothing moved, about 1 for vectors that have
        nothing to do with each other.
      rigid: What is left of it after the best translation, rotation and reflection
        (orthogonal Procrustes; Schönemann, 1966, https://doi.org/10.1007/BF02289451).
      neighbours: Share of an item's nearest items that are the same in both.
      ranks: Rank correlation of the distances between items in both (Spearman).
      purity: Share of an item's nearest items that are of its class, mean of both
        snapshots.
      purity_across: The same from each snapshot to the other, the item itself left out.
      chance: Share of pairs of items that are of one class.
      items: Items with a place in both.
      labelled: Items with a place and a class, mean of both.
    """

    shift: Float64[np.ndarray, " m"]
    raw: float
    rigid: float
    neighbours: float
    ranks: float
    purity: float
    purity_across: float
    chance: float
    items: int
    labelled: float

    @property
    def mean_shift(self) -> float:
        """Mean over the classes that have a centroid in both snapshots."""
        known = self.shift[np.isfinite(self.shift)]
        return float(known.mean()) if known.size else float("nan")


def measure_drift(before: Items, after: Items, *, classes: int, seed: int = 0) -> Drift:
    """Compare the same items in two snapshots.

    Args:
      before: The items in the earlier snapshot.
      after: The same items, in the same order, in the later one.
      classes: Number of classes.
      seed: Breaks ties between equally near items, and draws samples.

    Raises:
      DataError: if the items or dimensions of the two differ.
    """
    if before.vectors.shape != after.vectors.shape:
        raise DataError(
            f"{before.vectors.shape} and {after.vectors.shape} vectors cannot be "
            "compared: drift is that of the same items, in the same dimensions."
        )
    rng = stream(seed, "drift")
    both = _placed(before) & _placed(after)
    x, y = (one.vectors[both].astype(np.float64) for one in (before, after))
    raw, rigid = _residuals(x, y)
    neighbours, ranks = _same_structure(x, y, rng)
    ends = [_labelled(one, rng) for one in (before, after)]
    inside = [_purity(one, one) for one in ends]
    across = [_purity(*ends), _purity(*reversed(ends))]
    return Drift(
        shift=centroid_shifts(before, after, classes=classes),
        raw=raw,
        rigid=rigid,
        neighbours=neighbours,
        ranks=ranks,
        purity=float(np.mean(inside)),
        purity_across=float(np.mean(across)),
        chance=float(np.mean([_chance(one.labels) for one in ends])),
        items=int(both.sum()),
        labelled=float(np.mean([len(one.labels) for one in ends])),
    )


def centroid_shifts(
    before: Items, after: Items, *, classes: int
) -> Float64[np.ndarray, " m"]:
    """How far each class's centroid moves, relative to its spread.

    Args:
      before: Items of the earlier snapshot.
      after: Items of the later one, which may be others.
      classes: Number of classes.

    Returns:
      Per class; NaN with fewer than `FEWEST` items in either snapshot, or where all of
      a class lie on one point in both.
    """
    found = np.full(classes, np.nan)
    for label in range(classes):
        ends = [_of_class(one, label) for one in (before, after)]
        if min(map(len, ends)) < FEWEST:
            continue
        centres = [own.mean(axis=0) for own in ends]
        around = [
            ((own - centre) ** 2).sum(axis=1).mean()
            for own, centre in zip(ends, centres, strict=True)
        ]
        spread = float(np.sqrt(np.mean(around)))
        size = float(np.sqrt(np.mean([(own**2).sum(axis=1).mean() for own in ends])))
        if spread > _NOTHING * size:
            found[label] = np.linalg.norm(centres[1] - centres[0]) / spread
    return found


def _placed(items: Items) -> Bool[np.ndarray, " n"]:
    return np.isfinite(items.vectors).all(axis=1)


def _of_class(items: Items, label: int) -> Float64[np.ndarray, "_ d"]:
    own = (items.labels == label) & _placed(items)
    return items.vectors[own].astype(np.float64)


def _residuals(
    x: Float64[np.ndarray, "n d"], y: Float64[np.ndarray, "n d"]
) -> tuple[float, float]:
    """Raw and rigid residual of two sets of places; NaN where nothing is spread."""
    if len(x) < FEWEST:
        return float("nan"), float("nan")
    centred_x, centred_y = x - x.mean(axis=0), y - y.mean(axis=0)
    spread = float((centred_x**2).sum() + (centred_y**2).sum())
    if not spread > _NOTHING * float((x**2).sum() + (y**2).sum()):
        return float("nan"), float("nan")
    raw = float(((x - y) ** 2).sum()) / spread
    common = np.linalg.svd(centred_x.T @ centred_y, compute_uv=False).sum()
    return raw, max(0.0, 1.0 - 2.0 * float(common) / spread)


def _same_structure(
    x: Float64[np.ndarray, "n d"],
    y: Float64[np.ndarray, "n d"],
    rng: np.random.Generator,
) -> tuple[float, float]:
    """Agreement of neighbours, and rank correlation of distances."""
    kept = rng.permutation(len(x))[:MOST]
    if len(kept) < FEWEST:
        return float("nan"), float("nan")
    x, y = x[kept], y[kept]
    k = min(NEIGHBOURS, len(kept) - 1)
    near = [_nearest(one, one, np.arange(len(kept)), k) for one in (x, y)]
    same = (near[0][:, :, None] == near[1][:, None, :]).any(axis=2)
    first, second = pdist(x), pdist(y)
    if min(np.ptp(first), np.ptp(second)) == 0:
        return float(same.mean()), float("nan")
    return float(same.mean()), float(spearmanr(first, second).statistic)


@record
class _Labelled:
    """Items with a place and a class, in random order.

    Attributes:
      index: Which items they are.
      vectors: Their places.
      labels: Their classes.
    """

    index: Int[np.ndarray, " n"]
    vectors: Float64[np.ndarray, "n d"]
    labels: Int[np.ndarray, " n"]


def _labelled(items: Items, rng: np.random.Generator) -> _Labelled:
    known = np.flatnonzero(_placed(items) & (items.labels >= 0))
    kept = rng.permutation(known)[:MOST]
    return _Labelled(
        index=kept,
        vectors=items.vectors[kept].astype(np.float64),
        labels=items.labels[kept],
    )


def _purity(own: _Labelled, other: _Labelled) -> float:
    """Share of the nearest of `other` that are of an item's class, itself left out."""
    k = min(NEIGHBOURS, len(other.index) - 1)
    if k < 1 or not len(own.index):
        return float("nan")
    place = {item: at for at, item in enumerate(other.index.tolist())}
    itself = np.array([place.get(item, -1) for item in own.index.tolist()])
    near = _nearest(own.vectors, other.vectors, itself, k)
    return float((other.labels[near] == own.labels[:, None]).mean())


def _nearest(
    own: Float64[np.ndarray, "n d"],
    other: Float64[np.ndarray, "m d"],
    itself: Int[np.ndarray, " n"],
    k: int,
) -> Int[np.ndarray, "n k"]:
    """The k nearest of `other`; of equally near ones the first, itself left out."""
    apart = cdist(own, other)
    known = np.flatnonzero(itself >= 0)
    apart[known, itself[known]] = np.inf
    return np.argsort(apart, axis=1, kind="stable")[:, :k]


def _chance(labels: Int[np.ndarray, " n"]) -> float:
    n = len(labels)
    if n < 2:
        return float("nan")
    counts = np.bincount(labels)
    return float((counts * (counts - 1)).sum() / (n * (n - 1)))

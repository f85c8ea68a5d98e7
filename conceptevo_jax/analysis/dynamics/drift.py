"""How stable a representation is between snapshots, with one definition for all
methods.

A method gives every *item*, a neuron or an image segment, a vector in each snapshot.
This module measures how far vectors moved between two snapshots that should have
stayed, and how much of that a rigid motion undoes. A map that never changes does not
drift, so drift is reported next to purity: whether an item's neighbours have its class,
within a snapshot and from one snapshot to the other, which neither a constant nor a
random map can achieve.

Distances are Euclidean, in the vectors' own space or on a map. For how far the concepts
of a run really move, see `conceptevo_jax.analysis.dynamics.movement`. Costs two
matrices of distances, .2 s for 600 items on one core; of more than `MAX_VECTORS` a
sample is taken.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float64
from scipy.spatial.distance import pdist
from scipy.stats import spearmanr

from conceptevo_jax.analysis.dynamics.labelled_vectors import (
    MAX_VECTORS,
    NEIGHBOURS,
    LabelledVectors,
    chance_purity,
    nearest_positions,
    purity,
    sample_labelled,
)
from conceptevo_jax.errors import DataError
from conceptevo_jax.streams import stream
from conceptevo_jax.types import record

MIN_VECTORS = 3
"""Smallest number of vectors that have a centroid or a rigid motion."""

_ZERO_SPREAD = 1e-12
"""A spread below this share of the vectors' size is rounding."""


@record
class Drift:
    """How far the items of one snapshot are from those of another; NaN where unknown.

    Attributes:
      shift: Per class, distance between its centroids in both snapshots, in units of
        the root mean square distance of its items from their centroid.
      raw: Squared distance between an item's two places, as a share of the squared
        spread of both snapshots: 0 if nothing moved, about 1 for unrelated vectors.
      rigid: The part that remains after the best translation, rotation and reflection
        (orthogonal Procrustes; Schönemann, 1966, https://doi.org/10.1007/BF02289451).
      neighbours: Share of an item's nearest items that are the same in both.
      ranks: Rank correlation of the distances between items in both (Spearman).
      purity: Share of an item's nearest items that have its class, mean of both
        snapshots.
      purity_across: The same from each snapshot to the other, the item itself left out.
      chance: Share of pairs of items that are of one class.
      items: Number of items with a place in both.
      labelled: Number of items with a place and a class, mean of both.
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
        finite_shifts = self.shift[np.isfinite(self.shift)]
        return float(finite_shifts.mean()) if finite_shifts.size else float("nan")


def measure_drift(
    before: LabelledVectors, after: LabelledVectors, *, classes: int, seed: int = 0
) -> Drift:
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
    return Drift(
        shift=centroid_shifts(before, after, classes=classes),
        **_movement_facts(before, after, rng),
        **_purity_facts(before, after, rng),
    )


def _movement_facts(
    before: LabelledVectors, after: LabelledVectors, rng: np.random.Generator
) -> dict[str, Any]:
    """The fields of `Drift` about the distances that items placed in both move."""
    placed = before.placed & after.placed
    x, y = (s.vectors[placed].astype(np.float64) for s in (before, after))
    raw, rigid = _residuals(x, y)
    neighbours, ranks = _structure_agreement(x, y, rng)
    return {
        "raw": raw,
        "rigid": rigid,
        "neighbours": neighbours,
        "ranks": ranks,
        "items": int(placed.sum()),
    }


def _purity_facts(
    before: LabelledVectors, after: LabelledVectors, rng: np.random.Generator
) -> dict[str, Any]:
    """The fields of `Drift` about neighbours of the same class."""
    first, second = (sample_labelled(snapshot, rng) for snapshot in (before, after))
    within = [purity(sample, sample) for sample in (first, second)]
    across = [purity(first, second), purity(second, first)]
    chances = [chance_purity(sample.labels) for sample in (first, second)]
    return {
        "purity": float(np.mean(within)),
        "purity_across": float(np.mean(across)),
        "chance": float(np.mean(chances)),
        "labelled": float(np.mean([len(first.labels), len(second.labels)])),
    }


def centroid_shifts(
    before: LabelledVectors, after: LabelledVectors, *, classes: int
) -> Float64[np.ndarray, " m"]:
    """How far each class's centroid moves, relative to its spread.

    Args:
      before: Items of the earlier snapshot.
      after: Items of the later one, which may be different items.
      classes: Number of classes.

    Returns:
      Per class; NaN with fewer than `MIN_VECTORS` items in either snapshot, or if
      all items of a class lie on one point in both.
    """
    shifts = np.full(classes, np.nan)
    for label in range(classes):
        members = [snapshot.class_rows(label) for snapshot in (before, after)]
        if min(map(len, members)) >= MIN_VECTORS:
            shifts[label] = _relative_shift(members)
    return shifts


def _relative_shift(members: Sequence[Float64[np.ndarray, "_ d"]]) -> float:
    """Distance of a class's centroid in one snapshot from that in the other."""
    centres = [rows.mean(axis=0) for rows in members]
    variances = [
        ((rows - centre) ** 2).sum(axis=1).mean()
        for rows, centre in zip(members, centres, strict=True)
    ]
    spread = float(np.sqrt(np.mean(variances)))
    sizes = [(rows**2).sum(axis=1).mean() for rows in members]
    if spread > _ZERO_SPREAD * float(np.sqrt(np.mean(sizes))):
        return float(np.linalg.norm(centres[1] - centres[0]) / spread)
    return float("nan")


def _residuals(
    x: Float64[np.ndarray, "n d"], y: Float64[np.ndarray, "n d"]
) -> tuple[float, float]:
    """Raw and rigid residual of two sets of places; NaN where neither is spread."""
    if len(x) < MIN_VECTORS:
        return float("nan"), float("nan")
    centred_x, centred_y = x - x.mean(axis=0), y - y.mean(axis=0)
    spread = float((centred_x**2).sum() + (centred_y**2).sum())
    if not spread > _ZERO_SPREAD * float((x**2).sum() + (y**2).sum()):
        return float("nan"), float("nan")
    raw = float(((x - y) ** 2).sum()) / spread
    # The best rotation of centred x onto y leaves the spread less twice this trace.
    common = np.linalg.svd(centred_x.T @ centred_y, compute_uv=False).sum()
    return raw, max(0.0, 1.0 - 2.0 * float(common) / spread)


def _structure_agreement(
    x: Float64[np.ndarray, "n d"],
    y: Float64[np.ndarray, "n d"],
    rng: np.random.Generator,
) -> tuple[float, float]:
    """Agreement of neighbours, and rank correlation of distances."""
    rows = rng.permutation(len(x))[:MAX_VECTORS]
    if len(rows) < MIN_VECTORS:
        return float("nan"), float("nan")
    x, y = x[rows], y[rows]
    k, positions = min(NEIGHBOURS, len(rows) - 1), np.arange(len(rows))
    neighbours_x, neighbours_y = (nearest_positions(v, v, positions, k) for v in (x, y))
    is_shared = (neighbours_x[:, :, None] == neighbours_y[:, None, :]).any(axis=2)
    first, second = pdist(x), pdist(y)
    if min(np.ptp(first), np.ptp(second)) == 0:
        return float(is_shared.mean()), float("nan")
    return float(is_shared.mean()), float(spearmanr(first, second).statistic)

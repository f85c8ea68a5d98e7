"""Choose neighbourhoods of a map by rule: where every model's neurons agree.

For circles in figures that are not chosen by eye. A neighbourhood is a disc around
a neuron of the first snapshot; the tightest are those whose members, over all snapshots
together, respond most similarly to held-out images.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int

from conceptevo_jax.analysis.alignment.response_rows import standardise
from conceptevo_jax.types import Responses, record


@record
class Neighbourhood:
    """A disc on a map and the neurons that lie in it.

    Attributes:
      center: Its centre.
      radius: Its radius, in units of the map.
      members: Per snapshot, its neurons inside, nearest to the centre first.
      correlation: Mean correlation of their responses to held-out images, over all
        pairs of members.
    """

    center: Float[np.ndarray, " 2"]
    radius: float
    members: tuple[Int[np.ndarray, " _"], ...]
    correlation: float


def tight_neighbourhoods(
    points: Sequence[Float[np.ndarray, "_ 2"]],
    responses: Sequence[Responses],
    *,
    count: int = 3,
    radius_share: float = 0.05,
    min_members: int = 2,
) -> list[Neighbourhood]:
    """Find up to `count` discs that are tight in every snapshot and lie apart.

    Args:
      points: Per snapshot, its neurons' points; NaN for those not on the map.
      responses: Per snapshot, responses to the same held-out images.
      count: Largest number of discs.
      radius_share: Radius as a share of the map's diagonal.
      min_members: Number of members that every snapshot must have.

    Returns:
      The tightest discs first; fewer than `count`, or none, if the map has no more.
    """
    radius = radius_share * _diagonal(np.concatenate(points))
    rows = [standardise(r.peaks) for r in responses]
    centers = points[0][np.isfinite(points[0]).all(axis=1)]
    candidates = (_disc_around(c, radius, points, rows, min_members) for c in centers)
    discs = [disc for disc in candidates if disc is not None]
    discs.sort(key=lambda disc: -disc.correlation)
    return _separate_discs(discs, count, 4 * radius)


def _diagonal(points: Float[np.ndarray, "_ 2"]) -> float:
    """Length of the diagonal of the points' bounding rectangle."""
    low, high = np.nanmin(points, axis=0), np.nanmax(points, axis=0)
    return float(np.linalg.norm(high - low))


def _separate_discs(
    discs: Sequence[Neighbourhood], count: int, distance: float
) -> list[Neighbourhood]:
    """The first `count` discs farther than `distance` from all earlier ones."""
    selected: list[Neighbourhood] = []
    for disc in discs:
        distances = [np.linalg.norm(disc.center - d.center) for d in selected]
        if len(selected) < count and all(d > distance for d in distances):
            selected.append(disc)
    return selected


def _disc_around(
    center: np.ndarray,
    radius: float,
    points: Sequence[np.ndarray],
    rows: Sequence[np.ndarray],
    min_members: int,
) -> Neighbourhood | None:
    members = []
    for snapshot_points in points:
        distance = np.linalg.norm(snapshot_points - center, axis=1)
        inside_rows = np.flatnonzero(distance <= radius)
        members.append(inside_rows[np.argsort(distance[inside_rows], kind="stable")])
    if min(map(len, members)) < min_members:
        return None
    responses = np.concatenate([r[m] for r, m in zip(rows, members, strict=True)])
    responses = responses[np.isfinite(responses).all(axis=1)]
    # Rows have length 1: the square of their sum holds every pair's correlation.
    n = len(responses)
    all_products = float((responses.sum(axis=0) ** 2).sum())
    self_products = float((responses**2).sum())
    correlation = (all_products - self_products) / max(n * (n - 1), 1)
    return Neighbourhood(
        center=center,
        radius=radius,
        members=tuple(members),
        correlation=correlation,
    )

"""Choose neighbourhoods of a map by rule: where every model's neurons agree.

For circling in figures, in place of choosing by eye. A neighbourhood is a disc around
a neuron of the first snapshot; the tightest are those whose members, of all snapshots
together, respond most alike to held-out images.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int

from conceptevo_jax.analysis.alignment.response_rows import standardise
from conceptevo_jax.types import Responses, record


@record
class Neighbourhood:
    """A disc on a map and who lies in it.

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
    fewest: int = 2,
) -> list[Neighbourhood]:
    """Find up to `count` discs that are tight in every snapshot and lie apart.

    Args:
      points: Per snapshot, its neurons' points; NaN for those not on the map.
      responses: Per snapshot, responses to the same held-out images.
      count: How many to find.
      radius_share: Radius as a share of the map's diagonal.
      fewest: Members that every snapshot must have.

    Returns:
      The tightest discs first; fewer than `count`, or none, where the map has no more.
    """
    everything = np.concatenate(points)
    low, high = np.nanmin(everything, axis=0), np.nanmax(everything, axis=0)
    radius = radius_share * float(np.linalg.norm(high - low))
    rows = [standardise(r.peaks) for r in responses]
    found = [
        disc
        for center in points[0][np.isfinite(points[0]).all(axis=1)]
        if (disc := _disc(center, radius, points, rows, fewest)) is not None
    ]
    found.sort(key=lambda disc: -disc.correlation)
    chosen: list[Neighbourhood] = []
    for disc in found:
        apart = (np.linalg.norm(disc.center - c.center) > 4 * radius for c in chosen)
        if len(chosen) < count and all(apart):
            chosen.append(disc)
    return chosen


def _disc(
    center: np.ndarray,
    radius: float,
    points: Sequence[np.ndarray],
    rows: Sequence[np.ndarray],
    fewest: int,
) -> Neighbourhood | None:
    members = []
    for own in points:
        distance = np.linalg.norm(own - center, axis=1)
        inside = np.flatnonzero(distance <= radius)
        members.append(inside[np.argsort(distance[inside], kind="stable")])
    if min(map(len, members)) < fewest:
        return None
    responses = np.concatenate([r[m] for r, m in zip(rows, members, strict=True)])
    responses = responses[np.isfinite(responses).all(axis=1)]
    n = len(responses)
    everything = float((responses.sum(axis=0) ** 2).sum())
    selves = float((responses**2).sum())
    correlation = (everything - selves) / max(n * (n - 1), 1)
    return Neighbourhood(
        center=center,
        radius=radius,
        members=tuple(members),
        correlation=correlation,
    )

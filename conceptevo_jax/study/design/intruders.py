"""Neurons from elsewhere that are unlike a group.

A random neuron may by chance be alike, so an intruder's cosine with every member, and
with all that may stand in for one, is below that of most random pairs.
"""

import numpy as np
from jaxtyping import Bool, Int

from conceptevo_jax.study.design.candidates import Candidates
from conceptevo_jax.study.design.category_constraints import SIZE
from conceptevo_jax.types import record

SPARES = 5
"""Neurons at most that may stand in for a member, and for the intruder."""

_PAIRS = 20_000
"""Random pairs that the likeness of an intruder is measured by."""


def likeness(pool: Candidates, quantile: float, rng: np.random.Generator) -> float:
    """The quantile of the cosines of random pairs of different candidates."""
    n = len(pool)
    first = rng.integers(n, size=_PAIRS)
    second = (first + rng.integers(1, n, size=_PAIRS)) % n
    cosines = (pool.directions[first] * pool.directions[second]).sum(axis=1)
    return float(np.quantile(cosines, quantile))


@record
class Drawn:
    """The neurons of one group, as rows of the candidates.

    Attributes:
      members: The five.
      spares: Who may stand in for one of the same snapshot, in order.
      intruders: The intruder, then who may stand in for it.
    """

    members: Int[np.ndarray, " _"]
    spares: Int[np.ndarray, " _"]
    intruders: Int[np.ndarray, " _"]


def with_intruder(
    pool: Candidates,
    order: Int[np.ndarray, " _"],
    apart: Bool[np.ndarray, " n"],
    bound: float,
    rng: np.random.Generator,
) -> Drawn | None:
    """Find an intruder for a group.

    Args:
      pool: The candidates.
      order: The members, then rows that may stand in for them.
      apart: Which candidates may be the intruder, as far as place goes.
      bound: What its cosines must stay below.
      rng: Draws the intruder and the order of the members.

    Returns:
      The group; None where every candidate is alike.
    """
    members = order[:SIZE]
    same = np.isin(pool.snapshot[order[SIZE:]], pool.snapshot[members])
    spares = order[SIZE:][same][:SPARES]
    inside = np.concatenate([members, spares])
    fits = apart & ~np.isin(pool.channel, pool.channel[inside])
    rows = np.flatnonzero(fits)
    alike = (pool.directions[rows] @ pool.directions[inside].T).max(axis=1)
    intruders = rng.permutation(rows[alike < bound])[: 1 + SPARES]
    if not intruders.size:
        return None
    return Drawn(members=rng.permutation(members), spares=spares, intruders=intruders)

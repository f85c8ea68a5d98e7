"""Neurons from other clusters that are unlike a group.

A random neuron may be similar by chance, so an intruder's cosine with every member and
every possible replacement is below that of most random pairs.
"""

import numpy as np
from jaxtyping import Bool, Int

from conceptevo_jax.study.design.candidates import Candidates
from conceptevo_jax.study.design.category_constraints import SIZE
from conceptevo_jax.types import record

SPARES = 5
"""Largest number of replacements, for the members and for the intruder."""

_PAIRS = 20_000
"""Random pairs of candidates that an intruder's cosines are compared with."""


def cosine_quantile(
    pool: Candidates, quantile: float, rng: np.random.Generator
) -> float:
    """The quantile of the cosines of random pairs of different candidates.

    Args:
      pool: The candidates, two at least.
      quantile: From 0 to 1.
      rng: Draws the pairs.
    """
    n = len(pool)
    first = rng.integers(n, size=_PAIRS)
    second = (first + rng.integers(1, n, size=_PAIRS)) % n
    cosines = (pool.directions[first] * pool.directions[second]).sum(axis=1)
    return float(np.quantile(cosines, quantile))


@record
class GroupRows:
    """The neurons of one group, as rows of the candidates.

    Attributes:
      members: The five.
      spares: Replacements of a member of the same snapshot, in order.
      intruders: The intruder, then its replacements.
    """

    members: Int[np.ndarray, " _"]
    spares: Int[np.ndarray, " _"]
    intruders: Int[np.ndarray, " _"]


def add_intruder(
    pool: Candidates,
    order: Int[np.ndarray, " _"],
    is_outside: Bool[np.ndarray, " n"],
    bound: float,
    rng: np.random.Generator,
) -> GroupRows | None:
    """Draw an intruder for a group, and determine its spares.

    Args:
      pool: The candidates.
      order: The members, then their possible replacements.
      is_outside: Which candidates may be the intruder, by cluster.
      bound: Upper bound of its cosines.
      rng: Draws the intruder and the order of the members.

    Returns:
      The group; None if every candidate is too similar.
    """
    members = order[:SIZE]
    spares = _spares(pool, order)
    unlike = _unlike_neurons(pool, np.concatenate([members, spares]), is_outside, bound)
    intruders = rng.permutation(unlike)[: 1 + SPARES]
    if not intruders.size:
        return None
    return GroupRows(
        members=rng.permutation(members), spares=spares, intruders=intruders
    )


def _spares(
    pool: Candidates, order: Int[np.ndarray, " _"]
) -> Int[np.ndarray, " spares"]:
    """The next rows after the members that belong to the members' snapshots."""
    members, rows = order[:SIZE], order[SIZE:]
    same_snapshot = np.isin(pool.snapshot[rows], pool.snapshot[members])
    return rows[same_snapshot][:SPARES]


def _unlike_neurons(
    pool: Candidates,
    inside: Int[np.ndarray, " _"],
    outside: Bool[np.ndarray, " n"],
    bound: float,
) -> Int[np.ndarray, " _"]:
    """Rows of `outside` whose cosines with all of `inside` are below the bound."""
    # The same neuron of the run at another epoch would be similar in any space.
    fits = outside & ~np.isin(pool.channel, pool.channel[inside])
    rows = np.flatnonzero(fits)
    max_cosines = (pool.directions[rows] @ pool.directions[inside].T).max(axis=1)
    return rows[max_cosines < bound]

"""Members that span what their category must: epochs, and models.

Whether a cluster can give them is decided exactly: some two neurons of one run differ
in epoch and in channel whenever the run has two epochs and two channels in it.
"""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Int

from conceptevo_jax.study.design.candidates import Candidates

SIZE = 5
"""Members of a group."""


def spanning(
    category: str, pool: Candidates, order: Int[np.ndarray, " _"]
) -> Int[np.ndarray, " _"] | None:
    """Rows of different channels, the first five as the category needs them."""
    first = _anchors(category, pool, order)
    if first is None:
        return None
    ahead = np.concatenate([np.array(first, int), order])
    _, places = np.unique(pool.channel[ahead], return_index=True)
    distinct = ahead[np.sort(places)]
    return distinct if len(distinct) >= SIZE else None


def _anchors(
    category: str, pool: Candidates, order: Int[np.ndarray, " _"]
) -> tuple[int, ...] | None:
    """The rows that make a group span what it must; None where there are none."""
    if category == "base":
        return ()
    for run in _in_turn(pool.run[order]):
        pair = _two_epochs(pool, order[pool.run[order] == run])
        if pair is None:
            continue
        if category == "same_model":
            return pair
        other = order[pool.model[order] != pool.model[pair[0]]]
        if other.size:
            return (*pair, int(other[0]))
    return None


def _in_turn(values: Int[np.ndarray, " _"]) -> Iterator[int]:
    """Different values in the order in which they first occur."""
    return iter(dict.fromkeys(values.tolist()))


def _two_epochs(
    pool: Candidates, order: Int[np.ndarray, " _"]
) -> tuple[int, int] | None:
    """Two neurons of a run that differ in epoch and in channel."""
    for row in order:
        epoch = pool.snapshot[order] != pool.snapshot[row]
        fits = order[epoch & (pool.channel[order] != pool.channel[row])]
        if fits.size:
            return int(row), int(fits[0])
    return None

"""Members that satisfy the constraints of their category on epochs and models.

Whether a cluster can provide them is decided exactly: two neurons of one run differ
in epoch and in channel if the run has two epochs and two channels in it.
"""

from collections.abc import Iterator

import numpy as np
from jaxtyping import Int

from conceptevo_jax.study.design.candidates import Candidates

SIZE = 5
"""Members of a group."""


def spanning_rows(
    category: str, pool: Candidates, order: Int[np.ndarray, " _"]
) -> Int[np.ndarray, " _"] | None:
    """Rows of different channels, the first five as required by the category.

    Args:
      category: One of `groups.CATEGORIES`, without hand-picked sets.
      pool: The candidates.
      order: Rows of a cluster, in the random order in which they are taken.

    Returns:
      The rows; None if the cluster cannot provide such a group.
    """
    anchors = _anchors(category, pool, order)
    if anchors is None:
        return None
    candidates = np.concatenate([np.array(anchors, int), order])
    # Of each channel the first row counts, so the anchors stay in front.
    _, positions = np.unique(pool.channel[candidates], return_index=True)
    distinct = candidates[np.sort(positions)]
    return distinct if len(distinct) >= SIZE else None


def _anchors(
    category: str, pool: Candidates, order: Int[np.ndarray, " _"]
) -> tuple[int, ...] | None:
    """The rows with which a group satisfies its constraints; None if there are none."""
    if category == "base":
        return ()
    for run in _distinct_in_order(pool.run[order]):
        pair = _two_epochs(pool, order[pool.run[order] == run])
        if pair is None:
            continue
        if category == "same_model":
            return pair
        rows_of_other_models = order[pool.model[order] != pool.model[pair[0]]]
        if rows_of_other_models.size:
            return (*pair, int(rows_of_other_models[0]))
    return None


def _distinct_in_order(numbers: Int[np.ndarray, " _"]) -> Iterator[int]:
    """Different numbers in the order in which they first occur."""
    return iter(dict.fromkeys(numbers.tolist()))


def _two_epochs(
    pool: Candidates, order: Int[np.ndarray, " _"]
) -> tuple[int, int] | None:
    """Two neurons of a run that differ in epoch and in channel."""
    for row in order:
        in_other_epoch = pool.snapshot[order] != pool.snapshot[row]
        fits = order[in_other_epoch & (pool.channel[order] != pool.channel[row])]
        if fits.size:
            return int(row), int(fits[0])
    return None

"""Split pairs into those that agree by a measure and those that do not."""

import math

import numpy as np
from jaxtyping import Float, Int

from conceptevo_jax.types import record

AGREEING_SHARE = 0.01
"""Share of all considered pairs that agree."""


@record
class Pairs:
    """Pairs of neurons that agree, and pairs that do not, as flat indices.

    Attributes:
      agree: Pairs in the top 1 % of a measure, ties with the last one included.
      disagree: Pairs at or below its median that do not agree.
    """

    agree: Int[np.ndarray, " p"]
    disagree: Int[np.ndarray, " q"]


def split_pairs(measure: Float[np.ndarray, "na nb"]) -> Pairs:
    """Separate the agreeing from the disagreeing pairs.

    A pair agrees if at most 1 % of the considered pairs are above it, and
    disagrees at or below the lower median. Overlaps are discrete: all pairs that tie
    with the last agreeing one agree as well, so the share may exceed 1 %; if
    the value at 1 % equals the median, no pair agrees.

    Args:
      measure: Agreement of every pair; NaN for pairs that are not considered.

    Returns:
      Both groups, as indices into the flattened measure.
    """
    values = measure.ravel()
    considered = values.size - int(np.isnan(values).sum())
    if considered == 0:
        return Pairs(agree=np.empty(0, np.intp), disagree=np.empty(0, np.intp))
    first = considered - math.ceil(AGREEING_SHARE * considered)
    middle = (considered - 1) // 2
    # NaN sorts last, so the positions count from the smallest considered value.
    ordered = np.partition(values, (middle, first))
    agree = (values >= ordered[first]) & (values > ordered[middle])
    disagree = values <= ordered[middle]
    return Pairs(agree=np.flatnonzero(agree), disagree=np.flatnonzero(disagree))

"""Agreement between raters beyond chance: Krippendorff's alpha for nominal data.

    α = 1 - D_o / D_e,

where D_o is the share of disagreeing pairs among values given to one unit by two
raters, a unit with m values counting m times, and D_e the same share among all pairs of
values of any unit. 1 is perfect agreement, 0 agreement by chance; units with fewer than
two values do not count. Any answer may be missing. Krippendorff, "Computing
Krippendorff's Alpha-Reliability", 2011, https://repository.upenn.edu/asc_papers/43;
Hayes and Krippendorff, 2007, https://doi.org/10.1080/19312450709336664.

Costs one matrix product per value: 1,000 resamples of 260 raters and 360 units take
.05 s.
"""

import numpy as np
from jaxtyping import Float64, Int

MISSING_ANSWER = -1
"""Marks a missing answer."""


def krippendorff_alpha(
    values: Int[np.ndarray, "p u"],
    raters: Float64[np.ndarray, "r p"] | None = None,
    units: Float64[np.ndarray, "r u"] | None = None,
) -> Float64[np.ndarray, " r"]:
    """Alpha of every resample of raters and units, or of the original data.

    A rater drawn several times is never compared with itself, which would count as
    agreement without a second opinion.

    Args:
      values: Each rater's value for each unit, from 0; `MISSING_ANSWER` if there is
        none.
      raters: How often each rater is in each resample; None for once.
      units: How often each unit is in each resample; None for once.

    Returns:
      One alpha per resample; NaN if all values are equal, which leaves nothing to
      disagree on, or if none can be paired.
    """
    p, u = values.shape
    w = np.ones((1, p)) if raters is None else raters
    v = np.ones((1, u)) if units is None else units
    is_answered = (values != MISSING_ANSWER).astype(np.float64)
    m = w @ is_answered
    # A rater in a resample several times makes no pairs with itself: w² is taken off.
    pairs = m**2 - w**2 @ is_answered
    v = v * (pairs > 0.5)
    equal_pairs, total = np.zeros_like(m), np.zeros(len(m))
    for value in np.unique(values[values != MISSING_ANSWER]):
        n = w @ (values == value).astype(np.float64)
        equal_pairs += n**2
        total += (v * n).sum(axis=1) ** 2
    size = (v * m).sum(axis=1)
    unit_disagreement = (
        v * m * np.divide(m**2 - equal_pairs, pairs, out=np.zeros_like(m), where=v > 0)
    )
    observed = _ratio(unit_disagreement.sum(axis=1), size)
    expected = _ratio(size**2 - total, size * (size - 1))
    return 1.0 - _ratio(observed, expected)


def _ratio(
    numerator: Float64[np.ndarray, " r"], denominator: Float64[np.ndarray, " r"]
) -> Float64[np.ndarray, " r"]:
    return np.divide(
        numerator,
        denominator,
        out=np.full(len(numerator), np.nan),
        where=denominator > 0,
    )

"""Rank statistics of two groups of pairs: exact AUC, its interval and its null.

The AUC is the chance that an agreeing pair is more similar than a disagreeing one,
ties counting one half. Its interval comes from resampling neurons, not pairs: the
pairs of one neuron are not independent. Its null comes from giving each neuron the
place of another.

Not for drawing ROC curves. Costs one sort of the disagreeing pairs per AUC, about
.6 ms for 180,000 on one core; the interval takes 4 ms and the null 25 ms.
"""

import numpy as np
from jaxtyping import Float, Float64, Int

from conceptevo_jax.analysis.agreement import Pairs
from conceptevo_jax.analysis.verdicts import Interval

RESAMPLES = 200
"""Bootstrap resamples of the neurons."""

DRAWS = 39
"""Permutations of each set: chance exceeds the largest of 39 once in forty times."""

_NULL_PAIRS = 10_000
"""At most so many disagreeing pairs, drawn at random, enter a permutation null."""


def rank_auc(
    agree: Float[np.ndarray, " p"], disagree: Float[np.ndarray, " q"]
) -> float:
    """Chance that a value of `agree` exceeds one of `disagree`, ties one half.

    AUC = mean over p, q of [a_p > d_q] + [a_p = d_q] / 2

    Args:
      agree: Similarities of the agreeing pairs, at least one.
      disagree: Similarities of the disagreeing pairs, at least one.

    Returns:
      The AUC, exact.
    """
    lower, upper = _ranks(np.sort(agree), np.sort(disagree))
    return float((lower.mean() + upper.mean()) / (2 * disagree.size))


def resample_weights(n: int, *, rng: np.random.Generator) -> Float64[np.ndarray, "r n"]:
    """How often each of `n` neurons is drawn in each of 200 bootstrap resamples."""
    drawn = rng.integers(n, size=(RESAMPLES, n))
    drawn += n * np.arange(RESAMPLES)[:, None]
    counts = np.bincount(drawn.ravel(), minlength=RESAMPLES * n)
    return counts.reshape(RESAMPLES, n).astype(np.float64)


def mean_interval(
    values: Float[np.ndarray, " n"], weights: Float64[np.ndarray, "r n"]
) -> Interval:
    """Interval of 95 % for the mean of one value per neuron."""
    return _percentiles(weights @ values / weights.sum(axis=1))


def auc_interval(
    similarity: Float[np.ndarray, "na nb"],
    pairs: Pairs,
    weights: Float64[np.ndarray, "r na"],
) -> Interval:
    """Interval of 95 % for an AUC when the neurons of the first set are resampled.

    With a_r and d_r the sums, over the agreeing and the disagreeing pairs of neuron
    r, of the share of the other group each of them wins against, p_r and q_r their
    numbers and w the resampled weights, a resample's AUC is

        w·a / w·p + w·d / w·q - AUC,

    which leaves out only the term of second order in w - 1 (Hájek projection), and
    so costs no sort per resample.

    Args:
      similarity: Of every pair.
      pairs: Which pairs agree and which disagree; at least one each.
      weights: From `resample_weights`.

    Returns:
      The 2.5th and 97.5th percentile of the resamples that have pairs of both kinds.
    """
    won_agree, won_disagree = _placements(
        similarity.ravel()[pairs.agree], similarity.ravel()[pairs.disagree]
    )
    width = similarity.shape[1]
    parts = [
        _resampled_means(won, flat // width, weights)
        for won, flat in ((won_agree, pairs.agree), (won_disagree, pairs.disagree))
    ]
    aucs = sum(parts) - won_agree.mean()
    return _percentiles(np.clip(aucs[np.isfinite(aucs)], 0.0, 1.0))


def permutation_null(
    similarity: Float[np.ndarray, "na nb"], pairs: Pairs, *, rng: np.random.Generator
) -> Interval:
    """AUC when one set's vectors are dealt out to its neurons at random.

    Each set in turn is dealt out, because each null exposes what the other leaves
    standing: neurons of the set that is *not* dealt out which agree with, and lie
    near, everything.

    Args:
      similarity: Of every pair.
      pairs: Which pairs agree and which disagree; at most 10,000 of those that
        disagree are used, which adds .003 to the spread of a draw.
      rng: Draws the permutations.

    Returns:
      Mean of all 78 draws, and the larger of the two sets' 97.5th percentiles.
    """
    disagree = pairs.disagree
    if disagree.size > _NULL_PAIRS:
        disagree = rng.choice(disagree, _NULL_PAIRS, replace=False, shuffle=False)
    places = [np.divmod(p, similarity.shape[1]) for p in (pairs.agree, disagree)]
    draws = np.empty((2, DRAWS))
    for side, draw in np.ndindex(2, DRAWS):
        deals = [np.arange(size) for size in similarity.shape]
        rng.shuffle(deals[side])
        dealt = (similarity[deals[0][r], deals[1][c]] for r, c in places)
        draws[side, draw] = rank_auc(*dealt)
    high = np.quantile(draws, 0.975, axis=1, method="higher").max()
    return float(draws.mean()), float(high)


def _ranks(
    agree: Float[np.ndarray, " p"], disagree: Float[np.ndarray, " q"]
) -> tuple[Int[np.ndarray, " p"], Int[np.ndarray, " p"]]:
    lower = np.searchsorted(disagree, agree, side="left")
    return lower, np.searchsorted(disagree, agree, side="right")


def _placements(
    agree: Float[np.ndarray, " p"], disagree: Float[np.ndarray, " q"]
) -> tuple[Float64[np.ndarray, " p"], Float64[np.ndarray, " q"]]:
    """Share of the other group that each value wins against, ties one half."""
    order = np.argsort(disagree)
    lower, upper = _ranks(agree, disagree[order])
    # The t-th smallest of `disagree` exceeds those of `agree` whose rank is <= t.
    starts = np.bincount(lower, minlength=disagree.size + 1)
    starts += np.bincount(upper, minlength=disagree.size + 1)
    lost = np.empty(disagree.size)
    lost[order] = np.cumsum(starts)[:-1] / (2 * agree.size)
    return (lower + upper) / (2 * disagree.size), 1.0 - lost


def _resampled_means(
    values: Float64[np.ndarray, " p"],
    rows: Int[np.ndarray, " p"],
    weights: Float64[np.ndarray, "r n"],
) -> Float64[np.ndarray, " r"]:
    """Mean value of the pairs in each resample; NaN where it drew none."""
    n = weights.shape[1]
    sums = weights @ np.bincount(rows, values, minlength=n)
    sizes = weights @ np.bincount(rows, minlength=n).astype(np.float64)
    return np.divide(sums, sizes, out=np.full_like(sums, np.nan), where=sizes > 0)


def _percentiles(values: Float64[np.ndarray, " r"]) -> Interval:
    low, high = np.percentile(values, (2.5, 97.5))
    return float(low), float(high)

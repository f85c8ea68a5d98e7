"""How well closeness in a space predicts agreement: scores, intervals and controls.

One call scores all pairs of two snapshots' neurons under one definition of agreement.
Intervals come from resamples of the neurons of both; spaces fitted from other
seeds, if there are any, add the variance between fits.

To decide which neurons are compared, see
`conceptevo_jax.analysis.alignment.compare`.
"""

from collections.abc import Mapping, Sequence
from typing import cast

import numpy as np
from jaxtyping import Bool, Float, Float64, Int

from conceptevo_jax.analysis.alignment.nearest import nearest_values, resampled_nearest
from conceptevo_jax.analysis.alignment.verdicts import (
    Agreement,
    Nearest,
    Score,
)
from conceptevo_jax.analysis.statistics.agreeing_pairs import Pairs
from conceptevo_jax.analysis.statistics.auc import (
    permutation_null,
    rank_auc,
    resampled_aucs,
    sampled_pairs,
)
from conceptevo_jax.analysis.statistics.crossed_bootstrap import (
    Draws,
    add_refit_spread,
    bounded_estimate,
    resample,
)
from conceptevo_jax.analysis.statistics.intervals import Interval
from conceptevo_jax.types import record

RESAMPLES = 200
"""Bootstrap resamples of the neurons."""

_REFIT_PAIRS = 50_000
"""Largest number of disagreeing pairs for comparing fits, the same for each fit."""


@record
class Uncertainty:
    """What intervals are computed from, the same for all measures of two snapshots.

    Attributes:
      draws: How often each resample holds each neuron of either snapshot.
      refits: Similarity of every pair in each refitted space.
      rng: Draws permutations, samples of pairs and the order of refits.
    """

    draws: Draws
    refits: tuple[Float[np.ndarray, "na nb"], ...]
    rng: np.random.Generator


def resample_neurons(
    a: Int[np.ndarray, " na"],
    b: Int[np.ndarray, " nb"],
    *,
    same_run: bool,
    rng: np.random.Generator,
) -> Draws:
    """Draw resamples of the neurons of two snapshots.

    Args:
      a: Indices of the first snapshot's neurons, in order.
      b: Indices of the second's.
      same_run: Whether both snapshots belong to one run; a resample then holds each of
        its neurons equally often on both sides.
      rng: Draws the resamples.
    """
    if not same_run:
        return resample(a.size, b.size, draws=RESAMPLES, rng=rng)
    union = np.union1d(a, b)
    counts = resample(union.size, union.size, draws=RESAMPLES, rng=rng).rows
    rows, columns = (counts[:, np.searchsorted(union, index)] for index in (a, b))
    return Draws(rows=rows, columns=columns)


def score_agreement(
    pairs: Pairs,
    similarity: Mapping[str, Float[np.ndarray, "na nb"]],
    same_site: Bool[np.ndarray, "na nb"],
    uncertainty: Uncertainty,
) -> Agreement:
    """Score how well similarity in the space separates agreeing from other pairs.

    Args:
      pairs: Which pairs agree and which disagree.
      similarity: Similarity of every pair: in the `space`, and under each control.
      same_site: Whether both neurons of a pair are at sites of the same name.
      uncertainty: What the interval is computed from.
    """
    if not pairs.agree.size:
        return Agreement(reason="No pair of neurons agrees more than the median pair.")
    space = similarity["space"]
    aucs = {name: _auc(table, pairs) for name, table in similarity.items()}
    overall_score = Score(
        auc=aucs["space"], agree=pairs.agree.size, disagree=pairs.disagree.size
    )
    null_mean, null_high = permutation_null(space, pairs, rng=uncertainty.rng)
    interval = _auc_interval(aucs["space"], space, pairs, uncertainty)
    return Agreement(
        overall=overall_score,
        interval=interval,
        same_site=_score_among(same_site, space, pairs),
        cross_site=_score_among(~same_site, space, pairs),
        null_mean=null_mean,
        null_high=null_high,
        above_null=interval[0] > null_high,
        constant=aucs["constant"],
        random=aucs["random"],
        stimuli=aucs["stimuli"],
        pool=aucs["pool"],
    )


def score_nearest(
    correlation: Float[np.ndarray, "na nb"],
    space: Float[np.ndarray, "na nb"],
    uncertainty: Uncertainty,
) -> Nearest:
    """Mean correlation of the first snapshot's neurons with the nearest of the second.

    Args:
      correlation: Correlation of every pair; NaN for pairs that are not considered.
      space: Similarity of every pair in the space.
      uncertainty: What the interval is computed from.
    """
    is_considered = ~np.isnan(correlation)
    values = np.nan_to_num(correlation.astype(np.float64))
    fit_means = [
        float(nearest_values(correlation, table).mean())
        for table in (space, *uncertainty.refits)
    ]
    resamples = resampled_nearest(correlation, space, uncertainty.draws)
    interval = _interval(
        fit_means[0], resamples, fit_means, uncertainty.rng, lower_bound=-1.0
    )
    return Nearest(
        nearest=fit_means[0],
        interval=interval,
        best=float(np.where(is_considered, values, -np.inf).max(axis=1).mean()),
        random=float((values.sum(axis=1) / is_considered.sum(axis=1)).mean()),
    )


def _auc_interval(
    auc: float,
    space: Float[np.ndarray, "na nb"],
    pairs: Pairs,
    uncertainty: Uncertainty,
) -> Interval:
    sample = sampled_pairs(pairs, _REFIT_PAIRS, uncertainty.rng)
    fit_aucs = [_auc(table, sample) for table in (space, *uncertainty.refits)]
    resamples = resampled_aucs(space, pairs, uncertainty.draws)
    return _interval(auc, resamples, fit_aucs, uncertainty.rng, lower_bound=0.0)


def _interval(
    value: float,
    resamples: Float64[np.ndarray, " r"],
    fit_values: Sequence[float],
    rng: np.random.Generator,
    *,
    lower_bound: float,
) -> Interval:
    widened_resamples = add_refit_spread(resamples, np.array(fit_values), rng)
    estimate = bounded_estimate(
        value, widened_resamples, len(resamples), why="", lower_bound=lower_bound
    )
    return cast(Interval, (estimate.low, estimate.high))


def _auc(similarity: Float[np.ndarray, "na nb"], pairs: Pairs) -> float:
    values = similarity.ravel()
    return rank_auc(values[pairs.agree], values[pairs.disagree])


def _score_among(
    mask: Bool[np.ndarray, "na nb"],
    similarity: Float[np.ndarray, "na nb"],
    pairs: Pairs,
) -> Score:
    """The score over the pairs of the mask; no AUC without pairs of both kinds."""
    flat = mask.ravel()
    agree = pairs.agree[flat[pairs.agree]]
    disagree = pairs.disagree[flat[pairs.disagree]]
    has_both_kinds = agree.size and disagree.size
    auc = (
        _auc(similarity, Pairs(agree=agree, disagree=disagree))
        if has_both_kinds
        else None
    )
    return Score(auc=auc, agree=agree.size, disagree=disagree.size)

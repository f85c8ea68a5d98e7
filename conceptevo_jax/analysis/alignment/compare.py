"""Alignment without humans: do neurons that agree on new images lie close together?

The neurons of two snapshots are compared pair by pair. Whether two neurons agree is
decided by their responses to *judgement* images, which neither built the space nor
chose a setting; how close they lie is the cosine of their vectors. The AUC says how
well the second tells of the first, under three definitions of agreement because each
alone can be fooled, and beside controls that bound it from below and above.

An interval answers: how far would the number move, had both networks had other neurons
of the same kind, and had the space been fitted from another seed? Neurons of both sides
are resampled (`analysis.crossed`), and subjects that hold their places in refitted
spaces add how much these differ. Images are taken as they are.

It measures how faithful the projection is, not what was learned: untrained networks
score well too, so the caller compares them as one more row (`run@init`). Not the
human study of the paper (Sec. 4.2), whose question it answers by other means.

Costs .2 s on one core for 600 x 600 neurons, 1,000 judgement images and 2,000 images
of the pool, an eighth to a third more with four refits, and 4 bytes per pair and
matrix. Beyond 4 million pairs a seeded sample of the first snapshot's neurons is
compared with all of the second's: 5,504 x 8,640 neurons take 3 s and 1 GB.
"""

from collections.abc import Mapping, Sequence
from typing import Any, cast

import numpy as np
from jaxtyping import Bool, Float, Float64, Int

from conceptevo_jax.analysis.alignment.nearest import nearest_values, resampled_nearest
from conceptevo_jax.analysis.alignment.response_rows import products
from conceptevo_jax.analysis.alignment.similarity import shared_stimuli
from conceptevo_jax.analysis.alignment.subjects import (
    MIN_NEURONS,
    Neurons,
    Subject,
    live_neurons,
    neurons,
    take,
)
from conceptevo_jax.analysis.alignment.verdicts import (
    Agreement,
    Alignment,
    Interval,
    Nearest,
    Score,
)
from conceptevo_jax.analysis.statistics.auc import (
    permutation_null,
    rank_auc,
    resampled_aucs,
    sampled_pairs,
)
from conceptevo_jax.analysis.statistics.crossed_bootstrap import (
    Draws,
    bounded_estimate,
    resample,
    with_refits,
)
from conceptevo_jax.analysis.statistics.pairs import Pairs, split_pairs
from conceptevo_jax.errors import DataError, require_count, require_seed
from conceptevo_jax.streams import stream
from conceptevo_jax.types import record

MAX_PAIRS = 4_000_000
"""Beyond so many pairs, a sample of the first snapshot's neurons is judged."""

RESAMPLES = 200
"""Bootstrap resamples of the neurons."""

_REFIT_PAIRS = 50_000
"""At most so many disagreeing pairs, the same ones under each, compare the fits."""


def compare(
    a: Subject, b: Subject, *, seed: int, max_pairs: int = MAX_PAIRS
) -> Alignment:
    """Judge how well two snapshots are aligned in the space they share.

    Dead and unplaced neurons, those constant or not finite on the judgement images,
    and copies of others are left out; within one run, so are pairs of the same index.

    Args:
      a: Any snapshot.
      b: The snapshot it is compared with, usually the base. Where the concepts of both
        are known, agreement is selecting the same one, too.
      seed: Decides bootstrap, permutations, random vectors and the sample of neurons.
      max_pairs: Pairs judged at most, by sampling neurons of `a`.

    Returns:
      All measures and controls; null with a reason below 20 live neurons.

    Raises:
      UsageError: for a seed or number of pairs out of range.
      DataError: if the two were recorded on different images or pools, lie in different
        spaces, or were placed in a different number of refitted ones.
    """
    require_seed(seed)
    require_count("max_pairs", max_pairs)
    _require_comparable(a, b)
    (live_a, why_a), (live_b, why_b) = live_neurons(a), live_neurons(b)
    reason = " ".join(why for why in (why_a, why_b) if why) or None
    facts: dict[str, Any] = {
        "a": a.snapshot,
        "b": b.snapshot,
        "live_a": int(live_a.sum()),
        "live_b": int(live_b.sum()),
        "judged": 0,
        "images": len(a.responses.peaks),
    }
    if reason:
        return _nothing(reason, facts)
    rng = stream(seed, "pairs of neurons")
    first, second = (neurons(s, m, rng=rng) for s, m in ((a, live_a), (b, live_b)))
    size = max(MIN_NEURONS, max_pairs // second.index.size)
    first = take(first, size, rng=rng)
    facts["judged"] = first.index.size
    return Alignment(**facts, **_judge(first, second, a.run == b.run, rng))


def _require_comparable(a: Subject, b: Subject) -> None:
    for what, id_a, id_b in (
        ("judgement images", a.responses.images_id, b.responses.images_id),
        ("images of the pool", a.pool.images_id, b.pool.images_id),
        ("pool for their stimuli", a.stimuli.pool_id, b.stimuli.pool_id),
        ("space for their neurons", _dimensions(a), _dimensions(b)),
    ):
        if id_a != id_b:
            raise DataError(
                f"{a.snapshot} and {b.snapshot} need the same {what}, but were "
                f"recorded on {id_a} and {id_b}. Record one of them again."
            )
    if len(a.refits) != len(b.refits):
        raise DataError(
            f"{a.snapshot} is placed in {len(a.refits)} refitted spaces and "
            f"{b.snapshot} in {len(b.refits)}: place both in the same."
        )


def _dimensions(subject: Subject) -> str:
    return f"{subject.embedding.vectors.shape[1]} dimensions"


def _nothing(reason: str, facts: Mapping[str, Any]) -> Alignment:
    null = Agreement(reason=reason)
    return Alignment(
        correlation=null,
        centred=null,
        overlap=null,
        nearest=Nearest(),
        reason=reason,
        **facts,
    )


@record
class _Resampled:
    """What intervals are made of, the same for all measures of two snapshots.

    Attributes:
      drawn: How often each neuron of either is in each resample.
      refits: Similarity of every pair in each refitted space.
      rng: Draws the rest.
    """

    drawn: Draws
    refits: tuple[Float[np.ndarray, "na nb"], ...]
    rng: np.random.Generator


def _judge(
    a: Neurons, b: Neurons, same_run: bool, rng: np.random.Generator
) -> dict[str, Any]:
    similarity = {
        name: products(a.similarity[name], b.similarity[name]) for name in a.similarity
    }
    similarity["stimuli"] = shared_stimuli(a.stimuli, b.stimuli)
    same_site = a.site[:, None] == b.site
    pairs_of_fits = zip(a.refits, b.refits, strict=True)
    resampled = _Resampled(
        drawn=_drawn(a.index, b.index, same_run, rng),
        refits=tuple(products(one, other) for one, other in pairs_of_fits),
        rng=rng,
    )
    verdicts: dict[str, Any] = {}
    for name in (name for name in a.agreement if name in b.agreement):
        measure = products(a.agreement[name], b.agreement[name])
        if same_run:
            measure[a.index[:, None] == b.index] = np.nan
        pairs = split_pairs(measure)
        verdicts[name] = _agreement(pairs, similarity, same_site, resampled)
        if name == "correlation":
            verdicts["nearest"] = _nearest(measure, similarity["space"], resampled)
    return verdicts


def _drawn(
    a: Int[np.ndarray, " na"],
    b: Int[np.ndarray, " nb"],
    same_run: bool,
    rng: np.random.Generator,
) -> Draws:
    """Resamples of the neurons `a` and `b`; those of one run are the same in both."""
    if not same_run:
        return resample(a.size, b.size, draws=RESAMPLES, rng=rng)
    both = np.union1d(a, b)
    counts = resample(both.size, both.size, draws=RESAMPLES, rng=rng).rows
    rows, columns = (counts[:, np.searchsorted(both, index)] for index in (a, b))
    return Draws(rows=rows, columns=columns)


def _agreement(
    pairs: Pairs,
    similarity: Mapping[str, Float[np.ndarray, "na nb"]],
    same_site: Bool[np.ndarray, "na nb"],
    resampled: _Resampled,
) -> Agreement:
    if not pairs.agree.size:
        return Agreement(reason="No pair of neurons agrees more than the median pair.")
    space = similarity["space"]
    aucs = {name: _auc(table, pairs) for name, table in similarity.items()}
    overall = Score(
        auc=aucs["space"], agree=pairs.agree.size, disagree=pairs.disagree.size
    )
    null_mean, null_high = permutation_null(space, pairs, rng=resampled.rng)
    interval = _auc_interval(aucs["space"], space, pairs, resampled)
    return Agreement(
        overall=overall,
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


def _auc_interval(
    auc: float,
    space: Float[np.ndarray, "na nb"],
    pairs: Pairs,
    resampled: _Resampled,
) -> Interval:
    few = sampled_pairs(pairs, _REFIT_PAIRS, resampled.rng)
    of_fits = [_auc(table, few) for table in (space, *resampled.refits)]
    of_draws = resampled_aucs(space, pairs, resampled.drawn)
    return _interval(auc, of_draws, of_fits, resampled.rng, least=0.0)


def _interval(
    value: float,
    of_draws: Float64[np.ndarray, " r"],
    of_fits: Sequence[float],
    rng: np.random.Generator,
    *,
    least: float,
) -> Interval:
    spread = with_refits(of_draws, np.array(of_fits), rng)
    found = bounded_estimate(value, spread, len(of_draws), why="", least=least)
    return cast(Interval, (found.low, found.high))


def _auc(similarity: Float[np.ndarray, "na nb"], pairs: Pairs) -> float:
    values = similarity.ravel()
    return rank_auc(values[pairs.agree], values[pairs.disagree])


def _score_among(
    kept: Bool[np.ndarray, "na nb"],
    similarity: Float[np.ndarray, "na nb"],
    pairs: Pairs,
) -> Score:
    flat = kept.ravel()
    agree = pairs.agree[flat[pairs.agree]]
    disagree = pairs.disagree[flat[pairs.disagree]]
    both = agree.size and disagree.size
    auc = _auc(similarity, Pairs(agree=agree, disagree=disagree)) if both else None
    return Score(auc=auc, agree=agree.size, disagree=disagree.size)


def _nearest(
    correlation: Float[np.ndarray, "na nb"],
    space: Float[np.ndarray, "na nb"],
    resampled: _Resampled,
) -> Nearest:
    considered = ~np.isnan(correlation)
    values = np.nan_to_num(correlation.astype(np.float64))
    of_fits = [
        float(nearest_values(correlation, table).mean())
        for table in (space, *resampled.refits)
    ]
    of_draws = resampled_nearest(correlation, space, resampled.drawn)
    return Nearest(
        nearest=of_fits[0],
        interval=_interval(of_fits[0], of_draws, of_fits, resampled.rng, least=-1.0),
        best=float(np.where(considered, values, -np.inf).max(axis=1).mean()),
        random=float((values.sum(axis=1) / considered.sum(axis=1)).mean()),
    )

"""Alignment without humans: do neurons that agree on new images lie close together?

The neurons of two snapshots are compared pair by pair. Whether two neurons agree is
decided by their responses to *judgement* images, which neither built the space nor
chose a setting; how close they lie is the cosine of their vectors. The AUC says how
well the second tells of the first, under three definitions of agreement because each
alone can be fooled, and beside controls that bound it from below and above.

It measures how faithful the projection is, not what was learned: untrained networks
score well too, so the caller compares them as one more row (`run@init`). Not the
human study of the paper (Sec. 4.2), whose question it answers by other means.

Costs .2 s on one core for 600 x 600 neurons, 1,000 judgement images and 2,000 images
of the pool, and 4 bytes per pair and matrix. Beyond 4 million pairs a seeded sample of
the first snapshot's neurons is compared with all of the second's: 5,504 x 8,640
neurons take 3 s and 1 GB.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Float64

from conceptevo_jax.analysis.agreement import Pairs, products, split_pairs
from conceptevo_jax.analysis.auc import (
    auc_interval,
    mean_interval,
    permutation_null,
    rank_auc,
    resample_weights,
)
from conceptevo_jax.analysis.similarity import shared_stimuli
from conceptevo_jax.analysis.subjects import (
    MIN_NEURONS,
    Neurons,
    Subject,
    live_neurons,
    neurons,
    take,
)
from conceptevo_jax.analysis.verdicts import Agreement, Alignment, Nearest, Score
from conceptevo_jax.errors import DataError, require_count, require_seed

MAX_PAIRS = 4_000_000
"""Beyond so many pairs, a sample of the first snapshot's neurons is judged."""


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
      DataError: if the two were recorded on different images or pools, or lie in
        different spaces.
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
    rng = np.random.default_rng(seed)
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


def _judge(
    a: Neurons, b: Neurons, same_run: bool, rng: np.random.Generator
) -> dict[str, Any]:
    similarity = {
        name: products(a.similarity[name], b.similarity[name]) for name in a.similarity
    }
    similarity["stimuli"] = shared_stimuli(a.stimuli, b.stimuli)
    same_site = a.site[:, None] == b.site
    weights = resample_weights(a.index.size, rng=rng)
    verdicts: dict[str, Any] = {}
    for name in (name for name in a.agreement if name in b.agreement):
        measure = products(a.agreement[name], b.agreement[name])
        if same_run:
            measure[a.index[:, None] == b.index] = np.nan
        pairs = split_pairs(measure)
        verdicts[name] = _agreement(pairs, similarity, same_site, weights, rng)
        if name == "correlation":
            verdicts["nearest"] = _nearest(measure, similarity["space"], weights)
    return verdicts


def _agreement(
    pairs: Pairs,
    similarity: Mapping[str, Float[np.ndarray, "na nb"]],
    same_site: Bool[np.ndarray, "na nb"],
    weights: Float64[np.ndarray, "r na"],
    rng: np.random.Generator,
) -> Agreement:
    if not pairs.agree.size:
        return Agreement(reason="No pair of neurons agrees more than the median pair.")
    space = similarity["space"]
    aucs = {name: _auc(table, pairs) for name, table in similarity.items()}
    overall = Score(
        auc=aucs["space"], agree=pairs.agree.size, disagree=pairs.disagree.size
    )
    null_mean, null_high = permutation_null(space, pairs, rng=rng)
    return Agreement(
        overall=overall,
        interval=auc_interval(space, pairs, weights),
        same_site=_score_among(same_site, space, pairs),
        cross_site=_score_among(~same_site, space, pairs),
        null_mean=null_mean,
        null_high=null_high,
        above_null=aucs["space"] > null_high,
        constant=aucs["constant"],
        random=aucs["random"],
        stimuli=aucs["stimuli"],
        pool=aucs["pool"],
    )


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
    similarity: Float[np.ndarray, "na nb"],
    weights: Float64[np.ndarray, "r na"],
) -> Nearest:
    considered = ~np.isnan(correlation)
    closeness = np.where(considered, similarity, -np.inf)
    nearest = closeness == closeness.max(axis=1, keepdims=True)
    values = np.nan_to_num(correlation.astype(np.float64))
    of_nearest = (values * nearest).sum(axis=1) / nearest.sum(axis=1)
    return Nearest(
        nearest=float(of_nearest.mean()),
        interval=mean_interval(of_nearest, weights),
        best=float(np.where(considered, values, -np.inf).max(axis=1).mean()),
        random=float((values.sum(axis=1) / considered.sum(axis=1)).mean()),
    )

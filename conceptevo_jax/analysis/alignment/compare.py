"""Alignment without humans: do neurons that agree on new images lie close together?

The neurons of two snapshots are compared pair by pair. Two neurons agree if their
responses to held-out test images agree, which were used neither to build the space nor
to choose settings; they are close if the cosine of their vectors is high. The AUC
measures how well closeness predicts agreement, for three definitions of agreement,
since each alone can be misleading, and next to controls that bound it from below and
above.

An interval states how far the number would move if both networks had other neurons
of the same kind, and if the space were fitted from another seed. Neurons of both sides
are resampled (`analysis.statistics.crossed_bootstrap`), and inputs with vectors in
refitted spaces add the variance between fits. Images are treated as fixed.

This measures how faithful the projection is, not what was learned: untrained networks
score well too, so the caller compares them as one more row (`run@init`). It is not the
human study of the paper (Sec. 4.2), but addresses the same question.

Costs .2 s on one core for 600 x 600 neurons, 1,000 test images and 2,000 images
of the pool, an eighth to a third more with four refits, and 4 bytes per pair and
matrix. Beyond 4 million pairs a seeded sample of the first snapshot's neurons is
compared with all of the second's: 5,504 x 8,640 neurons take 3 s and 1 GB.
"""

from collections.abc import Mapping
from typing import Any

import numpy as np

from conceptevo_jax.analysis.alignment.agreement_scores import (
    Uncertainty,
    resample_neurons,
    score_agreement,
    score_nearest,
)
from conceptevo_jax.analysis.alignment.response_rows import products
from conceptevo_jax.analysis.alignment.similarity import shared_stimuli
from conceptevo_jax.analysis.alignment.subjects import (
    MIN_NEURONS,
    NeuronRows,
    Subject,
    live_neurons,
    neuron_rows,
    sample_neurons,
)
from conceptevo_jax.analysis.alignment.verdicts import (
    Agreement,
    Alignment,
    Nearest,
)
from conceptevo_jax.analysis.statistics.agreeing_pairs import split_pairs
from conceptevo_jax.errors import DataError, require_count, require_seed
from conceptevo_jax.streams import stream

MAX_PAIRS = 4_000_000
"""With more pairs than this, a sample of the first snapshot's neurons is compared."""


def compare(
    a: Subject, b: Subject, *, seed: int, max_pairs: int = MAX_PAIRS
) -> Alignment:
    """Measure how well two snapshots are aligned in the space they share.

    Neurons are left out if they are dead, have no vector, are constant or not finite on
    the test images, or copy others; within one run, so are pairs of the same index.

    Args:
      a: Any snapshot.
      b: The snapshot it is compared with, usually the base. If the concepts of both
        are known, agreement in the selected concept is measured, too.
      seed: Seed of bootstrap, permutations, random vectors and the sample of neurons.
      max_pairs: Largest number of pairs to compare, kept by sampling neurons of `a`.

    Returns:
      All measures and controls; null with a reason below 20 live neurons.

    Raises:
      UsageError: for a seed or number of pairs out of range.
      DataError: if the two were recorded on different images or pools, lie in different
        spaces, or were placed in a different number of refitted ones.

    Example:
      >>> import dataclasses
      >>> copy = dataclasses.replace(subject, snapshot="copy@init")
      >>> alignment = ce.compare(subject, copy, seed=0)
      >>> alignment.correlation.above_null, alignment.nearest.nearest > 0.9
      (True, True)
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
        return _unmeasured_alignment(reason, facts)
    rng = stream(seed, "pairs of neurons")
    first, second = (neuron_rows(s, m, rng=rng) for s, m in ((a, live_a), (b, live_b)))
    size = max(MIN_NEURONS, max_pairs // second.index.size)
    first = sample_neurons(first, size, rng=rng)
    facts["judged"] = first.index.size
    return Alignment(**facts, **_measure(first, second, a.run == b.run, rng))


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


def _unmeasured_alignment(reason: str, facts: Mapping[str, Any]) -> Alignment:
    missing_agreement = Agreement(reason=reason)
    return Alignment(
        correlation=missing_agreement,
        centred=missing_agreement,
        overlap=missing_agreement,
        nearest=Nearest(),
        reason=reason,
        **facts,
    )


def _measure(
    a: NeuronRows, b: NeuronRows, same_run: bool, rng: np.random.Generator
) -> dict[str, Any]:
    """The fields of `Alignment` with measures, one per definition of agreement."""
    similarity = {
        name: products(a.similarity[name], b.similarity[name]) for name in a.similarity
    }
    similarity["stimuli"] = shared_stimuli(a.stimuli, b.stimuli)
    same_site = a.site[:, None] == b.site
    refits = zip(a.refits, b.refits, strict=True)
    uncertainty = Uncertainty(
        draws=resample_neurons(a.index, b.index, same_run=same_run, rng=rng),
        refits=tuple(products(rows_a, rows_b) for rows_a, rows_b in refits),
        rng=rng,
    )
    measures: dict[str, Any] = {}
    for name in (name for name in a.agreement if name in b.agreement):
        agreement = products(a.agreement[name], b.agreement[name])
        if same_run:
            # A neuron is not compared with itself at another epoch.
            agreement[a.index[:, None] == b.index] = np.nan
        pairs = split_pairs(agreement)
        measures[name] = score_agreement(pairs, similarity, same_site, uncertainty)
        if name == "correlation":
            measures["nearest"] = score_nearest(
                agreement, similarity["space"], uncertainty
            )
    return measures

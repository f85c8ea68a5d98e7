"""The monitor's measures of a snapshot, from one sweep over the probe images.

Without a space: `live_share`, `nonfinite_share`, `distinct_share`, `cka`, `selectivity`
(the median over the neurons of the last third of the sites) and `persistence` (the mean
overlap of their stimuli with those of the epoch before, over neurons that were live
then). With a space, by Step 2.2 alone: `coverage`, `effective_rank`, `entropy`,
`early_share`, `movement` and `relative_movement`. They are defined in
`analysis.dynamics.diversity` and `analysis.dynamics.movement`.
"""

import math

import numpy as np
from jaxtyping import Bool

from conceptevo_jax.analysis.alignment.subjects import MIN_NEURONS
from conceptevo_jax.analysis.dynamics.diversity import (
    distinct_share,
    early_neurons,
    early_share,
    effective_rank,
    late_neurons,
    selectivity,
    vasicek_entropy,
)
from conceptevo_jax.analysis.dynamics.movement import (
    linear_cka,
    movement,
    spread,
    stimulus_overlap,
)
from conceptevo_jax.types import Embedding, Responses, Space, Stimuli, record

LARGEST_PROBE = 1000
"""Largest default number of probe images."""


@record
class ProbedSnapshot:
    """What is stored of a snapshot until the next.

    Attributes:
      stimuli: Its neurons' stimuli among the probe images.
      responses: To the probe images.
      embedding: Its neurons in the space, if there is one.
    """

    stimuli: Stimuli
    responses: Responses
    embedding: Embedding | None


def measure(
    probed_snapshot: ProbedSnapshot,
    before: ProbedSnapshot | None,
    space: Space | None,
) -> dict[str, float | None]:
    """All numbers of a snapshot.

    Args:
      probed_snapshot: The snapshot.
      before: The snapshot before, of the same network.
      space: The space its neurons are in.
    """
    stimuli = probed_snapshot.stimuli
    late = late_neurons(stimuli.sites)
    measures: dict[str, float | None] = {
        "live_share": float((~stimuli.dead).mean()),
        "nonfinite_share": float(stimuli.nonfinite.mean()),
        "distinct_share": distinct_share(
            stimuli.image_ids, len(probed_snapshot.responses.peaks)
        ),
        "selectivity": float(
            np.median(selectivity(probed_snapshot.responses.peaks)[late])
        ),
        **_change(probed_snapshot, before, late),
    }
    if space is not None and probed_snapshot.embedding is not None:
        past = None if before is None else before.embedding
        measures |= _measure_in_space(stimuli, probed_snapshot.embedding, past, space)
    # Reports are JSON, which has no infinities.
    return {
        k: v if v is None or math.isfinite(v) else None for k, v in measures.items()
    }


def _change(
    glance: ProbedSnapshot, before: ProbedSnapshot | None, late: Bool[np.ndarray, " n"]
) -> dict[str, float | None]:
    """How much of the snapshot before persists; None without a snapshot before."""
    if before is None:
        return {"persistence": None, "cka": None}
    overlap = stimulus_overlap(before.stimuli, glance.stimuli)[late]
    lived = ~before.stimuli.dead[late]
    cka = linear_cka(before.responses, glance.responses, draws=0)
    return {
        "persistence": float(overlap[lived].mean()) if lived.any() else None,
        "cka": cka.value,
    }


def _measure_in_space(
    stimuli: Stimuli, embedding: Embedding, past: Embedding | None, space: Space
) -> dict[str, float | None]:
    live = embedding.placed & ~stimuli.dead
    vectors = embedding.vectors[live]
    enough = len(vectors) >= MIN_NEURONS
    has_vector = space.neurons.placed
    base = space.neurons.vectors[has_vector]
    scale = base.astype(np.float64).std(axis=0)
    early = early_neurons(space.sites)[has_vector]
    measures: dict[str, float | None] = {
        "coverage": _mean(embedding.coverage[~stimuli.dead]),
        "effective_rank": effective_rank(vectors) if enough else None,
        "entropy": vasicek_entropy(vectors, scale) if enough else None,
        "early_share": _mean(early_share(vectors, base, early)) if enough else None,
        "movement": None,
        "relative_movement": None,
    }
    if past is not None:
        moved = _mean(movement(past.vectors, embedding.vectors))
        distance_scale = spread(past.vectors)
        measures["movement"] = moved
        if moved is not None and distance_scale > 0:
            measures["relative_movement"] = moved / distance_scale
    return measures


def _mean(values: np.ndarray) -> float | None:
    finite_values = values[np.isfinite(values)]
    return float(finite_values.mean()) if len(finite_values) else None

"""Measures of a run's snapshots as the explorer shows them.

The same numbers as `analysis.dynamics.trajectory`, but without intervals, at a fraction
of the cost.
"""

import itertools
from typing import Any

import numpy as np
from jaxtyping import Bool, Float

from conceptevo_jax.analysis.alignment.subjects import MIN_NEURONS
from conceptevo_jax.analysis.dynamics.diversity import effective_rank, vasicek_entropy
from conceptevo_jax.analysis.dynamics.movement import movement
from conceptevo_jax.analysis.statistics.estimates import estimate, mean_estimate
from conceptevo_jax.pipeline.projected_run import ProjectedRun
from conceptevo_jax.types import Embedding, neuron_count


def movements(projected_run: ProjectedRun) -> Float[np.ndarray, "e n"]:
    """Distance that each neuron moved since the previous snapshot.

    NaN in the first one, and for neurons that are dead in either.
    """
    rows = [np.full(neuron_count(projected_run.run.model.sites), np.nan)]
    for before, after in itertools.pairwise(projected_run.epochs):
        dead = projected_run.stimuli(before).dead | projected_run.stimuli(after).dead
        vectors = (
            projected_run.placed[before].vectors,
            projected_run.placed[after].vectors,
        )
        rows.append(np.where(dead, np.nan, movement(*vectors)))
    return np.stack(rows)


def snapshot_measures(
    projected_run: ProjectedRun,
    scale: Float[np.ndarray, " d"],
    movements_by_epoch: Float[np.ndarray, "e n"],
) -> dict[str, list[float | None]]:
    """Numbers per snapshot; None where there are too few neurons.

    Args:
      projected_run: The run in the space.
      scale: Standard deviation of the base's neurons in the space.
      movements_by_epoch: The run's `movements`.
    """
    rows = [
        _measures(
            projected_run.stimuli(epoch).dead, projected_run.placed[epoch], scale, row
        )
        for epoch, row in zip(projected_run.epochs, movements_by_epoch, strict=True)
    ]
    return {name: [row[name] for row in rows] for name in rows[0]}


def _measures(
    dead: Bool[np.ndarray, " n"],
    embedding: Embedding,
    scale: Float[np.ndarray, " d"],
    moved: Float[np.ndarray, " n"],
) -> dict[str, float | None]:
    vectors = embedding.vectors[embedding.placed & ~dead]
    estimate_options: dict[str, Any] = {"min_neurons": MIN_NEURONS, "draws": 0}
    estimates = {
        "entropy": estimate(
            lambda neurons: vasicek_entropy(vectors[neurons], scale),
            len(vectors),
            **estimate_options,
        ),
        "effective_rank": estimate(
            lambda neurons: effective_rank(vectors[neurons]),
            len(vectors),
            **estimate_options,
        ),
        "movement": mean_estimate(moved, draws=0),
        "dead_share": mean_estimate(dead.astype(float), draws=0),
        "coverage": mean_estimate(embedding.coverage[~dead], draws=0),
    }
    return {name: measure.value for name, measure in estimates.items()}

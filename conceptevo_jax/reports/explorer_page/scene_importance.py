"""The importance of a run's evolutions, as the explorer shows it."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from conceptevo_jax.analysis.statistics.intervals import share_intervals
from conceptevo_jax.epochs import Epoch
from conceptevo_jax.reports.importance.run_importance import RunImportance
from conceptevo_jax.reports.importance.tables import top_neurons
from conceptevo_jax.types import Importance, Site, neuron_count, neurons_among


def describe_importance(
    epochs: Sequence[Epoch],
    run_importance: RunImportance | None,
    sites: Sequence[Site],
    seed: int,
) -> tuple[
    list[dict[str, Any]], Float[np.ndarray, "v m 3 n"], Int[np.ndarray, "v m n"]
]:
    """Evolutions between two of a run's snapshots, their importances and ranks.

    Args:
      epochs: Epochs of the run's snapshots. An evolution with other endpoints is
        left out.
      run_importance: How important the evolutions are; None if not measured.
      sites: The run's sites, with `n` neurons together.
      seed: Orders equally important neurons, as in the tables.

    Returns:
      For each of `v` evolutions its endpoints, `m` classes and number of images; by
      class and neuron the score with both ends of its interval, and the rank.
    """
    evolutions: list[dict[str, Any]] = []
    scores: list[np.ndarray] = []
    ranks: list[np.ndarray] = []
    for evolution, importances_by_class in (
        () if run_importance is None else run_importance.pairs()
    ):
        endpoints = (evolution.before.epoch, evolution.after.epoch)
        if not all(epoch in epochs for epoch in endpoints):
            continue
        before, after = (epochs.index(epoch) for epoch in endpoints)
        evolutions.append(
            {
                "before": before,
                "after": after,
                "classes": [importance.label for importance in importances_by_class],
                "images": len(importances_by_class[0].images),
            }
        )
        scores.append(
            np.stack(
                [_scores(importance, sites) for importance in importances_by_class]
            )
        )
        ranks.append(
            np.stack(
                [_ranks(importance, sites, seed) for importance in importances_by_class]
            )
        )
    if not evolutions:
        n = neuron_count(sites)
        return [], np.zeros((0, 0, 3, n), np.float32), np.zeros((0, 0, n), np.int32)
    return evolutions, np.stack(scores), np.stack(ranks)


def _scores(importance: Importance, sites: Sequence[Site]) -> Float[np.ndarray, "3 n"]:
    """Score, low and high of all neurons; NaN at sites it was not measured at."""
    scores = np.full((3, neuron_count(sites)), np.nan, np.float32)
    neurons: Int[np.ndarray, " _"] = neurons_among(importance.sites, sites)
    scores[0, neurons] = importance.score
    scores[1:, neurons] = share_intervals(importance.score, len(importance.images)).T
    return scores


def _ranks(
    importance: Importance, sites: Sequence[Site], seed: int
) -> Int[np.ndarray, " n"]:
    """Rank of every neuron; -1 for copies, and where not measured."""
    ranks = np.full(neuron_count(sites), -1, np.int32)
    neurons = neurons_among(importance.sites, sites)
    order = top_neurons(importance, len(neurons), seed)
    ranks[neurons[order]] = np.arange(len(order))
    return ranks

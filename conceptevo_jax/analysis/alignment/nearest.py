"""Correlation of one snapshot's neurons with the nearest ones of another.

Every resample searches for the nearest neuron again, among the neurons that it holds.
Costs one partial sort of every row, and per resample sixteen look-ups
per neuron of the first snapshot.
"""

import numpy as np
from jaxtyping import Bool, Float, Float64

from conceptevo_jax.analysis.statistics.crossed_bootstrap import Draws

_NEAREST_RANKS = 16
"""Nearest neurons that a resample searches: all 16 are missing once in 9 million."""


def nearest_values(
    correlation: Float[np.ndarray, "na nb"], similarity: Float[np.ndarray, "na nb"]
) -> Float64[np.ndarray, " na"]:
    """Each neuron's correlation with its nearest neuron.

    Args:
      correlation: Correlation of every pair; NaN for pairs that are not considered.
      similarity: Similarity of every pair, which decides what is near.

    Returns:
      One value per neuron of the first snapshot; if several are equally near, the
      mean over them.
    """
    closeness = _closeness(correlation, similarity)
    is_nearest = closeness == closeness.max(axis=1, keepdims=True)
    correlation_sums = np.where(is_nearest, correlation, 0).sum(
        axis=1, dtype=np.float64
    )
    return correlation_sums / is_nearest.sum(axis=1)


def resampled_nearest(
    correlation: Float[np.ndarray, "na nb"],
    similarity: Float[np.ndarray, "na nb"],
    draws: Draws,
) -> Float64[np.ndarray, " r"]:
    """Mean of `nearest_values` in every resample of the neurons of both snapshots.

    Args:
      correlation: Correlation of every pair; NaN for pairs that are not considered.
      similarity: Similarity of every pair, which decides what is near.
      draws: How often each neuron is in each resample.

    Returns:
      One mean per resample.
    """
    closeness = _closeness(correlation, similarity)
    ranks = min(_NEAREST_RANKS, closeness.shape[1])
    candidates = np.argpartition(-closeness, ranks - 1, axis=1)[:, :ranks]
    order = np.argsort(-np.take_along_axis(closeness, candidates, axis=1), axis=1)
    candidates = np.take_along_axis(candidates, order, axis=1)
    values = _tied_means(correlation, closeness, candidates)
    presence = draws.columns > 0
    return np.array(
        [
            _mean_of_first(values, is_present[candidates], rows)
            for is_present, rows in zip(presence, draws.rows, strict=True)
        ]
    )


def _closeness(
    correlation: Float[np.ndarray, "na nb"], similarity: Float[np.ndarray, "na nb"]
) -> Float[np.ndarray, "na nb"]:
    return np.where(np.isnan(correlation), -np.inf, similarity)


def _tied_means(
    correlation: Float[np.ndarray, "na nb"],
    closeness: Float[np.ndarray, "na nb"],
    candidates: np.ndarray,
) -> Float64[np.ndarray, "na k"]:
    """Correlation with each candidate; their mean for those that tie for nearest."""
    values = np.take_along_axis(correlation, candidates, axis=1).astype(np.float64)
    distance = np.take_along_axis(closeness, candidates, axis=1)
    is_tied = distance == distance[:, :1]
    return np.where(is_tied, nearest_values(correlation, closeness)[:, None], values)


def _mean_of_first(
    values: Float64[np.ndarray, "na k"],
    is_present: Bool[np.ndarray, "na k"],
    weights: Float64[np.ndarray, " na"],
) -> float:
    """Weighted mean of every row's first value that is present."""
    first = np.take_along_axis(values, is_present.argmax(axis=1)[:, None], axis=1)[:, 0]
    return float(weights @ first / weights.sum())

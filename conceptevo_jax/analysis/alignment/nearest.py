"""Correlation of one snapshot's neurons with the nearest ones of another.

The resamples look for the nearest neuron anew: a neuron that is not drawn is nobody's
nearest. Costs one partial sort of every row, and per resample as many look-ups as the
first snapshot has neurons, sixteen times.
"""

import numpy as np
from jaxtyping import Bool, Float, Float64

from conceptevo_jax.analysis.statistics.crossed_bootstrap import Draws

_RANKS = 16
"""Nearest neurons among which a resample looks: it has none of 16 once in 9 million."""


def nearest_values(
    correlation: Float[np.ndarray, "na nb"], similarity: Float[np.ndarray, "na nb"]
) -> Float64[np.ndarray, " na"]:
    """Each neuron's correlation with the one nearest to it.

    Args:
      correlation: Of every pair; NaN where a pair is not considered.
      similarity: By which neurons are near.

    Returns:
      One value per neuron of the first snapshot; where several are equally near, the
      mean over them.
    """
    closeness = _closeness(correlation, similarity)
    nearest = closeness == closeness.max(axis=1, keepdims=True)
    total = np.where(nearest, correlation, 0).sum(axis=1, dtype=np.float64)
    return total / nearest.sum(axis=1)


def resampled_nearest(
    correlation: Float[np.ndarray, "na nb"],
    similarity: Float[np.ndarray, "na nb"],
    drawn: Draws,
) -> Float64[np.ndarray, " r"]:
    """Mean of `nearest_values` in every resample of the neurons of both snapshots.

    Args:
      correlation: Of every pair; NaN where a pair is not considered.
      similarity: By which neurons are near.
      drawn: How often each neuron is drawn.

    Returns:
      One mean a resample.
    """
    closeness = _closeness(correlation, similarity)
    ranks = min(_RANKS, closeness.shape[1])
    near = np.argpartition(-closeness, ranks - 1, axis=1)[:, :ranks]
    order = np.argsort(-np.take_along_axis(closeness, near, axis=1), axis=1)
    near = np.take_along_axis(near, order, axis=1)
    values = _tied_means(correlation, closeness, near)
    present = drawn.columns > 0
    return np.array(
        [
            _mean_of_first(values, of_draw[near], rows)
            for of_draw, rows in zip(present, drawn.rows, strict=True)
        ]
    )


def _closeness(
    correlation: Float[np.ndarray, "na nb"], similarity: Float[np.ndarray, "na nb"]
) -> Float[np.ndarray, "na nb"]:
    return np.where(np.isnan(correlation), -np.inf, similarity)


def _tied_means(
    correlation: Float[np.ndarray, "na nb"],
    closeness: Float[np.ndarray, "na nb"],
    near: np.ndarray,
) -> Float64[np.ndarray, "na k"]:
    """Correlation with each of the near ones, those that tie for the nearest alike."""
    values = np.take_along_axis(correlation, near, axis=1).astype(np.float64)
    distance = np.take_along_axis(closeness, near, axis=1)
    tied = distance == distance[:, :1]
    return np.where(tied, nearest_values(correlation, closeness)[:, None], values)


def _mean_of_first(
    values: Float64[np.ndarray, "na k"],
    drawn: Bool[np.ndarray, "na k"],
    weights: Float64[np.ndarray, " na"],
) -> float:
    """Weighted mean of every row's first value that is drawn."""
    first = np.take_along_axis(values, drawn.argmax(axis=1)[:, None], axis=1)[:, 0]
    return float(weights @ first / weights.sum())

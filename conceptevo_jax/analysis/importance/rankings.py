"""Rankings of neurons by importance, and how similar two of them are.

Scores are multiples of one over the number of images, so many are equal: rankings break
ties by the mean sensitivity.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float, Int
from scipy.stats import rankdata

from conceptevo_jax.analysis.statistics.intervals import finite_mean
from conceptevo_jax.streams import stream
from conceptevo_jax.types import Importance, Site, site_slices

_DIVISIONS = 10
"""Random divisions of the images into halves."""

_MIN_RANKED = 3
"""Smallest number of changed neurons at a site for a meaningful ranking."""


def rank_neurons(
    score: Float[np.ndarray, " n"],
    sensitivity: Float[np.ndarray, "i n"],
    seed: int,
    *stream_numbers: int,
) -> Int[np.ndarray, " n"]:
    """Neurons from the most to the least important.

    Among neurons of equal score the one with the larger mean sensitivity comes first;
    remaining ties are broken at random.

    Args:
      score: Share of images with a positive sensitivity, per neuron.
      sensitivity: Sensitivity for every image and neuron.
      seed: Breaks ties between neurons that are equal in both.
      *stream_numbers: Further numbers of the random stream, such as class and repeat.

    Returns:
      Indices of the neurons.
    """
    chance = stream(seed, "ranks of neurons", *stream_numbers).permutation(len(score))
    return np.lexsort((chance, -sensitivity.mean(axis=0), -score))


def half_correlations(
    sensitivity: Float[np.ndarray, "i n"],
    changed: Bool[np.ndarray, " n"],
    sites: Sequence[Site],
    seed: int,
) -> Float[np.ndarray, " s"]:
    """Split-half reliability of a ranking, from two halves of the images.

    Spearman's correlation of the rankings, mean over those of ten seeded divisions in
    which neither half ranks all neurons equal.

    Args:
      sensitivity: Sensitivity for every image and neuron.
      changed: Which neurons changed; the others are left out.
      sites: The sites, in order of the neurons.
      seed: Seed of the divisions.

    Returns:
      One correlation per site; NaN where fewer than three neurons changed.
    """
    rng, count = stream(seed, "halves of images"), len(sensitivity)
    correlations = np.full((_DIVISIONS, len(sites)), np.nan)
    if count < 2:
        return correlations[0]
    for division in correlations:
        order = rng.permutation(count)
        division[:] = _half_correlation(sensitivity, changed, sites, order)
    return finite_mean(correlations)


def _half_correlation(
    sensitivity: Float[np.ndarray, "i n"],
    changed: Bool[np.ndarray, " n"],
    sites: Sequence[Site],
    order: Int[np.ndarray, " i"],
) -> Float[np.ndarray, " s"]:
    """Similarity of the rankings by the two halves of the images in `order`.

    NaN at a site where one half ranks all neurons equally.
    """
    halves = [order[: len(order) // 2], order[len(order) // 2 :]]
    correlations = np.full(len(sites), np.nan)
    for index, columns in enumerate(site_slices(sites).values()):
        site_sensitivity = sensitivity[:, columns][:, changed[columns]]
        if site_sensitivity.shape[1] >= _MIN_RANKED:
            first, second = (_ranks(site_sensitivity[half]) for half in halves)
            if first.std() and second.std():
                correlations[index] = np.corrcoef(first, second)[0, 1]
    return correlations


def class_correlation(importances: Sequence[Importance]) -> float:
    """How similarly different classes rank the neurons of one evolution.

    Spearman's correlation of the rankings at a site, mean over sites and pairs of
    classes. If rankings are specific to the class, split-half reliability exceeds it.
    NaN for fewer than two classes.
    """
    if len(importances) < 2:
        return float("nan")
    changed = np.any([importance.changed for importance in importances], axis=0)
    means = []
    for columns in site_slices(importances[0].sites).values():
        sensitivities = [
            importance.sensitivity[:, columns][:, changed[columns]]
            for importance in importances
        ]
        if sensitivities[0].shape[1] >= _MIN_RANKED:
            ranks = np.array([_ranks(sensitivity) for sensitivity in sensitivities])
            ranks = ranks[ranks.std(axis=1) > 0]
            if len(ranks) > 1:
                table = np.corrcoef(ranks)
                means.append(table[np.triu_indices(len(table), 1)].mean())
    return float(np.mean(means)) if means else float("nan")


def _ranks(sensitivity: Float[np.ndarray, "i n"]) -> Float[np.ndarray, " n"]:
    """Ranks by score, then by mean sensitivity; equal neurons share theirs."""
    keys = np.stack([(sensitivity > 0).mean(axis=0), sensitivity.mean(axis=0)])
    _, order = np.unique(keys, axis=1, return_inverse=True)
    return rankdata(order)

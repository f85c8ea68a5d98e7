"""Percentile bins of the ranked neurons of a site, as masks of its channels."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float

from conceptevo_jax.analysis.importance.rankings import rank_neurons
from conceptevo_jax.streams import stream
from conceptevo_jax.types import Importance, Site, site_slices


def channel_masks(
    importance: Importance,
    sites: Sequence[Site],
    is_sampled: Bool[np.ndarray, "r i"],
    bins: int,
    seed: int,
) -> dict[str, np.ndarray]:
    """Divide every site's neurons into bins of the ranking, and draw random neurons.

    Args:
      importance: Sensitivities from which each repeat ranks the neurons.
      sites: The sites where channels are patched.
      is_sampled: The images used for the ranking, per repeat.
      bins: Number of bins per site.
      seed: Seed of the random draws, and of ties in the rankings.

    Returns:
      Per site, masks of its channels `[r q c]`: the bins, the most important first, and
      last a random draw as large as the first.
    """
    slices, masks = site_slices(importance.sites), {}

    for index, site in enumerate(sites):
        sensitivity = importance.sensitivity[:, slices[site.name]]
        stream_key = seed, importance.label, index
        masks[site.name] = _site_masks(sensitivity, is_sampled, bins, stream_key)
    return masks


def _site_masks(
    sensitivity: Float[np.ndarray, "i c"],
    sampled: Bool[np.ndarray, "r i"],
    bins: int,
    stream_key: tuple[int, int, int],
) -> Bool[np.ndarray, "r q c"]:
    """A site's bins and random draw by repeat, with streams of seed, class and site."""
    seed, label, index = stream_key
    return np.stack(
        [
            _bin_masks(sensitivity[rows], bins, (seed, label, repeat, index))
            for repeat, rows in enumerate(sampled)
        ]
    )


def _bin_masks(
    sensitivity: Float[np.ndarray, "i c"], bins: int, stream_key: tuple[int, ...]
) -> Bool[np.ndarray, "q c"]:
    score = (sensitivity > 0).mean(axis=0)
    order = rank_neurons(score, sensitivity, *stream_key)
    bin_neurons = np.array_split(order, bins)
    seed, *stream_numbers = stream_key
    rng = stream(seed, "random neurons of a reversion", *stream_numbers)
    bin_neurons.append(rng.permutation(len(order))[: len(bin_neurons[0])])
    masks = np.zeros((len(bin_neurons), len(order)), bool)
    for mask, part in zip(masks, bin_neurons, strict=True):
        mask[part] = True
    return masks

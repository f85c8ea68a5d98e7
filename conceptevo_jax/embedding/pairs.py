"""Pairs of neurons that respond strongly to one image (paper, Sec. 3.2, Step 1.2).

For sampling pairs on the device, a repeat at a time; the multiset D of the paper is
never stored. Not for weighting or filtering pairs: a pair is as frequent as the images
its neurons share. One repeat costs one sort of all (image, neuron) entries, at most
`n k` of them.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int, Key

from conceptevo_jax.errors import UsageError
from conceptevo_jax.types import Stimuli


class CoActivations(NamedTuple):
    """For every image with two or more neurons, the list of them, laid end to end.

    Attributes:
      images: Image id of each entry, ascending.
      neurons: Neuron of each entry, ascending within an image.
      starts: Entries that are followed by another one of the same image: where a
        window of length two fits, whatever the order within the lists.
    """

    images: Int[Array | np.ndarray, " m"]
    neurons: Int[Array | np.ndarray, " m"]
    starts: Int[Array | np.ndarray, " p"]


def co_activations(stimuli: Stimuli) -> CoActivations:
    """List for each image the live neurons that have it among their stimuli.

    Args:
      stimuli: Each neuron's strongest images; dead neurons are left out.

    Returns:
      The lists, without images that have a single neuron.

    Raises:
      UsageError: if no two neurons share an image, so that there is no pair.
    """
    neurons, images = stimulus_entries(stimuli)
    _, inverse, sizes = np.unique(images, return_inverse=True, return_counts=True)
    shared = sizes[inverse] >= 2
    order = np.lexsort((neurons[shared], images[shared]))
    images, neurons = images[shared][order], neurons[shared][order]
    starts = np.flatnonzero(images[1:] == images[:-1])
    if not starts.size:
        raise UsageError(
            f"no two of the {live_neurons(stimuli).sum()} live neurons share a "
            f"stimulus, so there is no pair to learn from; take more than "
            f"k={stimuli.image_ids.shape[1]} stimuli per neuron or a smaller pool."
        )
    return CoActivations(*(a.astype(np.int32) for a in (images, neurons, starts)))


def live_neurons(stimuli: Stimuli) -> np.ndarray:
    """Which neurons have stimuli, as `bool[n]`."""
    return ~stimuli.dead & (stimuli.count > 0)


def stimulus_entries(stimuli: Stimuli) -> tuple[np.ndarray, np.ndarray]:
    """All (neuron, image) entries of live neurons' used slots, by neuron."""
    slots = np.arange(stimuli.image_ids.shape[1])
    used = (slots < stimuli.count[:, None]) & live_neurons(stimuli)[:, None]
    return np.nonzero(used)[0], stimuli.image_ids[used].astype(np.int64)


def sample_pairs(lists: CoActivations, key: Key[Array, ""]) -> Int[Array, "p 2"]:
    """Shuffle each image's list and pair up its neighbours: one repeat of Step 1.2.

    A list of `l` neurons gives `l - 1` pairs, a path over the list in random order.
    The images' entries stay where they are, so pair positions are known beforehand and
    a repeat is a single sort by (image, random number). To be called inside a jit.

    Args:
      lists: From `co_activations`.
      key: Decides all orders.

    Returns:
      Neuron pairs, by image.
    """
    draws = jax.random.bits(key, lists.images.shape)
    images, neurons = jnp.asarray(lists.images), jnp.asarray(lists.neurons)
    _, _, neurons = jax.lax.sort((images, draws, neurons), num_keys=2)
    starts = jnp.asarray(lists.starts)
    return jnp.stack([neurons[starts], neurons[starts + 1]], axis=1)

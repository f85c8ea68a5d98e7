"""Pairs of neurons that respond strongly to one image (paper, Sec. 3.2, Step 1.2).

A window of two slides over each image's shuffled list of co-activated neurons. Pairs
are sampled on the device, one repeat at a time; the multiset D of the paper is never
stored. Pairs are neither weighted nor filtered: a pair is as frequent as the images its
neurons share. Lists of up to `SHORT_LENGTH` neurons are shuffled by counting for each
neuron how many drew a smaller number, which costs `SHORT_LENGTH` comparisons per entry;
longer lists by one sort of all their entries. There are at most `n k` entries.
"""

from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Int, Key

from conceptevo_jax.errors import UsageError
from conceptevo_jax.types import Stimuli

SHORT_LENGTH = 16
"""Longest list that is shuffled by comparisons; a power of two."""


class CoActivations(NamedTuple):
    """For every image with two or more neurons, the list of these, concatenated.

    Attributes:
      images: Image id of each entry, ascending.
      neurons: Neuron of each entry, ascending within an image.
      starts: Entries that are followed by another entry of the same image: where a
        window of length two fits, for any order within the lists.
      short: The entries of each list of up to `SHORT_LENGTH`, in a row; unused slots
        are `m`.
      long: The entries of all longer lists.
      places: The position of each entry after the rows of `short` and then the lists in
        `long` have been shuffled.
    """

    images: Int[Array | np.ndarray, " m"]
    neurons: Int[Array | np.ndarray, " m"]
    starts: Int[Array | np.ndarray, " p"]
    short: Int[Array | np.ndarray, "l w"]
    long: Int[Array | np.ndarray, " o"]
    places: Int[Array | np.ndarray, " m"]


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
    arrays = (images, neurons, starts, *_layout(images))
    return CoActivations(*(array.astype(np.int32) for array in arrays))


def _layout(images: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """`short`, `long` and `places` of lists of these images."""
    _, firsts, lists, sizes = np.unique(
        images, return_index=True, return_inverse=True, return_counts=True
    )
    entries = np.arange(len(images))
    slots = entries - firsts[lists]
    is_short = sizes <= SHORT_LENGTH
    in_short = is_short[lists]
    row = (np.cumsum(is_short) - 1)[lists]
    short = np.full((is_short.sum(), SHORT_LENGTH), len(images))
    short[row[in_short], slots[in_short]] = entries[in_short]
    places = np.empty(len(images), int)
    places[in_short] = row[in_short] * SHORT_LENGTH + slots[in_short]
    places[~in_short] = short.size + np.arange((~in_short).sum())
    return short, entries[~in_short], places


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
    Call it inside a jit, like `sample_paths`.

    Args:
      lists: From `co_activations`.
      key: Key for all orders.

    Returns:
      Neuron pairs, by image.
    """
    path, starts = sample_paths(lists, key), jnp.asarray(lists.starts)
    return jnp.stack([path[starts], path[starts + 1]], axis=1)


def sample_paths(lists: CoActivations, key: Key[Array, ""]) -> Int[Array, " m"]:
    """All lists, each in random order, concatenated: neighbours in a list are its
    pairs.

    Args:
      lists: From `co_activations`.
      key: Key for all orders.

    Returns:
      The neuron of each entry; the entries of an image keep their positions.
    """
    images, neurons, _, short, long, places = map(jnp.asarray, lists)
    draws = jax.random.bits(key, images.shape)
    last = jnp.full(1, 0xFFFFFFFF, jnp.uint32)
    # Of a draw the slot takes the last bits, so that no two in a row are equal, and
    # unused slots, whose other bits are all ones, come last.
    slots = jnp.arange(SHORT_LENGTH, dtype=jnp.uint32)
    sort_keys = (
        jnp.concatenate([draws, last])[short] // SHORT_LENGTH * SHORT_LENGTH
        + slots[None]
    )
    rank = (sort_keys[:, :, None] > sort_keys[:, None, :]).sum(axis=2, dtype=jnp.uint32)
    at_rank = rank[:, :, None] == slots[None, None]
    padded = jnp.pad(neurons, (0, 1))[short]
    shuffled_short = jnp.where(at_rank, padded[:, :, None], 0).sum(axis=1)
    _, _, shuffled_long = jax.lax.sort(
        (images[long], draws[long], neurons[long]), num_keys=2
    )
    return jnp.concatenate([shuffled_short.reshape(-1), shuffled_long])[places]

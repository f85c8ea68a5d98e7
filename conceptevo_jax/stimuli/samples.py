"""Responses to a seeded sample of a pool, or to a whole held-out set."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from conceptevo_jax.activations import Fold, Peaks, Reader, Sweep
from conceptevo_jax.data import Pool
from conceptevo_jax.store import content_key
from conceptevo_jax.types import Responses, Site, neuron_count

BASE_SAMPLE = 4096
"""Number of pool images used to rank the base neurons' responses."""


def narrow_sample(responses: Responses, pool: Pool, size: int) -> Responses:
    """The responses to a smaller sample of the pool, which is the start of a larger
    one.

    Args:
      responses: Responses to the larger sample.
      pool: The pool of both samples.
      size: Number of images of the smaller sample.
    """
    return dataclasses.replace(
        responses,
        peaks=responses.peaks[:size],
        images_id=sample_id(pool, sample_rows(pool, size)),
    )


def sample_rows(pool: Pool, size: int) -> Int[np.ndarray, " j"]:
    """Rows of a pool's sample, by the seeded hashes of its ids.

    Args:
      pool: The pool to sample from.
      size: Number of images; a larger sample begins with the smaller one.
    """
    return np.argsort(pool.order, kind="stable")[:size].astype(np.int32)


def sample_id(pool: Pool, sample: Int[np.ndarray, " j"]) -> str:
    """Content key of the images of a sample.

    Args:
      pool: The pool of the images.
      sample: Their rows, in order.
    """
    return content_key("sample", pool.pool_id, sample.tolist())


def respond(
    reader: Reader, sites: Sequence[Site], count: int, images_id: str
) -> Sweep[Responses]:
    """Compile a pass that keeps every neuron's response to all `count` images.

    For held-out sets of bounded size: the result has `count` times `n` numbers.

    Args:
      reader: Reads the peaks of a batch, see `activations.read_peaks`.
      sites: The model's sites in forward order.
      count: Number of images.
      images_id: Content key of the images.
    """

    def finish(states: tuple[Any, ...]) -> Responses:
        peaks = np.asarray(states[0])
        return Responses(peaks=peaks, sites=tuple(sites), images_id=images_id)

    fold = collect_fold(neuron_count(sites), np.arange(count), count)
    return Sweep(reader, (fold,), finish)


def collect_fold(neurons: int, sample: Int[np.ndarray, " j"], count: int) -> Fold:
    """A fold that keeps the responses to `sample`, image ids among `count`.

    Args:
      neurons: Number of neurons.
      sample: Image ids whose responses are kept, in this order.
      count: Number of images that the sweep runs over.
    """
    slot = np.full(count, len(sample), np.int32)
    slot[sample] = np.arange(len(sample), dtype=np.int32)
    slots = jnp.asarray(slot)

    def empty() -> Float[Array, "j n"]:
        return jnp.zeros((len(sample), neurons), jnp.float32)

    def add(
        state: Float[Array, "j n"],
        peaks: Peaks,
        rows: Int[Array, " b"],
        valid: Bool[Array, " b"],
    ) -> Float[Array, "j n"]:
        sample_slots = jnp.where(valid, slots[rows], jnp.int32(len(sample)))
        return state.at[sample_slots].set(peaks.values, mode="drop")

    # Every image is seen by one device, and is zero on all others.
    return Fold(empty, add, jax.lax.psum)

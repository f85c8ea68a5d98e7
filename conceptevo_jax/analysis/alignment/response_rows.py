"""Neurons as rows over images; the product of two rows is the neurons' agreement.

Agreement is the correlation of responses, the same correlation without the part that
all neurons of a network share, or the overlap of the strongest images. No labels are
needed, and the two neurons may belong to any two architectures.

To evaluate an embedding, see `conceptevo_jax.analysis.alignment.compare`. Costs
one matrix product per measure, about 7 ms for 600 x 600 neurons and 1,000 images on one
core.
"""

import math

import numpy as np
from jaxtyping import Bool, Float, Float32, Float64

TOP_IMAGES = 0.05
"""Share of the images that count as a neuron's strongest."""

_NOTHING_LEFT = 1e-6
"""A row that shrinks by this factor when a mean is removed is only rounding."""


def unit_rows(
    rows: Float64[np.ndarray, "n x"], scale: Float64[np.ndarray, " n"]
) -> Float64[np.ndarray, "n x"]:
    """Scale every row to length 1, or to 0 where it is only rounding.

    Args:
      rows: Any rows.
      scale: Size of each row before a mean was removed, with which its length is
        compared.
    """
    norms = np.linalg.norm(rows, axis=1)
    is_nonzero = norms > _NOTHING_LEFT * scale
    return (
        rows
        * np.divide(1.0, norms, out=np.zeros_like(norms), where=is_nonzero)[:, None]
    )


def varying_neurons(peaks: Float[np.ndarray, "i n"]) -> Bool[np.ndarray, " n"]:
    """Whether a neuron is finite on all images and differs by more than rounding."""
    finite = np.isfinite(peaks).all(axis=0)
    extremes = (np.where(finite, f(peaks, axis=0), 0.0) for f in (np.min, np.max))
    # In float64: 3e38 - (-3e38) is no float32.
    low, high = (end.astype(np.float64) for end in extremes)
    return high - low > _NOTHING_LEFT * np.maximum(np.abs(low), np.abs(high))


def standardise(peaks: Float[np.ndarray, "i n"]) -> Float64[np.ndarray, "n i"]:
    """Centre each neuron's responses and scale them to length 1.

    Args:
      peaks: Every neuron's peak response to every image.

    Returns:
      One row per neuron; all zero if it is constant on these images or anywhere
      not finite. The product of two rows is their Pearson correlation.
    """
    rows = np.zeros(peaks.shape[::-1])
    is_varying = varying_neurons(peaks)
    rows[is_varying] = peaks.T[is_varying]
    rows -= rows.mean(axis=1, keepdims=True)
    return unit_rows(rows, np.zeros(len(rows)))


def remove_image_means(
    rows: Float64[np.ndarray, "n i"],
) -> Float64[np.ndarray, "n i"]:
    """Remove what all neurons share: each image's mean over standardised neurons.

    Args:
      rows: Standardised responses of the live neurons of one snapshot.

    Returns:
      The remainder at length 1; all zero for a neuron of which nothing remains.
    """
    return unit_rows(rows - rows.mean(axis=0), np.linalg.norm(rows, axis=1))


def strongest_images(
    peaks: Float[np.ndarray, "i n"], rectified: Bool[np.ndarray, " n"]
) -> Float32[np.ndarray, "n i"]:
    """Mark the images among the strongest 5 % of each neuron.

    Images that tie for the last places share those that remain in equal parts,
    so that the product of two rows is the overlap expected if both neurons broke
    their ties at random, whatever the order of the images.

    Args:
      peaks: Every neuron's finite peak response to every image.
      rectified: Whether only positive peaks count as a response of that neuron.

    Returns:
      Membership in [0, 1], scaled so that the product of two rows is the share of
      the 5 % that two neurons have in common.
    """
    values = np.ascontiguousarray(peaks.T)
    count = math.ceil(TOP_IMAGES * values.shape[1])
    last = np.partition(values, -count, axis=1)[:, -count, None]
    above, tied = values > last, values == last
    free_places = count - above.sum(axis=1, keepdims=True)
    membership = above + tied * (free_places / tied.sum(axis=1, keepdims=True))
    membership[rectified[:, None] & (values <= 0)] = 0.0
    return (membership / math.sqrt(count)).astype(np.float32)


def products(
    rows_a: Float[np.ndarray, "na x"], rows_b: Float[np.ndarray, "nb x"]
) -> Float32[np.ndarray, "na nb"]:
    """Multiply every row of one set with every row of the other.

    Single precision is enough to rank pairs. Rounding to six decimals makes pairs
    tie that differ only by the order in which their products were summed.

    Args:
      rows_a: A row per neuron of the first snapshot.
      rows_b: A row per neuron of the second.
    """
    a, b = (np.asarray(rows, dtype=np.float32) for rows in (rows_a, rows_b))
    return np.round(a @ b.T, 6)

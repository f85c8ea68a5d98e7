"""How many different concepts a snapshot's neurons hold (paper, Sec. 4.5).

The paper's measure is the differential entropy of the neurons' points on the map. It
depends on the scale of the points, and a few dead neurons in one place send it to minus
infinity. Further measures are scale-free: the effective rank of the vectors, the share
of distinct images among the stimuli, and the share of neurons that resemble the base's
early sites.
"""

import math
from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float, Int

from conceptevo_jax.analysis.alignment.similarity import directions
from conceptevo_jax.types import Site

SPACING_FLOOR = 1e-3
"""Smallest spacing, as a share of the base's standard deviation."""

EARLY_SITE_SHARE = 1 / 3
"""Share of the base's sites that count as early."""


def vasicek_entropy(
    values: Float[np.ndarray, "n d"], scale: Float[np.ndarray, " d"]
) -> float:
    """Differential entropy by Vasicek's estimator, mean over dimensions, in nats.

        H = mean_i log( n / (2 m) · max(x_(i+m) − x_(i−m), SPACING_FLOOR · scale) )

    over the sorted values of one dimension, with m = ⌊√n + ½⌋ and ends clamped to the
    smallest and largest value (Vasicek, 1976, https://www.jstor.org/stable/2984828).

    Args:
      values: Vectors or points of live neurons.
      scale: Standard deviation of the base's neurons in each dimension. It sets the
        floor, below which equal values would give minus infinity.
    """
    n = len(values)
    m = math.floor(math.sqrt(n) + 0.5)
    ordered = np.sort(values.astype(np.float64), axis=0)
    index = np.arange(n)
    upper, lower = (
        ordered[np.minimum(index + m, n - 1)],
        ordered[np.maximum(index - m, 0)],
    )
    spacing = np.maximum(upper - lower, SPACING_FLOOR * scale)
    return float(np.log(n / (2 * m) * spacing).mean())


def neuron_scale(values: Float[np.ndarray, "n d"]) -> Float[np.ndarray, " d"]:
    """Standard deviation of the placed neurons in each dimension."""
    return np.nanstd(values.astype(np.float64), axis=0)


def effective_rank(vectors: Float[np.ndarray, "n d"]) -> float:
    """Effective number of directions in which the vectors spread: 1 to d.

    The exponential of the entropy of the normalised singular values of the centred
    vectors (Roy & Vetterli, 2007, EUSIPCO). 0 where all vectors are equal.
    """
    exact = vectors.astype(np.float64)
    centred = exact - exact.mean(axis=0)
    values = np.linalg.svd(centred, compute_uv=False)
    # Equal vectors leave rounding errors, which are no directions.
    values = values[values > 1e-9 * max(float(np.abs(exact).max(initial=0)), 1e-30)]
    if not len(values):
        return 0.0
    share = values / values.sum()
    return float(np.exp(-(share * np.log(share)).sum()))


def distinct_share(image_ids: Int[np.ndarray, "n k"], pool_size: int) -> float:
    """Number of different images the neurons select, as a share of the largest
    possible.

        |∪_n X_n| / min(n k, images)

    with X_n the stimuli of neuron n; dead neurons select none. It falls when neurons
    die, and when they start to select the same images.

    Args:
      image_ids: Stimuli of each neuron, rows of the pool; -1 in unused slots.
      pool_size: Number of images in the pool.
    """
    possible_count = min(image_ids.size, pool_size)
    return len(np.unique(image_ids[image_ids >= 0])) / possible_count


def early_share(
    vectors: Float[np.ndarray, "n d"],
    base: Float[np.ndarray, "m d"],
    base_early: Bool[np.ndarray, " m"],
) -> Float[np.ndarray, " n"]:
    """Whether each neuron's nearest base neuron is in an early site: 1 or 0.

    Args:
      vectors: Finite vectors of live neurons.
      base: Finite vectors of the base's neurons in the same space, as projected.
      base_early: Which of them belong to the first third of its sites.

    Returns:
      One number per neuron; nearest is by cosine after centring both.
    """
    nearest = (directions(vectors) @ directions(base).T).argmax(axis=1)
    return base_early[nearest].astype(float)


def selectivity(peaks: Float[np.ndarray, "i n"]) -> Float[np.ndarray, " n"]:
    """How much a neuron's response depends on the image: its coefficient of variation.

        std_i(r) / mean_i |r|

    over the images; 0 for a neuron that is constant or not finite. It is scale-free,
    and near 0 in a network that responds equally to all images, whether its neurons are
    silent or always on.
    """
    finite = np.isfinite(peaks).all(axis=0)
    rows = np.where(finite, peaks, 0).astype(np.float64)
    size = np.abs(rows).mean(axis=0)
    return np.divide(rows.std(axis=0), size, out=np.zeros_like(size), where=size > 0)


def late_neurons(sites: Sequence[Site]) -> Bool[np.ndarray, " n"]:
    """Which neurons belong to the last third of the sites, rounded up."""
    return early_neurons(sites[::-1])[::-1]


def early_neurons(sites: Sequence[Site]) -> Bool[np.ndarray, " n"]:
    """Which neurons belong to the first third of the sites, rounded up."""
    first = math.ceil(len(sites) * EARLY_SITE_SHARE)
    channels = [site.channels for site in sites]
    return np.repeat(np.arange(len(sites)) < first, channels)

"""Image vectors from the base neurons that respond most to an image.

The policy `responsive` gives every image a vector, also outside the pool, and replaces
Step 2.1 of the paper instead of solving it. Neurons respond on different scales, so a
response is measured by its rank among the same neuron's responses to a sample of
images. Everything per batch is jittable, to be fused into a sweep over images; a batch
costs `b n log q` comparisons and a top-k, and no memory beyond it is needed.
"""

from collections.abc import Iterable, Sequence
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int

from conceptevo_jax.errors import DataError
from conceptevo_jax.types import Embedding, Site

QUANTILE_LEVELS = 1 - np.linspace(1, 0, 129) ** 2
"""Levels 0 to 1, 1/64 apart at the bottom and 1/16,384 at the top, to distinguish
the strongest of many strong responses."""


def response_quantiles(
    peaks: Float[np.ndarray, "i n"],
    levels: Float[np.ndarray, " q"] = QUANTILE_LEVELS,
) -> Float[np.ndarray, "n q"]:
    """Each neuron's quantiles over a sample of images.

    Args:
      peaks: Its peak responses to the sample.
      levels: Ascending levels between 0 and 1.

    Returns:
      The table for `rank_responses`; NaN for a neuron with any non-finite
      response, which has no ranks.
    """
    finite = np.isfinite(peaks).all(axis=0)
    # In float64: between -3e38 and 3e38 float32 has no room for a difference.
    float64_peaks = np.where(finite, peaks, 0).astype(np.float64)
    table = np.quantile(float64_peaks, levels, axis=0).T
    return np.where(finite[:, None], table, np.nan).astype(np.float32)


def rank_responses(
    peaks: Float[Array, "b n"], quantiles: Float[Array, "n q"]
) -> Float[Array, "b n"]:
    """The rank of each response in its neuron's table, from 0 to 1.

    The rank is the position in the table over q + 1, linear between two entries, and in
    the middle of a run of equal ones. Beyond the last entry it continues to grow, by
    x / (x + spread) of the remainder, so that the strongest responses still differ.

    Args:
      peaks: Peak responses.
      quantiles: From `response_quantiles`.

    Returns:
      Ranks, comparable across neurons, since all tables have the same levels.
    """
    # Quarters, which change no rank: differences of the largest floats stay finite.
    values, quantiles = 0.25 * peaks.T, 0.25 * quantiles
    count = quantiles.shape[1]
    below = jax.vmap(partial(jnp.searchsorted, side="left"))(quantiles, values)
    upto = jax.vmap(partial(jnp.searchsorted, side="right"))(quantiles, values)
    fraction = _fractions(values, quantiles, upto)
    middle = (below + upto + 1).astype(jnp.float32) / 2
    position = jnp.where(upto > below, middle, upto.astype(jnp.float32) + fraction)
    return position.T / (count + 1)


def _fractions(
    values: Float[Array, "n b"], quantiles: Float[Array, "n q"], upto: Int[Array, "n b"]
) -> Float[Array, "n b"]:
    """Position of each value between the quantile below it and the next, 0 to 1."""
    count = quantiles.shape[1]
    lower = jnp.take_along_axis(quantiles, jnp.maximum(upto - 1, 0), axis=1)
    upper = jnp.take_along_axis(quantiles, jnp.minimum(upto, count - 1), axis=1)
    spread = quantiles[:, -1:] - quantiles[:, :1]
    gap = jnp.where(upto == count, values - lower + spread, upper - lower)
    fraction = (values - lower) / jnp.where(gap > 0, gap, 1)
    return jnp.where(upto == 0, 0, fraction)


def responsive_vectors(
    peaks: Float[Array, "b n"],
    quantiles: Float[Array, "n q"],
    vectors: Float[Array, "n d"],
    live: Bool[Array, " n"],
    rectified: Bool[Array, " n"],
    count: int,
    temperature: float | None = None,
) -> tuple[Float[Array, "b d"], Float[Array, " b"]]:
    """Mean vector of the `count` neurons that respond to each image most, by rank.

    Ties go to the first neuron. Call it inside a jit, with
    `count` and `temperature` static.

    Args:
      peaks: Peak responses of the base neurons to a batch of images.
      quantiles: From `response_quantiles`.
      vectors: The base neurons' learned vectors.
      live: Which neurons are live; others are not used.
      rectified: Which are at a rectified site, so that only a positive peak counts.
      count: Number of neurons to average, fewer if fewer respond.
      temperature: Temperature of a softmax over their ranks that weights them; None for
        equal weights.

    Returns:
      The images' vectors, NaN if no neuron responds, and coverage 1 or 0 accordingly.
    """
    positive = ~rectified[None] | (peaks > 0)
    responds = live[None] & jnp.isfinite(peaks) & positive
    ranks = jnp.where(responds, rank_responses(peaks, quantiles), -1)
    top_ranks, top_neurons = jax.lax.top_k(ranks, min(count, peaks.shape[1]))
    is_counted = top_ranks >= 0
    top_vectors = jnp.where(is_counted[..., None], vectors[top_neurons], 0)
    weights = is_counted.astype(vectors.dtype)
    if temperature is not None:
        weights *= jnp.exp((top_ranks - top_ranks[:, :1]) / temperature)
    total = weights.sum(axis=1, keepdims=True)
    mean = (weights[..., None] * top_vectors).sum(axis=1) / jnp.where(
        total > 0, total, 1
    )
    mean = jnp.where(total > 0, mean, jnp.nan)
    return mean, (total[:, 0] > 0).astype(vectors.dtype)


_embed = jax.jit(responsive_vectors, static_argnames=("count", "temperature"))


def responsive_images(
    batches: Iterable[Float[Array, "b n"] | Float[np.ndarray, "b n"]],
    *,
    quantiles: Float[np.ndarray, "n q"],
    neurons: Embedding,
    sites: Sequence[Site],
    count: int,
    pool_size: int,
    temperature: float | None = None,
) -> Embedding:
    """Embed all images of the pool in one pass over the base model's responses.

    Args:
      batches: Peak responses of the base neurons, in pool order; rows that pad the
        last batch are dropped.
      quantiles: From `response_quantiles`.
      neurons: The base neurons' learned vectors; those without one are not used.
      sites: The base model's sites.
      count: Number of neurons to average per image.
      pool_size: Images in the pool.
      temperature: See `responsive_vectors`.

    Returns:
      Image vectors, with coverage 0 and NaN if no neuron responds.

    Raises:
      DataError: if there are fewer rows than images.
    """
    rectified = [site.rectified for site in sites for _ in range(site.channels)]
    placed = neurons.placed & np.isfinite(quantiles).all(axis=1)
    host = (quantiles, neurons.vectors, placed, np.array(rectified, bool))
    facts = [jnp.asarray(fact) for fact in host]
    parts = [
        _embed(jnp.asarray(batch), *facts, count=count, temperature=temperature)
        for batch in batches
    ]
    rows = sum(len(vectors) for vectors, _ in parts)
    if rows < pool_size:
        raise DataError(
            f"the base's responses to {rows} images were given, but the pool has "
            f"{pool_size}; sweep the whole pool."
        )
    vectors, coverage = zip(*parts, strict=True)
    return Embedding(
        vectors=np.concatenate(vectors)[:pool_size],
        coverage=np.concatenate(coverage)[:pool_size],
    )

"""Image vectors from the base neurons that respond to an image most.

The policy `responsive`: it gives every image a vector, of the pool or not, and replaces
Step 2.1 of the paper rather than solving it. Neurons respond on different scales, so a
response counts by its rank among the same neuron's responses to a sample of images.
Everything per batch is jittable, to be fused into a sweep over images; a batch costs
`b n log q` comparisons and a top-k, and no memory beyond it is needed.
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
"""Levels 0 to 1, 1/64 apart at the bottom and 1/16,384 at the top, where it matters
which of many strong responses is the strongest."""


def response_quantiles(
    peaks: Float[np.ndarray, "i n"],
    levels: Float[np.ndarray, " q"] = QUANTILE_LEVELS,
) -> Float[np.ndarray, "n q"]:
    """Each neuron's quantiles over a sample of images.

    Args:
      peaks: Its peak responses to the sample.
      levels: Ascending levels between 0 and 1.

    Returns:
      The table that `rank_responses` looks into; NaN for a neuron with any non-finite
      response, which can have no ranks.
    """
    finite = np.isfinite(peaks).all(axis=0)
    # In float64: between -3e38 and 3e38 float32 has no room for a difference.
    exact = np.where(finite, peaks, 0).astype(np.float64)
    table = np.quantile(exact, levels, axis=0).T
    return np.where(finite[:, None], table, np.nan).astype(np.float32)


def rank_responses(
    peaks: Float[Array, "b n"], quantiles: Float[Array, "n q"]
) -> Float[Array, "b n"]:
    """Where each response lies in its neuron's own table, from 0 to 1.

    The position in the table over q + 1, linear between two entries, and halfway
    through a run of equal ones. Beyond the last entry the rank goes on growing, by
    x / (x + spread) of what is left, so that the strongest responses still differ.

    Args:
      peaks: Peak responses.
      quantiles: From `response_quantiles`.

    Returns:
      Ranks; all neurons' tables having the same levels, they compare across neurons.
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
    """How far each value lies from the entry below it towards the next, 0 to 1."""
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

    Equal ranks go to the neuron that comes first. To be called inside a jit, with
    `count` and `temperature` static.

    Args:
      peaks: Peak responses of the base neurons to a batch of images.
      quantiles: From `response_quantiles`.
      vectors: The base neurons' learned vectors.
      live: Which of them count at all.
      rectified: Which stand at a rectified site, so that only a positive peak counts.
      count: How many neurons to average, fewer where fewer respond.
      temperature: Of a softmax over their ranks, by which they are weighted; None for
        equal weights.

    Returns:
      The images' vectors, NaN where no neuron responds, and 1 or 0 accordingly.
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
      neurons: The base neurons' learned vectors; those without one do not count.
      sites: The base model's sites.
      count: Neurons to average per image.
      pool_size: Images in the pool.
      temperature: See `responsive_vectors`.

    Returns:
      Image vectors, with coverage 0 and NaN where no neuron responds.

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

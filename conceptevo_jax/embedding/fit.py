"""Learn the base model's neuron vectors (paper, Sec. 3.2, Step 1.3).

For one base snapshot at a time; other snapshots are projected, not learnt. All repeats
and batches run in one jitted scan on the default device; pairs and negatives are drawn
there. A million pairs of 30 dimensions take about a second on one CPU core, after two
seconds of compilation.
"""

import dataclasses
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Key

from conceptevo_jax.embedding.loss import pair_losses
from conceptevo_jax.embedding.pairs import (
    CoActivations,
    co_activations,
    live_neurons,
    sample_pairs,
)
from conceptevo_jax.errors import DivergenceError, UsageError
from conceptevo_jax.types import Embedding, Stimuli


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class FitReport:
    """How learning went.

    Attributes:
      start_total: Mean loss of a pair (Eq. 1) at the random start.
      start_positive: Mean of its co-activated term there.
      total: Mean loss of a pair in each repeat, while learning.
      positive: Mean of its co-activated term in each repeat.
      pairs: Pairs per repeat.
      batch_size: Pairs per update that were really used.
      isolated: Live neurons that share no stimulus with another one; only their role
        as negatives moves them.
    """

    start_total: float
    start_positive: float
    total: Float[np.ndarray, " e"]
    positive: Float[np.ndarray, " e"]
    pairs: int
    batch_size: int
    isolated: int


class _Plan(NamedTuple):
    """What the compiled loop depends on."""

    neurons: int
    dim: int
    negatives: int
    repeats: int
    batch_size: int
    negatives_learn: bool


def fit_neurons(
    stimuli: Stimuli,
    *,
    dim: int = 30,
    learning_rate: float = 0.05,
    negatives: int = 3,
    repeats: int = 20,
    batch_size: int = 256,
    negatives_learn: bool = True,
    seed: int = 0,
) -> tuple[Embedding, FitReport]:
    """Minimise Eq. 1 by stochastic gradient descent from U(−.5, .5).

    An update adds up the gradients of a batch's pairs, so a larger batch makes the
    same moves with slightly older vectors. It is never larger than the number of live
    neurons, beyond which one update would move a vector too far.

    Args:
      stimuli: The base snapshot's stimuli.
      dim: Dimensions d.
      learning_rate: Step per pair.
      negatives: R, random neurons drawn for either neuron of a pair, uniformly from
        the live ones, with replacement, partners not excluded.
      repeats: E, how often pairs are sampled anew.
      batch_size: Pairs per update, at most.
      negatives_learn: See `pair_losses`.
      seed: Decides start, pairs and negatives.

    Returns:
      The vectors, NaN with coverage 0 for dead neurons, and the report.

    Raises:
      UsageError: if a setting is out of range, there is no pair, or the loss stops
        being finite, naming the repeat.
    """
    _require_positive(dim=dim, repeats=repeats, batch_size=batch_size)
    _require_positive(learning_rate=learning_rate)
    if negatives < 0:
        raise UsageError(f"negatives={negatives} is out of range: 0 or more.")
    lists = co_activations(stimuli)
    live = np.flatnonzero(live_neurons(stimuli))
    batch = min(batch_size, len(live), len(lists.starts))
    plan = _Plan(len(live), dim, negatives, repeats, batch, negatives_learn)
    # Neurons are renumbered, so that a negative is one draw from 0..live-1.
    rows = np.searchsorted(live, lists.neurons).astype(np.int32)
    lists = CoActivations(*map(jnp.asarray, lists._replace(neurons=rows)))
    key, rate = jax.random.key(seed), jnp.float32(learning_rate)
    vectors, losses = _learn(lists, key, rate, plan=plan)
    total, positive = np.asarray(losses).T
    _require_finite(total, learning_rate)
    report = FitReport(
        start_total=float(total[0]),
        start_positive=float(positive[0]),
        total=total[1:],
        positive=positive[1:],
        pairs=len(lists.starts),
        batch_size=batch,
        isolated=len(live) - len(np.unique(rows)),
    )
    return _all_neurons(np.asarray(vectors), live, len(stimuli.count)), report


def _require_positive(**settings: int | float) -> None:
    for name, value in settings.items():
        if not value > 0:
            raise UsageError(f"{name}={value} is out of range: it must be above 0.")


def _require_finite(total: np.ndarray, learning_rate: float) -> None:
    broken = np.flatnonzero(~np.isfinite(total))
    if broken.size:
        raise DivergenceError(
            f"the neuron embedding's loss is not finite from repeat {broken[0]} of "
            f"{len(total) - 1} on, with learning_rate={learning_rate}; lower it."
        )


def _all_neurons(vectors: np.ndarray, live: np.ndarray, count: int) -> Embedding:
    placed = np.full((count, vectors.shape[1]), np.nan, np.float32)
    placed[live] = vectors
    coverage = np.zeros(count, np.float32)
    coverage[live] = 1
    return Embedding(vectors=placed, coverage=coverage)


@partial(jax.jit, static_argnames="plan")
def _learn(
    lists: CoActivations,
    key: Key[Array, ""],
    learning_rate: Float[Array, ""],
    *,
    plan: _Plan,
) -> tuple[Float[Array, "n d"], Float[Array, "e 2"]]:
    start_key, pair_key = jax.random.split(key)
    shape = (plan.neurons, plan.dim)
    start = jax.random.uniform(start_key, shape, minval=-0.5, maxval=0.5)
    # The first pass has rate 0: it only measures the random start.
    rates = jnp.full(plan.repeats + 1, learning_rate).at[0].set(0.0)
    keys = jax.random.split(pair_key, plan.repeats + 1)

    def repeat(vectors: Array, turn: tuple[Array, Array]) -> tuple[Array, Array]:
        turn_key, rate = turn
        batches = _batches(lists, turn_key, plan)
        step = partial(_step, rate=rate, plan=plan)
        vectors, losses = jax.lax.scan(step, vectors, batches)
        return vectors, losses.sum(axis=0) / len(lists.starts)

    return jax.lax.scan(repeat, start, (keys, rates))


def _batches(
    lists: CoActivations, key: Key[Array, ""], plan: _Plan
) -> tuple[Int[Array, "t b r"], Float[Array, "t b"]]:
    """One repeat's pairs, shuffled, each row with its negatives, and their weights."""
    pair_key, other_key = jax.random.split(key)
    pairs = sample_pairs(lists, pair_key)
    # One draw of bits for both uses, since every draw adds .3 s of compilation; the
    # remainder favours no neuron by more than n / 2³².
    bits = jax.random.bits(other_key, (len(pairs), 1 + 2 * plan.negatives))
    order, others = bits[:, 0], bits[:, 1:] % jnp.uint32(plan.neurons)
    _, first, second = jax.lax.sort((order, pairs[:, 0], pairs[:, 1]), num_keys=1)
    columns = [first[:, None], second[:, None], others.astype(jnp.int32)]
    rows = jnp.concatenate(columns, axis=1)
    missing = -len(pairs) % plan.batch_size
    rows = jnp.pad(rows, ((0, missing), (0, 0)))
    weights = jnp.pad(jnp.ones(len(pairs)), (0, missing))
    steps = len(rows) // plan.batch_size
    return rows.reshape(steps, plan.batch_size, -1), weights.reshape(steps, -1)


def _step(
    vectors: Float[Array, "n d"],
    batch: tuple[Int[Array, "b r"], Float[Array, " b"]],
    *,
    rate: Float[Array, ""],
    plan: _Plan,
) -> tuple[Float[Array, "n d"], Float[Array, " 2"]]:
    """Move the vectors of one batch's rows down their gradient."""
    rows, weights = batch

    def summed(gathered: Float[Array, "b r d"]) -> tuple[Array, Array]:
        split = 2 + plan.negatives
        total, positive = pair_losses(
            gathered[:, 0],
            gathered[:, 1],
            gathered[:, 2:split],
            gathered[:, split:],
            negatives_learn=plan.negatives_learn,
        )
        return total @ weights, positive @ weights

    # With respect to the gathered rows: a dense [n d] gradient would cost n a batch.
    slope, sums = jax.grad(lambda g: (summed(g)[0], summed(g)), has_aux=True)(
        vectors[rows]
    )
    return vectors.at[rows].add(-rate * slope), jnp.stack(sums)

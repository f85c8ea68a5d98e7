"""Learn the base model's neuron vectors (paper, Sec. 3.2, Step 1.3).

For one base snapshot at a time; other snapshots are projected, not learnt. All repeats
and batches run in one jitted scan on the default device; pairs and negatives are drawn
there. Three million pairs of 30 dimensions take a second on one CPU core, after
two seconds of compilation; docs/performance.md says what that is owed to.
"""

import dataclasses
from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, Key

from conceptevo_jax.embedding.pairs import (
    CoActivations,
    co_activations,
    live_neurons,
    sample_paths,
)
from conceptevo_jax.errors import DivergenceError, UsageError
from conceptevo_jax.streams import stream
from conceptevo_jax.types import Embedding, Stimuli

SHARED_PER_NEGATIVE = 12
"""Random neurons that a batch draws for each of R, about; `_shared_negatives` rounds
their number. With twice as many, other networks align no better; with a third, planted
groups are not always recovered."""

REGISTER = 16
"""Numbers in a processor's widest register."""


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class FitReport:
    """How learning went.

    Attributes:
      start_total: Mean loss of a pair (Eq. 1) at the random start.
      start_positive: Mean of its co-activated term there.
      total: Mean loss of a pair in each repeat, while learning.
      positive: Mean of its co-activated term in each repeat.
      pairs: Pairs per repeat.
      batch_size: Neurons of lists per update that were really used.
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

    An update moves a batch of neurons, consecutive ones of the shuffled lists, by the
    gradients of all pairs that they are in, so a larger batch makes the same moves with
    slightly older vectors. It is never larger than the number of live neurons, beyond
    which one update would move a vector too far. A batch's pairs are held against the
    same shared negatives, about `SHARED_PER_NEGATIVE` times R of them, each with a
    weight that keeps the expected gradient that of Eq. 1; a matrix product computes
    it.

    Args:
      stimuli: The base snapshot's stimuli.
      dim: Dimensions d.
      learning_rate: Step per pair.
      negatives: R, for how many random neurons those count that either neuron of a
        pair is held against; they are drawn uniformly from the live ones, with
        replacement, partners not excluded.
      repeats: E, how often pairs are sampled anew.
      batch_size: Neurons of lists per update, at most; pairs are slightly fewer.
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
    batch = min(batch_size, len(live), len(lists.neurons))
    plan = _Plan(len(live), dim, negatives, repeats, batch, negatives_learn)
    # Neurons are renumbered, so that a negative is one draw from 0..live-1.
    rows = np.searchsorted(live, lists.neurons).astype(np.int32)
    lists = CoActivations(*map(jnp.asarray, lists._replace(neurons=rows)))
    order = jnp.asarray(_list_order(np.asarray(lists.images), seed))
    # Half of the sampling is random bits, and `rbg` makes them in a third of the time.
    key, rate = jax.random.key(seed, impl="rbg"), jnp.float32(learning_rate)
    vectors, losses = _learn(lists, order, key, rate, plan=plan)
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


def _list_order(images: np.ndarray, seed: int) -> np.ndarray:
    """All entries, list by list in a random order, which stays that of all repeats."""
    _, lists = np.unique(images, return_inverse=True)
    draws = stream(seed, "order of pairs").permutation(lists.max() + 1)
    return np.argsort(draws[lists], kind="stable").astype(np.int32)


def _all_neurons(vectors: np.ndarray, live: np.ndarray, count: int) -> Embedding:
    placed = np.full((count, vectors.shape[1]), np.nan, np.float32)
    placed[live] = vectors
    coverage = np.zeros(count, np.float32)
    coverage[live] = 1
    return Embedding(vectors=placed, coverage=coverage)


@partial(jax.jit, static_argnames="plan")
def _learn(
    lists: CoActivations,
    order: Int[Array, " m"],
    key: Key[Array, ""],
    learning_rate: Float[Array, ""],
    *,
    plan: _Plan,
) -> tuple[Float[Array, "n d"], Float[Array, "e 2"]]:
    start_key, pair_key = jax.random.split(key)
    shape = (plan.neurons, plan.dim)
    uniform_start = jax.random.uniform(start_key, shape, minval=-0.5, maxval=0.5)
    # Zeros stay zeros, and whole registers are moved faster.
    start = jnp.pad(uniform_start, ((0, 0), (0, -plan.dim % REGISTER)))
    # The first pass has rate 0: it only measures the random start.
    rates = jnp.full(plan.repeats + 1, learning_rate).at[0].set(0.0)
    keys = jax.random.split(pair_key, plan.repeats + 1)
    images = lists.images[order]
    follows = jnp.pad(images[:-1] == images[1:], (0, 1)).astype(jnp.float32)
    linked = _windows(follows, plan.batch_size, 1)

    def repeat(vectors: Array, turn: tuple[Array, Array]) -> tuple[Array, Array]:
        turn_key, rate = turn
        batches = _batches(lists, order, turn_key, plan), linked
        step = partial(_step, rate=rate, plan=plan)
        vectors, products = jax.lax.scan(step, vectors, batches)
        return vectors, _losses(*products, linked) / len(lists.starts)

    vectors, losses = jax.lax.scan(repeat, start, (keys, rates))
    return vectors[:, : plan.dim], losses


def _shared_negatives(negatives: int) -> int:
    """Random neurons of a batch: whole registers, which a product is fastest with."""
    return (
        max(round(SHARED_PER_NEGATIVE * negatives / REGISTER), min(negatives, 1))
        * REGISTER
    )


def _windows(values: Array, size: int, further: int) -> Array:
    """Windows over values with a 0 before them, `[t size + further]`; 0 in the end."""
    steps = -(-len(values) // size)
    padded = jnp.pad(values, (1, steps * size + further - len(values)))
    firsts = size * jnp.arange(steps)
    return padded[firsts[:, None] + jnp.arange(size + further)[None]]


def _batches(
    lists: CoActivations, order: Int[Array, " m"], key: Key[Array, ""], plan: _Plan
) -> Int[Array, "t _"]:
    """One repeat's batches: each with the entries around it, and their negatives.

    In the order: the entry before, the batch, its random neurons, the entry after. So
    whoever is moved stands in a row.
    """
    path_key, negative_key = jax.random.split(key)
    rows = _windows(sample_paths(lists, path_key)[order], plan.batch_size, 2)
    # The remainder favours no neuron by more than n / 2³².
    bits = jax.random.bits(negative_key, (len(rows), _shared_negatives(plan.negatives)))
    negatives = (bits % jnp.uint32(plan.neurons)).astype(jnp.int32)
    return jnp.concatenate([rows[:, :-1], negatives, rows[:, -1:]], axis=1)


def _step(
    vectors: Float[Array, "n d"],
    batch: tuple[Int[Array, " _"], Float[Array, " _"]],
    *,
    rate: Float[Array, ""],
    plan: _Plan,
) -> tuple[Float[Array, "n d"], tuple[Float[Array, " _"], Float[Array, "_ r"]]]:
    """Move one batch's neurons down the gradient of all pairs that they are in.

    A batch is neurons in path order with the two around them, who do not move, and its
    random neurons, as `_batches` has them; and whether each and its successor are a
    pair. In closed form, since autodiff's takes twice as long on a CPU. The products
    with successors and with R of the random neurons are returned, for the loss.
    """
    rows, linked = batch
    gathered, size = vectors[rows], len(linked) - 1
    centers, negatives = gathered[1 : size + 1], gathered[size + 1 : -1]
    path = jnp.concatenate([gathered[: size + 1], gathered[-1:]])
    positive = (path[:-1] * path[1:]).sum(axis=1)
    negative = centers @ negatives.T
    # Every center has two contexts, its neighbours on the path; where a list ends,
    # `linked` is 0. The derivatives of softplus(-x) and softplus(x) weigh them.
    pull = linked * jax.nn.sigmoid(-positive)
    share = plan.negatives / max(len(negatives), 1)
    push = jax.nn.sigmoid(negative) * (share * _pair_counts(linked))[:, None]
    following, preceding = pull[1:, None] * path[2:], pull[:-1, None] * path[:size]
    center_gradient = push @ negatives - following - preceding
    if plan.negatives_learn:
        negative_gradient = push.T @ centers
    else:
        negative_gradient = jnp.zeros_like(negatives)
    updates = -rate * jnp.concatenate([center_gradient, negative_gradient])
    vectors = vectors.at[rows[1:-1]].add(updates)
    return vectors, (positive[1:], negative[:, : plan.negatives])


def _pair_counts(linked: Float[Array, "*t _"]) -> Float[Array, "*t _"]:
    """In how many pairs a neuron is: each has negatives for it."""
    return linked[..., :-1] + linked[..., 1:]


def _losses(
    positive_products: Float[Array, "t b"],
    negative_products: Float[Array, "t b r"],
    linked: Float[Array, "t _"],
) -> Float[Array, " 2"]:
    """Eq. 1 over a repeat, and its co-activated term.

    R of the random neurons suffice for it, in a fraction of the time; all
    batches at once, since a step's own few numbers take a fifth of its time.
    """
    positive = (linked[:, 1:] * jax.nn.softplus(-positive_products)).sum()
    negative_terms = jax.nn.softplus(negative_products).sum(axis=2)
    negative = (_pair_counts(linked) * negative_terms).sum()
    return jnp.stack([positive + negative, positive])

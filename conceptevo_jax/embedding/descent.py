"""Stochastic gradient descent on Eq. 1, all repeats in one compiled scan."""

from functools import partial
from typing import NamedTuple

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float, Int, Key

from conceptevo_jax.embedding.pairs import CoActivations, sample_paths

SHARED_PER_NEGATIVE = 12
"""Shared negatives per batch, for each of R; `_shared_negatives` rounds
their number. With twice as many, other networks align no better; with a third, planted
groups are not always recovered."""


REGISTER = 16
"""Numbers in a processor's widest register."""


class LoopSizes(NamedTuple):
    """Sizes that the compiled loop depends on.

    Attributes:
      neurons: Number of live neurons.
      dim: Dimensions d.
      negatives: R.
      repeats: E.
      batch_size: Neurons of lists per update.
      negatives_learn: See `pair_losses`.
    """

    neurons: int
    dim: int
    negatives: int
    repeats: int
    batch_size: int
    negatives_learn: bool


@partial(jax.jit, static_argnames="plan")
def learn_vectors(
    lists: CoActivations,
    order: Int[Array, " m"],
    key: Key[Array, ""],
    learning_rate: Float[Array, ""],
    *,
    plan: LoopSizes,
) -> tuple[Float[Array, "n d"], Float[Array, "e 2"]]:
    """Minimise Eq. 1 from a random start.

    Args:
      lists: Neurons of each image, renumbered over the live ones.
      order: All entries of the lists, list by list in a random order.
      key: Key for start, pairs and negatives.
      learning_rate: Step per pair.
      plan: Sizes for which the program is compiled.

    Returns:
      The vectors; and, for the start and each repeat, the mean loss per pair and
      its positive term.
    """
    start_key, pair_key = jax.random.split(key)
    shape = (plan.neurons, plan.dim)
    uniform_start = jax.random.uniform(start_key, shape, minval=-0.5, maxval=0.5)
    # Zeros stay zeros, and whole registers are moved faster.
    start = jnp.pad(uniform_start, ((0, 0), (0, -plan.dim % REGISTER)))
    # The first pass has rate 0: it only measures the random start.
    rates = jnp.full(plan.repeats + 1, learning_rate).at[0].set(0.0)
    keys = jax.random.split(pair_key, plan.repeats + 1)
    images = lists.images[order]
    is_followed = jnp.pad(images[:-1] == images[1:], (0, 1)).astype(jnp.float32)
    link_windows = _windows(is_followed, plan.batch_size, 1)

    def repeat(vectors: Array, turn: tuple[Array, Array]) -> tuple[Array, Array]:
        turn_key, rate = turn
        batches = _batches(lists, order, turn_key, plan), link_windows
        step = partial(_step, rate=rate, plan=plan)
        vectors, products = jax.lax.scan(step, vectors, batches)
        return vectors, _losses(*products, link_windows) / len(lists.starts)

    vectors, losses = jax.lax.scan(repeat, start, (keys, rates))
    return vectors[:, : plan.dim], losses


def _shared_negatives(negatives: int) -> int:
    """Shared negatives of a batch: whole registers, with which products are fastest."""
    register_count = round(SHARED_PER_NEGATIVE * negatives / REGISTER)
    return max(register_count, min(negatives, 1)) * REGISTER


def _windows(values: Array, size: int, extra_length: int) -> Array:
    """Windows over values with a 0 before them, `[t size + further]`; 0 in the end."""
    steps = -(-len(values) // size)
    padded = jnp.pad(values, (1, steps * size + extra_length - len(values)))
    firsts = size * jnp.arange(steps)
    return padded[firsts[:, None] + jnp.arange(size + extra_length)[None]]


def _batches(
    lists: CoActivations, order: Int[Array, " m"], key: Key[Array, ""], plan: LoopSizes
) -> Int[Array, "t _"]:
    """One repeat's batches: each with the entries around it, and their negatives.

    The order is: the entry before, the batch, its shared negatives, the entry after. So
    all updated neurons are adjacent.
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
    plan: LoopSizes,
) -> tuple[Float[Array, "n d"], tuple[Float[Array, " _"], Float[Array, "_ r"]]]:
    """Move one batch's neurons down the gradient of all their pairs.

    A batch consists of neurons in path order with the two around them, which are not
    updated, and its shared negatives, as in `_batches`; and whether each neuron and its
    successor are a pair. The gradient is in closed form, since autodiff takes twice as
    long on a CPU. The products with successors and with R of the negatives are
    returned, for the loss.
    """
    rows, linked = batch
    gathered, size = vectors[rows], len(linked) - 1
    centers, negatives = gathered[1 : size + 1], gathered[size + 1 : -1]
    path = jnp.concatenate([gathered[: size + 1], gathered[-1:]])
    positive_products = (path[:-1] * path[1:]).sum(axis=1)
    negative = centers @ negatives.T
    # Every center has two contexts, its neighbours on the path; where a list ends,
    # `linked` is 0. The derivatives of softplus(-x) and softplus(x) weigh them.
    pull = linked * jax.nn.sigmoid(-positive_products)
    share = plan.negatives / max(len(negatives), 1)
    push = jax.nn.sigmoid(negative) * (share * _pair_counts(linked))[:, None]
    following_pull, preceding_pull = (
        pull[1:, None] * path[2:],
        pull[:-1, None] * path[:size],
    )
    center_gradient = push @ negatives - following_pull - preceding_pull
    if plan.negatives_learn:
        negative_gradient = push.T @ centers
    else:
        negative_gradient = jnp.zeros_like(negatives)
    updates = -rate * jnp.concatenate([center_gradient, negative_gradient])
    vectors = vectors.at[rows[1:-1]].add(updates)
    return vectors, (positive_products[1:], negative[:, : plan.negatives])


def _pair_counts(link_windows: Float[Array, "*t _"]) -> Float[Array, "*t _"]:
    """Number of pairs of each neuron; each pair has negatives for it."""
    return link_windows[..., :-1] + link_windows[..., 1:]


def _losses(
    positive_products: Float[Array, "t b"],
    negative_products: Float[Array, "t b r"],
    linked: Float[Array, "t _"],
) -> Float[Array, " 2"]:
    """Eq. 1 over a repeat, and its co-activated term.

    R of the shared negatives suffice to estimate it, in a fraction of the time. It is
    computed
    for all batches together: within a step it would take a fifth of the step's time.
    """
    positive = (linked[:, 1:] * jax.nn.softplus(-positive_products)).sum()
    negative_terms = jax.nn.softplus(negative_products).sum(axis=2)
    negative = (_pair_counts(linked) * negative_terms).sum()
    return jnp.stack([positive + negative, positive])

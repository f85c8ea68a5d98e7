"""One pure training step and one pure evaluation step.

Data parallelism needs no second version: the batch is sharded over a mesh of all
local devices and the state is replicated, so `jit` inserts the sums.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Bool, Float, Int, UInt8

from conceptevo_jax.models import Model

_NEVER = 2**31 - 1


class State(NamedTuple):
    """Everything a run needs to go on exactly.

    `variables` are the Flax collections, `optimizer` optax's state, `step` the
    number of steps taken, `seed` the key data of the dropout generator.
    """

    variables: Any
    optimizer: Any
    step: Int[Array, ""]
    seed: Any


class Tally(NamedTuple):
    """Sums over images since the epoch began; `nonfinite` is the first bad step."""

    images: Int[Array, ""]
    loss: Float[Array, ""]
    top1: Int[Array, ""]
    top5: Int[Array, ""]
    nonfinite: Int[Array, ""]

    @classmethod
    def zero(cls) -> "Tally":
        """Nothing counted yet."""
        zero = jnp.int32(0)
        return cls(zero, jnp.float32(0), zero, zero, jnp.int32(_NEVER))


def first_nonfinite(tally: Tally) -> int | None:
    """The first step whose loss was not finite, if any was."""
    step = int(tally.nonfinite)
    return None if step == _NEVER else step


def _count(
    tally: Tally,
    losses: Float[Array, " b"],
    logits: Float[Array, "b m"],
    labels: Int[Array, " b"],
    valid: Bool[Array, " b"],
    step: Int[Array, ""],
) -> Tally:
    chosen = jnp.take_along_axis(logits, labels[:, None], axis=1)
    better = jnp.sum(logits > chosen, axis=1)
    finite = jnp.isfinite(logits).all(axis=1)
    first = (jnp.argmax(logits, axis=1) == labels) & finite & valid
    five = (better < 5) & finite & valid
    loss = jnp.sum(jnp.where(valid, losses, jnp.float32(0)))
    bad = jnp.where(jnp.isfinite(loss), jnp.int32(_NEVER), step)
    return Tally(
        tally.images + jnp.sum(valid, dtype=jnp.int32),
        tally.loss + loss,
        tally.top1 + jnp.sum(first, dtype=jnp.int32),
        tally.top5 + jnp.sum(five, dtype=jnp.int32),
        jnp.minimum(tally.nonfinite, bad),
    )


def make_train_step(
    model: Model, optimizer: optax.GradientTransformation
) -> Callable[..., tuple[State, Tally]]:
    """Build `step(state, tally, pixels, labels, rate) -> (state, tally)`, compiled.

    State and tally are donated, except on CPU, where a snapshot being written may
    share their memory. `rate` is a float32 scalar, so that one compiled step serves
    any schedule.
    """

    def loss_of(
        params: Any, state: State, pixels: UInt8[Array, "b h w 3"], labels: Array
    ) -> tuple[Array, tuple]:
        key = jax.random.fold_in(jax.random.wrap_key_data(state.seed), state.step)
        rest = {k: v for k, v in state.variables.items() if k != "params"}
        logits, changed = model.module.apply(
            {"params": params, **rest},
            model.normalise(pixels),
            train=True,
            rngs={"dropout": key},
            mutable=list(rest),
        )
        losses = optax.softmax_cross_entropy_with_integer_labels(logits, labels)
        return jnp.mean(losses), (losses, logits, changed)

    def train_step(
        state: State,
        tally: Tally,
        pixels: UInt8[Array, "b h w 3"],
        labels: Int[Array, " b"],
        rate: Float[Array, ""],
    ) -> tuple[State, Tally]:
        params = state.variables["params"]
        grads, (losses, logits, changed) = jax.grad(loss_of, has_aux=True)(
            params, state, pixels, labels
        )
        # Adam's bias correction raises a float to an integer: strict modes refuse it.
        with jax.numpy_dtype_promotion("standard"):
            updates, moved = optimizer.update(grads, state.optimizer, params)
        params = jax.tree.map(lambda p, u: p - rate * u, params, updates)
        valid = jnp.ones(labels.shape, bool)
        tally = _count(tally, losses, logits, labels, valid, state.step)
        variables = {**changed, "params": params}
        return State(variables, moved, state.step + 1, state.seed), tally

    donated = () if jax.default_backend() == "cpu" else (0, 1)
    return jax.jit(train_step, donate_argnums=donated)


def make_eval_step(model: Model) -> Callable[..., Tally]:
    """Build `step(variables, tally, pixels, labels, valid) -> tally`, compiled.

    Logits that are not finite count as wrong.
    """

    def eval_step(
        variables: Any,
        tally: Tally,
        pixels: UInt8[Array, "b h w 3"],
        labels: Int[Array, " b"],
        valid: Bool[Array, " b"],
    ) -> Tally:
        logits = model.logits(variables, pixels)
        losses = optax.softmax_cross_entropy_with_integer_labels(logits, labels)
        return _count(tally, losses, logits, labels, valid, jnp.int32(0))

    return jax.jit(eval_step)

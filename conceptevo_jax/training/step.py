"""One pure training step and one pure evaluation step.

Data parallelism needs no second version: the batch is sharded over all devices of all
processes and the state is replicated, so `jit` inserts the sums.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import optax
from jaxtyping import Array, Bool, Float, Int, Key, UInt8

from conceptevo_jax.models import Model, Variables
from conceptevo_jax.models.normalisation import promote_to_float32
from conceptevo_jax.training.augment import augment
from conceptevo_jax.training.regularisation import PLAIN_REGULARISATION, Regularisation

_NO_STEP = 2**31 - 1


class State(NamedTuple):
    """Everything a run needs to resume exactly.

    `variables` are the Flax collections, `optimizer` optax's state, `step` the
    number of steps taken, `seed` the key data of the dropout generator, `average` the
    moving average of the variables, or None if none is kept.
    """

    variables: Any
    optimizer: Any
    step: Int[Array, ""]
    seed: Any
    average: Any = None

    @property
    def snapshot_variables(self) -> Any:
        """The variables that snapshots hold: the average if there is one."""
        return self.variables if self.average is None else self.average


class Tally(NamedTuple):
    """Sums over images since the epoch began; `nonfinite` is the first bad step."""

    images: Int[Array, ""]
    loss: Float[Array, ""]
    top1: Int[Array, ""]
    top5: Int[Array, ""]
    nonfinite: Int[Array, ""]

    @classmethod
    def zero(cls) -> "Tally":
        """Nothing counted yet, in arrays of their own, since steps donate them."""
        return cls(
            images=jnp.int32(0),
            loss=jnp.float32(0),
            top1=jnp.int32(0),
            top5=jnp.int32(0),
            nonfinite=jnp.int32(_NO_STEP),
        )


def first_nonfinite(tally: Tally) -> int | None:
    """The first step whose loss was not finite, if any was."""
    step = int(tally.nonfinite)
    return None if step == _NO_STEP else step


def top1_top5_correct(
    logits: Float[Array, "*several b m"], labels: Int[Array, " b"]
) -> tuple[Bool[Array, "*several b"], Bool[Array, "*several b"]]:
    """Top-1 and top-5 correctness of each image.

    Logits that are not finite count as wrong.

    Args:
      logits: Logits of each image, over m classes.
      labels: The images' classes.
    """
    labels = jnp.broadcast_to(labels, logits.shape[:-1])
    label_logits = jnp.take_along_axis(logits, labels[..., None], axis=-1)
    better_count = jnp.sum(logits > label_logits, axis=-1)
    is_finite = jnp.isfinite(logits).all(axis=-1)
    return (jnp.argmax(logits, axis=-1) == labels) & is_finite, (
        better_count < 5
    ) & is_finite


def _add_to_tally(
    tally: Tally,
    losses: Float[Array, " b"],
    logits: Float[Array, "b m"],
    labels: Int[Array, " b"],
    valid: Bool[Array, " b"],
    step: Int[Array, ""],
) -> Tally:
    is_top1, is_top5 = top1_top5_correct(logits, labels)
    loss = jnp.sum(jnp.where(valid, losses, jnp.float32(0)))
    bad_step = jnp.where(jnp.isfinite(loss), jnp.int32(_NO_STEP), step)
    return Tally(
        tally.images + jnp.sum(valid, dtype=jnp.int32),
        tally.loss + loss,
        tally.top1 + jnp.sum(is_top1 & valid, dtype=jnp.int32),
        tally.top5 + jnp.sum(is_top5 & valid, dtype=jnp.int32),
        jnp.minimum(tally.nonfinite, bad_step),
    )


def _make_loss(
    model: Model, settings: Regularisation
) -> Callable[..., tuple[Array, tuple[Array, Array, Variables]]]:
    """Build `loss(params, state, pixels, labels) -> (loss, rest)`, for a whole batch.

    `rest` holds each image's loss, the main head's logits, and
    the collections that the forward pass changed, such as batch statistics.
    """
    heads = ["auxiliary"] if settings.auxiliary_weight else []

    def training_loss(
        params: Any, state: State, pixels: UInt8[Array, "b h w 3"], labels: Array
    ) -> tuple[Array, tuple[Array, Array, Variables]]:
        key = jax.random.fold_in(jax.random.wrap_key_data(state.seed), state.step)
        pixels = augment(
            pixels, key, random_crop=settings.random_crop, flip=settings.flip
        )
        variables = {**state.variables, "params": params}
        logits, changed_collections = _forward(model, variables, pixels, key, heads)
        auxiliary_logits = changed_collections.get("auxiliary", {})
        total_loss, losses = _total_loss(logits, auxiliary_logits, labels, settings)
        collections = {k: v for k, v in changed_collections.items() if k != "auxiliary"}
        return total_loss, (losses, logits, collections)

    return training_loss


def _forward(
    model: Model,
    variables: Any,
    pixels: UInt8[Array, "b h w 3"],
    key: Key[Array, ""],
    heads: list[str],
) -> tuple[Float[Array, "b m"], dict[str, Any]]:
    """The main head's logits in training mode, and the collections that changed."""
    state_collections = [name for name in variables if name != "params"]
    logits, changed = model.module.apply(
        variables,
        model.normalise(pixels),
        train=True,
        rngs={"dropout": key},
        mutable=[*state_collections, *heads],
    )
    return promote_to_float32(logits), dict(changed)


def _total_loss(
    logits: Float[Array, "b m"],
    auxiliary: Any,
    labels: Int[Array, " b"],
    settings: Regularisation,
) -> tuple[Float[Array, ""], Float[Array, " b"]]:
    """The loss to minimise, and each image's loss at the main head."""
    losses = _cross_entropy(logits, labels, settings.label_smoothing)
    total = jnp.mean(losses)
    for sown in jax.tree.leaves(auxiliary):
        extra = _cross_entropy(
            promote_to_float32(sown), labels, settings.label_smoothing
        )
        total += settings.auxiliary_weight * jnp.mean(extra)
    return total, losses


def make_train_step(
    model: Model,
    optimizer: optax.GradientTransformation,
    settings: Regularisation = PLAIN_REGULARISATION,
) -> Callable[..., tuple[State, Tally]]:
    """Build `step(state, tally, pixels, labels, rate) -> (state, tally)`, compiled.

    State and tally are donated, except on CPU, where a snapshot being written may
    share their memory. `rate` is a float32 scalar, so that one compiled step serves
    any schedule. The tally's loss is that of the main head.

    Args:
      model: The model to train.
      optimizer: Gives the direction of descent, see `direction`.
      settings: Regularisation of the step.
    """
    training_loss = _make_loss(model, settings)

    def train_step(
        state: State,
        tally: Tally,
        pixels: UInt8[Array, "b h w 3"],
        labels: Int[Array, " b"],
        rate: Float[Array, ""],
    ) -> tuple[State, Tally]:
        params = state.variables["params"]
        grads, (losses, logits, changed) = jax.grad(training_loss, has_aux=True)(
            params, state, pixels, labels
        )
        # Adam's bias correction raises a float to an integer: strict modes refuse it.
        with jax.numpy_dtype_promotion("standard"):
            updates, optimizer_state = optimizer.update(grads, state.optimizer, params)
        params = jax.tree.map(lambda p, u: p - rate * u, params, updates)
        valid = jnp.ones(labels.shape, bool)
        tally = _add_to_tally(tally, losses, logits, labels, valid, state.step)
        variables = {**changed, "params": params}
        average = _average_parameters(state.average, variables, settings.ema)
        return State(
            variables, optimizer_state, state.step + 1, state.seed, average
        ), tally

    donated = () if jax.default_backend() == "cpu" else (0, 1)
    return jax.jit(train_step, donate_argnums=donated)


def _cross_entropy(
    logits: Float[Array, "b m"], labels: Int[Array, " b"], smoothing: float
) -> Float[Array, " b"]:
    if not smoothing:
        losses: Array = optax.softmax_cross_entropy_with_integer_labels(logits, labels)
        return losses
    exact = jax.nn.one_hot(labels, logits.shape[-1], dtype=logits.dtype)
    smoothed = optax.smooth_labels(exact, smoothing)
    losses = optax.softmax_cross_entropy(logits, smoothed)
    return losses


def _average_parameters(average: Any, variables: Any, decay: float) -> Any:
    if average is None:
        return None
    return jax.tree.map(lambda a, v: a + (1 - decay) * (v - a), average, variables)


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
        return _add_to_tally(tally, losses, logits, labels, valid, jnp.int32(0))

    return jax.jit(eval_step)

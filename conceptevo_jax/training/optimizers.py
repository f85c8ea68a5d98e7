"""Optimisers and learning-rate schedules, by name.

An optimiser here returns a *direction*; the step multiplies it by the learning rate,
which the loop passes in. So runs that differ only in their schedule share one
compiled step, and the learning rate of every epoch is a plain number in the table.
"""

import dataclasses
import math

import optax

from conceptevo_jax.errors import UsageError, unknown_name


@dataclasses.dataclass(frozen=True, kw_only=True)
class Optimizer:
    """How weights are updated.

    Attributes:
      name: `sgd` or `adamw`.
      learning_rate: Peak learning rate.
      schedule: `constant` or `cosine` (to zero at the last epoch).
      warmup_epochs: Linear warm-up over this many epochs.
      warmup_start: Learning rate at the start of the warm-up.
      momentum: Momentum of `sgd`.
      weight_decay: Weight decay; for `adamw` decoupled (Loshchilov & Hutter, 2017),
        for `sgd` added to the gradient before the momentum, as in PyTorch.

    Example:
      >>> ce.Optimizer(name="adamw", learning_rate=0.001, schedule="cosine").momentum
      0.9
    """

    name: str = "sgd"
    learning_rate: float = 0.01
    schedule: str = "constant"
    warmup_epochs: float = 0.0
    warmup_start: float = 0.0
    momentum: float = 0.9
    weight_decay: float = 0.0


OPTIMIZERS = ("sgd", "adamw")
SCHEDULES = ("constant", "cosine")


def direction(settings: Optimizer) -> optax.GradientTransformation:
    """The descent direction, to be multiplied by minus the learning rate.

    Raises:
      UsageError: for an unknown optimiser or schedule, or numbers out of range.
    """
    if settings.schedule not in SCHEDULES:
        raise unknown_name("schedule", settings.schedule, SCHEDULES)
    if not 0 < settings.learning_rate < math.inf:
        raise UsageError(f"learning_rate must be > 0, not {settings.learning_rate}.")
    for name in ("warmup_epochs", "warmup_start", "momentum", "weight_decay"):
        if not 0 <= getattr(settings, name) < math.inf:
            raise UsageError(f"{name} must be >= 0, not {getattr(settings, name)}.")
    if settings.momentum >= 1:
        raise UsageError(f"momentum must be below 1, not {settings.momentum}.")
    decay = optax.add_decayed_weights(settings.weight_decay)
    if settings.name == "sgd":
        return optax.chain(decay, optax.trace(settings.momentum))
    if settings.name == "adamw":
        return optax.chain(optax.scale_by_adam(), decay)
    raise unknown_name("optimizer", settings.name, OPTIMIZERS)


def learning_rate(
    settings: Optimizer, step: int, *, steps_per_epoch: int, epochs: int
) -> float:
    """The learning rate of optimiser step number `step`, from 0.

    Args:
      settings: Settings of the optimiser and its schedule.
      step: Counted from 0 over all epochs.
      steps_per_epoch: Optimiser steps per epoch.
      epochs: Length of the whole schedule.
    """
    warmup = round(settings.warmup_epochs * steps_per_epoch)
    if step < warmup:
        rise = settings.learning_rate - settings.warmup_start
        return settings.warmup_start + rise * step / warmup
    if settings.schedule == "constant":
        return settings.learning_rate
    decay_progress = (step - warmup) / max(epochs * steps_per_epoch - warmup, 1)
    return (
        settings.learning_rate
        * 0.5
        * (1 + math.cos(math.pi * min(decay_progress, 1.0)))
    )

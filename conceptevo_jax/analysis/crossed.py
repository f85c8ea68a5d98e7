"""Intervals for answers of participants to tasks, which are crossed.

An answer shares its participant with some answers and its task with others, so neither
answers nor participants alone may be resampled: participants and tasks are, each on
its own (the pigeonhole bootstrap; Owen, 2007, https://doi.org/10.1214/07-AOAS122). The
intervals are somewhat wider than needed.

They are centred: a resample has fewer different participants, which makes an AUC of
their shares smaller.
"""

import numpy as np
from jaxtyping import Float64

from conceptevo_jax.analysis.estimates import Estimate, with_interval
from conceptevo_jax.streams import stream
from conceptevo_jax.types import record

DRAWS = 1000
"""Bootstrap resamples."""


@record
class Draws:
    """How often each participant and each task is in each resample.

    Attributes:
      participants: Counts.
      tasks: Counts.
    """

    participants: Float64[np.ndarray, "r p"]
    tasks: Float64[np.ndarray, "r t"]


def resample(participants: int, tasks: int, *, draws: int, seed: int) -> Draws:
    """Draw as many participants and tasks as there are, with replacement.

    None are drawn of fewer than two of either: they tell nothing of others.
    """
    rng = stream(seed, "participants and tasks")
    if min(participants, tasks) < 2:
        return Draws(
            participants=np.empty((0, participants)), tasks=np.empty((0, tasks))
        )
    first, second = (
        rng.multinomial(n, np.full(n, 1 / n), size=draws).astype(np.float64)
        for n in (participants, tasks)
    )
    return Draws(participants=first, tasks=second)


def whole(participants: int, tasks: int) -> Draws:
    """Everything once."""
    return Draws(participants=np.ones((1, participants)), tasks=np.ones((1, tasks)))


def bounded_estimate(
    value: float,
    of_draws: Float64[np.ndarray, " r"],
    n: int,
    *,
    why: str,
    least: float = 0.0,
) -> Estimate:
    """A value, at most 1, with its interval.

    Args:
      value: Of the whole; NaN where it cannot be had.
      of_draws: Of the resamples; NaN where it cannot be had of one.
      n: What it is made of.
      why: In words, why there is no value, should it be NaN.
      least: The smallest that it can be.
    """
    if not np.isfinite(value):
        return Estimate(value=None, low=None, high=None, n=n, why=why)
    found = with_interval(float(value), of_draws[np.isfinite(of_draws)], n)
    if found.low is None or found.high is None:
        return found
    low, high = np.clip([found.low, found.high], least, 1.0)
    return Estimate(value=found.value, low=float(low), high=float(high), n=n)

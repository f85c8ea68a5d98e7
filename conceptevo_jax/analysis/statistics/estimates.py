"""A statistic of a snapshot's neurons, with what is known of its uncertainty.

The interval answers: how far would the number move, had the network had other neurons
of the same kind? It is that of a bootstrap without replacement: the statistic of many
random halves of the neurons, whose spread equals that of the whole (the delete-half
jackknife; Shao & Wu, 1989, https://doi.org/10.1214/aos/1176347263). Drawing with
replacement would hold some neurons twice, and entropies of spacings and ranks of
matrices take twins for structure.
"""

from collections.abc import Callable

import numpy as np
from jaxtyping import Bool, Float, Int

from conceptevo_jax.streams import stream
from conceptevo_jax.types import record

DRAWS = 100
"""Random halves per interval."""


@record
class Estimate:
    """A number with its 95 % interval, or the reason why there is none.

    Attributes:
      value: The number; None where it cannot be had.
      low: Lower end of the interval; None without a value or for too few neurons.
      high: Upper end.
      n: Neurons, or what else is said, that it is made of.
      why: In words, why there is no value.
    """

    value: float | None
    low: float | None
    high: float | None
    n: int
    why: str | None = None


def estimate(
    statistic: Callable[[Int[np.ndarray, " _"]], float],
    n: int,
    *,
    least: int = 1,
    draws: int = DRAWS,
    seed: int = 0,
) -> Estimate:
    """A statistic of `n` neurons with its interval.

    Args:
      statistic: Of the neurons whose numbers it is given.
      n: How many there are.
      least: With fewer there is no value, which is said.
      draws: Random halves; 0 gives no interval.
      seed: Of the halves.
    """
    if n < least:
        why = f"{n} live neurons are too few: {least} are needed"
        return Estimate(value=None, low=None, high=None, n=n, why=why)
    value = float(statistic(np.arange(n)))
    if not np.isfinite(value):
        return Estimate(value=None, low=None, high=None, n=n, why="it is not finite")
    if n // 2 < least:
        return Estimate(value=value, low=None, high=None, n=n)
    of_halves = [statistic(np.flatnonzero(half)) for half in halves(n, draws, seed)]
    return with_interval(value, np.array(of_halves), n)


def halves(n: int, draws: int, seed: int) -> Bool[np.ndarray, "_ n"]:
    """Random halves of `n` neurons, one a row; none for fewer than two."""
    rng = stream(seed, "halves of neurons")
    members = np.zeros((draws if n > 1 else 0, n), bool)
    for own in members:
        own[rng.permutation(n)[: n // 2]] = True
    return members


def with_interval(value: float, of_halves: Float[np.ndarray, " _"], n: int) -> Estimate:
    """A value with the interval that the same statistic of halves gives it."""
    if not len(of_halves):
        return Estimate(value=value, low=None, high=None, n=n)
    # Centred: halves of a statistic that grows with n lie below it.
    off = np.quantile(of_halves - of_halves.mean(), [0.025, 0.975])
    return Estimate(value=value, low=value + off[0], high=value + off[1], n=n)


def mean_estimate(values: np.ndarray, *, draws: int = DRAWS, seed: int = 0) -> Estimate:
    """The mean of one number per neuron, those that are not finite left out."""
    known = values[np.isfinite(values)]
    return estimate(lambda own: known[own].mean(), len(known), draws=draws, seed=seed)

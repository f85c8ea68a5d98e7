"""A statistic of a snapshot's neurons with its uncertainty.

The interval states how far the number would move if the network had other neurons
of the same kind. It comes from a bootstrap without replacement: the statistic of many
random halves of the neurons, whose spread equals that of the whole (the delete-half
jackknife; Shao & Wu, 1989, https://doi.org/10.1214/aos/1176347263). Drawing with
replacement would repeat some neurons, and entropies of spacings and ranks of
matrices mistake repeated neurons for structure.
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
      value: The number; None if there is none.
      low: Lower end of the interval; None without a value or for too few neurons.
      high: Upper end.
      n: Number of neurons, or of other observations, behind the value.
      why: The reason why there is no value.
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
    min_neurons: int = 1,
    draws: int = DRAWS,
    seed: int = 0,
) -> Estimate:
    """A statistic of `n` neurons with its interval.

    Args:
      statistic: Maps the indices of some neurons to the statistic of these.
      n: Number of neurons.
      min_neurons: Fewer neurons give a reason instead of a value.
      draws: Number of random halves; 0 gives no interval.
      seed: Seed of the halves.
    """
    if n < min_neurons:
        why = f"{n} live neurons are too few: {min_neurons} are needed"
        return Estimate(value=None, low=None, high=None, n=n, why=why)
    value = float(statistic(np.arange(n)))
    if not np.isfinite(value):
        return Estimate(value=None, low=None, high=None, n=n, why="it is not finite")
    if n // 2 < min_neurons:
        return Estimate(value=value, low=None, high=None, n=n)
    half_values = [statistic(np.flatnonzero(half)) for half in halves(n, draws, seed)]
    return estimate_from_halves(value, np.array(half_values), n)


def halves(n: int, draws: int, seed: int) -> Bool[np.ndarray, "_ n"]:
    """Random halves of `n` neurons, one per row; none for fewer than two.

    Args:
      n: Number of neurons.
      draws: Number of halves.
      seed: Seed of the halves.
    """
    rng = stream(seed, "halves of neurons")
    members = np.zeros((draws if n > 1 else 0, n), bool)
    for half in members:
        half[rng.permutation(n)[: n // 2]] = True
    return members


def estimate_from_halves(
    value: float, half_values: Float[np.ndarray, " _"], n: int
) -> Estimate:
    """A value with the interval from the same statistic of halves.

    Args:
      value: The statistic of all neurons.
      half_values: The same statistic of each half; none gives no interval.
      n: Number of neurons.
    """
    if not len(half_values):
        return Estimate(value=value, low=None, high=None, n=n)
    # Centred: halves of a statistic that grows with n lie below it.
    offsets = np.quantile(half_values - half_values.mean(), [0.025, 0.975])
    return Estimate(value=value, low=value + offsets[0], high=value + offsets[1], n=n)


def mean_estimate(values: np.ndarray, *, draws: int = DRAWS, seed: int = 0) -> Estimate:
    """The mean of one number per neuron, with its interval.

    Args:
      values: One number per neuron; those that are not finite are left out.
      draws: Number of random halves; 0 gives no interval.
      seed: Seed of the halves.
    """
    finite_values = values[np.isfinite(values)]
    return estimate(
        lambda rows: finite_values[rows].mean(),
        len(finite_values),
        draws=draws,
        seed=seed,
    )

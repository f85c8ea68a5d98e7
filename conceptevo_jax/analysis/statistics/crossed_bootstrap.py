"""Intervals for things that are crossed: answers of people to tasks, pairs of neurons.

An answer shares its participant with some answers and its task with others, as a pair
of neurons of two networks does with either neuron. So neither the answers nor the
participants alone may be resampled: rows and columns are, each by itself (the
pigeonhole bootstrap; Owen, 2007, https://doi.org/10.1214/07-AOAS122). The intervals
are somewhat wider than needed, most so where cells differ more than rows and columns
do.

They are centred: a resample has fewer different rows and columns, which makes an AUC of
participants' shares smaller, and the nearest of a set of neurons less near.
"""

import numpy as np
from jaxtyping import Float, Float64
from scipy.stats import t

from conceptevo_jax.analysis.statistics.estimates import Estimate, with_interval
from conceptevo_jax.types import record

DRAWS = 1000
"""Bootstrap resamples."""


@record
class Draws:
    """How often each row and each column is in each resample.

    Attributes:
      rows: Counts, of participants or of the first snapshot's neurons.
      columns: Counts, of tasks or of the second snapshot's neurons.
    """

    rows: Float64[np.ndarray, "r n"]
    columns: Float64[np.ndarray, "r m"]


def resample(rows: int, columns: int, *, draws: int, rng: np.random.Generator) -> Draws:
    """Draw as many rows and columns as there are, with replacement.

    None are drawn of fewer than two of either: they tell nothing of others.

    Args:
      rows: How many there are.
      columns: The same.
      draws: Resamples.
      rng: Decides them.
    """
    if min(rows, columns) < 2:
        return Draws(rows=np.empty((0, rows)), columns=np.empty((0, columns)))
    return Draws(rows=_counts(rows, draws, rng), columns=_counts(columns, draws, rng))


def _counts(n: int, draws: int, rng: np.random.Generator) -> Float64[np.ndarray, "r n"]:
    drawn = rng.integers(n, size=(draws, n)) + n * np.arange(draws)[:, None]
    counts = np.bincount(drawn.ravel(), minlength=draws * n)
    return counts.reshape(draws, n).astype(np.float64)


def whole(rows: int, columns: int) -> Draws:
    """Everything once."""
    return Draws(rows=np.ones((1, rows)), columns=np.ones((1, columns)))


def with_refits(
    of_draws: Float64[np.ndarray, " r"],
    of_fits: Float[np.ndarray, " f"],
    rng: np.random.Generator,
) -> Float64[np.ndarray, " r"]:
    """Add to resamples how much a statistic differs between repeated random fits.

    A handful of fits are too few to be resampled like rows and columns: their
    variance, estimated with f - 1 degrees of freedom, is added instead, as quantiles of
    Student's t in random order. The resamples are of one fit, not of the mean over all.

    Args:
      of_draws: The statistic of resamples, under one of the fits.
      of_fits: The statistic of everything under each fit, that one among them.
      rng: Decides the order.

    Returns:
      The resamples; as they are where there is one fit alone.
    """
    if len(of_fits) < 2:
        return of_draws
    levels = (np.arange(len(of_draws)) + 0.5) / len(of_draws)
    deviates = np.std(of_fits, ddof=1) * t.ppf(levels, len(of_fits) - 1)
    return of_draws + rng.permutation(deviates)


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

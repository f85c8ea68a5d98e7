"""Two-way (pigeonhole) bootstrap for crossed designs: answers to tasks, neuron pairs.

An answer shares its participant with some answers and its task with others, as a pair
of neurons of two networks shares either neuron. So neither the answers nor the
participants alone may be resampled; rows and columns are resampled independently (the
pigeonhole bootstrap; Owen, 2007, https://doi.org/10.1214/07-AOAS122). The intervals
are somewhat wider than needed, mostly if cells differ more than rows and columns
do.

They are centred: a resample has fewer different rows and columns, which makes an AUC of
participants' shares smaller, and the nearest of a set of neurons less near.
"""

import numpy as np
from jaxtyping import Float, Float64
from scipy.stats import t

from conceptevo_jax.analysis.statistics.estimates import Estimate, estimate_from_halves
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
    """Draw all rows and columns with replacement.

    There are no resamples with fewer than two rows or columns, since a single one says
    nothing about their variation.

    Args:
      rows: Number of rows.
      columns: Number of columns.
      draws: Number of resamples.
      rng: Draws rows and columns.
    """
    if min(rows, columns) < 2:
        return Draws(rows=np.empty((0, rows)), columns=np.empty((0, columns)))
    return Draws(
        rows=_resample_counts(rows, draws, rng),
        columns=_resample_counts(columns, draws, rng),
    )


def _resample_counts(
    n: int, draws: int, rng: np.random.Generator
) -> Float64[np.ndarray, "r n"]:
    drawn_rows = rng.integers(n, size=(draws, n)) + n * np.arange(draws)[:, None]
    counts = np.bincount(drawn_rows.ravel(), minlength=draws * n)
    return counts.reshape(draws, n).astype(np.float64)


def undrawn_sample(rows: int, columns: int) -> Draws:
    """The sample itself, as one resample that holds every row and column once.

    Args:
      rows: Number of rows.
      columns: Number of columns.
    """
    return Draws(rows=np.ones((1, rows)), columns=np.ones((1, columns)))


def add_refit_spread(
    resamples: Float64[np.ndarray, " r"],
    fit_values: Float[np.ndarray, " f"],
    rng: np.random.Generator,
) -> Float64[np.ndarray, " r"]:
    """Add the variance between repeated random fits to resamples of a statistic.

    A handful of fits are too few to be resampled like rows and columns. Instead their
    variance, estimated with f - 1 degrees of freedom, is added as quantiles of
    Student's t in random order. The resamples belong to one fit, not to the mean over
    all.

    Args:
      resamples: The statistic of resamples, for one of the fits.
      fit_values: The statistic of the whole sample for each fit, including that one.
      rng: Decides the order.

    Returns:
      The resamples; unchanged if there is only one fit.
    """
    if len(fit_values) < 2:
        return resamples
    levels = (np.arange(len(resamples)) + 0.5) / len(resamples)
    deviates = np.std(fit_values, ddof=1) * t.ppf(levels, len(fit_values) - 1)
    return resamples + rng.permutation(deviates)


def bounded_estimate(
    value: float,
    resamples: Float64[np.ndarray, " r"],
    n: int,
    *,
    why: str,
    lower_bound: float = 0.0,
) -> Estimate:
    """A value, at most 1, with its interval.

    Args:
      value: The statistic of the whole sample; NaN if there is none.
      resamples: The statistic of each resample; NaN where there is none.
      n: Number of observations behind the value.
      why: The reason why there is no value, if it is NaN.
      lower_bound: The smallest possible value.
    """
    if not np.isfinite(value):
        return Estimate(value=None, low=None, high=None, n=n, why=why)
    estimate = estimate_from_halves(float(value), resamples[np.isfinite(resamples)], n)
    if estimate.low is None or estimate.high is None:
        return estimate
    low, high = np.clip([estimate.low, estimate.high], lower_bound, 1.0)
    return Estimate(value=estimate.value, low=float(low), high=float(high), n=n)

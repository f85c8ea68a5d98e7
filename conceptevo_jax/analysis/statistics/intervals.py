"""Means of finite values; 95 % intervals of shares, means and differences."""

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from jaxtyping import Float
from scipy.stats import binomtest, t

Interval = tuple[float, float]
"""Lower and upper end."""


@lru_cache(maxsize=4096)
def share_interval(successes: int, n: int) -> Interval:
    """Wilson's 95 % interval of a share (Wilson, 1927).

    Args:
      successes: Number of successes.
      n: Number of trials, at least one.
    """
    interval = binomtest(successes, n).proportion_ci(method="wilson")
    return float(interval.low), float(interval.high)


def exact_interval(successes: int, n: int) -> Interval | None:
    """Exact 95 % interval of a share (Clopper & Pearson, 1934).

    Args:
      successes: Number of successes.
      n: Number of trials.

    Returns:
      None without a trial.
    """
    if not n:
        return None
    interval = binomtest(successes, n).proportion_ci(method="exact")
    return float(interval.low), float(interval.high)


def share_intervals(
    shares: Float[np.ndarray, " n"], trials: int
) -> Float[np.ndarray, "n 2"]:
    """Wilson's 95 % intervals of several shares.

    Args:
      shares: Shares of successes.
      trials: Number of trials behind each share.

    Returns:
      Lower and upper end, one row per share.
    """
    counts = np.rint(shares * trials).astype(int).tolist()
    intervals = [share_interval(count, trials) for count in counts]
    return np.array(intervals).reshape(-1, 2)


def mean_interval(values: Sequence[float]) -> Interval | None:
    """Student's 95 % interval of the mean; None for fewer than two finite values."""
    finite = [value for value in values if math.isfinite(value)]
    if len(finite) < 2:
        return None
    mean, spread = np.mean(finite), np.std(finite, ddof=1) / math.sqrt(len(finite))
    reach = float(t.ppf(0.975, len(finite) - 1) * spread)
    return float(mean) - reach, float(mean) + reach


def difference_interval(
    first: float,
    first_interval: Interval | None,
    second: float,
    second_interval: Interval | None,
) -> Interval | None:
    """95 % interval of `first - second` from the intervals of both.

    Each end combines the two distances towards it by their squares, which is also
    correct for skewed intervals (Zou & Donner, 2008, https://doi.org/10.1002/sim.3095).
    The two numbers are treated as independent; if they are positively correlated, the
    interval is wider than needed.

    Args:
      first: A number.
      first_interval: Its 95 % interval.
      second: The number to subtract.
      second_interval: Its 95 % interval.

    Returns:
      None if either has no interval.
    """
    if first_interval is None or second_interval is None:
        return None
    lower_reach = math.hypot(first - first_interval[0], second_interval[1] - second)
    upper_reach = math.hypot(first_interval[1] - first, second - second_interval[0])
    return first - second - lower_reach, first - second + upper_reach


def finite_mean(values: Float[np.ndarray, "r ..."]) -> Float[np.ndarray, "..."]:
    """Mean of the finite values along the first axis; NaN where there are none."""
    is_finite = np.isfinite(values)
    count = is_finite.sum(axis=0)
    sums = np.where(is_finite, values, 0.0).sum(axis=0)
    return np.asarray(np.where(count > 0, sums / np.maximum(count, 1), np.nan))

"""Means without what is not known; 95 % intervals of shares, means and differences."""

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
    """Wilson's 95 % interval of a share (Wilson, 1927)."""
    found = binomtest(successes, n).proportion_ci(method="wilson")
    return float(found.low), float(found.high)


def exact_interval(successes: int, n: int) -> Interval | None:
    """Exact 95 % interval of a share (Clopper & Pearson, 1934); None of nothing."""
    if not n:
        return None
    found = binomtest(successes, n).proportion_ci(method="exact")
    return float(found.low), float(found.high)


def share_intervals(
    shares: Float[np.ndarray, " n"], of: int
) -> Float[np.ndarray, "n 2"]:
    """The same of many shares of `of` things each."""
    counts = np.rint(shares * of).astype(int).tolist()
    return np.array([share_interval(count, of) for count in counts]).reshape(-1, 2)


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
    of_first: Interval | None,
    second: float,
    of_second: Interval | None,
) -> Interval | None:
    """95 % interval of `first - second` from the intervals of both.

    Each end adds the squares of the two reaches towards it, so that it is right for
    skewed intervals, too (Zou & Donner, 2008, https://doi.org/10.1002/sim.3095). The
    two are taken as independent; of two that rise and fall together it is wider than
    needed.

    Args:
      first: A number.
      of_first: Its 95 % interval.
      second: The number that is taken from it.
      of_second: Its 95 % interval.

    Returns:
      None where either has no interval.
    """
    if of_first is None or of_second is None:
        return None
    down = math.hypot(first - of_first[0], of_second[1] - second)
    up = math.hypot(of_first[1] - first, second - of_second[0])
    return first - second - down, first - second + up


def known_mean(values: Float[np.ndarray, "r ..."]) -> Float[np.ndarray, "..."]:
    """Mean over the first axis without NaN; NaN where there is nothing else."""
    known = np.isfinite(values)
    count = known.sum(axis=0)
    total = np.where(known, values, 0.0).sum(axis=0)
    return np.asarray(np.where(count > 0, total / np.maximum(count, 1), np.nan))

"""95 % intervals: of a share, and of a mean over independent repeats."""

import math
from collections.abc import Sequence
from functools import lru_cache

import numpy as np
from jaxtyping import Float
from scipy.stats import binomtest, t

Interval = tuple[float, float]


@lru_cache(maxsize=4096)
def share_interval(successes: int, n: int) -> Interval:
    """Wilson's 95 % interval of a share (Wilson, 1927)."""
    found = binomtest(successes, n).proportion_ci(method="wilson")
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

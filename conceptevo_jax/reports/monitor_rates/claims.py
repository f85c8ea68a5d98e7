"""Claims that every error rate of the monitor is low."""

from typing import Any

from conceptevo_jax.pipeline.outcome import Claim
from conceptevo_jax.reports.monitor_rates.measure import (
    ERRORS,
    FAILING,
    HEALTHY,
    RECOVERING,
)

LARGEST_RATE = 0.1
"""Largest error rate that claims allow."""

MIN_RUNS = {HEALTHY: 36, FAILING: 36, RECOVERING: 10}
"""Fewest runs of a kind for a claim about its error rate.

Without an error, the exact interval of 36 runs ends at .097, that of 35 above .1. Few
trainings recover: the interval of ten ends at .31 at best, so that they can show a rate
to be too large, but not to be small.
"""


def rate_claim(row: dict[str, Any]) -> Claim:
    """The claim that an error is rare: the upper end of its rate's interval is low.

    Args:
      row: A row of `rate_rows`, over all architectures.
    """
    run_kind, rule, _ = ERRORS[row["error"]]
    low, high = row["low"], row["high"]
    has_enough_runs = row["runs"] >= MIN_RUNS[run_kind]
    return Claim(
        id=row["error"],
        paper=None,
        rule=f"{rule}: upper end of the exact 95 % interval at most {LARGEST_RATE:.0%}",
        measured=row["rate"],
        interval=None if low is None else (low, high),
        n=row["runs"],
        holds=high <= LARGEST_RATE if has_enough_runs else None,
        why=f"{row['errors']} of {row['runs']} runs"
        if has_enough_runs
        else f"{row['runs']} {run_kind} runs are fewer than the {MIN_RUNS[run_kind]} "
        "needed",
    )

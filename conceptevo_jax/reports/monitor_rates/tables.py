"""Error rates with their intervals, and one row per training."""

from collections.abc import Sequence
from typing import Any

from conceptevo_jax.analysis.statistics.intervals import exact_interval
from conceptevo_jax.monitor import DAMAGED, LOST
from conceptevo_jax.reports.monitor_rates.measure import ERRORS, WatchedRun


def rate_rows(watched: Sequence[WatchedRun]) -> list[dict[str, Any]]:
    """The rate of every error with its exact interval, over all and by architecture."""
    rows = []
    for name, (kind, rule, is_error) in ERRORS.items():
        for model in ("all", *sorted({watched_run.model for watched_run in watched})):
            kind_runs = [
                watched_run
                for watched_run in watched
                if watched_run.kind == kind and model in ("all", watched_run.model)
            ]
            wrong = sum(map(is_error, kind_runs))
            low, high = exact_interval(wrong, len(kind_runs)) or (None, None)
            rows.append(
                {
                    "error": name,
                    "rule": rule,
                    "model": model,
                    "errors": wrong,
                    "runs": len(kind_runs),
                    "rate": wrong / len(kind_runs) if kind_runs else None,
                    "low": low,
                    "high": high,
                }
            )
    return rows


def run_rows(watched: Sequence[WatchedRun]) -> list[dict[str, Any]]:
    """One row per run: its outcome, and when the monitor raised alarms."""
    return [
        {
            "recipe": watched_run.recipe,
            "model": watched_run.model,
            "meant": watched_run.meant,
            "kind": watched_run.kind,
            "best": max(row.test_top1 for row in watched_run.rows),
            "last": watched_run.rows[-1].test_top1,
            "dropped": watched_run.dropped,
            "first_alarm": watched_run.alarms[0][0] if watched_run.alarms else None,
            "first_lost": next((e for e, s in watched_run.alarms if s == LOST), None),
            "damaged": sum(status == DAMAGED for _, status in watched_run.alarms),
            "lost": sum(status == LOST for _, status in watched_run.alarms),
            "accuracies": " ".join(f"{row.test_top1:.2f}" for row in watched_run.rows),
        }
        for watched_run in watched
    ]

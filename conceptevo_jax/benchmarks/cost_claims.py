"""Claims about the costs of importance, reversion and the monitor."""

from typing import Any

from conceptevo_jax.benchmarks.analysis import (
    MONITOR,
    REVERSION,
    SWEEP,
    reversion_calls,
)
from conceptevo_jax.benchmarks.networks import STEP
from conceptevo_jax.benchmarks.rows import bounded
from conceptevo_jax.config import Config
from conceptevo_jax.pipeline.outcome import Claim


def cost_claims(config: Config, name: str, costs: list[dict[str, Any]]) -> list[Claim]:
    """What was measured stays within its bounds.

    Args:
      config: That of `measure_costs`.
      name: Of the run.
      costs: Its rows.
    """
    by_name = {row["what"]: row for row in costs}
    claims = []
    if MONITOR in by_name:
        claims.append(_claim_of_monitor(name, by_name[MONITOR]))
    if SWEEP in by_name:
        claims += _claims_of_importance(name, by_name[SWEEP], by_name[STEP])
    at_sites = [r["forward_passes"] for r in costs if r["what"].startswith(REVERSION)]
    if at_sites:
        claims += _claims_of_reversion(config, name, at_sites)
    return claims


def _claim_of_monitor(name: str, monitor: dict[str, Any]) -> Claim:
    return bounded(
        f"monitor_time_{name}",
        "an update of the monitor with the default probe takes <= .08 of the "
        "training steps of an epoch, evaluation left out",
        monitor["share_of_epoch"],
        0.08,
        f"{1000 * monitor['seconds']:.0f} ms",
    )


def _claims_of_importance(
    name: str, sweep: dict[str, Any], step: dict[str, Any]
) -> list[Claim]:
    measured = sweep["bytes"] is not None and step["bytes"] is not None
    return [
        bounded(
            f"importance_time_{name}",
            "all importances of all sites take <= 4 forward passes",
            sweep["forward_passes"],
            4.0,
            f"{1000 * sweep['seconds']:.1f} ms for {sweep['images']} images",
        ),
        bounded(
            f"importance_memory_{name}",
            "memory <= 2 times that of a training step on the same number of images",
            sweep["bytes"] / step["bytes"] if measured else None,
            2.0,
            f"{sweep['bytes'] / 1e6:.0f} MB against {step['bytes'] / 1e6:.0f} MB"
            if measured
            else "not run: this backend does not report the memory of a call",
        ),
    ]


def _claims_of_reversion(
    config: Config, name: str, at_sites: list[float]
) -> list[Claim]:
    first, last = at_sites[0], at_sites[-1]
    alone = max(at_sites) + 2 - 2 / reversion_calls(config, len(at_sites))
    return [
        bounded(
            f"reversion_time_{name}",
            "reverting all bins and a random draw at any one site takes <= 5 forward "
            "passes, its share of the two that all sites, repeats and directions use "
            "included",
            max(at_sites),
            5.0,
            f"{first:.2f} at the first site, {last:.2f} at the last; with both whole "
            f"networks run for this one call, {alone:.2f} at most",
        ),
        bounded(
            f"reversion_gets_cheaper_{name}",
            "and less at later sites: the last takes less than the first; measured: "
            "its share of the first",
            last / first,
            1.0,
            "the slowest is "
            f"{max(at_sites):.2f}, the fastest {min(at_sites):.2f} forward passes",
        ),
    ]

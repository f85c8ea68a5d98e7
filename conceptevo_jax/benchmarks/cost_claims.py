"""Claims about the costs of importance, reversion and the monitor."""

from typing import Any

from conceptevo_jax.benchmarks.analysis import (
    MONITOR,
    REVERSION,
    SWEEP,
    reversion_calls,
)
from conceptevo_jax.benchmarks.networks import STEP
from conceptevo_jax.benchmarks.rows import upper_bound_claim
from conceptevo_jax.config import Config
from conceptevo_jax.pipeline.outcome import Claim


def cost_claims(config: Config, name: str, costs: list[dict[str, Any]]) -> list[Claim]:
    """What was measured stays within its bounds.

    Args:
      config: That of `measure_costs`.
      name: Of the run.
      costs: Its rows.
    """
    costs_by_name = {row["what"]: row for row in costs}
    claims = []
    if MONITOR in costs_by_name:
        claims.append(_claim_of_monitor(name, costs_by_name[MONITOR]))
    if SWEEP in costs_by_name:
        claims += _claims_of_importance(name, costs_by_name[SWEEP], costs_by_name[STEP])
    passes_by_site = [
        r["forward_passes"] for r in costs if r["what"].startswith(REVERSION)
    ]
    if passes_by_site:
        claims += _claims_of_reversion(config, name, passes_by_site)
    return claims


def _claim_of_monitor(name: str, monitor: dict[str, Any]) -> Claim:
    return upper_bound_claim(
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
    is_measured = sweep["bytes"] is not None and step["bytes"] is not None
    return [
        upper_bound_claim(
            f"importance_time_{name}",
            "all importances of all sites take <= 4 forward passes",
            sweep["forward_passes"],
            4.0,
            f"{1000 * sweep['seconds']:.1f} ms for {sweep['images']} images",
        ),
        upper_bound_claim(
            f"importance_memory_{name}",
            "memory <= 2 times that of a training step on the same number of images",
            sweep["bytes"] / step["bytes"] if is_measured else None,
            2.0,
            f"{sweep['bytes'] / 1e6:.0f} MB against {step['bytes'] / 1e6:.0f} MB"
            if is_measured
            else "not run: this backend does not report the memory of a call",
        ),
    ]


def _claims_of_reversion(
    config: Config, name: str, passes_by_site: list[float]
) -> list[Claim]:
    first, last = passes_by_site[0], passes_by_site[-1]
    passes_alone = (
        max(passes_by_site) + 2 - 2 / reversion_calls(config, len(passes_by_site))
    )
    return [
        upper_bound_claim(
            f"reversion_time_{name}",
            "reverting all bins and a random draw at any one site takes <= 5 forward "
            "passes, its share of the two that all sites, repeats and directions use "
            "included",
            max(passes_by_site),
            5.0,
            f"{first:.2f} at the first site, {last:.2f} at the last; with both whole "
            f"networks run for this one call, {passes_alone:.2f} at most",
        ),
        upper_bound_claim(
            f"reversion_gets_cheaper_{name}",
            "and less at later sites: the last takes less than the first; measured: "
            "its share of the first",
            last / first,
            1.0,
            "the slowest is "
            f"{max(passes_by_site):.2f}, the fastest {min(passes_by_site):.2f} forward "
            "passes",
        ),
    ]

"""Claims about the drift of every method, and whether they hold."""

from collections.abc import Sequence

import numpy as np

from conceptevo_jax.analysis.statistics.intervals import mean_interval
from conceptevo_jax.pipeline.outcome import Claim, finite
from conceptevo_jax.reports.baseline_comparison.measure import (
    MEASURES,
    SPACES,
    MethodDrift,
)

PAPER = "concepts stay where they are; flipped, rotated and shifted by others (Fig. 9)"


def drift_claims(drifts: Sequence[MethodDrift], rivals: Sequence[str]) -> list[Claim]:
    """ConceptEvo drifts less than other methods, and is purer than every control.

    Args:
      drifts: The drift of every method, ConceptEvo's first.
      rivals: Names of the methods that it should drift less than.
    """
    conceptevo_drift = drifts[0]
    by_name = {drift.method.name: drift for drift in drifts}
    claims = [
        _lower_drift_claim(conceptevo_drift, by_name[name], space, measure)
        for space in SPACES
        for name in rivals
        for measure in ("mean_shift", "raw")
    ]
    controls = [drift for drift in drifts if drift.method.control]
    return [
        *claims,
        *(
            _purer_than_controls_claim(conceptevo_drift, controls, space)
            for space in SPACES
        ),
    ]


def _lower_drift_claim(
    conceptevo_drift: MethodDrift, rival: MethodDrift, space: str, measure: str
) -> Claim:
    all_margins = conceptevo_drift.margins(rival, space, measure)
    margins = [margin for margin in all_margins if np.isfinite(margin)]
    purity, rival_purity = (
        drift.mean(space, "purity") for drift in (conceptevo_drift, rival)
    )
    means = ", ".join(
        f"{drift.method.title} {drift.mean(space, measure):.2f} at purity "
        f"{drift.mean(space, 'purity'):.2f}"
        for drift in (conceptevo_drift, rival)
    )
    name, interval = MEASURES[measure], mean_interval(margins)
    is_lower = min(margins, default=0.0) > 0 and (interval is None or interval[0] > 0)
    return Claim(
        id=f"less_{measure}_{space}_{rival.method.name}",
        paper=PAPER,
        rule=f"{name} ({space}) lower than that of {rival.method.title} for every pair "
        "of milestones and, if there are several pairs, with the 95 % interval of the "
        "mean difference above 0, at no lower purity",
        measured=float(np.mean(margins)) if margins else None,
        interval=interval,
        n=len(margins),
        # A map that never changes drifts least: lower drift counts at equal purity.
        holds=is_lower and purity >= rival_purity if margins else None,
        why=f"{means}; measured is the mean difference over {len(margins)} pairs",
    )


def _purer_than_controls_claim(
    conceptevo_drift: MethodDrift, controls: Sequence[MethodDrift], space: str
) -> Claim:
    purity = conceptevo_drift.mean(space, "purity_across")
    control_purities = {
        control.method.title: control.mean(space, "purity_across")
        for control in controls
    }
    highest_purity = max(control_purities.values())
    purity_list = ", ".join(
        f"{name} {mean:.2f}" for name, mean in control_purities.items()
    )
    return Claim(
        id=f"controls_lose_{space}",
        paper=None,
        rule=f"purity across snapshots ({space}), which neither constant nor random "
        "vectors reach, is above that of every control (by value: there is no "
        "interval)",
        measured=finite(purity - highest_purity),
        interval=None,
        n=len(controls),
        holds=purity > highest_purity if np.isfinite(purity - highest_purity) else None,
        why=f"{purity:.2f}; {purity_list}; chance "
        f"{conceptevo_drift.mean(space, 'chance'):.2f}",
    )

"""How far every method's representation drifts: the table, and the claims."""

from collections.abc import Mapping, Sequence
from itertools import combinations
from typing import Any

import numpy as np

from conceptevo_jax.analysis.dynamics.drift import Drift, measure_drift
from conceptevo_jax.analysis.dynamics.labelled_vectors import LabelledVectors
from conceptevo_jax.analysis.statistics.intervals import mean_interval
from conceptevo_jax.pipeline.outcome import Claim, finite
from conceptevo_jax.reports.baseline_comparison.measure import Representation
from conceptevo_jax.types import record

SPACES = ("vectors", "map")
"""Where drift is measured: in a method's own space, and on its map."""

PAPER = "concepts stay where they are; flipped, rotated and shifted by others (Fig. 9)"

MEASURES = {
    "mean_shift": "centroid shift / spread",
    "raw": "Procrustes residual, raw",
    "rigid": "… after a rigid motion",
    "neighbours": "neighbours kept",
    "ranks": "rank correlation of distances",
    "purity": "neighbour purity",
    "purity_across": "purity across snapshots",
}
"""What figures call each measure."""


@record
class Drifted:
    """The drift of one method, between every two snapshots.

    Attributes:
      of: The method and its items.
      pairs: Numbers of the snapshots that are compared.
      drifts: By space, one per pair; a method that makes maps alone has no other.
    """

    of: Representation
    pairs: Sequence[tuple[int, int]]
    drifts: Mapping[str, Sequence[Drift]]

    def mean(self, space: str, measure: str) -> float:
        """A measure's mean over the pairs; NaN where it is not known."""
        values = [getattr(one, measure) for one in self.drifts.get(space, ())]
        known = [value for value in values if np.isfinite(value)]
        return float(np.mean(known)) if known else float("nan")

    def margins(self, other: "Drifted", space: str, measure: str) -> list[float]:
        """By how much the other's exceeds this one's, pair by pair."""
        both = zip(other.drifts[space], self.drifts[space], strict=True)
        return [getattr(b, measure) - getattr(a, measure) for b, a in both]


def measure_all(
    found: Sequence[Representation], *, classes: Mapping[str, int], seed: int
) -> list[Drifted]:
    """Measure every method between every two snapshots.

    Args:
      found: The methods.
      classes: Number of classes of each kind of items.
      seed: See `measure_drift`.
    """
    drifted = []
    for one in found:
        pairs = list(combinations(range(len(one.maps)), 2))
        spaces: dict[str, Sequence[LabelledVectors]] = {
            "vectors": one.vectors,
            "map": one.maps,
        }
        drifts = {
            space: [
                measure_drift(own[a], own[b], classes=classes[one.of], seed=seed)
                for a, b in pairs
            ]
            for space, own in spaces.items()
            if own
        }
        drifted.append(Drifted(of=one, pairs=pairs, drifts=drifts))
    return drifted


def drift_rows(
    drifted: Sequence[Drifted], snapshots: Sequence[str]
) -> list[dict[str, Any]]:
    """A row per method, space and pair of snapshots."""
    return [
        {
            "method": one.of.name,
            "items": one.of.of,
            "control": one.of.control,
            "space": space,
            "before": snapshots[a],
            "after": snapshots[b],
            **{name: finite(getattr(drift, name)) for name in MEASURES},
            "chance": finite(drift.chance),
            "placed_in_both": drift.items,
            "labelled": drift.labelled,
        }
        for one in drifted
        for space, own in one.drifts.items()
        for (a, b), drift in zip(one.pairs, own, strict=True)
    ]


def drift_claims(drifted: Sequence[Drifted], rivals: Sequence[str]) -> list[Claim]:
    """ConceptEvo, the first, drifts less than its rivals; no control beats it."""
    first = drifted[0]
    by_name = {one.of.name: one for one in drifted}
    claims = [
        _less(first, by_name[name], space, measure)
        for space in SPACES
        for name in rivals
        for measure in ("mean_shift", "raw")
    ]
    controls = [one for one in drifted if one.of.control]
    return [*claims, *(_no_control(first, controls, space) for space in SPACES)]


def _less(first: Drifted, rival: Drifted, space: str, measure: str) -> Claim:
    margins = [m for m in first.margins(rival, space, measure) if np.isfinite(m)]
    purities = [one.mean(space, "purity") for one in (first, rival)]
    told = ", ".join(
        f"{one.of.title} {one.mean(space, measure):.2f} at purity "
        f"{one.mean(space, 'purity'):.2f}"
        for one in (first, rival)
    )
    name, interval = MEASURES[measure], mean_interval(margins)
    apart = min(margins, default=0.0) > 0 and (interval is None or interval[0] > 0)
    return Claim(
        id=f"less_{measure}_{space}_{rival.of.name}",
        paper=PAPER,
        rule=f"{name} ({space}) lower than that of {rival.of.title} between every two "
        "milestones, their mean with the lower end of its 95 % interval (where there "
        "are several pairs), at no lower purity",
        measured=float(np.mean(margins)) if margins else None,
        interval=interval,
        n=len(margins),
        holds=apart and purities[0] >= purities[1] if margins else None,
        why=f"{told}; by how much it is lower, mean of {len(margins)} pairs",
    )


def _no_control(first: Drifted, controls: Sequence[Drifted], space: str) -> Claim:
    own = first.mean(space, "purity_across")
    others = {one.of.title: one.mean(space, "purity_across") for one in controls}
    best = max(others.values())
    told = ", ".join(f"{name} {value:.2f}" for name, value in others.items())
    return Claim(
        id=f"controls_lose_{space}",
        paper=None,
        rule=f"purity across snapshots ({space}), which neither staying put nor chance "
        "gives, is above that of every control (the value: there is no interval)",
        measured=finite(own - best),
        interval=None,
        n=len(controls),
        holds=own > best if np.isfinite(own - best) else None,
        why=f"{own:.2f}; {told}; chance {first.mean(space, 'chance'):.2f}",
    )

"""What happens to a run's concepts from snapshot to snapshot (paper, Sec. 4.5).

Computes every measure of `MEASURES` for every snapshot of a run, with a 95 % interval
over its neurons. All use only live neurons, whose number is reported with each: a dead
neuron has no concept and no vector.
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float, Int

from conceptevo_jax.analysis.dynamics.snapshot_measures import (
    ObservedSnapshot,
    Reference,
    measure_change,
    measure_state,
    neuron_movement,
    reference_scales,
    site_movements,
)
from conceptevo_jax.analysis.statistics.estimates import DRAWS, Estimate
from conceptevo_jax.analysis.statistics.intervals import Interval
from conceptevo_jax.types import Site, record

MEASURES = {
    "live_share": "share of live neurons",
    "nonfinite_share": "share of neurons that are not finite",
    "distinct_share": "share of distinct images among the stimuli",
    "coverage": "mean coverage",
    "entropy": "entropy in the embedding space",
    "entropy_map": "entropy on the map",
    "effective_rank": "effective rank",
    "early_share": "share nearest to an early site of the base",
    "movement": "movement in the embedding space",
    "relative_movement": "movement / mean distance of neurons",
    "movement_map": "movement on the map",
    "cka": "linear CKA to the snapshot before",
}
"""The label of each measure in figures and tables."""


@record
class Trajectory:
    """All measures of a run's snapshots.

    Attributes:
      snapshots: Their names in order.
      measures: Names in `MEASURES`.
      value: The values; NaN where there is none.
      low: Lower ends of the 95 % intervals over neurons; NaN where there is none.
      high: Upper ends.
      neurons: Number of neurons behind each value.
      why: The reason where there is no value, by `snapshot measure`.
      by_site: Mean movement in the space since the snapshot before, per site.
      sites: The sites, in forward order.
    """

    snapshots: tuple[str, ...]
    measures: tuple[str, ...]
    value: Float[np.ndarray, "e _"]
    low: Float[np.ndarray, "e _"]
    high: Float[np.ndarray, "e _"]
    neurons: Int[np.ndarray, "e _"]
    why: Mapping[str, str]
    by_site: Float[np.ndarray, "e s"]
    sites: tuple[Site, ...]

    def series(self, measure: str) -> Float[np.ndarray, " e"]:
        """One measure over the snapshots."""
        return self.value[:, self.measures.index(measure)]

    def interval(self, measure: str, index: int) -> Interval | None:
        """The 95 % interval of one measure of one snapshot.

        Args:
          measure: Its name in `MEASURES`.
          index: Index of the snapshot.

        Returns:
          None where there is no interval.
        """
        column = self.measures.index(measure)
        low, high = float(self.low[index, column]), float(self.high[index, column])
        return (low, high) if math.isfinite(low) and math.isfinite(high) else None


def measure_evolution(
    observations: Sequence[ObservedSnapshot],
    base: Reference,
    *,
    pool_size: int,
    draws: int = DRAWS,
    seed: int = 0,
) -> Trajectory:
    """Measure all snapshots of a run.

    Args:
      observations: The snapshots in order, of one architecture.
      base: The base of their space.
      pool_size: Number of images in the pool of the stimuli.
      draws: Number of random halves of the neurons per interval.
      seed: Seed of the halves.

    Returns:
      One row per snapshot. Entropies and ranks need 20 live neurons; movement and CKA
      a snapshot before.

    Raises:
      DataError: for responses to different images.
    """
    rows, by_site = _measure_snapshots(
        observations, base, pool_size=pool_size, draws=draws, seed=seed
    )
    return _tabulate(observations, rows, by_site)


def _measure_snapshots(
    observations: Sequence[ObservedSnapshot],
    base: Reference,
    *,
    pool_size: int,
    draws: int,
    seed: int,
) -> tuple[list[dict[str, Estimate]], list[list[float]]]:
    """Estimates by measure, and mean movement by site, of each snapshot."""
    rows, by_site = [], []
    scales = reference_scales(base)
    before: ObservedSnapshot | None = None
    for observation in observations:
        estimates = measure_state(
            observation, base, scales, pool_size=pool_size, draws=draws, seed=seed
        )
        moved = None if before is None else neuron_movement(before, observation)
        estimates |= measure_change(before, observation, moved, draws=draws, seed=seed)
        rows.append({name: estimates[name] for name in MEASURES})
        by_site.append(site_movements(moved, observation.stimuli.sites))
        before = observation
    return rows, by_site


def _tabulate(
    observations: Sequence[ObservedSnapshot],
    rows: Sequence[Mapping[str, Estimate]],
    by_site: Sequence[Sequence[float]],
) -> Trajectory:
    """The tables of a trajectory, from the estimates of each snapshot by measure."""

    def column(field: str, missing: float) -> np.ndarray:
        values = [[getattr(e, field) for e in row.values()] for row in rows]
        return np.array([[missing if v is None else v for v in row] for row in values])

    return Trajectory(
        snapshots=tuple(observation.snapshot for observation in observations),
        measures=tuple(MEASURES),
        value=column("value", np.nan),
        low=column("low", np.nan),
        high=column("high", np.nan),
        neurons=column("n", 0.0).astype(int),
        why=_missing_reasons(observations, rows),
        by_site=np.array(by_site),
        sites=observations[0].stimuli.sites,
    )


def _missing_reasons(
    observations: Sequence[ObservedSnapshot], rows: Sequence[Mapping[str, Estimate]]
) -> dict[str, str]:
    """Reasons for missing values, by `snapshot measure`."""
    return {
        f"{observation.snapshot} {name}": estimate.why
        for observation, row in zip(observations, rows, strict=True)
        for name, estimate in row.items()
        if estimate.why is not None
    }

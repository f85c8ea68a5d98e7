"""What happens to a run's concepts from snapshot to snapshot (paper, Sec. 4.5).

Every measure of `MEASURES`, for every snapshot of a run, with a 95 % interval over its
neurons. All look at live neurons only, whose number stands beside each: a dead neuron
has no concept, and no place.
"""

import math
from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float, Int

from conceptevo_jax.analysis.alignment.subjects import MIN_NEURONS
from conceptevo_jax.analysis.dynamics.diversity import (
    distinct_share,
    early_neurons,
    early_share,
    effective_rank,
    neuron_scale,
    vasicek_entropy,
)
from conceptevo_jax.analysis.dynamics.movement import linear_cka, movement, spread
from conceptevo_jax.analysis.statistics.estimates import (
    DRAWS,
    Estimate,
    estimate,
    mean_estimate,
)
from conceptevo_jax.analysis.statistics.intervals import Interval
from conceptevo_jax.types import (
    Embedding,
    Responses,
    Site,
    Stimuli,
    record,
    site_slices,
)

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
"""What each measure is called in figures and tables."""


@record
class Seen:
    """A snapshot as its run's evolution is measured.

    Attributes:
      snapshot: Its name, `run@epoch`.
      stimuli: Its neurons' stimuli in the pool.
      responses: To held-out images, alike for all snapshots.
      embedding: Its neurons in the space.
      maps: Its neurons on maps of several seeds; None where it is not drawn.
    """

    snapshot: str
    stimuli: Stimuli
    responses: Responses
    embedding: Embedding
    maps: Float[np.ndarray, "r n 2"] | None = None


@record
class Reference:
    """The base, against which entropy is floored and neurons are told early or late.

    Attributes:
      stimuli: The base's stimuli, of which the live ones count.
      embedding: Its neurons as projected into their own space, like everyone else.
      maps: Its neurons on the maps.
    """

    stimuli: Stimuli
    embedding: Embedding
    maps: Float[np.ndarray, "r n 2"]


@record
class Trajectory:
    """All measures of a run's snapshots.

    Attributes:
      snapshots: Their names in order.
      measures: Names in `MEASURES`.
      value: NaN where there is none.
      low: Lower ends of the 95 % intervals over neurons; NaN where there is none.
      high: Upper ends.
      neurons: Of which each is made.
      why: Where there is no value the reason, by `snapshot measure`.
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

    def of(self, measure: str) -> Float[np.ndarray, " e"]:
        """One measure over the snapshots."""
        return self.value[:, self.measures.index(measure)]

    def interval(self, measure: str, at: int) -> Interval | None:
        """The 95 % interval of one measure of one snapshot; None where it has none."""
        column = self.measures.index(measure)
        low, high = float(self.low[at, column]), float(self.high[at, column])
        return (low, high) if math.isfinite(low) and math.isfinite(high) else None


def measure_evolution(
    seen: Sequence[Seen],
    base: Reference,
    *,
    pool_size: int,
    draws: int = DRAWS,
    seed: int = 0,
) -> Trajectory:
    """Measure all snapshots of a run.

    Args:
      seen: The snapshots in order, of one architecture.
      base: Of the space they are in.
      pool_size: Images in the pool that the stimuli are of.
      draws: Random halves of the neurons per interval, see `analysis.estimates`.
      seed: Of the halves.

    Returns:
      One row per snapshot. Entropies and ranks need 20 live neurons; movement and CKA
      a snapshot before.

    Raises:
      DataError: for responses to different images.
    """
    rows, by_site = [], []
    scales = _scales(base)
    for at, one in enumerate(seen):
        before = seen[at - 1] if at else None
        found = _state(one, base, scales, pool_size, draws, seed)
        moved = None if before is None else _moved(before, one)
        found |= _change(before, one, moved, draws, seed)
        rows.append({name: found[name] for name in MEASURES})
        by_site.append(_by_site(moved, one.stimuli.sites))

    def column(field: str, missing: float) -> np.ndarray:
        values = [[getattr(e, field) for e in row.values()] for row in rows]
        return np.array([[missing if v is None else v for v in row] for row in values])

    return Trajectory(
        snapshots=tuple(one.snapshot for one in seen),
        measures=tuple(MEASURES),
        value=column("value", np.nan),
        low=column("low", np.nan),
        high=column("high", np.nan),
        neurons=column("n", 0.0).astype(int),
        why={
            f"{one.snapshot} {name}": e.why
            for one, row in zip(seen, rows, strict=True)
            for name, e in row.items()
            if e.why is not None
        },
        by_site=np.array(by_site),
        sites=seen[0].stimuli.sites,
    )


def _scales(base: Reference) -> list[np.ndarray]:
    """Standard deviation of the base's neurons: in the space, then on every map."""
    return [neuron_scale(v) for v in (base.embedding.vectors, *base.maps)]


def _state(
    one: Seen,
    base: Reference,
    scales: Sequence[np.ndarray],
    pool_size: int,
    draws: int,
    seed: int,
) -> dict[str, Estimate]:
    """What can be told of a snapshot by itself."""
    stimuli, how = one.stimuli, {"draws": draws, "seed": seed}
    placed = one.embedding.placed & ~stimuli.dead
    vectors = one.embedding.vectors[placed]
    home = base.embedding.placed & ~base.stimuli.dead
    nearest = (
        early_share(
            vectors,
            base.embedding.vectors[home],
            early_neurons(base.stimuli.sites)[home],
        )
        if placed.any()
        else np.zeros(0)
    )
    many = {"least": MIN_NEURONS, **how}
    return {
        "live_share": mean_estimate((~stimuli.dead).astype(float), **how),
        "nonfinite_share": mean_estimate(stimuli.nonfinite.astype(float), **how),
        "distinct_share": estimate(
            lambda own: distinct_share(stimuli.image_ids[own], pool_size),
            len(stimuli.count),
            **how,
        ),
        "coverage": mean_estimate(one.embedding.coverage[~stimuli.dead], **how),
        "entropy": estimate(
            lambda own: vasicek_entropy(vectors[own], scales[0]), len(vectors), **many
        ),
        "entropy_map": _map_entropy(one, placed, scales[1:], many),
        "effective_rank": estimate(
            lambda own: effective_rank(vectors[own]), len(vectors), **many
        ),
        "early_share": mean_estimate(nearest, **how),
    }


def _map_entropy(
    one: Seen, placed: np.ndarray, scales: Sequence[np.ndarray], how: dict
) -> Estimate:
    """Of the points, mean over the maps."""
    if one.maps is None:
        return _missing("the snapshot is not on the map")
    points = one.maps[:, placed]

    def mean(own: np.ndarray) -> float:
        pairs = zip(points, scales, strict=True)
        return float(np.mean([vasicek_entropy(p[own], s) for p, s in pairs]))

    return estimate(mean, points.shape[1], **how)


def _moved(before: Seen, after: Seen) -> Float[np.ndarray, " n"]:
    both = ~before.stimuli.dead & ~after.stimuli.dead
    moved = movement(before.embedding.vectors, after.embedding.vectors)
    return np.where(both, moved, np.nan)


def _change(
    before: Seen | None,
    one: Seen,
    moved: Float[np.ndarray, " n"] | None,
    draws: int,
    seed: int,
) -> dict[str, Estimate]:
    """What has changed since the snapshot before."""
    names = ("movement", "relative_movement", "movement_map", "cka")
    if before is None or moved is None:
        return {name: _missing("there is no snapshot before") for name in names}
    how = {"draws": draws, "seed": seed}
    size = spread(before.embedding.vectors[~before.stimuli.dead])
    found = {
        "movement": mean_estimate(moved, **how),
        "relative_movement": mean_estimate(moved / size, **how),
        "movement_map": _missing("one of the two snapshots is not on the map"),
        "cka": linear_cka(before.responses, one.responses, **how),
    }
    if before.maps is not None and one.maps is not None:
        pairs = zip(before.maps, one.maps, strict=True)
        on_maps = np.stack([movement(a, b) for a, b in pairs]).mean(axis=0)
        found["movement_map"] = mean_estimate(on_maps, **how)
    return found


def _missing(why: str) -> Estimate:
    return Estimate(value=None, low=None, high=None, n=0, why=why)


def _by_site(
    moved: Float[np.ndarray, " n"] | None, sites: Sequence[Site]
) -> list[float]:
    if moved is None:
        return [float("nan")] * len(sites)
    parts = [moved[where] for where in site_slices(sites).values()]
    known = [part[np.isfinite(part)] for part in parts]
    return [float(k.mean()) if len(k) else float("nan") for k in known]

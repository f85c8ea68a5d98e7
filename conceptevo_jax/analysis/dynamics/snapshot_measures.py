"""Measures of one snapshot of a run, alone and compared with the snapshot before it.

All measures use only live neurons: a dead neuron has no concept and no vector.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float

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
    Estimate,
    estimate,
    mean_estimate,
)
from conceptevo_jax.types import (
    Embedding,
    Responses,
    Site,
    Stimuli,
    record,
    site_slices,
)


@record
class ObservedSnapshot:
    """A snapshot of a run whose evolution is measured.

    Attributes:
      snapshot: Its name, `run@epoch`.
      stimuli: Its neurons' stimuli in the pool.
      responses: Responses to held-out images, the same for all snapshots.
      embedding: Its neurons in the space.
      maps: Its neurons on maps of several seeds; None if it is on no map.
    """

    snapshot: str
    stimuli: Stimuli
    responses: Responses
    embedding: Embedding
    maps: Float[np.ndarray, "r n 2"] | None = None


@record
class Reference:
    """The base, which sets the floor of entropies and the early sites.

    Attributes:
      stimuli: The base's stimuli, of which the live ones count.
      embedding: Its neurons as projected into their own space, like all others.
      maps: Its neurons on the maps.
    """

    stimuli: Stimuli
    embedding: Embedding
    maps: Float[np.ndarray, "r n 2"]


def reference_scales(base: Reference) -> list[np.ndarray]:
    """Standard deviation of the base's neurons: in the space, then on every map."""
    return [neuron_scale(v) for v in (base.embedding.vectors, *base.maps)]


def measure_state(
    observation: ObservedSnapshot,
    base: Reference,
    scales: Sequence[np.ndarray],
    *,
    pool_size: int,
    draws: int,
    seed: int,
) -> dict[str, Estimate]:
    """The measures of a single snapshot.

    Args:
      observation: The snapshot.
      base: The base of its space.
      scales: Scales of the base, from `reference_scales`.
      pool_size: Number of images in the pool of the stimuli.
      draws: Number of random halves of the neurons per interval.
      seed: Seed of the halves.
    """
    halving_options = {"draws": draws, "seed": seed}
    return {
        **_stimulus_measures(observation, pool_size, halving_options),
        **_place_measures(observation, base, scales, halving_options),
    }


def _stimulus_measures(
    observation: ObservedSnapshot, pool_size: int, halving_options: dict[str, int]
) -> dict[str, Estimate]:
    """Measures of the stimuli alone: live neurons, and number of distinct images."""
    stimuli = observation.stimuli
    return {
        "live_share": mean_estimate((~stimuli.dead).astype(float), **halving_options),
        "nonfinite_share": mean_estimate(
            stimuli.nonfinite.astype(float), **halving_options
        ),
        "distinct_share": estimate(
            lambda rows: distinct_share(stimuli.image_ids[rows], pool_size),
            len(stimuli.count),
            **halving_options,
        ),
        "coverage": mean_estimate(
            observation.embedding.coverage[~stimuli.dead], **halving_options
        ),
    }


def _place_measures(
    observation: ObservedSnapshot,
    base: Reference,
    scales: Sequence[np.ndarray],
    halving_options: dict[str, int],
) -> dict[str, Estimate]:
    """Diversity of the live neurons' positions in the space and on the maps."""
    placed = observation.embedding.placed & ~observation.stimuli.dead
    vectors = observation.embedding.vectors[placed]
    estimate_options = {"min_neurons": MIN_NEURONS, **halving_options}
    return {
        "entropy": estimate(
            lambda rows: vasicek_entropy(vectors[rows], scales[0]),
            len(vectors),
            **estimate_options,
        ),
        "entropy_map": _map_entropy(observation, placed, scales[1:], estimate_options),
        "effective_rank": estimate(
            lambda rows: effective_rank(vectors[rows]), len(vectors), **estimate_options
        ),
        "early_share": mean_estimate(
            _early_neighbours(vectors, base), **halving_options
        ),
    }


def _early_neighbours(
    vectors: Float[np.ndarray, "n d"], base: Reference
) -> Float[np.ndarray, " n"]:
    """Which neurons' nearest base neuron is of an early site: 1 or 0."""
    if not len(vectors):
        return np.zeros(0)
    is_live = base.embedding.placed & ~base.stimuli.dead
    is_early = early_neurons(base.stimuli.sites)[is_live]
    return early_share(vectors, base.embedding.vectors[is_live], is_early)


def _map_entropy(
    observation: ObservedSnapshot,
    placed: np.ndarray,
    scales: Sequence[np.ndarray],
    options: dict[str, int],
) -> Estimate:
    """Entropy of the points, mean over the maps."""
    if observation.maps is None:
        return missing_estimate("the snapshot is not on the map")
    points = observation.maps[:, placed]

    def mean_entropy(rows: np.ndarray) -> float:
        pairs = zip(points, scales, strict=True)
        return float(np.mean([vasicek_entropy(p[rows], s) for p, s in pairs]))

    return estimate(mean_entropy, points.shape[1], **options)


def neuron_movement(
    before: ObservedSnapshot, after: ObservedSnapshot
) -> Float[np.ndarray, " n"]:
    """How far each neuron moves in the space; NaN for one that is dead in either.

    Args:
      before: The earlier snapshot.
      after: The later one, of the same run.
    """
    is_live = ~before.stimuli.dead & ~after.stimuli.dead
    distances = movement(before.embedding.vectors, after.embedding.vectors)
    return np.where(is_live, distances, np.nan)


def measure_change(
    before: ObservedSnapshot | None,
    after: ObservedSnapshot,
    neuron_movements: Float[np.ndarray, " n"] | None,
    *,
    draws: int,
    seed: int,
) -> dict[str, Estimate]:
    """The measures of a snapshot compared with the one before it.

    Args:
      before: The snapshot before; None for the first.
      after: The snapshot.
      neuron_movements: How far each neuron has moved since; None for the first
        snapshot.
      draws: Number of random halves of the neurons per interval.
      seed: Seed of the halves.
    """
    names = ("movement", "relative_movement", "movement_map", "cka")
    if before is None or neuron_movements is None:
        return {name: missing_estimate("there is no snapshot before") for name in names}
    halving_options = {"draws": draws, "seed": seed}
    size = spread(before.embedding.vectors[~before.stimuli.dead])
    return {
        "movement": mean_estimate(neuron_movements, **halving_options),
        "relative_movement": mean_estimate(neuron_movements / size, **halving_options),
        "movement_map": _map_movement(before, after, halving_options),
        "cka": linear_cka(before.responses, after.responses, **halving_options),
    }


def _map_movement(
    before: ObservedSnapshot, after: ObservedSnapshot, options: dict[str, int]
) -> Estimate:
    """Movement of neurons on the map, mean over the maps."""
    if before.maps is None or after.maps is None:
        return missing_estimate("one of the two snapshots is not on the map")
    pairs = zip(before.maps, after.maps, strict=True)
    on_maps = np.stack([movement(a, b) for a, b in pairs]).mean(axis=0)
    return mean_estimate(on_maps, **options)


def missing_estimate(reason: str) -> Estimate:
    """No estimate, with the reason."""
    return Estimate(value=None, low=None, high=None, n=0, why=reason)


def site_movements(
    neuron_movements: Float[np.ndarray, " n"] | None, sites: Sequence[Site]
) -> list[float]:
    """Mean movement of each site's neurons; NaN where none of them is finite.

    Args:
      neuron_movements: How far each neuron has moved; None for the first snapshot.
      sites: The sites, in order of the neurons.
    """
    if neuron_movements is None:
        return [float("nan")] * len(sites)
    movements_by_site = [
        neuron_movements[columns] for columns in site_slices(sites).values()
    ]
    finite_movements = [part[np.isfinite(part)] for part in movements_by_site]
    return [float(f.mean()) if len(f) else float("nan") for f in finite_movements]

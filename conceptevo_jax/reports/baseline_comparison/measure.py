"""Measures of the compared methods: drift, neuron classes, concept groups."""

from collections.abc import Mapping, Sequence
from itertools import combinations

import numpy as np
from jaxtyping import Int

from conceptevo_jax.analysis.alignment.response_rows import standardise
from conceptevo_jax.analysis.alignment.selectivity import selected_concepts
from conceptevo_jax.analysis.dynamics.drift import Drift, measure_drift
from conceptevo_jax.analysis.dynamics.labelled_vectors import LabelledVectors
from conceptevo_jax.baselines.neurocartography import (
    Groups,
    activated_cells,
    group_neurons,
)
from conceptevo_jax.epochs import Epoch
from conceptevo_jax.pipeline.session import Session
from conceptevo_jax.pipeline.trained_run import TrainedRun
from conceptevo_jax.reports.baseline_comparison.representations import Representation
from conceptevo_jax.types import Observation, record

SPACES = ("vectors", "map")
"""Where drift is measured: in a method's own space, and on its map."""

MEASURES = {
    "mean_shift": "centroid shift / spread",
    "raw": "Procrustes residual, raw",
    "rigid": "… after a rigid motion",
    "neighbours": "neighbours kept",
    "ranks": "rank correlation of distances",
    "purity": "neighbour purity",
    "purity_across": "purity across snapshots",
}
"""The label of each measure in figures."""

MIN_NEURONS = 5
"""Smallest number of neurons of a class for correlating their responses."""


@record
class MethodDrift:
    """The drift of one method, between every two snapshots.

    Attributes:
      method: The method's vectors and maps.
      pairs: Indices of the snapshots that are compared.
      drifts: By space, one per pair; a method that makes only maps has no vectors.
    """

    method: Representation
    pairs: Sequence[tuple[int, int]]
    drifts: Mapping[str, Sequence[Drift]]

    def mean(self, space: str, measure: str) -> float:
        """A measure's mean over the pairs; NaN if it is finite for no pair.

        Args:
          space: One of `SPACES`.
          measure: One of `MEASURES`.
        """
        values = [getattr(drift, measure) for drift in self.drifts.get(space, ())]
        finite_values = [value for value in values if np.isfinite(value)]
        return float(np.mean(finite_values)) if finite_values else float("nan")

    def margins(self, rival: "MethodDrift", space: str, measure: str) -> list[float]:
        """The rival's measure minus this method's, pair by pair.

        Args:
          rival: Another method, between the same snapshots.
          space: One of `SPACES`.
          measure: One of `MEASURES`.
        """
        drift_pairs = zip(rival.drifts[space], self.drifts[space], strict=True)
        return [
            getattr(rival_drift, measure) - getattr(drift, measure)
            for rival_drift, drift in drift_pairs
        ]


def measure_drifts(
    methods: Sequence[Representation], *, classes: Mapping[str, int], seed: int
) -> list[MethodDrift]:
    """Measure every method for every pair of snapshots.

    Args:
      methods: The methods.
      classes: Number of classes, by kind of unit (`Representation.units`).
      seed: See `measure_drift`.
    """
    method_drifts = []
    for method in methods:
        pairs = list(combinations(range(len(method.maps)), 2))
        drifts = _drifts_by_space(method, pairs, classes=classes, seed=seed)
        method_drifts.append(MethodDrift(method=method, pairs=pairs, drifts=drifts))
    return method_drifts


def _drifts_by_space(
    method: Representation,
    pairs: Sequence[tuple[int, int]],
    *,
    classes: Mapping[str, int],
    seed: int,
) -> dict[str, list[Drift]]:
    """The method's drift for each pair of snapshots, by space."""
    spaces: dict[str, Sequence[LabelledVectors]] = {
        "vectors": method.vectors,
        "map": method.maps,
    }
    return {
        space: [
            measure_drift(
                snapshots[before],
                snapshots[after],
                classes=classes[method.units],
                seed=seed,
            )
            for before, after in pairs
        ]
        for space, snapshots in spaces.items()
        if snapshots
    }


def neuron_classes(session: Session, observation: Observation) -> Int[np.ndarray, " n"]:
    """The class that each neuron separates from all others, or -1.

    Args:
      session: Images and their classes.
      observation: Responses to held-out images.
    """
    classes = np.eye(len(session.images.classes), dtype=bool)
    image_classes = classes[session.images.judgement.labels]
    return selected_concepts(observation.judgement.peaks, image_classes)


def most_coherent_class(
    observation: Observation, labels: Int[np.ndarray, " n"], classes: int
) -> int:
    """The class whose neurons' responses correlate best.

    Among the classes with at least `MIN_NEURONS` neurons; without such a class, the
    class with the most neurons.

    Args:
      observation: Responses to held-out images.
      labels: Class of each neuron, from `neuron_classes`.
      classes: Number of classes.
    """
    rows = standardise(observation.judgement.peaks)
    scores = []
    for label in range(classes):
        class_rows = rows[labels == label]
        n = len(class_rows)
        # The sum of all pairs' products without computing the pairs: the squared norm
        # of the sum, less every row's product with itself.
        squared_norm = float((class_rows.sum(axis=0) ** 2).sum())
        pair_sum = squared_norm - float((class_rows**2).sum())
        if n >= MIN_NEURONS:
            scores.append(pair_sum / (n * (n - 1)))
        else:  # below -1, the least mean correlation of a class with enough neurons
            scores.append(n / MIN_NEURONS - 2)
    return int(np.argmax(scores))


def concept_groups(session: Session, run: TrainedRun, epoch: Epoch) -> Groups:
    """NeuroCartography's concept groups of a snapshot.

    Args:
      session: Images of the pool.
      run: The run, from `observe_widely`.
      epoch: Which snapshot.
    """
    snapshot = next(s for s in run.snapshots if s.epoch == epoch)
    pixels = session.images.pool_pixels.pixels
    cells = activated_cells(
        run.model, snapshot.load(), lambda rows: np.asarray(pixels[rows])
    )
    return group_neurons(run.observations[epoch].stimuli, cells)

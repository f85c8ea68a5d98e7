"""Tables of the comparison: drift, change of representation, concepts and groups."""

from collections.abc import Sequence
from itertools import combinations
from pathlib import Path
from typing import Any

from conceptevo_jax.analysis.dynamics.movement import linear_cka
from conceptevo_jax.baselines.neurocartography import Groups
from conceptevo_jax.baselines.svcca import svcca
from conceptevo_jax.epochs import Epoch, SnapshotId
from conceptevo_jax.pipeline.outcome import finite, write_csv
from conceptevo_jax.pipeline.trained_run import TrainedRun
from conceptevo_jax.reports.baseline_comparison.ace_concepts import ClassConcepts
from conceptevo_jax.reports.baseline_comparison.measure import MEASURES, MethodDrift
from conceptevo_jax.types import Observation, neuron_ids


def write_tables(
    folder: Path,
    *,
    drifts: Sequence[dict[str, Any]],
    changes: Sequence[dict[str, Any]],
    concepts: Sequence[dict[str, Any]],
    groups: Sequence[dict[str, Any]],
) -> Path:
    """Write every table that has rows.

    Args:
      folder: Where the CSV files go.
      drifts: From `drift_rows`.
      changes: From `change_rows`.
      concepts: From `concept_rows`.
      groups: From `group_rows`.

    Returns:
      The table of drift.
    """
    drift_table_path = write_csv(folder / "drift.csv", drifts)
    write_csv(folder / "representation.csv", changes)
    if concepts:
        write_csv(folder / "ace_concepts.csv", concepts)
    if groups:
        write_csv(folder / "neurocartography_groups.csv", groups)
    return drift_table_path


def drift_rows(
    drifts: Sequence[MethodDrift], snapshots: Sequence[str]
) -> list[dict[str, Any]]:
    """A row per method, space and pair of snapshots.

    Args:
      drifts: The drift of every method.
      snapshots: Names of the snapshots.
    """
    return [
        {
            "method": method_drift.method.name,
            "items": method_drift.method.units,
            "control": method_drift.method.control,
            "space": space,
            "before": snapshots[before],
            "after": snapshots[after],
            **{name: finite(getattr(drift, name)) for name in MEASURES},
            "chance": finite(drift.chance),
            "placed_in_both": drift.items,
            "labelled": drift.labelled,
        }
        for method_drift in drifts
        for space, space_drifts in method_drift.drifts.items()
        for (before, after), drift in zip(method_drift.pairs, space_drifts, strict=True)
    ]


def change_rows(
    observations: Sequence[Observation], snapshots: Sequence[str]
) -> list[dict[str, Any]]:
    """How much the whole representation changes between all pairs of snapshots.

    Args:
      observations: One per snapshot.
      snapshots: Names of the snapshots.
    """
    rows = []
    named_observations = zip(snapshots, observations, strict=True)
    for (before, first), (after, second) in combinations(named_observations, 2):
        cka = linear_cka(first.judgement, second.judgement)
        rows.append(
            {
                "before": before,
                "after": after,
                "linear_cka": cka.value,
                "linear_cka_low": cka.low,
                "linear_cka_high": cka.high,
                "svcca": finite(svcca(first.judgement.peaks, second.judgement.peaks)),
            }
        )
    return rows


def concept_rows(classes: Sequence[ClassConcepts]) -> list[dict[str, Any]]:
    """A row per concept of ACE, by class, those that matter for the class first."""
    rows = [
        {
            "class": class_concepts.name,
            "concept": number,
            "segments": int(class_concepts.concepts.sizes[number]),
            "images": int(class_concepts.concepts.images[number]),
            "of_images": class_concepts.images,
            "tcav": float(test.scores.mean()),
            "tcav_of_random": float(test.control_scores.mean()),
            "p": test.p,
            "significant": test.significant,
            "cav_accuracy": float(test.accuracies.mean()),
        }
        for class_concepts in classes
        for number, test in enumerate(class_concepts.tests)
    ]
    return sorted(rows, key=lambda row: (row["class"], row["p"]))


def group_rows(groups: Groups, run: TrainedRun, epoch: Epoch) -> list[dict[str, Any]]:
    """A row per neuron of NeuroCartography's concept groups.

    Args:
      groups: The groups.
      run: The run of the neurons.
      epoch: The snapshot's epoch.
    """
    ids = neuron_ids(str(SnapshotId(run.name, epoch)), run.model.sites)
    return [
        {"site": site, "group": number, "neurons": len(members), "neuron": ids[neuron]}
        for number, (site, members) in enumerate(
            zip(groups.sites, groups.members, strict=True)
        )
        for neuron in members.tolist()
    ]

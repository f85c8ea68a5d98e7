"""Figures of the comparison: one concept on all maps, drift, and ACE's concepts."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from conceptevo_jax.epochs import SnapshotId, snapshot_label
from conceptevo_jax.figures import (
    ConceptPanel,
    DriftDots,
    draw_concept_maps,
    draw_concepts,
    draw_drift,
    save_figure,
)
from conceptevo_jax.pipeline.session import Session
from conceptevo_jax.reports.baseline_comparison.ace_concepts import ClassConcepts
from conceptevo_jax.reports.baseline_comparison.measure import (
    MEASURES,
    SPACES,
    MethodDrift,
)
from conceptevo_jax.reports.baseline_comparison.representations import Representation

PAPER_ROWS = ("neurocartography_figure_9", "ace")
"""Rows of the paper's figure below ConceptEvo's."""

CONCEPTS, PATCHES = 6, 12
"""Concepts of ACE that are drawn, and patches of each."""


def save_figures(
    session: Session,
    drifts: Sequence[MethodDrift],
    concepts: Sequence[ClassConcepts],
    *,
    snapshots: Sequence[SnapshotId],
    label: int,
    segment_names: Sequence[str],
) -> list[Path]:
    """Draw all figures of the comparison into the result folder.

    Args:
      session: Images and folder.
      drifts: The drift of every method, ConceptEvo's first.
      concepts: ACE's concepts, by class.
      snapshots: The run's snapshots, in order.
      label: The class whose neurons and segments are highlighted.
      segment_names: Names of the classes of segments.
    """
    folder, class_name = session.folder / "figures", session.images.classes[label]
    methods_by_name = {drift.method.name: drift.method for drift in drifts}
    methods = [drifts[0].method, *(methods_by_name[name] for name in PAPER_ROWS)]
    segment_labels = methods_by_name["ace"].maps[0].labels
    label_by_unit = {
        "neurons": label,
        # Objects of a Broden-style folder are none of the classes: the most frequent.
        "segments": segment_names.index(class_name)
        if class_name in segment_names
        else int(np.bincount(segment_labels).argmax()),
    }
    panels = [
        (method.title, _concept_panels(method, label_by_unit[method.units]))
        for method in methods
    ]
    figure = draw_concept_maps(
        panels,
        [snapshot_label(*snapshot) for snapshot in snapshots],
        title=f"Concept “{class_name}” over training in each method. Blue: its neurons "
        f"or segments (“{segment_names[label_by_unit['segments']]}”). Ring: "
        "their centre, with its path from the square. Each row is one map of all its "
        "snapshots.",
    )
    return [
        save_figure(figure, folder / "baseline_comparison")[0],
        *(_save_drift(folder, drifts, space) for space in SPACES),
        *_save_concepts(folder, concepts, snapshots[-1]),
    ]


def _concept_panels(method: Representation, label: int) -> list[ConceptPanel]:
    return [
        ConceptPanel(points=snapshot.vectors, marked=snapshot.labels == label)
        for snapshot in method.maps
    ]


def _save_drift(folder: Path, drifts: Sequence[MethodDrift], space: str) -> Path:
    """All measures of drift in one space, a row of dots per method."""
    drifts_in_space = [drift for drift in drifts if space in drift.drifts]
    figure = draw_drift(
        [_drift_dots(drifts_in_space, space, measure) for measure in MEASURES],
        [drift.method.title for drift in drifts_in_space],
        title="Drift between all pairs of milestones "
        + ("in each method's own space" if space == "vectors" else "on the maps")
        + "; bars: means. Low drift is meaningful only with high purity.",
    )
    return save_figure(figure, folder / f"drift_{space}")[0]


def _drift_dots(drifts: Sequence[MethodDrift], space: str, measure: str) -> DriftDots:
    values = [
        [getattr(drift, measure) for drift in method_drift.drifts[space]]
        for method_drift in drifts
    ]
    return DriftDots(
        name=MEASURES[measure],
        values=np.array(values),
        axis_minimum=None if measure == "ranks" else 0.0,
    )


def _save_concepts(
    folder: Path, concepts: Sequence[ClassConcepts], snapshot: SnapshotId
) -> list[Path]:
    """ACE's concepts as patches, a figure per class that has any."""
    paths = []
    for class_concepts in concepts:
        strips = concept_strips(class_concepts, concepts=CONCEPTS, patches=PATCHES)
        if strips:
            figure = draw_concepts(
                strips,
                title=f"ACE: concepts of “{class_concepts.name}” in "
                f"{snapshot_label(*snapshot)}",
            )
            name = (
                f"ace_{class_concepts.name}".lower().replace(" ", "_").replace("/", "_")
            )
            paths.append(save_figure(figure, folder / name)[0])
    return paths


def concept_strips(
    class_concepts: ClassConcepts, *, concepts: int, patches: int
) -> list[tuple[str, list[UInt8[np.ndarray, "_ _ 3"]]]]:
    """Patches of a class's concepts, the most certain first, each with a caption.

    Args:
      class_concepts: The class's concepts and tests.
      concepts: Maximum number of concepts.
      patches: Maximum number of patches per concept.
    """
    tests = class_concepts.tests
    order = sorted(range(len(tests)), key=lambda number: tests[number].p)
    strips = []
    for number in order[:concepts]:
        test, members = tests[number], class_concepts.concepts.members[number]
        caption = (
            f"concept {number}: TCAV {test.scores.mean():.2f} (random segments "
            f"{test.control_scores.mean():.2f}), p {test.p:.2g}"
        )
        pixels = [class_concepts.segments.patches[row] for row in members[:patches]]
        strips.append((caption, pixels))
    return strips

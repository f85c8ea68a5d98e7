"""Figures of runs that are compared: their maps, and what their concepts do."""

from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from conceptevo_jax.figures import Curve, draw_curves, save_figure
from conceptevo_jax.pipeline.images import Images
from conceptevo_jax.pipeline.projected_run import ProjectedRun
from conceptevo_jax.reports.concepts.measure import NamedConcepts
from conceptevo_jax.reports.training_failures.measure import RunMeasurements
from conceptevo_jax.reports.unified_space.training_maps import training_map

PANELS = {
    "live_share": "Do neurons die? Share that live",
    "distinct_share": "Do neurons differ? Share of distinct stimuli",
    "effective_rank": "How many directions do concepts fill?",
    "entropy": "How spread are concepts? Entropy",
    "relative_movement": "How far do concepts move between snapshots?",
}
"""The measures that are drawn, each with the question that it answers; all others are
in `tables/measures.csv`."""

COLUMNS = 2
"""Number of panels in a row."""


def draw_groups(
    images: Images,
    measurements: RunMeasurements,
    named: NamedConcepts,
    groups: Mapping[str, Sequence[str]],
    repeats: Sequence[str],
    folder: Path,
) -> list[Path]:
    """Two figures per group of runs, as in the paper's Figs. 2 and 8, and curves.

    Args:
      images: The images that patches are cut from.
      measurements: Measurements of the runs in the space of a base.
      named: The concepts of that base.
      groups: Names of runs that are drawn together, by the group's name.
      repeats: Runs that repeat the run before them with another seed.
      folder: Where the figures go.

    Returns:
      The PNG files.
    """
    space, points = measurements.space, measurements.joint_layout.points
    written = []
    for group, names in groups.items():
        runs = [space.runs[name] for name in names]
        figure = training_map(runs, space.base, points, images, named)
        written.append(save_figure(figure, folder / f"map_{group.lower()}")[0])
        curves = draw_curves(
            _panels(measurements, names, repeats),
            title=f"{group}: what happens to concepts while accuracy changes, in the "
            f"space of {space.base.title}. Bands: 95 % over neurons.",
            columns=COLUMNS,
        )
        written.append(save_figure(curves, folder / f"measures_{group.lower()}")[0])
    return written


def _panels(
    measurements: RunMeasurements, names: Sequence[str], repeats: Sequence[str]
) -> list[tuple[str, list[Curve]]]:
    """Test accuracy and the measures that differ, each with a curve for each run."""
    accuracies = [
        _accuracy_curve(measurements, name, is_repeat=name in repeats) for name in names
    ]
    panels = [("Does the network learn? Test accuracy", accuracies)]
    for measure, question in PANELS.items():
        curves = [
            _measure_curve(measurements, name, measure, is_repeat=name in repeats)
            for name in names
        ]
        values = np.concatenate([curve.values for curve in curves])
        if len(np.unique(values[np.isfinite(values)])) > 1:
            panels.append((question, curves))
    return panels


def _progress(projected: ProjectedRun) -> np.ndarray:
    """Amount of training before each snapshot, in epochs."""
    return np.array(
        [projected.epochs_of_training(epoch) for epoch in projected.epochs], float
    )


def _accuracy_curve(
    measurements: RunMeasurements,
    name: str,
    *,
    is_repeat: bool,
) -> Curve:
    projected_run = measurements.space.runs[name]
    rows = [projected_run.run.row(epoch) for epoch in projected_run.epochs]
    return Curve(
        name=projected_run.title,
        progress=_progress(projected_run),
        values=np.array([row.test_top1 for row in rows], float),
        is_repeat=is_repeat,
    )


def _measure_curve(
    measurements: RunMeasurements, name: str, measure: str, *, is_repeat: bool
) -> Curve:
    projected_run, trajectory = (
        measurements.space.runs[name],
        measurements.trajectories[name],
    )
    column = trajectory.measures.index(measure)
    return Curve(
        name=projected_run.title,
        progress=_progress(projected_run),
        values=trajectory.value[:, column],
        low=trajectory.low[:, column],
        high=trajectory.high[:, column],
        is_repeat=is_repeat,
    )

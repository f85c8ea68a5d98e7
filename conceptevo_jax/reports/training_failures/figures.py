"""Figures of runs that are compared: their maps, and every measure over epochs."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from conceptevo_jax.analysis.dynamics.trajectory import MEASURES
from conceptevo_jax.figures import Curve, draw_curves, save_figure
from conceptevo_jax.pipeline.images import Images
from conceptevo_jax.pipeline.projected_run import ProjectedRun
from conceptevo_jax.reports.concepts.measure import NamedConcepts
from conceptevo_jax.reports.training_failures.measure import RunMeasurements
from conceptevo_jax.reports.unified_space.training_maps import training_map
from conceptevo_jax.training import Row

ACCURACIES: dict[str, Callable[[Row], float]] = {
    "top-1 train accuracy": lambda row: row.train_top1,
    "top-1 test accuracy": lambda row: row.test_top1,
    "top-5 train accuracy": lambda row: row.train_top5,
    "top-5 test accuracy": lambda row: row.test_top5,
}

COLUMNS = 4
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
            title=f"{group}: every measure next to accuracy, in the space of "
            f"{space.base.title}; bands: 95 % over neurons",
            columns=COLUMNS,
            shares=False,
        )
        written.append(save_figure(curves, folder / f"measures_{group.lower()}")[0])
    return written


def _panels(
    measurements: RunMeasurements, names: Sequence[str], repeats: Sequence[str]
) -> list[tuple[str, list[Curve]]]:
    """Per accuracy and measure, its title and a curve for each run."""
    panels = [
        (
            title,
            [
                _accuracy_curve(measurements, name, accuracy, is_repeat=name in repeats)
                for name in names
            ],
        )
        for title, accuracy in ACCURACIES.items()
    ]
    panels += [
        (
            title,
            [
                _measure_curve(measurements, name, measure, is_repeat=name in repeats)
                for name in names
            ],
        )
        for measure, title in MEASURES.items()
    ]
    return panels


def _progress(projected: ProjectedRun) -> np.ndarray:
    """Amount of training before each snapshot, in epochs."""
    return np.array(
        [projected.epochs_of_training(epoch) for epoch in projected.epochs], float
    )


def _accuracy_curve(
    measurements: RunMeasurements,
    name: str,
    accuracy: Callable[[Row], float],
    *,
    is_repeat: bool,
) -> Curve:
    projected_run = measurements.space.runs[name]
    rows = [projected_run.run.row(epoch) for epoch in projected_run.epochs]
    return Curve(
        name=projected_run.title,
        progress=_progress(projected_run),
        values=np.array([accuracy(row) for row in rows], float),
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
    # The curve passes over snapshots that are on no map. Other measures keep their
    # gaps: movement on the map needs two snapshots in a row.
    drawable = np.isfinite(trajectory.value[:, column]) | (measure != "entropy_map")
    return Curve(
        name=projected_run.title,
        progress=_progress(projected_run)[drawable],
        values=trajectory.value[drawable, column],
        low=trajectory.low[drawable, column],
        high=trajectory.high[drawable, column],
        is_repeat=is_repeat,
    )

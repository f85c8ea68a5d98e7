"""Figures of runs that are compared: their maps, and every measure over epochs."""

from collections.abc import Callable, Mapping, Sequence
from pathlib import Path

import numpy as np

from conceptevo_jax.analysis.dynamics.trajectory import MEASURES
from conceptevo_jax.figures import Curve, draw_curves, save_figure
from conceptevo_jax.reports.training_failures.measure import InSpace
from conceptevo_jax.reports.unified_space.figures import map_over
from conceptevo_jax.training import Row

ACCURACIES: dict[str, Callable[[Row], float]] = {
    "top-1 train accuracy": lambda row: row.train_top1,
    "top-1 test accuracy": lambda row: row.test_top1,
    "top-5 train accuracy": lambda row: row.train_top5,
    "top-5 test accuracy": lambda row: row.test_top5,
}

COLUMNS = 4
"""Panels of measures side by side."""


def draw_groups(
    space: InSpace,
    groups: Mapping[str, Sequence[str]],
    again: Sequence[str],
    folder: Path,
) -> list[Path]:
    """Two figures per group of runs, as in the paper's Figs. 2 and 8, and curves.

    Args:
      space: The runs in the space of a base.
      groups: Names of runs that are drawn together, by the group's name.
      again: Runs that repeat the one before them under another seed.
      folder: Where the figures go.

    Returns:
      The PNG files.
    """
    background = space.points[space.home.snapshot(space.home.epochs[-1])]
    written = []
    for group, names in groups.items():
        runs = [space.runs[name] for name in names]
        figure = map_over(runs, space.home.title, background, space.points)
        written.append(save_figure(figure, folder / f"map_{group.lower()}")[0])
        curves = draw_curves(
            _panels(space, names, again),
            title=f"{group}: every measure beside accuracy, in the space of "
            f"{space.home.title}; bands: 95 % over neurons",
            columns=COLUMNS,
            shares=False,
        )
        written.append(save_figure(curves, folder / f"measures_{group.lower()}")[0])
    return written


def _panels(
    space: InSpace, names: Sequence[str], again: Sequence[str]
) -> list[tuple[str, list[Curve]]]:
    panels = [
        (title, [_accuracy(space, name, value, name in again) for name in names])
        for title, value in ACCURACIES.items()
    ]
    panels += [
        (title, [_measure(space, name, measure, name in again) for name in names])
        for measure, title in MEASURES.items()
    ]
    return panels


def _times(space: InSpace, name: str) -> np.ndarray:
    one = space.runs[name]
    return np.array([one.at(epoch) for epoch in one.epochs], float)


def _accuracy(
    space: InSpace, name: str, value: Callable[[Row], float], again: bool
) -> Curve:
    one = space.runs[name]
    values = np.array([value(one.run.row(epoch)) for epoch in one.epochs], float)
    return Curve(
        name=one.title, epochs=_times(space, name), values=values, is_repeat=again
    )


def _measure(space: InSpace, name: str, measure: str, again: bool) -> Curve:
    found = space.trajectories[name]
    at = found.measures.index(measure)
    # Snapshots that are not on the map are passed over; movement needs two in a row.
    kept = np.isfinite(found.value[:, at]) | (measure != "entropy_map")
    return Curve(
        name=space.runs[name].title,
        epochs=_times(space, name)[kept],
        values=found.value[kept, at],
        low=found.low[kept, at],
        high=found.high[kept, at],
        is_repeat=again,
    )

"""Figures of the experiment on alignment."""

from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path

import numpy as np
from matplotlib.figure import Figure

from conceptevo_jax.analysis import Agreement, Alignment
from conceptevo_jax.figures import (
    MethodDots,
    TaskPicture,
    draw_methods,
    draw_pairs,
    draw_tasks,
    save_figure,
)
from conceptevo_jax.reports.alignment.claims import Judged, across_architectures
from conceptevo_jax.reports.alignment.measure import Placed, all_snapshots
from conceptevo_jax.reports.alignment.study_cards import Asked
from conceptevo_jax.reports.alignment.study_claims import TITLES

MEASURES = {
    "correlation": "responses correlate",
    "centred": "the same, image means removed",
    "overlap": "strongest images overlap",
    "planted": "both select one known concept",
}
"""Whatever two neurons may agree by, in words."""


def draw_alignment(
    folder: Path,
    spaces: Mapping[str, Sequence[tuple[Placed, Judged]]],
    every: Judged,
    asked: Asked,
) -> None:
    """Write `methods`, `pairs` and `tasks`.

    Args:
      folder: Where to.
      spaces: By method, the one in use first: each base's space, and pairs with it.
      every: Every two snapshots of the first space.
      asked: The study.
    """
    home = next(iter(spaces.values()))[0][0]
    save_figure(_methods(spaces), folder / "methods")
    save_figure(_pairs(home, every), folder / "pairs")
    save_figure(_tasks(asked), folder / "tasks")


def _methods(spaces: Mapping[str, Sequence[tuple[Placed, Judged]]]) -> Figure:
    """Other architectures' last epochs against every base, method by method."""
    names: list[str] = []
    columns: dict[str, list[tuple[str, Alignment]]] = {}
    for method, own in spaces.items():
        columns[method] = [
            (f"{run} in the space of {placed.home}", one)
            for placed, judged in own
            for run, one in across_architectures(placed, judged).items()
        ]
        names = [name for name, _ in columns[method]]
    panels = []
    for measure, title in _known(one for _, one in next(iter(columns.values()))):
        dots = [
            _dots(method, [getattr(one, measure) for _, one in own])
            for method, own in columns.items()
        ]
        panels.append((title, dots))
    title = (
        "Held-out alignment of other architectures with the base: the chance that "
        "neurons that agree lie closer than neurons that do not, with 95 % intervals "
        "over neurons, under every method"
    )
    return draw_methods(panels, names, title=title)


def _known(alignments: Iterable[Alignment]) -> list[tuple[str, str]]:
    first = next(iter(alignments))
    return [
        (name, title)
        for name, title in MEASURES.items()
        if getattr(first, name) is not None
    ]


def _dots(method: str, verdicts: Sequence[Agreement]) -> MethodDots:
    ends = [one.interval or (None, None) for one in verdicts]
    return MethodDots(
        name=method,
        values=_numbers(one.overall.auc for one in verdicts),
        low=_numbers(low for low, _ in ends),
        high=_numbers(high for _, high in ends),
    )


def _numbers(values: Iterable[float | None]) -> np.ndarray:
    return np.array([np.nan if v is None else v for v in values], np.float64)


def _pairs(home: Placed, every: Judged) -> Figure:
    names = [f"{run}@{epoch}" for run, epoch in all_snapshots(home)]
    place = {name: number for number, name in enumerate(names)}
    panels = []
    for measure, title in _known(every.values()):
        table = np.full((len(names), len(names)), np.nan)
        for (a, b), one in every.items():
            auc = getattr(one, measure).overall.auc
            table[place[a], place[b]] = np.nan if auc is None else auc
            table[place[b], place[a]] = table[place[a], place[b]]
        panels.append((title, table))
    title = (
        f"Held-out alignment of every two snapshots in the space of {home.home}: the "
        "chance that neurons that agree lie closer than neurons that do not"
    )
    return draw_pairs(names, panels, title=title)


def _tasks(asked: Asked) -> Figure:
    """The first task of each category."""
    chosen: dict[str, int] = {}
    for place, task in enumerate(asked.study.tasks):
        if not task.check:
            chosen.setdefault(task.category, place)
    pictures = [
        TaskPicture(
            title=f"Task of category {TITLES[category]}",
            patches=asked.study.patches[place],
            names=asked.study.tasks[place].cards,
            intruder=asked.study.tasks[place].intruder - 1,
        )
        for category, place in chosen.items()
    ]
    title = (
        "Tasks as participants see them, without the names below: five neurons that "
        "lie together, and an intruder (framed here); patches of held-out images, none "
        "of which is on two cards"
    )
    return draw_tasks(pictures, title=title)

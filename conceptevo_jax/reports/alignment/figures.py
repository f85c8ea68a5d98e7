"""Figures of the experiment on alignment."""

from collections.abc import Iterable, Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Float64
from matplotlib.figure import Figure

from conceptevo_jax.analysis import Agreement, Alignment
from conceptevo_jax.epochs import SnapshotId, snapshot_label
from conceptevo_jax.figures import (
    MethodDots,
    TaskPicture,
    draw_methods,
    draw_pairs,
    draw_tasks,
    save_figure,
)
from conceptevo_jax.pipeline.runs_in_space import RunsInSpace
from conceptevo_jax.reports.alignment.claims import across_architectures
from conceptevo_jax.reports.alignment.measure import (
    AlignedSpaces,
    PairAlignments,
    all_snapshots,
)
from conceptevo_jax.reports.alignment.study_cards import GroupStudy
from conceptevo_jax.reports.alignment.study_measure import CATEGORY_TITLES

MEASURES = {
    "correlation": "responses correlate",
    "centred": "the same, image means removed",
    "overlap": "strongest images overlap",
    "planted": "both select the same concept",
}
"""Labels of the definitions of agreement, by field of `Alignment`."""


def draw_alignment(
    folder: Path,
    spaces: AlignedSpaces,
    alignments: PairAlignments,
    group_study: GroupStudy,
) -> None:
    """Write `methods`, `pairs` and `tasks`.

    Args:
      folder: The folder to write to.
      spaces: By method, the one in use first: each base's space, and pairs with it.
      alignments: Alignments of all pairs of snapshots of the first space.
      group_study: The study.
    """
    space, _ = next(iter(spaces.values()))[0]
    save_figure(_methods_figure(spaces), folder / "methods")
    save_figure(_pairs_figure(space, alignments), folder / "pairs")
    save_figure(_tasks_figure(group_study), folder / "tasks")


def _methods_figure(spaces: AlignedSpaces) -> Figure:
    """Other architectures' last epochs against every base, method by method."""
    row_names: list[str] = []
    columns: dict[str, list[Alignment]] = {}
    for method, spaces_of_method in spaces.items():
        rows = [
            (f"{run} in the space of {_base_label(space)}", alignment)
            for space, alignments in spaces_of_method
            for run, alignment in across_architectures(space, alignments).items()
        ]
        row_names = [name for name, _ in rows]
        columns[method] = [alignment for _, alignment in rows]
    panels = []
    for measure, title in _available_measures(next(iter(columns.values()))):
        dots = [
            _method_dots(method, [getattr(alignment, measure) for alignment in column])
            for method, column in columns.items()
        ]
        panels.append((title, dots))
    title = (
        "Held-out alignment of other architectures with the base: the probability "
        "that neurons that agree lie closer than neurons that do not, with 95 % "
        "intervals over neurons, for every method"
    )
    return draw_methods(panels, row_names, title=title)


def _available_measures(alignments: Iterable[Alignment]) -> list[tuple[str, str]]:
    """Measures with their titles, the same for all alignments of a data set."""
    first = next(iter(alignments))
    return [
        (name, title)
        for name, title in MEASURES.items()
        if getattr(first, name) is not None
    ]


def _method_dots(method: str, agreements: Sequence[Agreement]) -> MethodDots:
    intervals = [agreement.interval or (None, None) for agreement in agreements]
    return MethodDots(
        name=method,
        values=_nan_for_none(agreement.overall.auc for agreement in agreements),
        low=_nan_for_none(low for low, _ in intervals),
        high=_nan_for_none(high for _, high in intervals),
    )


def _nan_for_none(numbers: Iterable[float | None]) -> Float64[np.ndarray, " _"]:
    return np.array(
        [np.nan if number is None else number for number in numbers], np.float64
    )


def _pairs_figure(space: RunsInSpace, alignments: PairAlignments) -> Figure:
    snapshots = all_snapshots(space)
    index = {str(snapshot): number for number, snapshot in enumerate(snapshots)}
    panels = []
    for measure, title in _available_measures(alignments.values()):
        table = np.full((len(snapshots), len(snapshots)), np.nan)
        for (a, b), alignment in alignments.items():
            auc = getattr(alignment, measure).overall.auc
            table[index[a], index[b]] = np.nan if auc is None else auc
            table[index[b], index[a]] = table[index[a], index[b]]
        panels.append((title, table))
    title = (
        f"Held-out alignment of all pairs of snapshots in the space of "
        f"{_base_label(space)}: the probability that neurons that agree lie closer "
        "than neurons that do not"
    )
    return draw_pairs(snapshots, panels, title=title)


def _base_label(space: RunsInSpace) -> str:
    return snapshot_label(*SnapshotId.parse(space.base_snapshot))


def _tasks_figure(group_study: GroupStudy) -> Figure:
    """The first task of each category."""
    study = group_study.study
    first_of_category: dict[str, int] = {}
    for index, task in enumerate(study.tasks):
        if not task.check:
            first_of_category.setdefault(task.category, index)
    pictures = [
        TaskPicture(
            title=f"Task of category {CATEGORY_TITLES[category]}",
            patches=study.patches[index],
            names=study.tasks[index].cards,
            intruder=study.tasks[index].intruder - 1,
        )
        for category, index in first_of_category.items()
    ]
    title = (
        "Tasks as participants see them, but without the names below: five neurons "
        "that lie close together, and an intruder (framed here); patches of held-out "
        "images, none of which is on two cards"
    )
    return draw_tasks(pictures, title=title)

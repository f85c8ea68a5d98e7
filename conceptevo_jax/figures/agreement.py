"""Figures of alignment: methods next to each other, and every pair of snapshots."""

from collections.abc import Sequence
from itertools import pairwise

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D

from conceptevo_jax.epochs import SnapshotId, snapshot_label
from conceptevo_jax.figures.lettering import with_drawable_texts, wrap_lines
from conceptevo_jax.figures.style import (
    INK_COLOUR,
    QUIET_COLOUR,
    RUN_COLOURS,
    figure_style,
    new_figure,
)
from conceptevo_jax.types import record

_ROW_HEIGHT = 0.34
"""Height of a line, in inches."""

_LETTERS_PER_INCH = 14
"""Number of letters of the title per inch."""

_LETTER = 0.06
"""Width of a letter of a snapshot's label, in inches."""


@record
class MethodDots:
    """AUCs of one method, one for each row of a panel.

    Attributes:
      name: Of the method.
      values: The AUCs; NaN for none.
      low: Lower ends of their intervals.
      high: Upper ends.
    """

    name: str
    values: Float[np.ndarray, " rows"]
    low: Float[np.ndarray, " rows"]
    high: Float[np.ndarray, " rows"]


@with_drawable_texts
def draw_methods(
    panels: Sequence[tuple[str, Sequence[MethodDots]]],
    rows: Sequence[str],
    *,
    title: str,
) -> Figure:
    """Draw AUCs of several methods as dots with whiskers, a panel per measure.

    Args:
      panels: Per panel, what it measures, and each method's values for all rows.
      rows: Names of the rows, the topmost first.
      title: Above the figure.
    """
    with figure_style():
        width = 2.4 * len(panels) + 1.6
        lines = wrap_lines(title, int(width * _LETTERS_PER_INCH))
        height = _ROW_HEIGHT * len(rows) + 1.1 + 0.18 * len(lines)
        figure = new_figure(width, height)
        figure.suptitle("\n".join(lines), fontsize=10, x=0.01, ha="left")
        grid = figure.subplots(1, len(panels), squeeze=False, sharey=True)[0]
        for axes, (name, methods) in zip(grid, panels, strict=True):
            axes.set_title(name)
            _draw_dots(axes, methods, len(rows))
        grid[0].set_yticks(range(len(rows)), rows, fontsize=8)
        grid[0].set_ylim(len(rows) - 0.5, -0.5)
        _draw_legend(figure, [dots.name for dots in panels[0][1]])
    return figure


def _draw_legend(figure: Figure, methods: Sequence[str]) -> None:
    handles = [
        Line2D(
            [],
            [],
            color=RUN_COLOURS[i % len(RUN_COLOURS)],
            marker="o",
            ms=4,
            label=name,
        )
        for i, name in enumerate(methods)
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=len(handles))


def _draw_dots(axes: Axes, methods: Sequence[MethodDots], rows: int) -> None:
    """Draw one measure's panel: a dot with a whisker per method and row."""
    axes.axvline(0.5, color=INK_COLOUR, lw=0.6, ls=":")
    axes.set_xlabel("AUC (.5: chance)")
    for number, dots in enumerate(methods):
        # Methods are spread around their row, so that none covers another.
        y = np.arange(rows) + 0.2 * (number - (len(methods) - 1) / 2)
        colour = RUN_COLOURS[number % len(RUN_COLOURS)]
        axes.hlines(y, dots.low, dots.high, color=colour, lw=1.4)
        axes.plot(dots.values, y, "o", color=colour, ms=4)
    axes.set_xlim(right=1.02)
    for line in range(rows):
        axes.axhline(line + 0.5, color=QUIET_COLOUR, lw=0.5)
    axes.spines[["top", "right", "left"]].set_visible(False)
    axes.tick_params(axis="y", length=0)


@with_drawable_texts
def draw_pairs(
    snapshots: Sequence[SnapshotId],
    panels: Sequence[tuple[str, Float[np.ndarray, "s s"]]],
    *,
    title: str,
) -> Figure:
    """Draw a table of AUCs of every two snapshots, a panel per measure.

    Args:
      snapshots: Sorted by run.
      panels: Per panel, what it measures, and its values; NaN is left blank.
      title: Above the figure.
    """
    names = [snapshot_label(run, epoch) for run, epoch in snapshots]
    with figure_style():
        figure = _figure_of_pairs(names, len(panels), title)
        grid = figure.subplots(1, len(panels), squeeze=False)[0]
        image = None
        for column, (axes, (name, aucs)) in enumerate(zip(grid, panels, strict=True)):
            image = axes.imshow(aucs, vmin=0.5, vmax=1, cmap="viridis")
            axes.set_title(name)
            _label_snapshots(axes, snapshots, names, with_rows=column == 0)
        assert image is not None
        figure.colorbar(image, ax=list(grid), shrink=0.7, label="AUC (.5: chance)")
    return figure


def _figure_of_pairs(names: Sequence[str], panels: int, title: str) -> Figure:
    """An empty figure with its title, sized for panels of these rows and columns."""
    side = 0.16 * len(names) + 0.5
    label = _LETTER * max(map(len, names))
    width = (side + 0.2) * panels + 1.0 + label
    lines = wrap_lines(title, int(width * _LETTERS_PER_INCH))
    figure = new_figure(width, side + 0.5 + label + 0.18 * len(lines))
    figure.suptitle("\n".join(lines), fontsize=10, x=0.01, ha="left")
    return figure


def _label_snapshots(
    axes: Axes,
    snapshots: Sequence[SnapshotId],
    names: Sequence[str],
    *,
    with_rows: bool,
) -> None:
    """Name a table's columns, and its rows, and draw lines between runs."""
    ticks = range(len(names))
    axes.set_xticks(ticks, names, rotation=90, fontsize=6)
    axes.set_yticks(ticks, names if with_rows else [""] * len(names))
    axes.tick_params(length=0, labelsize=6)
    for edge in _run_boundaries(snapshots):
        axes.axhline(edge, color="white", lw=1)
        axes.axvline(edge, color="white", lw=1)
    axes.spines[:].set_visible(False)


def _run_boundaries(snapshots: Sequence[SnapshotId]) -> list[float]:
    """Axis positions between the last snapshot of a run and the first of the next."""
    return [
        index + 0.5
        for index, (snapshot, following) in enumerate(pairwise(snapshots))
        if snapshot.run != following.run
    ]

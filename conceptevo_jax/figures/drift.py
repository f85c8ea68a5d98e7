"""Methods next to each other over training (paper, Fig. 9), and how far each drifts."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from conceptevo_jax.figures.lettering import with_drawable_texts, wrap_lines, wrap_text
from conceptevo_jax.figures.style import (
    INK_COLOUR,
    QUIET_COLOUR,
    RUN_COLOURS,
    bare_map,
    figure_style,
    map_height,
    map_limits,
    new_figure,
)
from conceptevo_jax.types import record

_WIDTH = 2.3
"""Of a map, in inches."""

_ROW_HEIGHT = 0.3
"""Height of a method's line, in inches."""

_LETTERS_PER_INCH = 12
"""Letters of the title that fit on an inch."""


@record
class ConceptPanel:
    """One snapshot by one method.

    Attributes:
      points: Of its items; NaN for those without a place.
      marked: Which items are of the highlighted concept.
    """

    points: Float[np.ndarray, "n 2"]
    marked: Bool[np.ndarray, " n"]


@record
class DriftDots:
    """One measure of all methods.

    Attributes:
      name: What is measured.
      values: A row per method, a column per pair of snapshots; NaN for none.
      axis_minimum: The axis's lower end, or None.
    """

    name: str
    values: Float[np.ndarray, "methods pairs"]
    axis_minimum: float | None = 0.0


@with_drawable_texts
def draw_concept_maps(
    rows: Sequence[tuple[str, Sequence[ConceptPanel]]],
    columns: Sequence[str],
    *,
    title: str,
) -> Figure:
    """Draw a row per method and a column per snapshot; axes are common to a row.

    Items of the highlighted concept are coloured. A ring marks their centroid, and a
    line leads to it from a square at the first of the snapshots before. Below the last
    map is how far the centroid moves.

    Args:
      rows: Each method's name and its panels from left to right.
      columns: Names of the snapshots.
      title: Above the figure.
    """
    with figure_style():
        width = _WIDTH * len(columns) + 0.5
        lines = wrap_lines(title, int(width * _LETTERS_PER_INCH))
        limits = [map_limits([p.points for p in panels]) for _, panels in rows]
        heights = [
            float(np.clip(map_height(limit, _WIDTH), 1.4, 2.6)) for limit in limits
        ]
        figure = new_figure(width, sum(heights) + 0.5 + 0.2 * len(lines))
        figure.suptitle("\n".join(lines), fontsize=10, x=0.01, ha="left")
        grid = figure.subplots(
            len(rows), len(columns), squeeze=False, height_ratios=heights
        )
        for number, (name, panels) in enumerate(rows):
            label = wrap_text(name, 20)
            grid[number, 0].set_ylabel(label, fontsize=8, fontweight="bold")
            centroids: list[np.ndarray] = []
            for axes, panel in zip(grid[number], panels, strict=True):
                bare_map(axes, limits[number])
                _draw_panel(axes, panel, centroids)
            message = path_message(centroids, panels)
            grid[number, -1].set_xlabel(message, fontsize=8, labelpad=2)
        for axes, name in zip(grid[0], columns, strict=True):
            axes.set_title(name, fontsize=8)
    return figure


def path_message(
    centroids: Sequence[np.ndarray], panels: Sequence[ConceptPanel]
) -> str:
    """How far a concept moves, as a share of the concept's spread, in words.

    Args:
      centroids: Of its items, by snapshot.
      panels: The snapshots.

    Returns:
      `stays` if its way from the first to the last snapshot is shorter than the mean
      distance of its items from their centroid; else `moves` with the ratio.
    """
    items = [panel.points[panel.marked] for panel in panels]
    items = [points[np.isfinite(points).all(axis=1)] for points in items]
    if len(centroids) < 2:
        return "too few snapshots"
    shown = [points for points in items if len(points)]
    deviations = [
        np.linalg.norm(points - centroid, axis=1)
        for points, centroid in zip(shown, centroids, strict=True)
    ]
    spread = float(np.concatenate(deviations).mean())
    way = float(np.linalg.norm(centroids[-1] - centroids[0]))
    ratio = way / max(spread, 1e-9)
    return "stays" if ratio < 1 else f"moves {ratio:.1f} times its spread"


def _draw_panel(axes: Axes, panel: ConceptPanel, centroids: list[np.ndarray]) -> None:
    """Draw one map, and append its centroid to those of the snapshots before."""
    background = panel.points[~panel.marked]
    concept = panel.points[panel.marked & np.isfinite(panel.points).all(axis=1)]
    axes.scatter(background[:, 0], background[:, 1], s=3, c=QUIET_COLOUR, linewidths=0)
    axes.scatter(concept[:, 0], concept[:, 1], s=9, c=RUN_COLOURS[0], linewidths=0)
    if len(concept):
        centroids.append(concept.mean(axis=0))
    if centroids:
        axes.plot(*np.array(centroids).T, "-", color=INK_COLOUR, lw=0.8, alpha=0.7)
        axes.plot(*centroids[0], "s", mfc="white", mec=INK_COLOUR, ms=5, mew=1.0)
        axes.plot(*centroids[-1], "o", mfc="none", mec=INK_COLOUR, ms=14, mew=1.0)


@with_drawable_texts
def draw_drift(
    panels: Sequence[DriftDots],
    methods: Sequence[str],
    *,
    title: str,
) -> Figure:
    """Draw a panel per measure, a line per method, a dot per pair of snapshots.

    Args:
      panels: The measures.
      methods: Names of the methods, the topmost first.
      title: Above the figure.
    """
    with figure_style():
        width = 1.75 * len(panels) + 2.4
        lines = wrap_lines(title, int(width * _LETTERS_PER_INCH))
        figure = new_figure(width, _ROW_HEIGHT * len(methods) + 0.8 + 0.2 * len(lines))
        figure.suptitle("\n".join(lines), fontsize=10, x=0.01, ha="left")
        grid = figure.subplots(1, len(panels), squeeze=False, sharey=True)[0]
        lines_y = np.arange(len(methods))
        for axes, panel in zip(grid, panels, strict=True):
            axes.set_title(wrap_text(panel.name, 18), fontsize=8)
            _draw_dots(axes, panel, lines_y)
        grid[0].set_yticks(lines_y, methods)
        grid[0].set_ylim(len(methods) - 0.5, -0.5)
    return figure


def _draw_dots(axes: Axes, panel: DriftDots, lines_y: np.ndarray) -> None:
    """Draw one measure: a dot per pair of snapshots, and a bar at a method's mean."""
    for line_y in lines_y:
        axes.axhline(line_y, color=QUIET_COLOUR, lw=0.5, zorder=0)
    for number, values in enumerate(panel.values.T):
        offset = 0.12 * (number - (panel.values.shape[1] - 1) / 2)
        axes.plot(values, lines_y + offset, "o", color=INK_COLOUR, ms=3, alpha=0.5)
    finite = np.isfinite(panel.values)
    count = finite.sum(axis=1)
    mean = np.where(finite, panel.values, 0).sum(axis=1) / np.maximum(count, 1)
    measured = count > 0
    axes.plot(
        mean[measured], lines_y[measured], "|", color=RUN_COLOURS[0], ms=11, mew=2.2
    )
    if panel.axis_minimum is not None:
        axes.set_xlim(left=panel.axis_minimum)
    axes.spines[["top", "right"]].set_visible(False)

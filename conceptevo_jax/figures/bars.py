"""Bars of change by bin (paper, Fig. 7): groups in rows, evolutions in columns."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from conceptevo_jax.figures.lettering import with_drawable_texts, wrap_lines, wrap_text
from conceptevo_jax.figures.style import RUN_COLOURS, figure_style, new_figure
from conceptevo_jax.types import record

_WIDTH, _HEIGHT = 1.9, 1.9
"""Of a panel, in inches."""

_LETTERS_PER_INCH = 13
"""Letters of the title that fit on an inch."""

_LEGEND_WIDTH, _LEGEND_LINE_HEIGHT = 7.5, 0.2
"""Width at which the legend fits on one line, and height of each of its lines."""

_SHADES = (1.0, 0.7, 0.45, 0.25)
"""How strong the bars' colour is, from the first bin to the last."""


@record
class Bars:
    """One panel.

    Attributes:
      values: A bar each.
      low: Lower ends of their intervals; NaN for none.
      high: Upper ends.
      line: The baseline, drawn across.
      message: What the bars show, in words.
    """

    values: Float[np.ndarray, " q"]
    low: Float[np.ndarray, " q"]
    high: Float[np.ndarray, " q"]
    line: float
    message: str


@with_drawable_texts
def draw_bars(
    columns: Sequence[str],
    rows: Sequence[tuple[str, Sequence[Bars]]],
    *,
    names: Sequence[str],
    axis: str,
    line: str,
    whiskers: str,
    title: str,
) -> Figure:
    """Draw a grid of bar charts; a row has one scale.

    Args:
      columns: Above the columns; lines are broken at `\\n`.
      rows: Per row, what its numbers are, and a panel per column.
      names: Of the bars.
      axis: Name and unit of the values.
      line: What the line is.
      whiskers: What the whiskers are.
      title: Above the whole figure.
    """
    with figure_style():
        width = max(_WIDTH * len(columns) + 0.6, 5.0)
        lines = wrap_lines(title, int(width * _LETTERS_PER_INCH))
        legend_columns = 3 if width >= _LEGEND_WIDTH else 1
        height = _HEIGHT * len(rows) + 0.9 + 0.18 * len(lines)
        height += _LEGEND_LINE_HEIGHT * 3 / legend_columns
        figure = new_figure(width, height)
        figure.suptitle("\n".join(lines), fontsize=10, x=0.01, ha="left")
        grid = figure.subplots(
            len(rows), len(columns), squeeze=False, sharey="row", sharex=True
        )
        for axes, column, panel in zip(grid[0], columns, rows[0][1], strict=True):
            axes.set_title(f"{column}\n{wrap_text(panel.message, 24)}", fontsize=8)
        for row, (_, panels) in zip(grid[1:], rows[1:], strict=True):
            for axes, panel in zip(row, panels, strict=True):
                axes.set_title(wrap_text(panel.message, 24), fontsize=8)
        for row, (label, panels) in zip(grid, rows, strict=True):
            row[0].set_ylabel(
                f"{wrap_text(label, 26)}\n{wrap_text(axis, 24)}", fontsize=7.5
            )
            for axes, panel in zip(row, panels, strict=True):
                _draw_panel(axes, panel, names)
        for axes in grid[-1]:
            axes.set_xticks(
                range(len(names)), names, fontsize=7, rotation=35, ha="right"
            )
        handles = [
            Patch(
                color=RUN_COLOURS[0], label="bins, the most important evolutions first"
            ),
            Line2D([], [], color=RUN_COLOURS[1], ls="--", lw=1.2, label=line),
            Line2D([], [], color="#444444", lw=1.0, label=whiskers),
        ]
        figure.legend(handles=handles, loc="outside lower center", ncols=legend_columns)
    return figure


def _draw_panel(axes: Axes, panel: Bars, names: Sequence[str]) -> None:
    x = np.arange(len(names))
    shades = np.interp(np.linspace(0, 3, len(names)), range(4), _SHADES)
    for center, height, shade in zip(x, panel.values, shades, strict=True):
        axes.bar(center, height, width=0.75, color=RUN_COLOURS[0], alpha=shade, lw=0)
    axes.vlines(x, panel.low, panel.high, color="#444444", lw=1.0)
    axes.axhline(panel.line, color=RUN_COLOURS[1], ls="--", lw=1.2)
    axes.axhline(0, color="#888888", lw=0.6)
    axes.spines[["top", "right", "bottom"]].set_visible(False)
    axes.tick_params(axis="x", length=0)

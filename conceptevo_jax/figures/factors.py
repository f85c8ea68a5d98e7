"""The effect of settings: quality above, time below, a column per setting."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.ticker import NullFormatter, StrMethodFormatter

from conceptevo_jax.figures.lettering import with_drawable_texts, wrap_lines
from conceptevo_jax.figures.style import (
    INK_COLOUR,
    QUIET_COLOUR,
    RUN_COLOURS,
    figure_style,
    new_figure,
)
from conceptevo_jax.types import record

_WIDTH, _HEIGHT = 1.9, 3.1
"""Of a setting's column, in inches."""

_LETTERS_PER_INCH = 14
"""Letters of the title that fit on an inch."""


@record
class Factor:
    """One setting.

    Attributes:
      name: Its name.
      values: The tried values, in words.
      centre: Index of the value with which all are compared; None if it is not among
        them.
      quality: By line and value; NaN for none.
      seconds: By value.
    """

    name: str
    values: tuple[str, ...]
    centre: int | None
    quality: Float[np.ndarray, "lines values"]
    seconds: Float[np.ndarray, " values"]


@with_drawable_texts
def draw_factors(
    factors: Sequence[Factor],
    lines: Sequence[str],
    *,
    quality: str,
    title: str,
    across: int = 4,
) -> Figure:
    """Draw all settings with common scales.

    Args:
      factors: The settings.
      lines: Names of the lines of quality.
      quality: What quality is.
      title: Above the figure.
      across: Settings side by side.
    """
    with figure_style():
        across = min(across, len(factors))
        rows = -(-len(factors) // across)
        width = _WIDTH * across + 0.7
        title_lines = wrap_lines(title, int(width * _LETTERS_PER_INCH))
        figure = new_figure(width, _HEIGHT * rows + 0.6 + 0.18 * len(title_lines))
        figure.suptitle("\n".join(title_lines), fontsize=10, x=0.01, ha="left")
        grid = figure.subplots(
            2 * rows,
            across,
            squeeze=False,
            height_ratios=[2, 1] * rows,
        )
        low = min(float(np.nanmin(factor.quality)) for factor in factors)
        high = max(float(np.nanmax(factor.quality)) for factor in factors)
        slowest_seconds = max(float(np.nanmax(factor.seconds)) for factor in factors)
        for index in range(rows * across):
            row, column = divmod(index, across)
            above, below = grid[2 * row, column], grid[2 * row + 1, column]
            if index >= len(factors):
                above.set_axis_off()
                below.set_axis_off()
                continue
            _draw_quality(above, factors[index], lines)
            above.set_ylim(low - 0.02, high + 0.02)
            _draw_seconds(below, factors[index])
            below.set_ylim(0.02, 2 * slowest_seconds)
            if column:
                above.set_yticklabels([])
                below.set_yticklabels([])
            else:
                above.set_ylabel(quality)
                below.set_ylabel("seconds")
        handles, names = grid[0, 0].get_legend_handles_labels()
        figure.legend(handles, names, loc="outside lower center", ncols=len(names))
    return figure


def _draw_quality(axes: Axes, factor: Factor, lines: Sequence[str]) -> None:
    x = np.arange(len(factor.values))
    axes.set_title(factor.name, fontsize=8)
    if factor.centre is not None:
        axes.axvspan(factor.centre - 0.4, factor.centre + 0.4, color=QUIET_COLOUR, lw=0)
    for number, (name, values) in enumerate(zip(lines, factor.quality, strict=True)):
        colour = RUN_COLOURS[number % len(RUN_COLOURS)]
        axes.plot(x, values, "o-", color=colour, ms=3, lw=1, label=name)
    axes.set_xticks(x, [""] * len(x))
    axes.set_xlim(-0.5, len(x) - 0.5)
    axes.spines[["top", "right"]].set_visible(False)


def _draw_seconds(axes: Axes, factor: Factor) -> None:
    x = np.arange(len(factor.values))
    axes.bar(x, factor.seconds, width=0.6, color=INK_COLOUR, alpha=0.55, lw=0)
    axes.set_yscale("log")
    # Not as powers, which would be formulae.
    axes.yaxis.set_major_formatter(StrMethodFormatter("{x:g}"))
    axes.yaxis.set_minor_formatter(NullFormatter())
    axes.set_xticks(x, factor.values, fontsize=7, rotation=30, ha="right")
    axes.set_xlim(-0.5, len(x) - 0.5)
    axes.spines[["top", "right"]].set_visible(False)

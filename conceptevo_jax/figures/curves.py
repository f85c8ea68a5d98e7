"""Curves over epochs, one line per run."""

import itertools
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure

from conceptevo_jax.figures.epoch_axis import mark_epochs
from conceptevo_jax.figures.lettering import with_drawable_texts, wrap_lines
from conceptevo_jax.figures.style import (
    PAGE_WIDTH,
    RUN_COLOURS,
    figure_style,
    new_figure,
)
from conceptevo_jax.types import record

_LETTERS_PER_INCH = 14
"""Letters of a legend that fit on an inch."""


@record
class Curve:
    """One run's values.

    Attributes:
      name: The run's title.
      progress: Amount of training before each value, see
        `conceptevo_jax.types.progress`.
      values: NaN where there is none.
      low: Lower ends of intervals, or None.
      high: Upper ends.
      is_repeat: Whether it repeats the run before it under another seed: it gets that
        run's colour, dashed.
    """

    name: str
    progress: Float[np.ndarray, " e"]
    values: Float[np.ndarray, " e"]
    low: Float[np.ndarray, " e"] | None = None
    high: Float[np.ndarray, " e"] | None = None
    is_repeat: bool = False


@with_drawable_texts
def draw_curves(
    panels: Sequence[tuple[str, Sequence[Curve]]],
    *,
    title: str,
    columns: int | None = None,
) -> Figure:
    """Draw one panel per measure, all over the same epochs, with one legend.

    Args:
      panels: Name of the measure, and its curves; runs in the same order in each.
      title: Above the whole figure.
      columns: Panels side by side; None for all of them.
    """
    columns = columns or len(panels)
    rows = -(-len(panels) // columns)
    with figure_style():
        width = PAGE_WIDTH if columns > 1 else PAGE_WIDTH / 2
        lines = wrap_lines(title, int(width * _LETTERS_PER_INCH))
        figure = new_figure(width, 2.1 * rows + 0.7 + 0.2 * len(lines))
        figure.suptitle("\n".join(lines), fontsize=10, x=0.01, ha="left")
        subplots = figure.subplots(rows, columns, squeeze=False, sharex=True)
        grid = list(subplots.flat)
        end = max(
            curve.progress.max(initial=0) for _, curves in panels for curve in curves
        )
        for axes, (measure, curves) in zip(grid, panels, strict=False):
            axes.set_title(measure, loc="left")
            _draw_measure(axes, curves, as_share=_is_constant(curves))
            mark_epochs(axes, end)
        for axes in grid[len(panels) :]:
            axes.set_axis_off()
        handles, labels = grid[0].get_legend_handles_labels()
        label_width = max(map(len, labels)) + 6
        legend_columns = max(1, int(width * _LETTERS_PER_INCH / label_width))
        figure.legend(handles, labels, loc="outside lower center", ncols=legend_columns)
    return figure


def _draw_measure(axes: Axes, curves: Sequence[Curve], *, as_share: bool) -> None:
    """Draw one measure of all runs over the epochs."""
    for curve, color in zip(curves, _colors(curves), strict=True):
        _draw_curve(axes, curve, color)
    axes.tick_params(labelbottom=True)
    if as_share:
        axes.set_ylim(-0.03, 1.03)
    axes.spines[["top", "right"]].set_visible(False)


def _is_constant(curves: Sequence[Curve]) -> bool:
    """Whether all values are one share, around which axes would magnify nothing."""
    joint_values = np.concatenate([curve.values for curve in curves])
    finite_values = joint_values[np.isfinite(joint_values)]
    return len(finite_values) > 0 and bool(
        0 <= finite_values.min() == finite_values.max() <= 1
    )


def _colors(curves: Sequence[Curve]) -> list[str]:
    colors: list[str] = []
    palette = itertools.cycle(RUN_COLOURS)
    for curve in curves:
        colors.append(colors[-1] if curve.is_repeat and colors else next(palette))
    return colors


def _draw_curve(axes: Axes, curve: Curve, color: str) -> None:
    if curve.low is not None and curve.high is not None:
        axes.fill_between(
            curve.progress, curve.low, curve.high, color=color, alpha=0.15, lw=0
        )
    axes.plot(
        curve.progress,
        curve.values,
        marker="o",
        ms=2.5,
        lw=1.2,
        ls="--" if curve.is_repeat else "-",
        color=color,
        label=curve.name,
    )

"""Curves over epochs, one line per run."""

import itertools
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure
from matplotlib.ticker import MaxNLocator

from conceptevo_jax.figures.style import RUNS, new_figure, styled
from conceptevo_jax.types import record

_LETTERS = 14
"""Letters of a legend that fit on an inch."""


@record
class Curve:
    """One run's values.

    Attributes:
      name: The run's title.
      epochs: Epochs of training that lie behind each value; 0 is the untrained net.
      values: NaN where there is none.
    """

    name: str
    epochs: Float[np.ndarray, " e"]
    values: Float[np.ndarray, " e"]


def draw_curves(panels: Sequence[tuple[str, Sequence[Curve]]], *, title: str) -> Figure:
    """Draw one panel per measure, all over the same epochs, with one legend.

    Args:
      panels: Name of the measure, and its curves; runs in the same order in each.
      title: Above the whole figure.
    """
    with styled():
        width = 3.1 * len(panels) + 0.3
        figure = new_figure(width, 3.0)
        figure.suptitle(title, fontsize=10, x=0.01, ha="left")
        grid = figure.subplots(1, len(panels), squeeze=False, sharex=True)[0]
        for axes, (measure, curves) in zip(grid, panels, strict=True):
            for curve, color in zip(curves, itertools.cycle(RUNS), strict=False):
                axes.plot(
                    curve.epochs,
                    curve.values,
                    marker="o",
                    ms=2.5,
                    lw=1.2,
                    color=color,
                    label=curve.name,
                )
            axes.set_title(measure, loc="left")
            axes.set_xlabel("epochs of training")
            axes.xaxis.set_major_locator(MaxNLocator(integer=True))
            axes.set_ylim(-0.03, 1.03)
            axes.spines[["top", "right"]].set_visible(False)
        handles, labels = grid[0].get_legend_handles_labels()
        columns = max(1, int(width * _LETTERS / (max(map(len, labels)) + 6)))
        figure.legend(handles, labels, loc="outside lower center", ncols=columns)
    return figure

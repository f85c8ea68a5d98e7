"""Speeds, each compared with a tool that does the same work."""

from collections.abc import Sequence

import numpy as np
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from conceptevo_jax.figures.lettering import with_drawable_texts, wrap_text
from conceptevo_jax.figures.style import (
    INK_COLOUR,
    RUN_COLOURS,
    figure_style,
    new_figure,
)
from conceptevo_jax.types import record

_WIDTH, _NAME_LETTERS = 7.2, 52
"""Width of the figure, and of a row's name, in inches."""


@record
class Ratio:
    """One comparison.

    Attributes:
      name: What was done, and by which peer.
      value: The speed as a multiple of the peer's.
      bound: The smallest multiple that is claimed; None where nothing is claimed.
    """

    name: str
    value: float
    bound: float | None = None


@with_drawable_texts
def draw_ratios(ratios: Sequence[Ratio], *, title: str) -> Figure:
    """Draw a bar per comparison from 1, as fast as the peer, on a logarithmic axis.

    Args:
      ratios: From top to bottom, one at least.
      title: Above the figure.
    """
    with figure_style():
        names = [wrap_text(ratio.name, _NAME_LETTERS) for ratio in ratios]
        lines = sum(name.count("\n") + 1.9 for name in names)
        figure = new_figure(_WIDTH, 1.1 + 0.125 * lines)
        figure.suptitle(title, fontsize=9, x=0.02, ha="left")
        axes = figure.subplots()
        values = np.array([ratio.value for ratio in ratios])
        for row, ratio in enumerate(ratios):
            _draw_ratio(axes, row, ratio)
        axes.set_yticks(range(len(ratios)), names, fontsize=7)
        axes.set_ylim(len(ratios) - 0.4, -0.6)
        low, high = np.log2(min(values.min(), 0.5)), np.log2(max(values.max(), 2.0))
        ticks = range(int(np.floor(low)), int(np.ceil(high)) + 1)
        axes.set_xticks(ticks, [f"{2.0**tick:g}" for tick in ticks], fontsize=7)
        axes.set_xlim(low - 0.2, high + 0.9)
        axes.axvline(0, color="#888888", lw=0.8)
        axes.set_xlabel("times as fast as the peer (logarithmic)")
        axes.tick_params(axis="y", length=0, labelcolor=INK_COLOUR)
        axes.spines[["top", "right", "left"]].set_visible(False)
        _draw_legend(figure)
    return figure


def _draw_ratio(axes: Axes, row: int, ratio: Ratio) -> None:
    """Draw a comparison's bar from 1, its value, and the claimed bound."""
    color = RUN_COLOURS[0] if ratio.value >= 1 else RUN_COLOURS[1]
    end = np.log2(ratio.value)
    axes.barh(row, end, height=0.62, color=color, lw=0)
    axes.annotate(
        f"{ratio.value:.3g}",
        (max(end, 0.0) if ratio.bound is None or end > 0 else 0.0, row),
        (4, 0),
        textcoords="offset points",
        va="center",
        fontsize=7,
        color=INK_COLOUR,
    )
    if ratio.bound is not None:
        bound = np.log2(ratio.bound)
        axes.vlines(bound, row - 0.42, row + 0.42, color=INK_COLOUR, lw=1.6)


def _draw_legend(figure: Figure) -> None:
    handles = [
        Patch(color=RUN_COLOURS[0], lw=0, label="faster than the peer"),
        Patch(color=RUN_COLOURS[1], lw=0, label="slower"),
        Line2D([], [], color=INK_COLOUR, lw=1.6, label="smallest claimed ratio"),
    ]
    figure.legend(handles=handles, loc="outside lower center", ncols=3)

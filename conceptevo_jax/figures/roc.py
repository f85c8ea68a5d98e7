"""Participants' answers by category (paper, Fig. 5): ROC curves, and labels."""

from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.lines import Line2D
from matplotlib.patches import Patch

from conceptevo_jax.figures.lettering import with_drawable_texts, wrap_lines, wrap_text
from conceptevo_jax.figures.style import (
    INK_COLOUR,
    QUIET_COLOUR,
    RUN_COLOURS,
    figure_style,
    new_figure,
)
from conceptevo_jax.types import record

_WIDTH = 4.3
"""Of either figure in inches: narrow, to be read on a phone."""

_LETTERS_PER_INCH = 14
"""Letters of the title that fit on an inch."""

_MARKERS, _DASHES = "os^D", ("-", "--", "-.", ":")


@record
class MeasuredNumber:
    """A number with its 95 % interval.

    Attributes:
      name: Of what was measured.
      value: The number; None where there is none.
      low: Lower end; None without an interval.
      high: Upper end.
      why: The reason if there is no number.
    """

    name: str
    value: float | None
    low: float | None = None
    high: float | None = None
    why: str | None = None

    @property
    def interval(self) -> tuple[float, float] | None:
        """The interval."""
        if self.low is None or self.high is None:
            return None
        return self.low, self.high

    def __str__(self) -> str:
        if self.value is None:
            return self.why or "not measured"
        if self.interval is None:
            return f"{self.value:.2f}, without interval"
        return "{:.2f} [{:.2f}, {:.2f}]".format(self.value, *self.interval)


@record
class RocLine:
    """The ROC curve of one category.

    Attributes:
      auc: Its area, with the category's name.
      false_positive: From 0 to 1; empty where there is no curve.
      true_positive: The same.
    """

    auc: MeasuredNumber
    false_positive: Float[np.ndarray, " k"]
    true_positive: Float[np.ndarray, " k"]


@with_drawable_texts
def draw_roc(lines: Sequence[RocLine], *, who: str) -> Figure:
    """Draw the ROC curves of all categories in one square.

    Args:
      lines: A curve per category; those without one are named in the legend only.
      who: Who answered, such as "12 people".
    """
    with figure_style():
        title = _title_lines(
            "ROC curves: cards of a group against those of intruders", who
        )
        figure = new_figure(_WIDTH, 4.4 + 0.19 * len(lines) + 0.17 * len(title))
        figure.suptitle("\n".join(title), fontsize=9, x=0.02, ha="left")
        axes = figure.subplots()
        axes.plot([0, 1], [0, 1], color="#888888", lw=0.8, ls=(0, (2, 2)), zorder=1)
        for number, line in enumerate(lines):
            _draw_curve(axes, line, number)
        axes.set(xlim=(-0.02, 1.02), ylim=(-0.02, 1.02), aspect="equal")
        axes.set_xlabel("share of intruders' cards selected by at least a given share")
        axes.set_ylabel("share of groups' cards selected by at least that share")
        axes.spines[["top", "right"]].set_visible(False)
        _draw_legend(figure, lines)
    return figure


def _draw_legend(figure: Figure, lines: Sequence[RocLine]) -> None:
    figure.legend(
        handles=[
            *(_legend_handle(line, number) for number, line in enumerate(lines)),
            Line2D([], [], color="#888888", lw=0.8, ls=(0, (2, 2)), label="chance"),
        ],
        title="area under the curve, 95 % interval",
        loc="outside lower center",
        ncols=1,
        handlelength=3.2,
    )


@with_drawable_texts
def draw_label_similarity(
    rows: Sequence[MeasuredNumber], baseline: MeasuredNumber, *, encoder: str, who: str
) -> Figure:
    """Draw the similarity of labels of one group, category by category.

    Args:
      rows: Mean cosine per category.
      baseline: That of all pairs of labels, drawn as a band.
      encoder: What the cosines are of.
      who: Who answered.
    """
    with figure_style():
        title = _title_lines(
            "Similarity of the labels given to one group", who, f"Encoder: {encoder}"
        )
        figure = new_figure(_WIDTH, 1.3 + 0.5 * len(rows) + 0.17 * len(title))
        figure.suptitle("\n".join(title), fontsize=9, x=0.02, ha="left")
        axes = figure.subplots()
        _draw_band(axes, baseline)
        _draw_categories(axes, rows)
        axes.set_xlabel("mean cosine of two labels")
        axes.spines[["top", "right", "left"]].set_visible(False)
        handles = [
            Patch(color=QUIET_COLOUR, lw=0, label=f"all pairs of labels: {baseline}"),
            Line2D([], [], color="#444444", lw=1.6, label="95 % interval over groups"),
        ]
        figure.legend(handles=handles, loc="outside lower center", ncols=1)
    return figure


def _draw_categories(axes: Axes, rows: Sequence[MeasuredNumber]) -> None:
    """Draw a dot with a whisker per category, the first at the top."""
    for number, row in enumerate(rows):
        if row.value is not None:
            style = _line_style(number) | {"ls": "", "ms": 5}
            axes.plot(row.value, number, **style)
        if row.interval is not None:
            axes.hlines(number, *row.interval, color=_color(number), lw=1.6)
    names = [f"{wrap_text(row.name, 30)}\n{row}" for row in rows]
    axes.set_yticks(range(len(rows)), names)
    axes.tick_params(axis="y", length=0, labelcolor=INK_COLOUR)
    axes.set_ylim(len(rows) - 0.5, -0.5)


def _title_lines(heading: str, answerers: str, *further_lines: str) -> list[str]:
    sentences = (heading, f"Answers of {answerers}", *further_lines)
    width = int(_WIDTH * _LETTERS_PER_INCH)
    return [line for sentence in sentences for line in wrap_lines(sentence, width)]


def _color(number: int) -> str:
    return RUN_COLOURS[number % len(RUN_COLOURS)]


def _line_style(number: int) -> dict[str, Any]:
    """How the curve of a category is drawn: distinct without colours, too."""
    return {
        "color": _color(number),
        "ls": _DASHES[number % 4],
        "marker": _MARKERS[number % 4],
        "ms": 3,
        "lw": 1.4,
    }


def _draw_curve(axes: Axes, line: RocLine, number: int) -> None:
    if line.false_positive.size:
        axes.plot(line.false_positive, line.true_positive, **_line_style(number))


def _legend_handle(line: RocLine, number: int) -> Line2D:
    style = _line_style(number) if line.false_positive.size else {"ls": ""}
    return Line2D([], [], **style, label=f"{line.auc.name}: {line.auc}")


def _draw_band(axes: Axes, baseline: MeasuredNumber) -> None:
    if baseline.interval is not None:
        axes.axvspan(*baseline.interval, color=QUIET_COLOUR, lw=0, zorder=0)
    if baseline.value is not None:
        axes.axvline(baseline.value, color="#777777", lw=1.0, zorder=0)

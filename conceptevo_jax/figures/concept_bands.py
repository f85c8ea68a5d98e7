"""Concepts over time: bands whose height is the share of neurons that hold them."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from conceptevo_jax.figures.epoch_axis import mark_epochs
from conceptevo_jax.figures.lettering import with_drawable_texts, wrap_lines
from conceptevo_jax.figures.style import (
    PAGE_WIDTH,
    concept_colour,
    figure_style,
    new_figure,
)
from conceptevo_jax.types import record

_COLUMNS, _PANEL_HEIGHT = 3, 1.9
"""Panels side by side, and the height of each in inches."""

_LETTERS_PER_INCH = 14
"""Letters of the title that fit on an inch."""

_LABELLED = 0.07
"""Share of all neurons that a band needs at its highest to bear its name."""

_LETTER_WIDTH, _LINE_HEIGHT = 0.029, 0.09
"""Of a name, as parts of a panel's width and height."""


@record
class ConceptBands:
    """One run's concepts.

    Attributes:
      name: The run's title.
      progress: Amount of training before each snapshot, in epochs.
      shares: Share of all neurons that hold each concept; the rest is dead.
    """

    name: str
    progress: Sequence[float]
    shares: Float[np.ndarray, "e g"]


@with_drawable_texts
def draw_concepts_over_time(
    panels: Sequence[ConceptBands], concepts: Sequence[str]
) -> Figure:
    """Draw a panel per run, all with the same axes, and one legend.

    Args:
      panels: The runs, at least one.
      concepts: Names of the concepts.
    """
    columns = min(_COLUMNS, len(panels))
    rows = -(-len(panels) // columns)
    title = (
        "Concepts over time: how many of a network's neurons lie nearest to each "
        "concept of the base. White: dead neurons."
    )
    with figure_style():
        lines = wrap_lines(title, int(PAGE_WIDTH * _LETTERS_PER_INCH))
        figure = new_figure(PAGE_WIDTH, _PANEL_HEIGHT * rows + 0.6 + 0.2 * len(lines))
        figure.suptitle("\n".join(lines), fontsize=10, x=0.01, ha="left")
        grid = figure.subplots(rows, columns, squeeze=False, sharey=True)
        for axes, panel in zip(grid.flat, panels, strict=False):
            _draw_bands(axes, panel, concepts)
        for axes in grid.flat[len(panels) :]:
            axes.set_axis_off()
        for axes in grid[:, 0]:
            axes.set_ylabel("share of neurons")
        handles = [
            Patch(color=concept_colour(number), label=name)
            for number, name in enumerate(concepts)
        ]
        figure.legend(
            handles=handles,
            loc="outside lower center",
            ncols=max(1, min(len(handles), 6)),
        )
    return figure


def _draw_bands(axes: Axes, panel: ConceptBands, concepts: Sequence[str]) -> None:
    """Draw the bands of a run from the first concept below to the last above."""
    progress = np.asarray(panel.progress)
    colours = [concept_colour(number) for number in range(len(concepts))]
    axes.stackplot(progress, panel.shares.T, colors=colours, linewidth=0)
    axes.set_title(panel.name, loc="left")
    axes.set_xlim(progress[0], progress[-1])
    axes.set_ylim(0, 1)
    axes.spines[["top", "right"]].set_visible(False)
    mark_epochs(axes, progress[-1])
    outline = patheffects.withStroke(linewidth=1.6, foreground="#333333")
    for number, (x, y) in _name_places(panel, concepts).items():
        text = axes.text(
            x,
            y,
            concepts[number],
            fontsize=7.5,
            color="white",
            ha="center",
            va="center",
        )
        text.set_path_effects([outline])


def _name_places(
    panel: ConceptBands, concepts: Sequence[str]
) -> dict[int, tuple[float, float]]:
    """Where the concepts' names are written, by number; low bands have none.

    A name is where its band is highest without lying over the name of a higher band.
    """
    progress = np.asarray(panel.progress, float)
    low, span = progress[0], progress[-1] - progress[0]
    # Names at the ends of the axis would leave it.
    is_inner = np.abs(progress - low - span / 2) <= 0.35 * span
    heights = np.where(is_inner[:, None], panel.shares, 0)
    middles = panel.shares.cumsum(axis=1) - panel.shares / 2
    places: dict[int, tuple[float, float]] = {}
    for number in np.argsort(-heights.max(axis=0), kind="stable").tolist():
        width = span * _LETTER_WIDTH * len(concepts[number])
        for time in np.argsort(-heights[:, number], kind="stable").tolist():
            x, y = float(progress[time]), float(middles[time, number])
            is_free = all(
                abs(x - other_x)
                >= (width + span * _LETTER_WIDTH * len(concepts[k])) / 2
                or abs(y - other_y) >= _LINE_HEIGHT
                for k, (other_x, other_y) in places.items()
            )
            if heights[time, number] >= _LABELLED and is_free:
                places[number] = x, y
                break
    return places

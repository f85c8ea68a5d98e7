"""Evolutions as patches (paper, Figs. 3 and 6), and sheets of whole images.

Everything is placed by hand, in inches, so that all patches have the same size.
"""

import math
from collections.abc import Sequence

import numpy as np
from jaxtyping import UInt8
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from conceptevo_jax.figures.lettering import with_drawable_texts, wrap_lines
from conceptevo_jax.figures.style import (
    INK_COLOUR,
    RUN_COLOURS,
    figure_style,
    new_figure,
)
from conceptevo_jax.types import record

_PATCH_SIDE, _ROW_GAP = 0.29, 0.1
"""Side of a patch, and space between rows, in inches."""

_NAME_WIDTH, _ARROW_WIDTH = 0.95, 1.0
"""Width of a neuron's name, and of an arrow with its score."""

_HEADING_HEIGHT, _TITLE_HEIGHT, _MARGIN = 0.42, 0.2, 0.12

_LETTERS_PER_INCH = (12, 15)
"""Letters of the title's first line, and of others, that fit on an inch."""


@record
class Strip:
    """A neuron's patches at one snapshot.

    Attributes:
      pixels: Side by side.
      used: Their number; 0 for a neuron that responds to nothing.
    """

    pixels: UInt8[np.ndarray, "h w 3"]
    used: int


@record
class EvolvingNeuron:
    """One row.

    Attributes:
      name: Of the neuron.
      strips: One per snapshot.
      scores: Importance of each evolution between them, with its interval.
      becomes: Whether most of its stimuli become of the asked class in each evolution.
    """

    name: str
    strips: Sequence[Strip]
    scores: Sequence[tuple[float, float, float]]
    becomes: Sequence[bool]


@record
class EvolutionGroup:
    """Rows that belong together.

    Attributes:
      heading: What they have in common.
      score_index: Index of the evolution by which they are the most important.
      neurons: The rows.
    """

    heading: str
    score_index: int
    neurons: Sequence[EvolvingNeuron]


@with_drawable_texts
def draw_evolutions(
    snapshots: Sequence[tuple[str, str]],
    groups: Sequence[EvolutionGroup],
    *,
    patches: int,
    title: Sequence[str],
) -> Figure:
    """Draw a row per neuron: patches, arrow with importance, patches, and so on.

    Args:
      snapshots: What each column of patches is, and a fact about it.
      groups: The rows.
      patches: Of a neuron at a snapshot.
      title: Lines above the whole figure.
    """
    strip = patches * _PATCH_SIDE
    width = _columns_width(len(snapshots), strip)
    lines = _wrapped_title(title, width)
    height = _rows_height(len(lines), groups)
    with figure_style():
        figure = new_figure(width, height, by_hand=True)
        axes = _inch_axes(figure, width, height)
        y = _draw_title(axes, lines)
        starts = [
            _NAME_WIDTH + i * (strip + _ARROW_WIDTH) for i in range(len(snapshots))
        ]
        y = _draw_heads(axes, snapshots, starts, y)
        for group in groups:
            y = _draw_group(axes, group, starts, y, strip)
    return figure


def _columns_width(snapshots: int, strip: float) -> float:
    """Width of the figure for strips of patches of this number of snapshots."""
    width = _NAME_WIDTH + snapshots * strip + (snapshots - 1) * _ARROW_WIDTH + _MARGIN
    return max(width, 5.0)


def _rows_height(lines: int, groups: Sequence[EvolutionGroup]) -> float:
    """Height of the figure for a title of this number of lines."""
    height = (
        lines * _TITLE_HEIGHT + 0.15 + _HEADING_HEIGHT + len(groups) * _HEADING_HEIGHT
    )
    rows = sum(len(group.neurons) for group in groups)
    return height + (rows * (_PATCH_SIDE + _ROW_GAP) + _MARGIN)


def _draw_heads(
    axes: Axes, snapshots: Sequence[tuple[str, str]], starts: Sequence[float], y: float
) -> float:
    """Write each column's snapshot and its fact; returns the top of the groups."""
    for start, (name, fact) in zip(starts, snapshots, strict=True):
        axes.text(start, y + 0.14, name, fontsize=8, fontweight="bold")
        axes.text(start, y + 0.29, fact, fontsize=7)
    return y + _HEADING_HEIGHT


def _draw_group(
    axes: Axes, group: EvolutionGroup, starts: Sequence[float], y: float, width: float
) -> float:
    """Draw a heading and its rows from `y` on; returns the top of the next group."""
    axes.text(_MARGIN, y + 0.22, group.heading, fontsize=8, color=RUN_COLOURS[0])
    y += _HEADING_HEIGHT - _ROW_GAP
    for neuron in group.neurons:
        _draw_neuron(axes, neuron, starts, y, width, group.score_index)
        y += _PATCH_SIDE + _ROW_GAP
    return y + _ROW_GAP / 2


def _draw_neuron(
    axes: Axes,
    neuron: EvolvingNeuron,
    starts: Sequence[float],
    y: float,
    width: float,
    score_index: int,
) -> None:
    middle_y = y + _PATCH_SIDE / 2
    axes.text(_MARGIN, middle_y, neuron.name, fontsize=7, va="center")
    for start, strip in zip(starts, neuron.strips, strict=True):
        _draw_image(axes, strip.pixels, start, y, width, _PATCH_SIDE)
        inner_edges = np.arange(1, round(width / _PATCH_SIDE))
        axes.vlines(
            start + inner_edges * _PATCH_SIDE, y, y + _PATCH_SIDE, color="white", lw=1.5
        )
        if not strip.used:
            axes.text(start, middle_y, "responds to nothing", fontsize=7, va="center")
    evolutions = zip(starts[1:], neuron.scores, neuron.becomes, strict=True)
    for evolution, (start, score, becomes) in enumerate(evolutions):
        _draw_arrow(axes, start, y, score, bold=evolution == score_index)
        if becomes:
            frame = Rectangle(
                (start - 0.02, y - 0.02), width + 0.04, _PATCH_SIDE + 0.04
            )
            frame.set(fill=False, edgecolor=RUN_COLOURS[1], linewidth=1.6)
            axes.add_patch(frame)


def _draw_arrow(
    axes: Axes, end: float, y: float, score: tuple[float, float, float], *, bold: bool
) -> None:
    """Draw an arrow to `end`, with a score and its interval above it."""
    tail, head = end - _ARROW_WIDTH + 0.06, end - 0.06
    axes.annotate(
        "",
        (head, y + 0.22),
        (tail, y + 0.22),
        arrowprops={"arrowstyle": "->", "color": "#777777", "lw": 0.8},
    )
    value, low, high = score
    axes.text(
        (tail + head) / 2,
        y + 0.16,
        f"{value:.2f} [{low:.2f}, {high:.2f}]",
        fontsize=6.5,
        ha="center",
        fontweight="bold" if bold else "normal",
    )


@with_drawable_texts
def draw_images(
    images: Sequence[UInt8[np.ndarray, "_ _ 3"]], *, columns: int, title: Sequence[str]
) -> Figure:
    """Draw whole images in a grid.

    Args:
      images: In reading order.
      columns: Images per line.
      title: Lines above them.
    """
    side = 0.6
    width = columns * side + 2 * _MARGIN
    lines = _wrapped_title(title, width)
    height = len(lines) * _TITLE_HEIGHT + 0.15 + _MARGIN
    height += math.ceil(len(images) / columns) * side
    with figure_style():
        figure = new_figure(width, height, by_hand=True)
        axes = _inch_axes(figure, width, height)
        top = _draw_title(axes, lines)
        for index, image in enumerate(images):
            row, column = divmod(index, columns)
            x, y = _MARGIN + column * side, top + row * side
            _draw_image(axes, image, x, y, side - 0.04, side - 0.04)
    return figure


def _inch_axes(figure: Figure, width: float, height: float) -> Axes:
    """Axes over the whole figure, in inches from its upper left corner."""
    axes = figure.add_axes((0, 0, 1, 1))
    axes.set_axis_off()
    axes.set_xlim(0, width)
    axes.set_ylim(height, 0)
    return axes


def _wrapped_title(title: Sequence[str], width: float) -> list[str]:
    """The title's lines, broken where they are too long; the first one is larger."""
    first, *further_lines = title
    lines = wrap_lines(first, int(width * _LETTERS_PER_INCH[0]))
    for line in further_lines:
        lines += wrap_lines(line, int(width * _LETTERS_PER_INCH[1]))
    return lines


def _draw_title(axes: Axes, title: Sequence[str]) -> float:
    """Write the title's lines; returns where its space ends, in inches from the top."""
    for number, line in enumerate(title):
        y, size = (number + 1) * _TITLE_HEIGHT, 10 if number == 0 else 8
        axes.text(_MARGIN, y, line, fontsize=size, color=INK_COLOUR)
    return len(title) * _TITLE_HEIGHT + 0.15


def _draw_image(
    axes: Axes, pixels: np.ndarray, x: float, y: float, width: float, height: float
) -> None:
    # Drawing an image sets the limits of the axes, which are the whole figure's.
    extent = (x, x + width, y + height, y)
    limits = axes.get_xlim(), axes.get_ylim()
    axes.imshow(pixels, extent=extent, aspect="auto", interpolation="nearest")
    axes.set_xlim(limits[0])
    axes.set_ylim(limits[1])

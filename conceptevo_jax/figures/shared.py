"""The shared space (paper, Fig. 1): one map per model, with circled neighbourhoods.

Beside each map, for each circle, are patches that neurons in it respond to most.
Everything is placed by hand, in inches, so that all patches have the same size.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float, Int, UInt8
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Circle as Disc
from matplotlib.patches import ConnectionPatch

from conceptevo_jax.figures.lettering import with_drawable_texts, wrap_lines
from conceptevo_jax.figures.style import (
    INK_COLOUR,
    PAGE_WIDTH,
    QUIET_COLOUR,
    Limits,
    bare_map,
    concept_colour,
    cropped_limits,
    figure_style,
    map_height,
    new_figure,
    onto_rim,
)
from conceptevo_jax.types import record

PATCHES = 9
"""Patches beside a circle."""

_MARGIN, _MAP_WIDTH, _LEADER_WIDTH = 0.1, 2.7, 0.5
"""Of the figure, of a map, and of the lines from circles to patches, in inches."""

_NAME_HEIGHT, _GAP, _TITLE_HEIGHT = 0.24, 0.15, 0.19
"""Of a line of names, between models, and of a line of the title, in inches."""

_PATCH_SIDE = (PAGE_WIDTH - 2 * _MARGIN - _MAP_WIDTH - _LEADER_WIDTH) / PATCHES
"""In inches."""

_LETTERS_PER_INCH = 15
"""Letters of the title that fit on an inch."""


@record
class Circle:
    """A circled neighbourhood.

    Attributes:
      name: What its neurons respond to.
      center: Its middle on the map.
      radius: In units of the map.
      concept: The number of the concept whose colour it has.
    """

    name: str
    center: Float[np.ndarray, " 2"]
    radius: float
    concept: int


@record
class ModelMap:
    """One model on the map.

    Attributes:
      name: Of its snapshot.
      points: Of its neurons; NaN for those without a place.
      members: The concept of each; -1 for none.
      patches: What neurons in each circle respond to, by the circle's name.
    """

    name: str
    points: Float[np.ndarray, "n 2"]
    members: Int[np.ndarray, " n"]
    patches: Mapping[str, Sequence[UInt8[np.ndarray, "_ _ 3"]]]


@with_drawable_texts
def draw_shared_space(
    models: Sequence[ModelMap], circles: Sequence[Circle], *, title: str
) -> Figure:
    """Draw one row per model: its map, and a line of patches for every circle.

    Args:
      models: The models.
      circles: Common to all models.
      title: Above the whole figure.
    """
    # Lines from the circles to their patches do not cross if both have one order.
    circles = sorted(circles, key=lambda circle: -float(circle.center[1]))
    limits = _limits_with(circles, [model.points for model in models])
    map_inches = float(np.clip(map_height(limits, _MAP_WIDTH), 2.2, 3.2))
    lines = wrap_lines(title, int(PAGE_WIDTH * _LETTERS_PER_INCH))
    top = 0.12 + _TITLE_HEIGHT * len(lines)
    row_height = map_inches + _NAME_HEIGHT + _GAP
    height = top + row_height * len(models)
    background = np.concatenate([model.points for model in models])
    with figure_style():
        figure = new_figure(PAGE_WIDTH, height, by_hand=True)
        figure.text(0.01, 1 - 0.06 / height, "\n".join(lines), fontsize=9, va="top")
        for number, model in enumerate(models):
            bottom = height - top - row_height * (number + 1) + _GAP
            box = (_MARGIN, bottom, _MAP_WIDTH, map_inches)
            axes = _inch_axes(figure, box)
            _draw_map(axes, model, background, limits)
            for place, circle in enumerate(circles):
                step = map_inches / len(circles)
                middle = bottom + map_inches - step * (place + 0.5)
                _draw_circle(figure, axes, circle, model, middle)
            if not circles:
                left = (_MARGIN + _MAP_WIDTH + _LEADER_WIDTH) / PAGE_WIDTH
                note = "No neighbourhood is tight in every model."
                figure.text(left, (bottom + map_inches / 2) / height, note)
    return figure


def _limits_with(circles: Sequence[Circle], points: Sequence[np.ndarray]) -> Limits:
    """Limits of the maps without outliers, but with all circles."""
    low, high = np.array(cropped_limits(points)).T
    for circle in circles:
        low = np.minimum(low, circle.center - 1.1 * circle.radius)
        high = np.maximum(high, circle.center + 1.1 * circle.radius)
    (x0, y0), (x1, y1) = low.tolist(), high.tolist()
    return (x0, x1), (y0, y1)


def _inch_axes(figure: Figure, box: tuple[float, float, float, float]) -> Axes:
    """Axes at left, bottom, width and height in inches."""
    size = np.tile(figure.get_size_inches(), 2)
    left, bottom, width, height = (np.array(box) / size).tolist()
    return figure.add_axes((left, bottom, width, height))


def _draw_map(
    axes: Axes, model: ModelMap, background: np.ndarray, limits: Limits
) -> None:
    """Draw a model's neurons in the colours of their concepts over all others."""
    bare_map(axes, limits)
    axes.set_title(model.name, fontsize=8.5, fontweight="bold", loc="left", pad=3)
    all_x, all_y = onto_rim(background, limits).T
    axes.scatter(all_x, all_y, s=4, c=QUIET_COLOUR, linewidths=0)
    x, y = onto_rim(model.points, limits).T
    colours = [
        concept_colour(number) if number >= 0 else INK_COLOUR
        for number in model.members.tolist()
    ]
    axes.scatter(x, y, s=14, c=colours, linewidths=0)


def _draw_circle(
    figure: Figure, axes: Axes, circle: Circle, model: ModelMap, middle: float
) -> None:
    """Draw a circle, its patches at a height in inches, and a line between them."""
    colour = concept_colour(circle.concept)
    disc = Disc(tuple(circle.center), circle.radius, fill=False, ec=INK_COLOUR, lw=1.4)
    axes.add_patch(disc)
    left = _MARGIN + _MAP_WIDTH + _LEADER_WIDTH
    bottom = middle - (_PATCH_SIDE + _NAME_HEIGHT) / 2
    for place, patch in enumerate(model.patches[circle.name]):
        box = (left + place * _PATCH_SIDE, bottom, _PATCH_SIDE - 0.03, _PATCH_SIDE)
        cell = _inch_axes(figure, box)
        cell.imshow(patch, interpolation="nearest")
        cell.set_axis_off()
    width, height = figure.get_size_inches()
    x, y = left / width, (bottom + _PATCH_SIDE / 2) / height
    figure.text(
        x,
        (bottom + _PATCH_SIDE + 0.03) / height,
        circle.name,
        fontsize=8.5,
        fontweight="bold",
        color=colour,
    )
    rim = (float(circle.center[0]) + circle.radius, float(circle.center[1]))
    leader = ConnectionPatch(
        rim,
        (x - 0.005, y),
        axes.transData,
        figure.transFigure,
        color=INK_COLOUR,
        lw=0.8,
    )
    figure.add_artist(leader)

"""The shared space (paper, Fig. 1): one map per model, with circled neighbourhoods.

Next to each map, for each circled neighbourhood, are two neurons with the images they
respond to most.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, UInt8
from matplotlib.axes import Axes
from matplotlib.figure import Figure, SubFigure
from matplotlib.patches import Circle as Disc

from conceptevo_jax.figures.lettering import with_drawable_texts
from conceptevo_jax.figures.style import (
    DEPTH_COLOURS,
    QUIET_COLOUR,
    RUN_COLOURS,
    bare_map,
    figure_style,
    map_height,
    map_limits,
    new_figure,
)
from conceptevo_jax.types import record

_CIRCLE_CORNERS = np.array([[-1.0, -1.0], [1.3, 1.3]])
"""Corners of a circle's bounding box, in radii, with room for its letter."""


@record
class Circle:
    """A circled neighbourhood.

    Attributes:
      label: A capital letter.
      center: Its middle on the map.
      radius: In units of the map.
    """

    label: str
    center: Float[np.ndarray, " 2"]
    radius: float


@record
class Example:
    """A neuron in a circle, and what it responds to.

    Attributes:
      circle: The circle's label.
      neuron: Its id without the run: `features.14/3`.
      images: Its strongest images, uint8.
    """

    circle: str
    neuron: str
    images: Sequence[UInt8[np.ndarray, "h w 3"]]


@with_drawable_texts
def draw_shared_space(
    models: Sequence[
        tuple[str, Float[np.ndarray, "_ 2"], Float[np.ndarray, " _"], Sequence[Example]]
    ],
    circles: Sequence[Circle],
    *,
    title: str,
) -> Figure:
    """Draw one row per model: its map, and examples of every circle.

    Args:
      models: Name, points, depth of each neuron's site, and examples.
      circles: Common to all models.
      title: Above the whole figure.
    """
    with figure_style():
        rims = [circle.center + circle.radius * _CIRCLE_CORNERS for circle in circles]
        limits = map_limits([*(points for _, points, _, _ in models), *rims])
        height = np.clip(map_height(limits, 3.4), 2.2, 3.6) + 0.35
        figure = new_figure(10.5, height * len(models) + 0.6)
        figure.suptitle(title, fontsize=9, x=0.01, ha="left")
        background = np.concatenate([points for _, points, _, _ in models])
        rows = figure.subfigures(len(models), 1, squeeze=False)[:, 0]
        for row, (name, points, depth, examples) in zip(rows, models, strict=True):
            map_half, example_half = row.subfigures(1, 2, width_ratios=[1, 1.9])
            axes = map_half.subplots()
            bare_map(axes, limits)
            axes.set_title(name, fontsize=9, fontweight="bold", loc="left")
            axes.scatter(*background.T, s=2, c=QUIET_COLOUR, linewidths=0)
            axes.scatter(
                *points.T, s=6, c=depth, cmap=DEPTH_COLOURS, vmin=0, vmax=1, lw=0
            )
            for circle, color in zip(circles, RUN_COLOURS, strict=False):
                _draw_circle(axes, circle, color)
            _draw_examples(example_half, circles, examples)
    return figure


def _draw_circle(axes: Axes, circle: Circle, color: str) -> None:
    disc = Disc(tuple(circle.center), circle.radius, fill=False, ec=color, lw=1.6)
    axes.add_patch(disc)
    x, y = circle.center + circle.radius * np.array([0.75, 0.75])
    axes.text(x, y, circle.label, color=color, fontweight="bold", fontsize=11)


def _draw_examples(
    subfigure: SubFigure, circles: Sequence[Circle], examples: Sequence[Example]
) -> None:
    """One column per circle; in it, one line of images per neuron."""
    if not circles:
        subfigure.text(0.05, 0.5, "No neighbourhood is tight in every model.")
        return
    columns = subfigure.subfigures(1, len(circles), squeeze=False)[0]
    for column, circle, color in zip(columns, circles, RUN_COLOURS, strict=False):
        neurons = [example for example in examples if example.circle == circle.label]
        column.suptitle(circle.label, color=color, fontweight="bold", fontsize=11)
        width = max((len(neuron.images) for neuron in neurons), default=1)
        grid = column.subplots(max(len(neurons), 1), width, squeeze=False)
        for axes in grid.flat:
            axes.set_axis_off()
        for line, example in zip(grid, neurons, strict=False):
            line[0].set_title(example.neuron, fontsize=7, loc="left", pad=2)
            for axes, image in zip(line, example.images, strict=False):
                axes.imshow(image, interpolation="nearest")

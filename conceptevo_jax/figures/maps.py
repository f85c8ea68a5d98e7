"""The training map (paper, Fig. 2): one space, runs in rows, epochs in columns."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.cm import ScalarMappable
from matplotlib.colors import Normalize
from matplotlib.figure import Figure

from conceptevo_jax.figures.lettering import with_drawable_texts, wrap_lines, wrap_text
from conceptevo_jax.figures.style import (
    DEPTH_COLOURS,
    QUIET_COLOUR,
    Limits,
    bare_map,
    figure_style,
    map_height,
    map_limits,
    new_figure,
)
from conceptevo_jax.types import record

_WIDTH = 1.7
"""Of a panel, in inches."""

_LABEL_HEIGHT = 0.55
"""Height of the text above a panel, in inches."""

_LETTERS_PER_INCH = 14
"""Letters of the title that fit on an inch."""


@record
class MapPanel:
    """One snapshot on the map.

    Attributes:
      epoch: Its label, see `conceptevo_jax.epochs`.
      facts: A line below the label: accuracies.
      points: Of its neurons; NaN for those without a place.
      depth: Of each neuron's site, 0 at the input to 1 at the output.
      dead: Number of dead neurons, which have no place.
    """

    epoch: str
    facts: str
    points: Float[np.ndarray, "n 2"]
    depth: Float[np.ndarray, " n"]
    dead: int


@with_drawable_texts
def draw_training_map(
    rows: Sequence[tuple[str, Sequence[MapPanel]]],
    background: Float[np.ndarray, "n 2"],
    *,
    title: str,
) -> Figure:
    """Draw all panels with common axes over the base's neurons in grey.

    Args:
      rows: Per run, its name and its panels from left to right.
      background: The base model's points.
      title: Above the whole figure.
    """
    columns = max(len(panels) for _, panels in rows)
    with figure_style():
        all_points = [panel.points for _, panels in rows for panel in panels]
        limits = map_limits([background, *all_points])
        height = map_height(limits, _WIDTH) + _LABEL_HEIGHT
        width = (_WIDTH + 0.1) * columns + 1.1
        lines = wrap_lines(title, int(width * _LETTERS_PER_INCH))
        figure = new_figure(width, height * len(rows) + 0.3 + 0.2 * len(lines))
        figure.suptitle("\n".join(lines), fontsize=10, x=0.01, ha="left")
        grid = figure.subplots(len(rows), columns, squeeze=False)
        for line, (name, panels) in zip(grid, rows, strict=True):
            _draw_run(line, name, panels, background, limits)
        _draw_depth_bar(figure, grid)
    return figure


def _draw_run(
    line: np.ndarray,
    name: str,
    panels: Sequence[MapPanel],
    background: Float[np.ndarray, "n 2"],
    limits: Limits,
) -> None:
    """Draw a run's name and snapshots into a row of axes; the rest stays empty."""
    label = wrap_text(name, 18)
    line[0].set_ylabel(label, fontsize=8, fontweight="bold", labelpad=6)
    for axes, panel in zip(line, panels, strict=False):
        bare_map(axes, limits)
        _draw_panel(axes, panel, background)
    for axes in line[len(panels) :]:
        axes.set_axis_off()


def _draw_panel(
    axes: Axes, panel: MapPanel, background: Float[np.ndarray, "n 2"]
) -> None:
    axes.set_title(f"{panel.epoch}\n{panel.facts}", fontsize=7, pad=3)
    base_x, base_y = background.T
    axes.scatter(base_x, base_y, s=2, c=QUIET_COLOUR, linewidths=0)
    x, y = panel.points.T
    axes.scatter(
        x, y, s=5, c=panel.depth, cmap=DEPTH_COLOURS, vmin=0, vmax=1, linewidths=0
    )
    _note_dead(axes, panel)


def _draw_depth_bar(figure: Figure, grid: np.ndarray) -> None:
    """Draw the colour bar of depth in a network."""
    depths = ScalarMappable(Normalize(0, 1), DEPTH_COLOURS)
    bar = figure.colorbar(
        depths, ax=grid, shrink=0.5, aspect=25, pad=0.01, ticks=[0, 1]
    )
    bar.ax.set_yticklabels(["first\nsite", "last\nsite"])
    bar.outline.set_visible(False)


def _note_dead(axes: Axes, panel: MapPanel) -> None:
    """State how many neurons are not on the map, instead of drawing a false cluster."""
    if panel.dead:
        axes.text(
            0.97,
            0.03,
            f"{panel.dead} of {len(panel.points)} dead",
            transform=axes.transAxes,
            ha="right",
            va="bottom",
            fontsize=6.5,
            color="#b2182b",
        )

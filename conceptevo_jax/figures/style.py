"""The look that all figures share, and how they are written."""

from collections.abc import Iterable
from contextlib import AbstractContextManager
from pathlib import Path

import matplotlib as mpl
import numpy as np
from jaxtyping import Float
from matplotlib.axes import Axes
from matplotlib.backends.backend_agg import FigureCanvasAgg
from matplotlib.figure import Figure
from matplotlib.layout_engine import ConstrainedLayoutEngine

from conceptevo_jax.figures.lettering import font_families

DEPTH_COLOURS = "viridis"
"""Colour map for how deep in its network a neuron's site lies."""

RUN_COLOURS = ("#0072B2", "#D55E00", "#009E73", "#CC79A7", "#E69F00", "#56B4E9")
"""Colours of runs (Okabe & Ito's colour-blind safe palette)."""

CONCEPT_COLOURS = (
    *RUN_COLOURS,
    *("#882255", "#4D4D4D", "#999933", "#332288", "#44AA99", "#8C6D31"),
)
"""Colours of concepts, by number, as on the explorer's page."""

_CROP = (1, 99)
"""Percentiles of the points that limit a cropped map."""

QUIET_COLOUR, INK_COLOUR, ALARM_COLOUR = "#d9d9d9", "#222222", "#b2182b"

PAGE_WIDTH = 8.3
"""In inches: a page of 830 pixels shows its 8 pt letters 11 pixels high."""

_PNG_DPI = 160
"""Pixels per inch of PNG files, which pages show smaller."""

_SETTINGS = {
    "font.size": 8,
    "axes.titlesize": 8,
    "axes.edgecolor": "#999999",
    "axes.linewidth": 0.6,
    "axes.labelcolor": INK_COLOUR,
    "text.color": INK_COLOUR,
    "xtick.color": "#555555",
    "ytick.color": "#555555",
    "figure.dpi": 100,
    "pdf.fonttype": 42,
    "legend.frameon": False,
    "text.parse_math": False,
}


def concept_colour(number: int) -> str:
    """The colour of a concept, the same in all figures and on the page."""
    return CONCEPT_COLOURS[number % len(CONCEPT_COLOURS)]


def figure_style() -> AbstractContextManager[object]:
    """A context in which figures get the shared look."""
    families = list(font_families())
    return mpl.rc_context({**_SETTINGS, "font.family": families})


def new_figure(width: float, height: float, *, by_hand: bool = False) -> Figure:
    """An empty figure, drawn without a screen.

    Args:
      width: In inches.
      height: In inches.
      by_hand: Whether all parts are placed by the caller, not by a layout engine.
    """
    layout = None if by_hand else ConstrainedLayoutEngine(w_pad=0.08, h_pad=0.04)
    figure = Figure(figsize=(width, height), layout=layout)
    FigureCanvasAgg(figure)
    return figure


Limits = tuple[tuple[float, float], tuple[float, float]]
"""Lowest and highest x, and lowest and highest y."""


def map_limits(points: Iterable[np.ndarray]) -> Limits:
    """Common axis limits of several maps, with a margin; NaN points are ignored."""
    joint = np.concatenate(list(points))
    low, high = np.nanmin(joint, axis=0), np.nanmax(joint, axis=0)
    margin = 0.06 * (high - low)
    (x0, y0), (x1, y1) = (low - margin).tolist(), (high + margin).tolist()
    return (x0, x1), (y0, y1)


def cropped_limits(points: Iterable[np.ndarray]) -> Limits:
    """Common axis limits of several maps without their outliers, with a margin.

    A few points far from all others would leave the rest a small part of the map.

    Args:
      points: Of each map; NaN points are ignored.
    """
    joint = np.concatenate(list(points))
    low, high = np.nanpercentile(joint, _CROP, axis=0)
    return map_limits([np.stack([low, high])])


def onto_rim(points: Float[np.ndarray, "n 2"], limits: Limits) -> np.ndarray:
    """Points with those outside the limits moved to just inside them.

    Args:
      points: NaN points stay so.
      limits: Of the map.
    """
    low, high = np.array(limits).T
    rim = 0.015 * (high - low)
    return np.clip(points, low + rim, high - rim)


def map_height(limits: Limits, width: float) -> float:
    """Height with which a map is drawn to scale.

    Args:
      limits: Of the map.
      width: Of the drawn map, in the unit of the height.
    """
    (x0, x1), (y0, y1) = limits
    return width * (y1 - y0) / max(x1 - x0, 1e-9)


def bare_map(axes: Axes, limits: Limits) -> None:
    """Prepare axes for a map: common limits, no ticks, since units mean nothing.

    Args:
      axes: Changed in place.
      limits: Of the map.
    """
    axes.set_xlim(limits[0])
    axes.set_ylim(limits[1])
    axes.set_xticks([])
    axes.set_yticks([])
    axes.set_aspect("equal", adjustable="box")


def save_figure(figure: Figure, path: Path) -> list[Path]:
    """Write `<path>.png` and `<path>.pdf`; the same figure gives the same bytes.

    Args:
      figure: Its layout is settled and fixed.
      path: Without an ending; parents are made.

    Returns:
      The PNG and the PDF.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    written = [path.with_suffix(".png"), path.with_suffix(".pdf")]
    # Each drawing lets the layout move on a little: settle it, so that none differs.
    for _ in range(3):
        figure.draw_without_rendering()
    figure.set_layout_engine("none")
    figure.savefig(written[0], dpi=_PNG_DPI, metadata={"Software": None})
    figure.savefig(written[1], metadata={"CreationDate": None})
    return written

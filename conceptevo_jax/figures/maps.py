"""The training map (paper, Fig. 2): one space, runs in rows, epochs in columns."""

import itertools
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int, UInt8
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Patch

from conceptevo_jax.figures.lettering import with_drawable_texts, wrap_lines, wrap_text
from conceptevo_jax.figures.map_labels import Label, draw_label, place_labels
from conceptevo_jax.figures.style import (
    ALARM_COLOUR,
    DEPTH_COLOURS,
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

_NAME_WIDTH, _GAP = 0.45, 0.06
"""Of a run's name left of its maps, and space between maps, in inches."""

_LARGEST, _SQUEEZED = 2.4, (0.7, 1.2)
"""Largest width of a map in inches; its height as a share of its width."""

_HEAD_HEIGHT, _TITLE_HEIGHT, _FOOT_HEIGHT = 0.36, 0.2, 0.3
"""Heights of the text above a map, of a line of the title, and of what is below all."""

_LETTERS_PER_INCH = 15
"""Letters of the title that fit on an inch."""


@record
class MapConcept:
    """A concept with a name.

    Attributes:
      name: The name.
      center: The middle of its base neurons on the map.
      patch: What its neurons respond to; None for a concept without a common look,
        which is named below the maps alone.
    """

    name: str
    center: Float[np.ndarray, " 2"]
    patch: UInt8[np.ndarray, "h w 3"] | None


@record
class MapPanel:
    """One snapshot on the map.

    Attributes:
      epoch: Its label, see `conceptevo_jax.epochs`.
      facts: A line below the label: accuracies.
      points: Of its neurons; NaN for those without a place.
      depth: Of each neuron's site, 0 at the input to 1 at the output.
      members: The concept of each neuron; -1 for none.
      dead: Number of dead neurons, which have no place.
      diverged: Whether accuracies or responses are not finite.
    """

    epoch: str
    facts: str
    points: Float[np.ndarray, "n 2"]
    depth: Float[np.ndarray, " n"]
    members: Int[np.ndarray, " n"]
    dead: int
    diverged: bool = False


@record
class _Plan:
    """What all maps of a figure share; lengths are in inches.

    Attributes:
      limits: Of the maps.
      width: Of a map.
      height: Of a map.
      background: The base's points.
      labels: Of the concepts that are named on the maps, by number of the concept.
      middles: Where the labels go.
      has_concepts: Whether concepts are known, so that dots have their colours.
    """

    limits: Limits
    width: float
    height: float
    background: Float[np.ndarray, "n 2"]
    labels: dict[int, Label]
    middles: Float[np.ndarray, "k 2"]
    has_concepts: bool

    @property
    def scale(self) -> float:
        """Units of the map per inch."""
        return (self.limits[0][1] - self.limits[0][0]) / self.width


@with_drawable_texts
def draw_training_map(
    rows: Sequence[tuple[str, Sequence[MapPanel]]],
    background: Float[np.ndarray, "n 2"],
    concepts: Sequence[MapConcept] = (),
    *,
    title: str,
) -> Figure:
    """Draw all panels with common axes over the base's neurons in grey.

    Args:
      rows: Per run, its name and its panels from left to right.
      background: The base model's points.
      concepts: Of the base, the largest first; without any, colours show depth.
      title: Above the whole figure.
    """
    columns = max(len(panels) for _, panels in rows)
    plan = _plan_maps(rows, background, concepts, columns)
    figure_width = _NAME_WIDTH + columns * (plan.width + _GAP) + _GAP
    figure_width = max(figure_width, PAGE_WIDTH / 2)
    lines = wrap_lines(title, int(figure_width * _LETTERS_PER_INCH))
    row_height = plan.height + _HEAD_HEIGHT + _GAP
    top = 0.1 + _TITLE_HEIGHT * len(lines)
    height = top + row_height * len(rows) + _FOOT_HEIGHT
    with figure_style():
        figure = new_figure(figure_width, height, by_hand=True)
        figure.text(0.01, 1 - 0.06 / height, "\n".join(lines), fontsize=9, va="top")
        for line, (name, panels) in enumerate(rows):
            bottom = height - top - row_height * (line + 1) + _GAP
            for column, panel in enumerate(panels):
                left = _NAME_WIDTH + column * (plan.width + _GAP)
                axes = _inch_map(figure, left, bottom, plan)
                _draw_panel(axes, panel, plan)
                if column == 0:
                    label = wrap_text(name, int(plan.height * 12))
                    axes.set_ylabel(label, fontsize=7.5, fontweight="bold", labelpad=2)
        _draw_foot(figure, plan, concepts)
    return figure


def _plan_maps(
    rows: Sequence[tuple[str, Sequence[MapPanel]]],
    background: Float[np.ndarray, "n 2"],
    concepts: Sequence[MapConcept],
    columns: int,
) -> _Plan:
    """Sizes of the maps, and places of the labels, which are the same on all."""
    all_points = [panel.points for _, panels in rows for panel in panels]
    limits = cropped_limits([background, *all_points])
    width = min((PAGE_WIDTH - _NAME_WIDTH - _GAP) / columns - _GAP, _LARGEST)
    low, high = _SQUEEZED
    height = float(np.clip(map_height(limits, width), low * width, high * width))
    labels = {
        number: Label(
            name=concept.name,
            center=concept.center,
            patch=concept.patch,
            colour=concept_colour(number),
        )
        for number, concept in enumerate(concepts)
        if concept.patch is not None
    }
    scale = (limits[0][1] - limits[0][0]) / width
    dots = np.concatenate([onto_rim(points, limits) for points in all_points])
    middles = place_labels(list(labels.values()), dots, limits, scale)
    placed = np.isfinite(middles).all(axis=1)
    return _Plan(
        limits=limits,
        width=width,
        height=height,
        background=background,
        labels=dict(itertools.compress(labels.items(), placed)),
        middles=middles[placed],
        has_concepts=bool(concepts),
    )


def _inch_map(figure: Figure, left: float, bottom: float, plan: _Plan) -> Axes:
    """Axes for a map with this lower left corner, in inches."""
    width, height = figure.get_size_inches()
    return figure.add_axes(
        (left / width, bottom / height, plan.width / width, plan.height / height)
    )


def _draw_panel(axes: Axes, panel: MapPanel, plan: _Plan) -> None:
    _draw_head(axes, panel)
    base_x, base_y = onto_rim(plan.background, plan.limits).T
    axes.scatter(base_x, base_y, s=2, c=QUIET_COLOUR, linewidths=0)
    x, y = onto_rim(panel.points, plan.limits).T
    if plan.has_concepts:
        held = panel.members >= 0
        colours = [concept_colour(number) for number in panel.members[held].tolist()]
        axes.scatter(x[held], y[held], s=6, c=colours, linewidths=0)
    else:
        axes.scatter(
            x, y, s=6, c=panel.depth, cmap=DEPTH_COLOURS, vmin=0, vmax=1, linewidths=0
        )
    for middle, (number, label) in zip(plan.middles, plan.labels.items(), strict=True):
        count = int((panel.members == number).sum())
        if not panel.diverged:
            draw_label(axes, label, middle, count, plan.scale)
    bare_map(axes, plan.limits)


def _draw_head(axes: Axes, panel: MapPanel) -> None:
    """Write the epoch, accuracies, and how many neurons are not on the map."""
    facts, colour = panel.facts, INK_COLOUR
    dead = f"{panel.dead} dead" if panel.dead else ""
    if panel.diverged:
        facts, colour, dead = f"diverged: {panel.dead} not finite", ALARM_COLOUR, ""
    for x, y, text, side, text_colour in (
        (0, 1.115, panel.epoch, "left", INK_COLOUR),
        (1, 1.115, dead, "right", ALARM_COLOUR),
        (0, 1.02, facts, "left", colour),
    ):
        axes.text(
            x,
            y,
            text,
            transform=axes.transAxes,
            ha=side,
            va="bottom",
            fontsize=7.5,
            fontweight="bold" if text == panel.epoch else "normal",
            color=text_colour,
        )


def _draw_foot(figure: Figure, plan: _Plan, concepts: Sequence[MapConcept]) -> None:
    """Explain the colours that no label on the maps explains."""
    if not concepts:
        _draw_depth_bar(figure)
        return
    handles = [
        Patch(color=concept_colour(number), label=concept.name)
        for number, concept in enumerate(concepts)
        if number not in plan.labels
    ]
    if handles:
        figure.legend(handles=handles, loc="lower center", ncols=6, borderaxespad=0.3)


def _draw_depth_bar(figure: Figure) -> None:
    """Draw what the colours of depth in a network mean."""
    width, height = figure.get_size_inches()
    axes = figure.add_axes(
        (0.5 - 0.6 / width, 0.1 / height, 1.2 / width, 0.1 / height),
        label="<colorbar>",
    )
    axes.imshow(np.linspace(0, 1, 64)[None], cmap=DEPTH_COLOURS, aspect="auto")
    axes.set_axis_off()
    for x, side, text in ((-0.04, "right", "first site"), (1.04, "left", "last site")):
        axes.text(x, 0.5, text, transform=axes.transAxes, ha=side, va="center")

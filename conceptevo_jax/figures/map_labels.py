"""Labels on maps: the patch of a concept with its name, apart from all others."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, UInt8
from matplotlib import patheffects
from matplotlib.axes import Axes
from matplotlib.patches import Rectangle

from conceptevo_jax.figures.style import Limits
from conceptevo_jax.types import record

_GRID = 40
"""Places that a label may take, along each axis."""

_COVERING, _LEFT_OUT = 6.0, 100.0
"""How many inches away is as bad as covering all dots, and as having no label."""

_PATCH_SIDE, _TEXT_HEIGHT, _LETTER_WIDTH = 0.2, 0.12, 0.06
"""Of a label, in inches."""

_TEXT_SIZE = 7
"""In points."""

_HEAD_WIDTH = 0.46
"""Of the patch and the number of neurons beside it, in inches."""


@record
class Label:
    """A concept's label.

    Attributes:
      name: Of the concept.
      center: Of its neurons on the map.
      patch: What its neurons respond to.
      colour: Of its neurons.
    """

    name: str
    center: Float[np.ndarray, " 2"]
    patch: UInt8[np.ndarray, "h w 3"]
    colour: str


def place_labels(
    labels: Sequence[Label],
    points: Float[np.ndarray, "n 2"],
    limits: Limits,
    scale: float,
) -> Float[np.ndarray, "k 2"]:
    """Where labels go: near their concepts, over few dots, none over another.

    They choose their places one after the other, in several orders, of which the best
    is used.

    Args:
      labels: The most important first.
      points: Of all dots on the maps.
      limits: Of the map.
      scale: Units of the map per inch.

    Returns:
      Their middles on the map; NaN for a label for which there is no room left.
    """
    options = [_options(label, points, limits, scale) for label in labels]
    best_cost, best = np.inf, np.full((len(labels), 2), np.nan)
    for first in range(len(labels)):
        order = [first, *(n for n in range(len(labels)) if n != first)]
        cost, middles = _choose_in_order(options, order)
        if cost < best_cost:
            best_cost, best = cost, middles
    return best


@record
class _Options:
    """Where a label may go.

    Attributes:
      size: Of its box.
      places: Middles of the box inside the map.
      cost: Of each place.
    """

    size: Float[np.ndarray, " 2"]
    places: Float[np.ndarray, "p 2"]
    cost: Float[np.ndarray, " p"]


def _options(
    label: Label, points: Float[np.ndarray, "n 2"], limits: Limits, scale: float
) -> _Options:
    """Places on a grid; they cost the way from the concept, and the dots they cover."""
    low, high = np.array(limits).T
    size = np.array(label_size(label.name)) * scale
    if (size > high - low).any():
        return _Options(size=size, places=np.zeros((0, 2)), cost=np.zeros(0))
    x, y = np.linspace(low + size / 2, high - size / 2, _GRID).T
    places = np.stack(np.meshgrid(x, y), axis=-1).reshape(-1, 2)
    distance = np.linalg.norm(places - label.center, axis=1) / scale
    covered = [(np.abs(points - at) < size / 2).all(axis=1).sum() for at in places]
    share = np.array(covered) / max(len(points), 1)
    return _Options(size=size, places=places, cost=distance + _COVERING * share)


def _choose_in_order(
    options: Sequence[_Options], order: Sequence[int]
) -> tuple[float, Float[np.ndarray, "k 2"]]:
    """The total cost, and the places, if labels choose in this order."""
    total, middles = 0.0, np.full((len(options), 2), np.nan)
    for turn, number in enumerate(order):
        option = options[number]
        free = np.ones(len(option.places), bool)
        for other in order[:turn]:
            # Comparisons with the NaN of a label without a place are false.
            room = (option.size + options[other].size) / 2
            overlap = np.abs(option.places - middles[other]) < room
            free &= ~overlap.all(axis=1)
        if not free.any():
            total += _LEFT_OUT
            continue
        place = int(np.where(free, option.cost, np.inf).argmin())
        total += option.cost[place]
        middles[number] = option.places[place]
    return total, middles


def label_size(name: str) -> tuple[float, float]:
    """Width and height of a concept's label, in inches.

    Args:
      name: Of the concept.
    """
    return max(len(name) * _LETTER_WIDTH, _HEAD_WIDTH), _PATCH_SIDE + _TEXT_HEIGHT


def draw_label(
    axes: Axes, label: Label, middle: Float[np.ndarray, " 2"], count: int, scale: float
) -> None:
    """Draw a concept's patch, beside it how many neurons hold it, its name below.

    Args:
      axes: The map; drawing a patch changes its limits.
      label: The label.
      middle: From `place_labels`.
      count: Neurons that hold the concept; the label is faint for 0.
      scale: Units of the map per inch.
    """
    strength = 1.0 if count else 0.35
    x, y = middle
    side = _PATCH_SIDE * scale
    if np.linalg.norm(label.center - middle) > side:
        line = zip(middle, label.center, strict=True)
        axes.plot(*line, color=label.colour, lw=0.8, alpha=strength, zorder=2)
    left, bottom = x - _HEAD_WIDTH / 2 * scale, y + _TEXT_HEIGHT / 2 * scale - side / 2
    extent = (left, left + side, bottom, bottom + side)
    axes.imshow(
        label.patch, extent=extent, interpolation="nearest", alpha=strength, zorder=3
    )
    frame = Rectangle((left, bottom), side, side, fill=False, zorder=3)
    frame.set(edgecolor=label.colour, linewidth=1.2, alpha=strength)
    axes.add_patch(frame)
    gap = 0.03 * scale
    for at, text, alignment in (
        ((left + side + gap, bottom + side / 2), f"{count}", ("left", "center")),
        ((x, bottom - gap / 2), label.name, ("center", "top")),
    ):
        letters = axes.text(*at, text, color=label.colour, fontsize=_TEXT_SIZE)
        letters.set(fontweight="bold", alpha=strength, zorder=4)
        letters.set(ha=alignment[0], va=alignment[1])
        outline = patheffects.withStroke(linewidth=2.8, foreground="white")
        letters.set_path_effects([outline])

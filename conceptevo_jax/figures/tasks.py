"""Figure 4: tasks as participants see them, with the answers marked for readers."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import UInt8
from matplotlib.axes import Axes
from matplotlib.figure import Figure
from matplotlib.patches import Rectangle

from conceptevo_jax.figures.lettering import with_drawable_texts, wrap_lines
from conceptevo_jax.figures.style import RUN_COLOURS, figure_style, new_figure
from conceptevo_jax.types import record

_CARD_SIDE, _CARD_SPACE = 1.15, 0.5
"""Side of a card and what is above and below it, in inches."""

_LETTERS_PER_INCH = 14
"""Letters of the title that fit on an inch."""

_PATCHES_ACROSS = 3
"""Patches side by side on a card."""


@record
class TaskPicture:
    """One task.

    Attributes:
      title: What it is of.
      patches: Of its cards.
      names: The content of each card.
      intruder: Which card is the intruder's, from 0.
    """

    title: str
    patches: UInt8[np.ndarray, "c p side side 3"]
    names: tuple[str, ...]
    intruder: int


@with_drawable_texts
def draw_tasks(tasks: Sequence[TaskPicture], *, title: str) -> Figure:
    """Draw tasks in rows, the intruder's card framed.

    Args:
      tasks: With equal numbers of cards.
      title: Above the figure.
    """
    with figure_style():
        cards = len(tasks[0].patches)
        width = (_CARD_SIDE + 0.12) * cards + 0.2
        lines = wrap_lines(title, int(width * _LETTERS_PER_INCH))
        height = (_CARD_SIDE + _CARD_SPACE) * len(tasks) + 0.2 + 0.18 * len(lines)
        figure = new_figure(width, height)
        figure.suptitle("\n".join(lines), fontsize=10, x=0.01, ha="left")
        rows = figure.subfigures(len(tasks), 1, squeeze=False)[:, 0]
        for row, task in zip(rows, tasks, strict=True):
            row.suptitle(task.title, fontsize=8, x=0.01, ha="left")
            for card, axes in enumerate(row.subplots(1, cards)):
                _draw_card(axes, task, card)
    return figure


def _draw_card(axes: Axes, task: TaskPicture, card: int) -> None:
    axes.imshow(_tile_patches(task.patches[card]), interpolation="nearest")
    axes.set_xticks([])
    axes.set_yticks([])
    is_intruder = card == task.intruder
    axes.set_xlabel(
        ("intruder\n" if is_intruder else "\n")
        + task.names[card].replace("/", "\n", 1),
        fontsize=5,
        color=RUN_COLOURS[1] if is_intruder else "#555555",
    )
    axes.spines[:].set_visible(False)
    if is_intruder:
        frame = Rectangle(
            (0, 0),
            1,
            1,
            transform=axes.transAxes,
            fill=False,
            ec=RUN_COLOURS[1],
            lw=2.5,
        )
        frame.set_clip_on(False)
        axes.add_patch(frame)


def _tile_patches(
    patches: UInt8[np.ndarray, "p side side 3"],
) -> UInt8[np.ndarray, "h w 3"]:
    """Patches in rows of three, a white line between them."""
    side, gap = patches.shape[1], max(1, patches.shape[1] // 16)
    step, rows = side + gap, -(-len(patches) // _PATCHES_ACROSS)
    shape = (rows * step - gap, _PATCHES_ACROSS * step - gap, 3)
    sheet = np.full(shape, 255, np.uint8)
    for index, patch in enumerate(patches):
        y, x = step * (index // _PATCHES_ACROSS), step * (index % _PATCHES_ACROSS)
        sheet[y : y + side, x : x + side] = patch
    return sheet

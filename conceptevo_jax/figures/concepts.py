"""Concepts as rows of image patches, each row with a line of text."""

from collections.abc import Sequence

import numpy as np
from jaxtyping import UInt8
from matplotlib.figure import Figure

from conceptevo_jax.figures.lettering import with_drawable_texts
from conceptevo_jax.figures.style import figure_style, new_figure

_PATCH_SIDE, _LABEL_HEIGHT = 0.55, 0.24
"""Of a patch and of the line above it, in inches."""


@with_drawable_texts
def draw_concepts(
    rows: Sequence[tuple[str, Sequence[UInt8[np.ndarray, "_ _ 3"]]]], *, title: str
) -> Figure:
    """Draw a row of patches per concept.

    Args:
      rows: Text about each concept, and its patches; one row at least.
      title: Above the figure.
    """
    columns = max(len(patches) for _, patches in rows)
    with figure_style():
        height = (_PATCH_SIDE + _LABEL_HEIGHT) * len(rows) + 0.6
        figure = new_figure(max(_PATCH_SIDE * columns + 0.3, 6.0), height)
        figure.suptitle(title, fontsize=9, x=0.01, ha="left")
        lines = figure.subfigures(len(rows), 1, squeeze=False)[:, 0]
        for line, (caption, patches) in zip(lines, rows, strict=True):
            line.suptitle(caption, fontsize=8, x=0.01, ha="left")
            grid = line.subplots(1, columns, squeeze=False)[0]
            for axes in grid:
                axes.set_axis_off()
            for axes, patch in zip(grid, patches, strict=False):
                axes.imshow(patch, interpolation="nearest")
    return figure

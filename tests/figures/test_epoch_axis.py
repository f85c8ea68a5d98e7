"""Axes of trainings: where ticks are, what they are called, whether they are apart."""

import itertools

import numpy as np
import pytest

from conceptevo_jax.epochs import epoch_tick, progress
from conceptevo_jax.figures import Curve, draw_curves

STEPS = 8


def snapshots(epochs):
    return ["init", "step2", "step4", *range(epochs)]


def curves_of(epochs, columns):
    """Panels of a run whose value at a snapshot is its epoch's number."""
    names = snapshots(epochs)
    curve = Curve(
        name="run",
        progress=np.array([progress(epoch, STEPS) for epoch in names]),
        values=np.arange(len(names), dtype=float),
    )
    panels = [(f"measure {n}", [curve]) for n in range(columns)]
    return draw_curves(panels, title="Runs")


def panels_of(figure):
    return [axes for axes in figure.axes if axes.lines]


@pytest.mark.parametrize("epochs", [0, 1, 2, 4, 8, 9, 12, 17, 31, 60, 208, 1000])
def test_ticks_are_where_their_snapshots_are_drawn(epochs):
    label_at = {
        progress(epoch, STEPS): epoch_tick(epoch) for epoch in snapshots(epochs)
    }
    for axes in panels_of(curves_of(epochs, 2)):
        ticks = dict(
            zip(
                axes.get_xticks().tolist(),
                (text.get_text() for text in axes.get_xticklabels()),
                strict=True,
            )
        )
        assert axes.get_xlabel() == "epoch"
        assert next(iter(ticks.items())) == (0, "init")
        assert ticks.items() <= label_at.items()
        assert len(ticks) > min(epochs, 3)
    if epochs <= 8:
        assert list(ticks.values()) == ["init", *map(str, range(epochs))]


@pytest.mark.parametrize("epochs", [1, 4, 8, 9, 12, 16, 17, 31, 40, 60, 80, 208, 1000])
def test_no_two_ticks_cover_each_other(epochs):
    figure = curves_of(epochs, 3)
    figure.draw_without_rendering()
    for axes in panels_of(figure):
        boxes = [text.get_window_extent() for text in axes.get_xticklabels()]
        assert all(a.x1 < b.x0 for a, b in itertools.pairwise(boxes))

"""Figures of alignment, tasks and settings show the numbers they are given."""

import numpy as np
import pytest
from matplotlib.patches import Rectangle

from conceptevo_jax.epochs import SnapshotId, snapshot_label
from conceptevo_jax.figures import (
    Factor,
    MethodDots,
    TaskPicture,
    draw_factors,
    draw_methods,
    draw_pairs,
    draw_tasks,
)


def dots(name, values):
    values = np.array(values)
    return MethodDots(name=name, values=values, low=values - 0.1, high=values + 0.05)


def test_every_method_is_a_row_of_dots():
    ours, theirs = dots("ours", [0.9, 0.8]), dots("theirs", [0.6, np.nan])
    figure = draw_methods(
        [("one measure", [ours, theirs])], ["a in b", "c in d"], title="t"
    )
    (axes,) = figure.axes
    found = [line for line in axes.lines if line.get_marker() == "o"]
    for line, one in zip(found, (ours, theirs), strict=True):
        np.testing.assert_array_equal(line.get_xdata(), one.values)
    assert [text.get_text() for text in axes.get_yticklabels()] == ["a in b", "c in d"]
    # The first row is the topmost, and methods do not lie on each other.
    low, high = axes.get_ylim()
    assert low > high
    assert not set(found[0].get_ydata()) & set(found[1].get_ydata())


def test_pairs_are_parted_where_a_run_ends():
    snapshots = [
        SnapshotId("vgg", "init"),
        SnapshotId("vgg", 3),
        SnapshotId("a_run_with_a_long_name", 9),
    ]
    values = np.array([[np.nan, 0.6, 0.7], [0.6, np.nan, 0.9], [0.7, 0.9, np.nan]])
    figure = draw_pairs(snapshots, [("m", values)], title="t")
    axes = figure.axes[0]
    np.testing.assert_array_equal(axes.images[0].get_array().filled(np.nan), values)
    assert {float(line.get_xdata()[0]) for line in axes.lines} == {0.0, 1.5}
    labels = [snapshot_label(*snapshot) for snapshot in snapshots]
    for ticks in (axes.get_xticklabels(), axes.get_yticklabels()):
        assert [tick.get_text() for tick in ticks] == labels
    figure.draw_without_rendering()
    for ticks in (axes.get_xticklabels(), axes.get_yticklabels()):
        boxes = [tick.get_window_extent() for tick in ticks]
        assert all(
            figure.bbox.x0 <= box.x0 and figure.bbox.y0 <= box.y0 for box in boxes
        )


@pytest.mark.parametrize("intruder", [0, 4])
def test_only_the_intruders_card_is_framed(intruder):
    rng = np.random.default_rng(0)
    task = TaskPicture(
        title="t",
        patches=rng.integers(0, 255, (6, 9, 8, 8, 3), dtype=np.uint8),
        names=tuple(f"run@3/site/{n}" for n in range(6)),
        intruder=intruder,
    )
    figure = draw_tasks([task, task], title="t")
    framed = [
        any(isinstance(patch, Rectangle) for patch in axes.patches)
        for axes in figure.axes
    ]
    assert framed == 2 * [card == intruder for card in range(6)]
    # Nine patches in rows of three, whole.
    sheet = figure.axes[1].images[0].get_array()
    np.testing.assert_array_equal(sheet[:8, :8], task.patches[1, 0])
    np.testing.assert_array_equal(sheet[-8:, -8:], task.patches[1, 8])


def test_a_settings_values_stand_over_their_times():
    factor = Factor(
        name="embedding.dim",
        values=("5", "30"),
        centre=1,
        quality=np.array([[0.7, 0.8], [0.6, np.nan]]),
        seconds=np.array([2.0, 4.0]),
    )
    figure = draw_factors([factor] * 5, ["a", "b"], quality="AUC", title="t", across=4)
    drawn = [axes for axes in figure.axes if axes.axison]
    assert len(drawn) == 10
    above, below = drawn[0], drawn[4]
    for line, values in zip(above.lines, factor.quality, strict=True):
        np.testing.assert_array_equal(line.get_ydata(), values)
    heights = [bar.get_height() for bar in below.patches]
    assert heights == [2.0, 4.0]
    assert [text.get_text() for text in below.get_xticklabels()] == ["5", "30"]

"""Labels stay on the map and apart, near their concepts where there is room."""

import numpy as np
import pytest

from conceptevo_jax.figures.map_labels import Label, label_size, place_labels
from conceptevo_jax.figures.style import cropped_limits, onto_rim
from conceptevo_jax.reports.unified_space.training_maps import drawn_epochs

LIMITS = ((-1.0, 3.0), (0.0, 4.0))
SCALE = 2.0
NO_POINTS = np.zeros((0, 2))


def label(name, x, y):
    patch = np.zeros((4, 4, 3), np.uint8)
    center = np.array([x, y], float)
    return Label(name=name, center=center, patch=patch, colour="#000000")


@pytest.mark.parametrize("seed", range(5))
def test_labels_are_on_the_map_and_none_lies_over_another(seed):
    rng = np.random.default_rng(seed)
    centers = rng.uniform((-1, 0), (3, 4), (6, 2))
    centers[1] = centers[0]
    labels = [label("Ankle boot"[: n + 3], *center) for n, center in enumerate(centers)]
    points = rng.uniform((-1, 0), (3, 4), (200, 2))
    middles = place_labels(labels, points, LIMITS, SCALE)
    sizes = np.array([label_size(label.name) for label in labels]) * SCALE
    placed = np.flatnonzero(np.isfinite(middles).all(axis=1))
    assert len(placed) >= 4
    for i in placed:
        assert (middles[i] - sizes[i] / 2 >= (-1 - 1e-9, -1e-9)).all()
        assert (middles[i] + sizes[i] / 2 <= (3 + 1e-9, 4 + 1e-9)).all()
        for j in placed[placed < i]:
            apart = np.abs(middles[i] - middles[j]) >= (sizes[i] + sizes[j]) / 2
            assert apart.any()


def test_a_label_with_room_lies_at_its_concept_unless_it_covers_dots():
    (free,) = place_labels([label("Bag", 1, 2)], NO_POINTS, LIMITS, SCALE)
    np.testing.assert_allclose(free, (1, 2), atol=0.1)
    dots = np.tile([1.0, 2.0], (50, 1))
    (moved,) = place_labels([label("Bag", 1, 2)], dots, LIMITS, SCALE)
    outside = np.abs(moved - (1, 2)) >= np.array(label_size("Bag")) * SCALE / 2
    assert outside.any()
    assert np.linalg.norm(moved - (1, 2)) < SCALE


def test_what_has_no_room_has_no_place():
    labels = [label("Bag", 1, 2), label("wider than the map" * 3, 1, 2)]
    first, second = place_labels(labels, NO_POINTS, LIMITS, SCALE)
    assert np.isfinite(first).all()
    assert np.isnan(second).all()


def test_outliers_neither_widen_the_map_nor_leave_it():
    rng = np.random.default_rng(0)
    points = np.concatenate([rng.uniform(0, 1, (500, 2)), [[90.0, 0.5]]])
    limits = cropped_limits([points])
    assert -0.2 < limits[0][0] < limits[0][1] < 1.2
    drawn = onto_rim(points, limits)
    np.testing.assert_array_equal(drawn[:500], points[:500])
    assert 1 < drawn[500, 0] < limits[0][1]
    assert drawn[500, 1] == 0.5


@pytest.mark.parametrize("count", range(1, 13))
def test_a_run_is_drawn_from_its_first_to_its_last_snapshot(count):
    epochs = ["init", *range(count - 1)]
    drawn = drawn_epochs(epochs)
    assert len(drawn) == min(count, 5)
    assert drawn[0] == "init"
    assert drawn[-1] == epochs[-1]
    assert drawn == sorted(set(drawn), key=epochs.index)

"""The 2-D map: what is on it stays, and what is added depends on itself only."""

import subprocess
import sys
import warnings

import numpy as np
import pytest
from scipy.spatial.distance import cdist

from conceptevo_jax.errors import DataError, UsageError
from conceptevo_jax.projection import (
    fit_layout,
    fit_layouts,
    neighbors,
    place_points,
)
from conceptevo_jax.projection.layout import _overlap
from conceptevo_jax.projection.neighbors import METRICS, nearest_rows
from conceptevo_jax.types import Layout

pytestmark = pytest.mark.slow

GROUPS, D = 4, 6
N = 20 * GROUPS


@pytest.fixture(scope="module")
def vectors():
    """Four groups of directions, and three rows without a vector."""
    rng = np.random.default_rng(4)
    centres = 3 * np.eye(GROUPS, D)
    rows = centres[np.arange(N) % GROUPS] + 0.4 * rng.normal(size=(N, D))
    rows[[5, 6, 40]] = np.nan
    return rows.astype(np.float32)


@pytest.fixture(scope="module")
def layout(vectors):
    return fit_layout(vectors, seed=3)


@pytest.fixture(scope="module")
def further(vectors):
    rng = np.random.default_rng(5)
    rows = np.nan_to_num(vectors) + 0.2 * rng.normal(size=vectors.shape)
    rows[7] = np.nan
    return rows.astype(np.float32)


def test_groups_lie_apart_and_missing_rows_nowhere(layout):
    live = np.isfinite(layout.points).all(axis=1)
    assert np.flatnonzero(~live).tolist() == [5, 6, 40]
    centres = [np.nanmean(layout.points[g::GROUPS], axis=0) for g in range(GROUPS)]
    distances = np.linalg.norm(layout.points[:, None] - np.array(centres), axis=2)
    nearest = distances[live].argmin(axis=1)
    assert (nearest == np.arange(N)[live] % GROUPS).mean() > 0.95


def test_stability_is_an_overlap_of_the_groups(layout):
    # Groups of 20 and neighbourhoods of 15: .2 by chance, .75 if only groups agree.
    assert 0.5 < layout.stability <= 1


def test_same_seed_same_bytes_and_global_warnings_stay(vectors, layout):
    before = list(warnings.filters)
    again = fit_layout(vectors, seed=3)
    assert again.points.tobytes() == layout.points.tobytes()
    assert again.stability == layout.stability
    assert fit_layout(vectors, seed=4).points.tobytes() != layout.points.tobytes()
    assert warnings.filters == before


def test_overlap_of_a_map_with_its_rotation_is_one_and_with_chance_small(rng):
    points = rng.normal(size=(200, 2))
    turned = points @ np.array([[0.6, -0.8], [0.8, 0.6]]) * 5 + 1
    assert _overlap(points, turned) == 1
    assert _overlap(points, rng.normal(size=(200, 2))) < 0.15


def test_few_vectors_still_make_a_map(vectors):
    small = fit_layout(vectors[:5], neighbors=15)
    assert np.isfinite(small.points).all()
    with pytest.raises(DataError, match=r"needs 4 vectors, but 3 of 6 rows"):
        fit_layout(vectors[2:8].copy()[[0, 1, 2, 3, 4, 4]])


@pytest.mark.parametrize("metric", METRICS)
def test_neighbours_are_exact_and_start_with_the_row_itself(
    vectors, monkeypatch, metric
):
    monkeypatch.setattr(neighbors, "_BLOCK", 7)
    rows = vectors[np.isfinite(vectors).all(axis=1)][:40]
    rows[9] = rows[8]
    indices, distances = nearest_rows(rows, 6, metric)
    expected = np.sort(cdist(rows, rows, metric), axis=1)[:, :6]
    assert indices[:, 0].tolist() == list(range(40))
    np.testing.assert_allclose(distances, expected, atol=1e-6)
    assert all(len(set(row)) == 6 for row in indices.tolist())


def test_islands_zeros_and_equal_rows_can_be_laid_out(rng):
    rows = np.eye(8, 10)[rng.integers(0, 8, 240)] + 0.02 * rng.normal(size=(240, 10))
    rows[0], rows[10:40] = 0, rows[10]
    rows = rows.astype(np.float32)
    assert np.isfinite(fit_layout(rows).points).all()
    assert np.isfinite(place_points(fit_layout(rows[10:30]), rows)).all()


def test_a_fitted_vector_lands_on_its_own_point(vectors, layout):
    for scale in (1, 0.25, 4):
        np.testing.assert_array_equal(
            place_points(layout, vectors * np.float32(scale)), layout.points
        )


def test_placing_leaves_the_map_untouched_and_lands_in_the_group(layout, further):
    before = layout.points.tobytes()
    points = place_points(layout, further)
    assert layout.points.tobytes() == before
    assert np.isnan(points[7]).all()
    live = np.isfinite(points).all(axis=1)
    fitted = np.isfinite(layout.points).all(axis=1)
    apart = np.linalg.norm(points[live, None] - layout.points[fitted], axis=2)
    same = np.arange(N)[live] % GROUPS == np.arange(N)[fitted][apart.argmin(axis=1)] % 4
    assert same.mean() > 0.9


def test_each_point_depends_on_its_own_vector_only(layout, further, rng):
    whole = place_points(layout, further)
    order = rng.permutation(len(further))
    assert place_points(layout, further[order]).tobytes() == whole[order].tobytes()
    single = [place_points(layout, further[i : i + 1]) for i in range(len(further))]
    assert np.concatenate(single).tobytes() == whole.tobytes()


def test_points_are_means_weighted_by_inverse_distance():
    angles = np.deg2rad([0, 40, 90, 180])
    vectors = np.stack([np.cos(angles), np.sin(angles)], axis=1)
    points = np.array([[0, 0], [1, 0], [0, 1], [9, 9]], np.float32)
    layout = Layout(points=points, vectors=vectors, stability=1.0, seed=0)
    asked = np.array([[np.cos(0.3), np.sin(0.3)]])
    weights = 1 / (1 - np.cos(angles[:3] - 0.3))
    expected = weights @ points[:3] / weights.sum()
    np.testing.assert_allclose(place_points(layout, asked)[0], expected, rtol=1e-6)
    np.testing.assert_array_equal(place_points(layout, asked, 1), points[:1])


def test_several_seeds_give_the_maps_of_each(vectors, layout):
    found = fit_layouts(vectors, seeds=(3, 4, 5))
    assert [one.seed for one in found] == [3, 4, 5]
    np.testing.assert_array_equal(found[0].points, layout.points)
    np.testing.assert_array_equal(found[1].points, fit_layout(vectors, seed=4).points)
    assert all(0.5 < one.stability <= 1 for one in found)


def test_numbers_out_of_range_are_refused(vectors, layout):
    with pytest.raises(
        UsageError, match="neighbors must be a whole number, 2 or more, not 1"
    ):
        fit_layout(vectors, neighbors=1)
    with pytest.raises(UsageError, match=r"stability_seeds must be .* not 0"):
        fit_layout(vectors, stability_seeds=0)
    with pytest.raises(UsageError, match=r"unknown metric 'cosin'.*euclidean"):
        fit_layout(vectors, metric="cosin")
    with pytest.raises(
        UsageError, match="neighbors must be a whole number, 1 or more, not 0"
    ):
        place_points(layout, vectors, neighbors=0)


def test_umap_brings_neither_tensorflow_nor_torch_along():
    """It would, where they are installed, and take their time."""
    code = (
        "import sys; from conceptevo_jax.projection.umap_map import import_umap; "
        "import_umap(); print(sorted({'tensorflow', 'torch'} & set(sys.modules)), "
        "'umap.parametric_umap' in sys.modules)"
    )
    words = [sys.executable, "-W", "error", "-c", code]
    done = subprocess.run(words, capture_output=True, text=True, check=True)
    assert done.stdout == "[] False\n"

"""Laws of drift: what a rigid motion is, what staying put is, and what neither is."""

import numpy as np
import pytest
from scipy.stats import ortho_group

from conceptevo_jax.analysis.dynamics.drift import Items, centroid_shifts, measure_drift
from conceptevo_jax.errors import DataError

CLASSES = 4


@pytest.fixture
def rng():
    return np.random.default_rng(3)


@pytest.fixture
def clustered(rng):
    """Four tight clusters of 30 items far apart, in five dimensions."""
    labels = np.repeat(np.arange(CLASSES), 30)
    centres = rng.normal(size=(CLASSES, 5)) * 10
    return Items(vectors=centres[labels] + rng.normal(size=(120, 5)), labels=labels)


def moved(items, vectors):
    return Items(vectors=vectors, labels=items.labels)


def drift(before, after, **changes):
    return measure_drift(before, after, classes=CLASSES, **changes)


def test_what_does_not_move_does_not_drift(clustered):
    found = drift(clustered, clustered)
    assert found.raw == 0
    assert found.rigid == pytest.approx(0, abs=1e-12)
    assert found.neighbours == 1
    assert found.ranks == pytest.approx(1)
    np.testing.assert_array_equal(found.shift, np.zeros(CLASSES))
    assert found.purity == found.purity_across == 1
    assert found.items == found.labelled == 120
    assert found.chance == pytest.approx(29 / 119)


def test_a_rigid_motion_is_told_apart_from_change(clustered, rng):
    turn = ortho_group.rvs(5, random_state=0)
    turned = drift(clustered, moved(clustered, clustered.vectors @ turn + 40))
    assert turned.raw > 1
    assert turned.rigid == pytest.approx(0, abs=1e-9)
    assert turned.neighbours == pytest.approx(1, abs=1e-2)
    assert turned.ranks == pytest.approx(1)
    assert turned.mean_shift > 5
    changed = drift(clustered, moved(clustered, rng.permutation(clustered.vectors)))
    assert changed.rigid > 0.5
    assert changed.neighbours < 0.3


def test_residuals_are_those_of_scipy(clustered, rng):
    """The rigid residual by its definition, with the rotation that SciPy finds."""
    from scipy.linalg import orthogonal_procrustes

    other = clustered.vectors @ rng.normal(size=(5, 5)) + rng.normal(size=(120, 5))
    found = drift(clustered, moved(clustered, other))
    x, y = (v - v.mean(axis=0) for v in (clustered.vectors, other))
    turn, _ = orthogonal_procrustes(x, y)
    spread = (x**2).sum() + (y**2).sum()
    assert found.rigid == pytest.approx(((x @ turn - y) ** 2).sum() / spread)
    raw = ((clustered.vectors - other) ** 2).sum() / spread
    assert found.raw == pytest.approx(raw)


def test_a_shift_is_measured_in_spreads(clustered):
    far = np.zeros((120, 5))
    far[clustered.labels == 2, 0] = 7.0
    shifts = centroid_shifts(
        clustered, moved(clustered, clustered.vectors + far), classes=CLASSES
    )
    own = clustered.vectors[clustered.labels == 2]
    spread = np.sqrt(((own - own.mean(axis=0)) ** 2).sum(axis=1).mean())
    np.testing.assert_allclose(shifts, [0, 0, 7 / spread, 0], atol=1e-12)


def test_a_constant_map_does_not_drift_and_knows_no_class(clustered, rng):
    still = moved(clustered, rng.normal(size=(120, 5)))
    found = drift(still, still)
    assert found.raw == 0
    assert found.mean_shift == 0
    assert found.purity_across < 0.4
    assert found.purity < 0.4
    # All on one point: neither residual nor shift means anything.
    point = moved(clustered, np.ones((120, 5)))
    nowhere = drift(point, point)
    assert np.isnan([nowhere.raw, nowhere.rigid, nowhere.ranks]).all()
    assert np.isnan(nowhere.shift).all()
    assert nowhere.purity < 0.5


def test_random_vectors_have_drifted_all_the_way(clustered, rng):
    ends = [moved(clustered, rng.normal(size=(120, 5))) for _ in range(2)]
    found = drift(*ends)
    assert found.raw == pytest.approx(1, abs=0.15)
    assert abs(found.ranks) < 0.05
    assert found.purity_across == pytest.approx(found.chance, abs=0.06)


def test_purity_across_leaves_the_item_itself_out():
    """Twelve items far from each other: staying put must not count as purity."""
    items = Items(vectors=np.eye(12) * 9, labels=np.arange(12))
    found = measure_drift(items, items, classes=12)
    assert found.purity_across == found.purity == 0


def test_items_without_a_place_or_a_class_are_left_out(clustered, rng):
    labels = clustered.labels.copy()
    labels[:5] = -1
    vectors = clustered.vectors.copy()
    vectors[5:15] = np.nan
    found = drift(clustered, Items(vectors=vectors, labels=labels))
    assert found.items == 110
    assert found.labelled == (120 + 105) / 2
    # Fewer than three of a class are no concept.
    few = np.full(120, -1)
    few[:2] = 0
    assert np.isnan(
        centroid_shifts(clustered, Items(vectors=vectors, labels=few), classes=1)
    ).all()


def test_nothing_is_known_of_two_items():
    items = Items(vectors=np.array([[0.0], [1.0]]), labels=np.array([0, -1]))
    found = measure_drift(items, items, classes=1)
    assert np.isnan([found.raw, found.ranks, found.purity, found.mean_shift]).all()


def test_samples_of_many_items_tell_the_same(rng, monkeypatch, clustered):
    after = moved(clustered, clustered.vectors + rng.normal(size=(120, 5)) / 2)
    whole = drift(clustered, after)
    monkeypatch.setattr("conceptevo_jax.analysis.dynamics.drift.MOST", 80)
    part = drift(clustered, after)
    assert part.raw == whole.raw
    assert part.ranks == pytest.approx(whole.ranks, abs=0.05)
    assert part.purity == pytest.approx(whole.purity, abs=0.05)
    assert part.labelled == 80


def test_other_items_or_dimensions_are_refused(clustered):
    other = Items(vectors=clustered.vectors[:, :2], labels=clustered.labels)
    with pytest.raises(DataError, match=r"\(120, 5\) and \(120, 2\)"):
        drift(clustered, other)

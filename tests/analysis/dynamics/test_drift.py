"""Laws of drift: what a rigid motion is, what staying put is, and what neither is."""

import numpy as np
import pytest
from scipy.stats import ortho_group

from conceptevo_jax.analysis.dynamics import drift as drift_module
from conceptevo_jax.analysis.dynamics import labelled_vectors
from conceptevo_jax.analysis.dynamics.drift import centroid_shifts, measure_drift
from conceptevo_jax.analysis.dynamics.labelled_vectors import LabelledVectors
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
    return LabelledVectors(
        vectors=centres[labels] + rng.normal(size=(120, 5)), labels=labels
    )


def moved(snapshot, vectors):
    return LabelledVectors(vectors=vectors, labels=snapshot.labels)


def drift(before, after, **changes):
    return measure_drift(before, after, classes=CLASSES, **changes)


def test_what_does_not_move_does_not_drift(clustered):
    measured = drift(clustered, clustered)
    assert measured.raw == 0
    assert measured.rigid == pytest.approx(0, abs=1e-12)
    assert measured.neighbours == 1
    assert measured.ranks == pytest.approx(1)
    np.testing.assert_array_equal(measured.shift, np.zeros(CLASSES))
    assert measured.purity == measured.purity_across == 1
    assert measured.items == measured.labelled == 120
    assert measured.chance == pytest.approx(29 / 119)


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

    transformed = clustered.vectors @ rng.normal(size=(5, 5)) + rng.normal(
        size=(120, 5)
    )
    measured = drift(clustered, moved(clustered, transformed))
    x, y = (v - v.mean(axis=0) for v in (clustered.vectors, transformed))
    turn, _ = orthogonal_procrustes(x, y)
    spread = (x**2).sum() + (y**2).sum()
    assert measured.rigid == pytest.approx(((x @ turn - y) ** 2).sum() / spread)
    raw = ((clustered.vectors - transformed) ** 2).sum() / spread
    assert measured.raw == pytest.approx(raw)


def test_a_shift_is_measured_in_spreads(clustered):
    shift = np.zeros((120, 5))
    shift[clustered.labels == 2, 0] = 7.0
    shifts = centroid_shifts(
        clustered, moved(clustered, clustered.vectors + shift), classes=CLASSES
    )
    class_rows = clustered.vectors[clustered.labels == 2]
    spread = np.sqrt(((class_rows - class_rows.mean(axis=0)) ** 2).sum(axis=1).mean())
    np.testing.assert_allclose(shifts, [0, 0, 7 / spread, 0], atol=1e-12)


def test_a_constant_map_does_not_drift_and_knows_no_class(clustered, rng):
    constant = moved(clustered, rng.normal(size=(120, 5)))
    measured = drift(constant, constant)
    assert measured.raw == 0
    assert measured.mean_shift == 0
    assert measured.purity_across < 0.4
    assert measured.purity < 0.4
    # All on one point: neither residual nor shift means anything.
    point = moved(clustered, np.ones((120, 5)))
    collapsed = drift(point, point)
    assert np.isnan([collapsed.raw, collapsed.rigid, collapsed.ranks]).all()
    assert np.isnan(collapsed.shift).all()
    assert collapsed.purity < 0.5


def test_random_vectors_have_drifted_all_the_way(clustered, rng):
    ends = [moved(clustered, rng.normal(size=(120, 5))) for _ in range(2)]
    measured = drift(*ends)
    assert measured.raw == pytest.approx(1, abs=0.15)
    assert abs(measured.ranks) < 0.05
    assert measured.purity_across == pytest.approx(measured.chance, abs=0.06)


def test_purity_across_leaves_the_item_itself_out():
    """Twelve items far from each other: staying put must not count as purity."""
    snapshot = LabelledVectors(vectors=np.eye(12) * 9, labels=np.arange(12))
    measured = measure_drift(snapshot, snapshot, classes=12)
    assert measured.purity_across == measured.purity == 0


def test_items_without_a_place_or_a_class_are_left_out(clustered, rng):
    labels = clustered.labels.copy()
    labels[:5] = -1
    vectors = clustered.vectors.copy()
    vectors[5:15] = np.nan
    measured = drift(clustered, LabelledVectors(vectors=vectors, labels=labels))
    assert measured.items == 110
    assert measured.labelled == (120 + 105) / 2
    # Fewer than three of a class are no concept.
    rare_labels = np.full(120, -1)
    rare_labels[:2] = 0
    assert np.isnan(
        centroid_shifts(
            clustered, LabelledVectors(vectors=vectors, labels=rare_labels), classes=1
        )
    ).all()


def test_nothing_is_known_of_two_items():
    snapshot = LabelledVectors(
        vectors=np.array([[0.0], [1.0]]), labels=np.array([0, -1])
    )
    measured = measure_drift(snapshot, snapshot, classes=1)
    assert np.isnan(
        [measured.raw, measured.ranks, measured.purity, measured.mean_shift]
    ).all()


def test_samples_of_many_items_tell_the_same(rng, monkeypatch, clustered):
    after = moved(clustered, clustered.vectors + rng.normal(size=(120, 5)) / 2)
    full = drift(clustered, after)
    for module in (drift_module, labelled_vectors):
        monkeypatch.setattr(module, "MAX_VECTORS", 80)
    sampled = drift(clustered, after)
    assert sampled.raw == full.raw
    assert sampled.ranks == pytest.approx(full.ranks, abs=0.05)
    assert sampled.purity == pytest.approx(full.purity, abs=0.05)
    assert sampled.labelled == 80


def test_other_items_or_dimensions_are_refused(clustered):
    narrower = LabelledVectors(
        vectors=clustered.vectors[:, :2], labels=clustered.labels
    )
    with pytest.raises(DataError, match=r"\(120, 5\) and \(120, 2\)"):
        drift(clustered, narrower)

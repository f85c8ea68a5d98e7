"""A planted run: steady, then halved, then dead; measured snapshot by snapshot."""

import numpy as np
import pytest

from conceptevo_jax.analysis.dynamics.snapshot_measures import (
    ObservedSnapshot,
    Reference,
)
from conceptevo_jax.analysis.dynamics.trajectory import MEASURES, measure_evolution
from conceptevo_jax.types import Embedding, Responses, Site, Stimuli

N, D, POOL, K = 60, 6, 500, 5
SITES = tuple(
    Site(name=f"s{i}", channels=20, rectified=True, receptive_field=3, stride=1)
    for i in range(3)
)


def observed(epoch, vectors, rows, peaks, maps=True):
    ids = rows.astype(np.int32)
    dead = (ids < 0).all(axis=1)
    used = (ids >= 0)[..., None]
    stimuli = Stimuli(
        image_ids=ids,
        peaks=np.where(ids >= 0, 1, np.nan).astype(np.float32),
        positions=np.where(used, 0, -1).repeat(2, axis=2).astype(np.int32),
        count=(ids >= 0).sum(axis=1).astype(np.int32),
        tied=np.zeros(N, bool),
        dead=dead,
        nonfinite=np.zeros(N, bool),
        grids=np.ones((3, 2), np.int32),
        sites=SITES,
        pool_id="pool",
    )
    vectors = np.where(dead[:, None], np.nan, vectors).astype(np.float32)
    points = np.stack([vectors[:, :2], 2 * vectors[:, :2]])
    return ObservedSnapshot(
        snapshot=f"run@{epoch}",
        stimuli=stimuli,
        responses=Responses(
            peaks=peaks.astype(np.float32), sites=SITES, images_id="judgement"
        ),
        embedding=Embedding(vectors=vectors, coverage=np.ones(N, np.float32)),
        maps=points.astype(np.float32) if maps else None,
    )


@pytest.fixture
def run(rng):
    vectors = rng.normal(size=(N, D))
    rows = rng.permutation(POOL)[: N * K].reshape(N, K)
    peaks = rng.normal(size=(80, N))
    mostly_dead = rows.copy()
    mostly_dead[10:] = -1
    return [
        observed("init", vectors, rows, peaks),
        observed(0, vectors + 0.3, rows, 2 * peaks),
        observed(1, 0.5 * vectors, np.tile(rows[:1], (N, 1)), peaks, maps=False),
        observed(2, vectors, mostly_dead, np.zeros_like(peaks)),
    ]


@pytest.fixture
def base(run):
    first = run[0]
    return Reference(stimuli=first.stimuli, embedding=first.embedding, maps=first.maps)


@pytest.fixture
def trajectory(run, base):
    return measure_evolution(run, base, pool_size=POOL, draws=50)


def test_every_measure_is_there_for_every_snapshot(trajectory):
    assert trajectory.measures == tuple(MEASURES)
    assert trajectory.value.shape == (4, len(MEASURES))
    missing = {
        f"{snapshot} {measure}"
        for snapshot, row in zip(trajectory.snapshots, trajectory.value, strict=True)
        for measure, value in zip(trajectory.measures, row, strict=True)
        if np.isnan(value)
    }
    assert missing == set(trajectory.why)


def test_planted_changes_are_measured(trajectory):
    moved = trajectory.series("movement")
    assert np.isnan(moved[0])
    assert moved[1] == pytest.approx(0.3 * np.sqrt(D), rel=1e-5)
    # The maps: the first two coordinates, and twice those.
    assert trajectory.series("movement_map")[1] == pytest.approx(
        1.5 * 0.3 * np.sqrt(2), rel=1e-5
    )
    entropy = trajectory.series("entropy")
    assert entropy[1] == pytest.approx(entropy[0], abs=1e-6)
    assert entropy[2] == pytest.approx(entropy[0] - np.log(2), abs=1e-5)
    rank = trajectory.series("effective_rank")
    assert rank[2] == pytest.approx(rank[0], rel=1e-4)
    np.testing.assert_allclose(
        trajectory.series("distinct_share"), [1, 1, K / (N * K), 10 * K / (N * K)]
    )
    np.testing.assert_allclose(
        trajectory.series("live_share"), [1, 1, 1, 10 / N], rtol=1e-6
    )
    assert trajectory.series("cka")[1] == pytest.approx(1)
    # Neurons in the place of the base's own: a third of its sites is early.
    assert trajectory.series("early_share")[0] == pytest.approx(1 / 3)


def test_reasons_tell_why_a_value_is_missing(trajectory):
    why = trajectory.why
    assert why["run@init movement"] == "there is no snapshot before"
    assert why["run@1 entropy_map"] == "the snapshot is not on the map"
    assert why["run@2 movement_map"] == "one of the two snapshots is not on the map"
    reason = "10 live neurons are too few: 20 are needed"
    assert why["run@2 entropy"] == why["run@2 effective_rank"] == reason
    assert "constant" in why["run@2 cka"]


def test_intervals_hold_their_values_and_neurons_are_counted(trajectory):
    finite = np.isfinite(trajectory.low)
    assert finite.sum() > 20
    slack = 1e-9
    assert (trajectory.low[finite] <= trajectory.value[finite] + slack).all()
    assert (trajectory.high[finite] >= trajectory.value[finite] - slack).all()
    column = trajectory.measures.index("movement")
    np.testing.assert_array_equal(trajectory.neurons[:, column], [0, N, N, 10])


def test_movement_is_told_by_site(trajectory):
    assert trajectory.by_site.shape == (4, 3)
    assert np.isnan(trajectory.by_site[0]).all()
    np.testing.assert_allclose(trajectory.by_site[1], 0.3 * np.sqrt(D), rtol=1e-5)
    # Of the last snapshot the first ten neurons live, all of the first site.
    assert np.isfinite(trajectory.by_site[3]).tolist() == [True, False, False]

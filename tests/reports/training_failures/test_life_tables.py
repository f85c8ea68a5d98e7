"""Lives of neurons and births of groups are told by the snapshots of their run."""

import numpy as np
import pytest
from conceptevo_jax.analysis.dynamics.concept_onset import Groups
from partial_records import partial_record

from conceptevo_jax.analysis.dynamics.movement import Lifetimes
from conceptevo_jax.models.tapped import Model
from conceptevo_jax.pipeline.projected_run import ProjectedRun
from conceptevo_jax.pipeline.runs import TrainedRun
from conceptevo_jax.reports.repeat_seeds import LABEL_COLUMNS
from conceptevo_jax.reports.training_failures.life_tables import (
    birth_rows,
    lifetime_rows,
)
from conceptevo_jax.reports.training_failures.measure import RunsInSpace
from conceptevo_jax.types import Embedding, Site

EPOCHS = ["init", "step4", 0, 1]
GROUP = np.array([0, 0, 0, 1, 1, 1, 1, 2])
BORN = np.array([3, 2, 0, 1, 1, 0, 2, -1])
"""Places among the snapshots; the last neuron, alone in its group, is never born."""


@pytest.fixture
def space():
    """A run whose neurons lie on the centers of their groups."""
    place = Embedding(vectors=np.eye(3)[GROUP], coverage=np.ones(len(GROUP)))
    site = Site(name="s", channels=8, rectified=True, receptive_field=3, stride=1)
    model = partial_record(Model, sites=(site,))
    projected = partial_record(
        ProjectedRun,
        placed=dict.fromkeys(EPOCHS, place),
        run=partial_record(TrainedRun, model=model),
    )
    base = partial_record(
        ProjectedRun, placed={1: place}, run=partial_record(TrainedRun, name="base")
    )
    return partial_record(RunsInSpace, base=base, runs={"run": projected})


@pytest.fixture
def lives():
    always = np.full(len(GROUP), 3)
    return Lifetimes(
        concept=always, born=BORN, settled=np.where(BORN < 0, -1, 3), died=0 * BORN - 1
    )


def test_births_of_groups_are_snapshots_in_the_order_of_training(space, lives):
    groups = Groups(
        centers=np.eye(3),
        label=np.arange(3),
        share=np.full(3, 0.5),
        size=np.full(3, 2),
    )
    rows = birth_rows(space, groups, {"run": lives}, ["cat", "dog", "bird"])
    told = [
        (row["class"], row["neurons"], row["born_low"], row["born_median"])
        for row in rows
    ]
    # Of init, step 4, step 4 and epoch 0; of init, epoch 0 and epoch 1; of none.
    assert told == [
        ("dog", 4, "init", "step4"),
        ("cat", 3, "init", 0),
        ("bird", 0, None, None),
    ]
    assert [row["born_high"] for row in rows] == ["step4", 1, None]
    assert [row["order"] for row in rows] == [1, 2, 3]


def test_a_neurons_life_is_told_as_snapshots_are_called(space, lives):
    rows = lifetime_rows(space, {"run": lives})
    assert [row["born"] for row in rows] == [
        None if place < 0 else EPOCHS[place] for place in BORN
    ]
    assert {row["died"] for row in rows} == {None}


def test_names_of_snapshots_are_not_averaged_over_seeds(space, lives):
    (row, *_) = lifetime_rows(space, {"run": lives})
    assert set(row) - {"run"} <= LABEL_COLUMNS

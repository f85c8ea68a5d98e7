"""Lives of neurons and births of groups are told by the snapshots of their run."""

import numpy as np
import pytest
from partial_records import partial_record
from selecting import stimuli

from conceptevo_jax.analysis.dynamics.concepts import Concepts
from conceptevo_jax.analysis.dynamics.lifetimes import Lifetimes
from conceptevo_jax.models.tapped import Model
from conceptevo_jax.pipeline.projected_run import ProjectedRun
from conceptevo_jax.pipeline.runs import TrainedRun
from conceptevo_jax.reports.concepts.measure import NamedConcepts
from conceptevo_jax.reports.repeat_seeds import LABEL_COLUMNS
from conceptevo_jax.reports.training_failures.life_tables import (
    birth_rows,
    lifetime_rows,
)
from conceptevo_jax.reports.training_failures.measure import RunsInSpace
from conceptevo_jax.types import Embedding, Observation, Site

EPOCHS = ["init", "step4", 0, 1]
GROUP = np.array([0, 0, 0, 1, 1, 1, 1, 2])
BORN = np.array([3, 2, 0, 1, 1, 0, 2, -1])
"""Places among the snapshots; the last neuron, alone in its group, is never born."""


LIVE = stimuli([[image] for image in range(8)])


@pytest.fixture
def space():
    """A run whose neurons lie on the centers of their groups."""
    place = Embedding(vectors=np.eye(3)[GROUP], coverage=np.ones(len(GROUP)))
    site = Site(name="s", channels=8, rectified=True, receptive_field=3, stride=1)
    model = partial_record(Model, sites=(site,))
    projected = partial_record(
        ProjectedRun,
        placed=dict.fromkeys(EPOCHS, place),
        run=partial_record(
            TrainedRun,
            model=model,
            observations={
                epoch: partial_record(Observation, k=1, found=LIVE) for epoch in EPOCHS
            },
        ),
    )
    base = partial_record(
        ProjectedRun, placed={1: place}, run=partial_record(TrainedRun, name="base")
    )
    return partial_record(RunsInSpace, base=base, runs={"run": projected})


@pytest.fixture
def lives():
    always = np.full(len(GROUP), 3)
    never = 0 * BORN - 1
    return Lifetimes(
        concept=always,
        born=BORN,
        settled=np.where(BORN < 0, -1, 3),
        left=never,
        died=never,
    )


def test_births_of_groups_are_snapshots_in_the_order_of_training(space, lives):
    concepts = Concepts(
        centers=np.eye(3),
        label=np.array([0, 1, 1]),
        share=np.full(3, 0.5),
        size=np.full(3, 2),
        exemplar=np.array([0, 3, 7]),
        radius=0.1,
    )
    named = NamedConcepts(concepts=concepts, names=("cat", "dog 1", "dog 2"))
    rows = birth_rows(space, named, {"run": lives}, ["cat", "dog", "bird"])
    births = [
        (row["concept"], row["neurons"], row["born_low"], row["born_median"])
        for row in rows
    ]
    assert [row["class"] for row in rows] == ["dog", "cat", "dog"]
    # Of init, step 4, step 4 and epoch 0; of init, epoch 0 and epoch 1; of none.
    assert births == [
        ("dog 1", 4, "init", "step4"),
        ("cat", 3, "init", 0),
        ("dog 2", 0, None, None),
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

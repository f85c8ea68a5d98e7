"""Rows of the study's groups and of machine participants' tasks."""

import numpy as np
import pytest

from conceptevo_jax.reports.alignment.study_cards import GroupStudy
from conceptevo_jax.reports.alignment.tables import group_rows, task_rows
from conceptevo_jax.study import Study
from conceptevo_jax.study.design.cards import Cards
from conceptevo_jax.study.design.groups import Group
from conceptevo_jax.study.design.tasks import Task
from conceptevo_jax.study.raters.machine import MachinePanel

MEMBERS = tuple(f"base@1/site/{n}" for n in range(5))
INTRUDER = "base@1/site/9"


@pytest.fixture
def task():
    return Task(id="base-1", category="base", cards=(INTRUDER, *MEMBERS), intruder=1)


def test_a_neuron_is_listed_with_the_one_that_it_replaces(task):
    group = Group(
        name="base-1",
        category="base",
        members=MEMBERS,
        intruder=INTRUDER,
        spares=(),
        spare_intruders=(),
        seed=0,
    )
    cards = Cards(
        group=group,
        images=np.zeros((6, 1), int),
        replaced=(("base@1/site/7", MEMBERS[2]),),
    )
    patches = np.zeros((1, 6, 1, 2, 2, 3), np.uint8)
    study = Study(title="t", tasks=(task,), patches=patches)
    rows = group_rows(GroupStudy(study=study, cards=[cards]))
    assert [row["neuron"] for row in rows] == [*MEMBERS, INTRUDER]
    assert [row["intruder"] for row in rows] == [False] * 5 + [True]
    assert [row["instead_of"] for row in rows] == ["", "", "base@1/site/7", "", "", ""]


def test_a_card_has_its_likeness_and_a_tie_counts_in_part(task):
    likeness = np.array([[0.1, 0.1, 0.5, 0.5, 0.5, 0.5]])
    rows = task_rows([task], MachinePanel(answers=(), likeness=likeness))
    assert [row["card"] for row in rows] == [1, 2, 3, 4, 5, 6]
    assert [row["neuron"] for row in rows] == list(task.cards)
    assert [row["likeness"] for row in rows] == likeness[0].tolist()
    assert {row["intruder_found"] for row in rows} == {0.5}

"""Tasks are dealt at random; answers become a table or are refused."""

import dataclasses

import numpy as np
import pytest
from scipy.stats import chisquare
from studied import tasks_of

from conceptevo_jax.errors import DataError
from conceptevo_jax.study.design.groups import Group
from conceptevo_jax.study.design.tasks import Answer, Task, deal_tasks, tabulate


def groups(count):
    return [
        Group(
            name=f"base-{number}",
            category="base",
            members=tuple(f"r@1/s/{number + place}" for place in range(5)),
            intruder="r@1/s/999",
            spares=(),
            spare_intruders=(),
            seed=0,
        )
        for number in range(count)
    ]


def answer(participant, task, *selected, seconds=2.0):
    return Answer(
        participant=participant, task=task, selected=selected, label="", seconds=seconds
    )


def test_a_task_has_the_groups_cards_and_knows_the_intruders():
    for group, task in zip(groups(20), deal_tasks(groups(20), seed=3), strict=True):
        assert sorted(task.cards) == sorted((*group.members, group.intruder))
        assert task.cards[task.intruder - 1] == group.intruder
        assert (task.id, task.category, task.check) == (group.name, "base", False)


def test_the_intruder_is_on_every_card_equally_often():
    found = [task.intruder for task in deal_tasks(groups(1200))]
    assert chisquare(np.bincount(found, minlength=7)[1:]).pvalue > 0.01


def test_members_are_in_any_order_and_the_seed_decides():
    first = [task.cards for task in deal_tasks(groups(9))]
    assert first == [task.cards for task in deal_tasks(groups(9))]
    assert first != [task.cards for task in deal_tasks(groups(9), seed=1)]
    orders = [[card for card in own if card != "r@1/s/999"] for own in first]
    assert any(own != sorted(own) for own in orders)


def test_a_table_holds_what_was_answered():
    tasks = tasks_of("base", 3)
    given = [
        answer("ann", "base-2", 1, 6),
        answer("bob", "base-0", seconds=7.0),
        answer("bob", "elsewhere", 1),
    ]
    votes = tabulate(tasks, given)
    assert votes.participants == ("ann", "bob")
    np.testing.assert_array_equal(np.argwhere(votes.answered), [[0, 2], [1, 0]])
    np.testing.assert_array_equal(np.argwhere(votes.selected), [[0, 2, 0], [0, 2, 5]])
    assert np.nansum(votes.seconds) == 9
    np.testing.assert_array_equal(votes.intruders.argmax(axis=1), [0, 1, 2])


@pytest.mark.parametrize(
    ("given", "reason"),
    [
        ([answer("ann", "base-0", 1)] * 2, "ann answered task base-0 twice"),
        ([answer("ann", "base-0", 7)], r"ann .* base-0 with cards \(7,\)"),
        ([answer("ann", "base-0", 0, 1)], r"with cards \(0, 1\)"),
    ],
)
def test_answers_that_cannot_be_are_refused(given, reason):
    with pytest.raises(DataError, match=reason):
        tabulate(tasks_of("base", 1), given)


def test_tasks_that_make_no_table_are_refused():
    with pytest.raises(DataError, match=r"2 tasks with 1 ids"):
        tabulate(tasks_of("base", 1) * 2, [])
    with pytest.raises(DataError, match=r"\[4, 6\] cards"):
        tabulate([*tasks_of("base", 1), *tasks_of("across", 1, cards=4)], [])


@pytest.mark.parametrize("intruder", [0, 7])
def test_the_intruder_is_one_of_the_cards(intruder):
    (task,) = tasks_of("base", 1)
    with pytest.raises(DataError, match=f"intruder on card {intruder}"):
        dataclasses.replace(task, intruder=intruder)
    with pytest.raises(DataError, match="1 cards"):
        Task(id="a", category="base", cards=("x",), intruder=1)

"""Attention checks by hand, and of simulated participants who do and do not look."""

import dataclasses

import numpy as np
import pytest
from studied import tasks_of

from conceptevo_jax.errors import DataError
from conceptevo_jax.study.design.tasks import Answer
from conceptevo_jax.study.raters.attention_checks import screen
from conceptevo_jax.study.raters.simulated import Skill, simulate

TASKS = tasks_of("base", 4)
OBVIOUS = dataclasses.replace(tasks_of("check", 1)[0], obvious=True)  # intruder on 1
AGAIN = dataclasses.replace(
    TASKS[3], id="again", repeats="base-3", cards=TASKS[3].cards[::-1], intruder=3
)


def answer(task, *selected, participant="ann"):
    return Answer(
        participant=participant, task=task, selected=selected, label="", seconds=1.0
    )


def passed(*answers):
    (found,) = screen([*TASKS, OBVIOUS, AGAIN], answers).attention
    return found.passed, found.checks


@pytest.mark.parametrize(
    ("selected", "expected"),
    [
        ((2, 3, 4, 5, 6), (1, 1)),
        ((3, 4, 5, 6), (1, 1)),
        ((4, 5, 6), (0, 1)),
        ((1, 2, 3, 4, 5, 6), (0, 1)),
        ((), (0, 1)),
    ],
)
def test_an_obvious_task_is_passed_with_one_slip_but_not_with_the_intruder(
    selected, expected
):
    assert passed(answer("check-0", *selected)) == expected


@pytest.mark.parametrize(
    ("before", "after", "expected"),
    [
        ((1, 2), (6, 5), (1, 1)),
        ((1, 2), (6, 5, 4), (1, 1)),
        ((1, 2), (1, 2), (0, 1)),
        ((), (), (1, 1)),
        ((), (1, 2), (0, 1)),
    ],
)
def test_a_repeated_task_is_passed_by_judging_the_same_cards_alike(
    before, after, expected
):
    """The cards come in reverse order: card 1 is card 6 the second time."""
    assert passed(answer("base-3", *before), answer("again", *after)) == expected


def test_a_repeated_task_without_the_first_answer_says_nothing():
    assert passed(answer("again", 1, 2)) == (0, 0)


def test_who_passes_too_few_is_left_out_with_all_answers():
    answers = [
        answer("base-0", 1, 2),
        answer("check-0", 2, 3, 4, 5, 6),
        answer("base-0", 1, 2, participant="bob"),
        answer("check-0", 1, participant="bob"),
        answer("base-0", 3, participant="cat"),
    ]
    found = screen([*TASKS, OBVIOUS], answers)
    assert found.inattentive == ("bob",)
    assert found.answers == (answers[0], answers[1], answers[4])
    half = [*answers, answer("base-3"), answer("again", 1, 2, 3)]
    assert screen([*TASKS, OBVIOUS, AGAIN], half).inattentive == ("bob",)
    strict = screen([*TASKS, OBVIOUS, AGAIN], half, min_share=1.0)
    assert strict.inattentive == ("ann", "bob")


def test_simulated_participants_who_look_stay_and_who_do_not_are_found():
    tasks = [
        *tasks_of("base", 6),
        *(dataclasses.replace(one, obvious=True) for one in tasks_of("check", 3)),
    ]
    look = Skill(skill=6.0, spread=0.3, criterion=3.0)
    seen = simulate(tasks, look, participants=40, tasks_each=9)
    unseen = simulate(
        tasks, Skill(skill=0.0, spread=0.0), participants=40, tasks_each=9
    )
    assert len(screen(tasks, seen).inattentive) <= 1
    lost = len(screen(tasks, unseen).inattentive)
    chance = 1 - np.mean(
        [one.passed / one.checks for one in screen(tasks, unseen).attention]
    )
    assert lost >= 36
    assert chance > 0.9


@pytest.mark.parametrize(
    ("task", "reason"),
    [
        (dataclasses.replace(AGAIN, repeats="base-9"), "base-9, which does not exist"),
        (dataclasses.replace(AGAIN, repeats="base-2"), "base-2, which has other cards"),
    ],
)
def test_a_repetition_of_nothing_is_refused(task, reason):
    with pytest.raises(DataError, match=reason):
        screen([*TASKS, task], [])

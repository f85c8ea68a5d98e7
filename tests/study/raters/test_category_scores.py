"""Planted skill is found within its interval; curves are scikit-learn's."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from planting import planted_accuracy, planted_alpha, planted_auc
from sklearn import metrics
from studied import tasks_of

from conceptevo_jax.analysis.statistics.crossed_bootstrap import resample
from conceptevo_jax.analysis.statistics.roc import roc_curve
from conceptevo_jax.errors import DataError, UsageError
from conceptevo_jax.streams import stream
from conceptevo_jax.study.design.tasks import Answer
from conceptevo_jax.study.raters.category_scores import judge
from conceptevo_jax.study.raters.simulated import Skill, simulate

SKILLS = [0.0, 0.7, 1.5, 3.0]
SHARES = st.lists(st.sampled_from([0.0, 0.25, 0.5, 0.75, 1.0]), min_size=1, max_size=12)


def answer(participant, task, *selected, seconds=3.0):
    return Answer(
        participant=participant, task=task, selected=selected, label="", seconds=seconds
    )


@pytest.mark.parametrize("level", SKILLS)
def test_a_study_as_large_as_the_papers_finds_the_planted_skill(level):
    """260 participants with nine tasks each, 39 for each of 60 tasks."""
    skill = Skill(skill=level)
    tasks = tasks_of("across", 60)
    (found,) = judge(tasks, simulate(tasks, skill, participants=260, seed=3))
    assert found.auc.low <= planted_auc(skill, 39) <= found.auc.high
    assert found.accuracy.low <= planted_accuracy(skill) <= found.accuracy.high
    assert found.alpha.low <= planted_alpha(skill) <= found.alpha.high
    assert found.auc.high - found.auc.low < 0.17


@pytest.mark.slow
@pytest.mark.parametrize("level", SKILLS[1::2])
def test_intervals_cover_the_planted_skill_as_often_as_they_say(level):
    skill, tasks = Skill(skill=level), tasks_of("across", 18)
    planted = planted_auc(skill, 12), planted_accuracy(skill), planted_alpha(skill)
    inside, values = [], []
    for seed in range(60):
        given_ = simulate(tasks, skill, participants=24, seed=seed)
        (one,) = judge(tasks, given_, draws=200, seed=seed)
        three = one.auc, one.accuracy, one.alpha
        values.append([each.value for each in three])
        inside.append(
            [
                each.low <= at <= each.high
                for each, at in zip(three, planted, strict=True)
            ]
        )
    np.testing.assert_allclose(np.mean(values, axis=0), planted, atol=0.02)
    assert (np.mean(inside, axis=0) >= 0.87).all()


@given(grouped=SHARES, intruders=SHARES)
def test_curves_are_those_of_scikit_learn(grouped, intruders):
    truth = [1] * len(grouped) + [0] * len(intruders)
    wrong, right, at = metrics.roc_curve(
        truth, grouped + intruders, drop_intermediate=False
    )
    found = roc_curve(np.array(grouped), np.array(intruders))
    np.testing.assert_allclose(found.false_positive, wrong)
    np.testing.assert_allclose(found.true_positive, right)
    np.testing.assert_array_equal(found.thresholds, at)


def test_the_auc_is_the_area_under_the_curve_of_vote_shares():
    tasks = tasks_of("base", 12)
    answers = simulate(tasks, Skill(skill=1.0), participants=7, tasks_each=5)
    (found,) = judge(tasks, answers, draws=0)
    truth, shares = [], []
    for task in tasks:
        own = [one.selected for one in answers if one.task == task.id]
        for card in range(1, 7) if own else ():
            truth.append(card != task.intruder)
            shares.append(sum(card in chosen for chosen in own) / len(own))
    assert found.auc.value == pytest.approx(metrics.roc_auc_score(truth, shares))
    area = metrics.auc(found.roc.false_positive, found.roc.true_positive)
    assert found.auc.value == pytest.approx(area)
    assert found.auc.low is None


def test_figure_4_by_hand():
    """Four of five found and the intruder refused, then nothing at all, by hand."""
    tasks = tasks_of("base", 3)  # intruders on cards 1, 2 and 3
    answers = [
        answer("ann", "base-0", 2, 3, 4, 5, seconds=4.0),
        answer("ann", "base-1", seconds=8.0),
        answer("bob", "base-0", 1, 2, seconds=9.0),
    ]
    (found,) = judge(tasks, answers)
    assert vars(found.determinations) == {
        "true_positives": 5,
        "false_negatives": 10,
        "false_positives": 1,
        "true_negatives": 2,
    }
    assert found.accuracy.value == pytest.approx((5 / 15 + 2 / 3) / 2)
    assert found.incoherent.value == pytest.approx(1 / 3)
    assert (found.tasks, found.participants, found.answers) == (2, 2, 3)
    assert (found.seconds, found.auc.n) == (8.0, 3)


def test_the_accuracy_is_the_area_through_the_single_point():
    tasks = tasks_of("base", 20)
    answers = simulate(tasks, Skill(skill=1.0), participants=30)
    (found,) = judge(tasks, answers, draws=0)
    truth = [1] * 5 + [0]
    drawn, weight = [], []
    for one in answers:
        intruder = tasks[[task.id for task in tasks].index(one.task)].intruder
        cards = [card for card in range(1, 7) if card != intruder]
        drawn += [card in one.selected for card in (*cards, intruder)]
        weight += truth
    assert found.accuracy.value == pytest.approx(metrics.roc_auc_score(weight, drawn))


def test_categories_are_judged_apart_and_checks_left_out():
    skilled, blind = tasks_of("base", 9), tasks_of("across", 9)
    obvious = dataclasses.replace(tasks_of("check", 1)[0], obvious=True)
    again = dataclasses.replace(skilled[0], id="again", repeats="base-0")
    tasks = [*skilled, *blind, obvious, again]
    answers = [
        *simulate(skilled, Skill(skill=3.0), participants=20),
        *simulate(blind, Skill(skill=0.0), participants=20),
        answer("simulated-1", "check-0", 1, 2, 3, 4, 5, 6),
        answer("simulated-1", "again"),
    ]
    base, across = judge(tasks, answers)
    assert (base.category, across.category) == ("base", "across")
    assert base.auc.low > across.auc.high
    assert base.answers == across.answers == 180


def resampled(tasks, answers, participants, often):
    """A study in which each participant and each task comes so often, as copies."""
    copies = [
        (task, dataclasses.replace(task, id=f"{task.id}/{copy}"))
        for task, count in zip(tasks, often, strict=True)
        for copy in range(count)
    ]
    given_ = [
        dataclasses.replace(one, participant=f"{one.participant}/{copy}", task=new.id)
        for one in answers
        for copy in range(participants[one.participant])
        for old, new in copies
        if old.id == one.task
    ]
    return [new for _, new in copies], given_


def test_intervals_are_those_of_participants_and_tasks_drawn_one_by_one():
    tasks = tasks_of("base", 8)
    answers = simulate(tasks, Skill(skill=1.0), participants=6, tasks_each=4)
    (found,) = judge(tasks, answers, draws=30, seed=7)
    drawn = resample(6, 8, draws=30, rng=stream(7, "participants and tasks"))
    names = list(dict.fromkeys(one.participant for one in answers))
    values = []
    for of_people, of_tasks in zip(drawn.rows, drawn.columns, strict=True):
        people = dict(zip(names, of_people.astype(int).tolist(), strict=True))
        study = resampled(tasks, answers, people, of_tasks.astype(int).tolist())
        (one,) = judge(*study, draws=0)
        values.append([one.auc.value, one.accuracy.value, one.incoherent.value])
    shifts = np.array(values) - np.mean(values, axis=0)
    low, high = np.quantile(shifts, [0.025, 0.975], axis=0)
    for at, one in enumerate((found.auc, found.accuracy, found.incoherent)):
        assert one.low == pytest.approx(np.clip(one.value + low[at], 0, 1))
        assert one.high == pytest.approx(np.clip(one.value + high[at], 0, 1))


def test_a_category_without_an_answer_says_so():
    (found,) = judge(tasks_of("base", 3), [])
    assert (found.roc, found.seconds, found.answers) == (None, None, 0)
    for one in (found.auc, found.accuracy, found.incoherent):
        assert (one.value, one.why) == (None, "nobody answered")
    assert found.alpha.why.startswith("no card was judged by two")


def test_one_participant_or_one_task_has_no_interval():
    tasks = tasks_of("base", 9)
    (lonely,) = judge(tasks, simulate(tasks, Skill(skill=1.0), participants=1))
    (single,) = judge(
        tasks[:1], simulate(tasks[:1], Skill(skill=1.0), participants=9, tasks_each=1)
    )
    for found in (lonely, single):
        assert found.auc.value is not None
        assert (found.auc.low, found.accuracy.low) == (None, None)
    assert lonely.alpha.value is None


def test_more_participants_narrow_the_interval():
    tasks = tasks_of("base", 18)
    few, many = (
        judge(tasks, simulate(tasks, Skill(skill=1.0), participants=n))[0].accuracy
        for n in (10, 160)
    )
    assert many.high - many.low < 0.6 * (few.high - few.low)


def test_the_seed_decides_the_interval_only():
    tasks = tasks_of("base", 9)
    answers = simulate(tasks, Skill(skill=1.0), participants=9)
    first, again, other = (
        judge(tasks, answers, seed=seed)[0].auc for seed in (0, 0, 1)
    )
    assert vars(first) == vars(again)
    assert first.value == other.value
    assert first.low != other.low


def test_foreign_answers_are_refused():
    with pytest.raises(DataError, match="'across-7'"):
        judge(tasks_of("base", 1), [answer("ann", "across-7", 1)])


def test_simulated_tasks_are_dealt_out_evenly():
    tasks = tasks_of("base", 27)
    answers = simulate(tasks, Skill(skill=1.0), participants=30, tasks_each=9)
    counts = {task.id: 0 for task in tasks}
    for one in answers:
        counts[one.task] += 1
    assert set(counts.values()) == {10}
    assert len({(one.participant, one.task) for one in answers}) == 270
    with pytest.raises(UsageError, match="28 tasks per participant"):
        simulate(tasks, Skill(skill=1.0), participants=1, tasks_each=28)

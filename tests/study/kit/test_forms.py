"""Every deal of tasks is fair, whatever their number."""

from collections import Counter

import pytest
from hypothesis import given
from hypothesis import strategies as st

from conceptevo_jax.errors import UsageError
from conceptevo_jax.study import deal_forms
from conceptevo_jax.study.design.tasks import Task


def tasks_of(sizes):
    return [
        Task(id=f"{kind}-{number}", category=f"{kind}", cards=tuple("abc"), intruder=1)
        for kind, size in enumerate(sizes)
        for number in range(size)
    ]


def check(number):
    return Task(
        id=f"check-{number}",
        category="check",
        cards=tuple("abc"),
        intruder=1,
        obvious=True,
    )


def again(task, suffix=""):
    return Task(
        id=f"{task.id}-again{suffix}",
        category=task.category,
        cards=task.cards,
        intruder=1,
        repeats=task.id,
    )


def times(forms):
    return Counter(task for form in forms for task in form.tasks)


def differ_by_one(counts):
    return max(counts) - min(counts) <= 1


@given(
    sizes=st.lists(st.integers(1, 9), min_size=1, max_size=4),
    each=st.integers(1, 36),
    more=st.integers(0, 7),
    seed=st.integers(0, 5),
)
def test_every_deal_is_fair(sizes, each, more, seed):
    tasks = tasks_of(sizes)
    each = min(each, len(tasks))
    forms = -(-len(tasks) // each) + more
    dealt = deal_forms(tasks, tasks_per_form=each, forms=forms, seed=seed)
    assert [len(set(form.tasks)) for form in dealt] == [each] * forms
    found = times(dealt)
    assert set(found) == {task.id for task in tasks}
    assert differ_by_one(found.values())
    for category in range(len(sizes)):
        own = [
            sum(task.startswith(f"{category}-") for task in form.tasks)
            for form in dealt
        ]
        assert differ_by_one(own)


@pytest.mark.parametrize(
    ("sizes", "each", "forms"), [((15,) * 4, 9, 20), ((9,), 9, 1), ((5, 5), 3, 10)]
)
def test_by_default_all_tasks_are_asked_equally_often(sizes, each, forms):
    dealt = deal_forms(tasks_of(sizes), tasks_per_form=each)
    assert len(dealt) == forms
    assert len(set(times(dealt).values())) == 1


def test_attention_checks_come_on_top():
    plain = tasks_of((6, 6))
    checks = [check(number) for number in range(3)]
    twice = [again(plain[0]), again(plain[0], "!"), again(plain[7])]
    dealt = deal_forms([*checks, *plain, *twice], tasks_per_form=4, forms=9)
    found = times(dealt)
    assert [found[one.id] for one in checks] == [3, 3, 3]
    assert differ_by_one([found[one.id] for one in twice[:2]])
    for form in dealt:
        own = [task for task in plain if task.id in form.tasks]
        asked = [one for one in twice if one.id in form.tasks]
        fit = [one for one in twice if one.repeats in form.tasks]
        assert len(own) == 4
        assert len(asked) == (1 if fit else 0)
        assert form.apart == tuple(
            name for one in asked for name in (one.repeats, one.id)
        )


def test_nothing_in_a_form_tells_which_are_checks():
    plain = tasks_of((9,))
    dealt = deal_forms([*plain, check(0), again(plain[0])], forms=40)
    assert len({form.tasks.index("check-0") for form in dealt}) == 11


def test_a_seed_gives_one_deal():
    tasks = tasks_of((9, 9))
    first, same, other = (deal_forms(tasks, seed=seed) for seed in (1, 1, 2))
    assert [one.tasks for one in first] == [one.tasks for one in same]
    assert [one.tasks for one in first] != [one.tasks for one in other]


@pytest.mark.parametrize(
    ("asked", "told"),
    [
        (
            {"tasks_per_form": 13},
            "each=13 does not fit a study of 12 tasks .* choose 1 to 12",
        ),
        ({"tasks_per_form": 0}, "each=0 does not fit"),
        (
            {"tasks_per_form": 5, "forms": 2},
            "ask 10 of 12 tasks: choose forms=3 or more",
        ),
        (
            {"tasks_per_form": 5, "forms": 0},
            "ask 0 of 12 tasks: choose forms=3 or more",
        ),
    ],
)
def test_what_cannot_be_dealt_is_said(asked, told):
    with pytest.raises(UsageError, match=told):
        deal_forms([*tasks_of((6, 6)), check(0)], **asked)

"""Deal the tasks of a study to forms; a participant fills in one of them.

The numbers of uses of two ordinary tasks differ by at most one, and no form has a task
twice. Every form has its share of each category, up to one task. Attention checks are
added, and replace no ordinary task.
"""

import math
from collections.abc import Sequence

import numpy as np
from jaxtyping import Int

from conceptevo_jax.errors import UsageError
from conceptevo_jax.streams import stream
from conceptevo_jax.study.design.tasks import Task
from conceptevo_jax.types import record

TASKS_PER_FORM = 9
"""Ordinary tasks of a form (paper, Sec. 4.2)."""


@record
class Form:
    """The tasks of one participant.

    Attributes:
      tasks: Ids, including attention checks; a page shows them in any order.
      apart: A task and its repeat, which must not follow each other;
        empty if there is none.
    """

    tasks: tuple[str, ...]
    apart: tuple[str, ...] = ()


def deal_forms(
    tasks: Sequence[Task],
    *,
    tasks_per_form: int = TASKS_PER_FORM,
    forms: int | None = None,
    seed: int = 0,
) -> list[Form]:
    """Deal tasks to forms.

    Args:
      tasks: All tasks of a study. A form gets one that is `obvious`, if there are any,
        and one that repeats an ordinary task of the form, if there are any.
      tasks_per_form: Ordinary tasks of a form.
      forms: Their number; by default the fewest that ask every task equally often.
      seed: Of the deal.

    Raises:
      UsageError: if a form would have a task twice or a task would be in no form.
    """
    ordinary_tasks = [task for task in tasks if not task.check]
    count = _form_count(len(ordinary_tasks), tasks_per_form, forms)
    rng = stream(seed, "forms of a questionnaire")
    dealt_forms = _deal_ordinary(ordinary_tasks, count, tasks_per_form, rng)
    obvious = _deal_obvious([task.id for task in tasks if task.obvious], count, rng)
    repeated = _deal_repeats(dealt_forms, tasks, rng)
    return [
        _shuffled_form(ids, obvious_ids, repeated_pair, rng)
        for ids, obvious_ids, repeated_pair in zip(
            dealt_forms, obvious, repeated, strict=True
        )
    ]


def _form_count(tasks: int, tasks_per_form: int, forms: int | None) -> int:
    """The number of forms."""
    if not 1 <= tasks_per_form <= tasks:
        raise UsageError(
            f"each={tasks_per_form} does not fit a study of {tasks} tasks besides "
            "attention "
            f"checks: choose 1 to {tasks}."
        )
    if forms is None:
        return tasks // math.gcd(tasks, tasks_per_form)
    minimum = -(-tasks // tasks_per_form)
    if forms < minimum:
        raise UsageError(
            f"forms={forms} with each={tasks_per_form} ask "
            f"{max(forms, 0) * tasks_per_form} of {tasks} "
            f"tasks: choose forms={minimum} or more."
        )
    return forms


def _deal_ordinary(
    tasks: Sequence[Task], forms: int, tasks_per_form: int, rng: np.random.Generator
) -> list[list[str]]:
    """Ids of the ordinary tasks of every form."""
    categories: dict[str, list[str]] = {}
    for task in tasks:
        categories.setdefault(task.category, []).append(task.id)
    sizes = np.array([len(ids) for ids in categories.values()])
    totals = _category_totals(sizes, forms * tasks_per_form)
    shares = _category_shares(totals, forms)[rng.permutation(forms)]
    dealt_forms: list[list[str]] = [[] for _ in range(forms)]
    for ids, column in zip(categories.values(), shares.T, strict=True):
        times_asked = np.zeros(len(ids), int)
        for form, share in zip(dealt_forms, column, strict=True):
            # Those asked least often first, ties at random: no two differ by more
            # than one.
            selected_rows = np.lexsort((rng.random(len(ids)), times_asked))[:share]
            times_asked[selected_rows] += 1
            form += [ids[number] for number in selected_rows]
    return dealt_forms


def _category_totals(sizes: Int[np.ndarray, " c"], total: int) -> Int[np.ndarray, " c"]:
    """Askings of each category's tasks in all forms: proportional, in whole numbers."""
    full_rounds, leftover_count = divmod(total, int(sizes.sum()))
    exact_totals = leftover_count * sizes / sizes.sum()
    rounded_totals = np.floor(exact_totals).astype(int)
    # The largest remainders are rounded up.
    rounded_up = np.argsort(rounded_totals - exact_totals, kind="stable")[
        : leftover_count - int(rounded_totals.sum())
    ]
    rounded_totals[rounded_up] += 1
    return full_rounds * sizes + rounded_totals


def _category_shares(
    totals: Int[np.ndarray, " c"], forms: int
) -> Int[np.ndarray, "f c"]:
    """Number of tasks of each category in each form.

    Dealt like cards, one category after the other: then forms are of equal size, and
    no two differ by more than one task of any category.
    """
    category = np.repeat(np.arange(len(totals)), totals)
    shares = np.zeros((forms, len(totals)), int)
    np.add.at(shares, (np.arange(len(category)) % forms, category), 1)
    return shares


def _deal_obvious(
    ids: Sequence[str], forms: int, rng: np.random.Generator
) -> list[list[str]]:
    """An obvious check for every form, each equally often; none if there are none."""
    if not ids:
        return [[] for _ in range(forms)]
    order = rng.permutation(len(ids))
    cyclic_tasks = [[ids[order[form % len(ids)]]] for form in range(forms)]
    return [cyclic_tasks[form] for form in rng.permutation(forms)]


def _deal_repeats(
    dealt_forms: Sequence[Sequence[str]],
    tasks: Sequence[Task],
    rng: np.random.Generator,
) -> list[tuple[str, ...]]:
    """For every form, one of its tasks and the task that repeats it, if any."""
    repeats = [task for task in tasks if task.repeats is not None and not task.obvious]
    times_asked = dict.fromkeys((task.id for task in repeats), 0)
    pairs: list[tuple[str, ...]] = []
    for ids in dealt_forms:
        fitting = [task for task in repeats if task.repeats in ids]
        if not fitting:
            pairs.append(())
            continue
        minimum = min(times_asked[task.id] for task in fitting)
        candidates = [task for task in fitting if times_asked[task.id] == minimum]
        check = candidates[int(rng.integers(len(candidates)))]
        times_asked[check.id] += 1
        pairs.append((str(check.repeats), check.id))
    return pairs


def _shuffled_form(
    ids: Sequence[str],
    obvious_ids: Sequence[str],
    repeated_pair: tuple[str, ...],
    rng: np.random.Generator,
) -> Form:
    ids = [*ids, *obvious_ids, *repeated_pair[1:]]
    order = rng.permutation(len(ids))
    return Form(tasks=tuple(ids[number] for number in order), apart=repeated_pair)

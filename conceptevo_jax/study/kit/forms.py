"""Deal the tasks of a study to forms; a participant fills in one of them.

Every ordinary task is asked equally often, up to one, and never twice in a form. Every
form has its share of each category, up to one task. Attention checks come on top, so
that they take no ordinary task's place.
"""

import math
from collections.abc import Sequence

import numpy as np
from jaxtyping import Int

from conceptevo_jax.errors import UsageError
from conceptevo_jax.streams import stream
from conceptevo_jax.study.design.tasks import Task
from conceptevo_jax.types import record

EACH = 9
"""Ordinary tasks of a form (paper, Sec. 4.2)."""


@record
class Form:
    """What one participant is asked.

    Attributes:
      tasks: Ids, the attention checks' among them; a page asks them in any order.
      apart: A task and the one that asks it again, which must not follow each other;
        empty where there is none.
    """

    tasks: tuple[str, ...]
    apart: tuple[str, ...] = ()


def deal_forms(
    tasks: Sequence[Task], *, each: int = EACH, forms: int | None = None, seed: int = 0
) -> list[Form]:
    """Deal tasks to forms.

    Args:
      tasks: All tasks of a study. A form gets one that is `obvious`, if there are any,
        and one that repeats an ordinary task of the form, if there are any.
      each: Ordinary tasks of a form.
      forms: How many; by default the fewest that ask every task equally often.
      seed: Of the deal.

    Raises:
      UsageError: if a form would have a task twice or a task would be in no form.
    """
    plain = [task for task in tasks if not task.check]
    count = _count(len(plain), each, forms)
    rng = stream(seed, "forms of a questionnaire")
    dealt = _deal(plain, count, each, rng)
    obvious = _turns([task.id for task in tasks if task.obvious], count, rng)
    repeated = _repeats(dealt, tasks, rng)
    return [
        _form(own, check, again, rng)
        for own, check, again in zip(dealt, obvious, repeated, strict=True)
    ]


def _count(tasks: int, each: int, forms: int | None) -> int:
    """How many forms there are."""
    if not 1 <= each <= tasks:
        raise UsageError(
            f"each={each} does not fit a study of {tasks} tasks besides attention "
            f"checks: choose 1 to {tasks}."
        )
    if forms is None:
        return tasks // math.gcd(tasks, each)
    least = -(-tasks // each)
    if forms < least:
        raise UsageError(
            f"forms={forms} with each={each} ask {max(forms, 0) * each} of {tasks} "
            f"tasks: choose forms={least} or more."
        )
    return forms


def _deal(
    tasks: Sequence[Task], forms: int, each: int, rng: np.random.Generator
) -> list[list[str]]:
    """Ids of the ordinary tasks of every form."""
    categories: dict[str, list[str]] = {}
    for task in tasks:
        categories.setdefault(task.category, []).append(task.id)
    sizes = np.array([len(own) for own in categories.values()])
    shares = _shares(_asked(sizes, forms * each), forms)[rng.permutation(forms)]
    dealt: list[list[str]] = [[] for _ in range(forms)]
    for own, column in zip(categories.values(), shares.T, strict=True):
        times = np.zeros(len(own), int)
        for form, share in zip(dealt, column, strict=True):
            # Of those asked least, any: so no two differ by more than one.
            chosen = np.lexsort((rng.random(len(own)), times))[:share]
            times[chosen] += 1
            form += [own[place] for place in chosen]
    return dealt


def _asked(sizes: Int[np.ndarray, " c"], total: int) -> Int[np.ndarray, " c"]:
    """How often the tasks of each category are asked together."""
    rounds, extra = divmod(total, int(sizes.sum()))
    exact = extra * sizes / sizes.sum()
    own = np.floor(exact).astype(int)
    left = np.argsort(own - exact, kind="stable")[: extra - int(own.sum())]
    own[left] += 1
    return rounds * sizes + own


def _shares(asked: Int[np.ndarray, " c"], forms: int) -> Int[np.ndarray, "f c"]:
    """How many tasks of each category each form has.

    Dealt like cards, one category after the other: then forms are of equal size, and
    no two differ by more than one task of any category.
    """
    category = np.repeat(np.arange(len(asked)), asked)
    shares = np.zeros((forms, len(asked)), int)
    np.add.at(shares, (np.arange(len(category)) % forms, category), 1)
    return shares


def _turns(ids: Sequence[str], forms: int, rng: np.random.Generator) -> list[list[str]]:
    """One of these for every form, each equally often."""
    if not ids:
        return [[] for _ in range(forms)]
    order = rng.permutation(len(ids))
    turns = [[ids[order[form % len(ids)]]] for form in range(forms)]
    return [turns[place] for place in rng.permutation(forms)]


def _repeats(
    dealt: Sequence[Sequence[str]], tasks: Sequence[Task], rng: np.random.Generator
) -> list[tuple[str, ...]]:
    """For every form, one of its tasks and the one that asks it again, if any."""
    again = [task for task in tasks if task.repeats is not None and not task.obvious]
    times = dict.fromkeys((task.id for task in again), 0)
    found: list[tuple[str, ...]] = []
    for own in dealt:
        fit = [task for task in again if task.repeats in own]
        if not fit:
            found.append(())
            continue
        least = min(times[task.id] for task in fit)
        few = [task for task in fit if times[task.id] == least]
        chosen = few[int(rng.integers(len(few)))]
        times[chosen.id] += 1
        found.append((str(chosen.repeats), chosen.id))
    return found


def _form(
    own: Sequence[str],
    obvious: Sequence[str],
    repeated: tuple[str, ...],
    rng: np.random.Generator,
) -> Form:
    ids = [*own, *obvious, *repeated[1:]]
    order = rng.permutation(len(ids))
    return Form(tasks=tuple(ids[place] for place in order), apart=repeated)

"""Attention checks: which participants read the questions.

Two kinds of tasks check attention, and no figure is made of their answers:

- an *obvious* one, whose intruder is unmistakable and whose group is: passed when the
  intruder's card is not selected and at most one grouped card is left out;
- a *repeated* one, which asks an earlier task's cards again: passed when at most one
  card is judged otherwise than before. Without the earlier answer it says nothing.

Who passes less than half of those answered is inattentive, by default; who answered
none is not judged.
"""

from collections.abc import Mapping, Sequence

from conceptevo_jax.errors import DataError
from conceptevo_jax.study.design.tasks import Answer, Task
from conceptevo_jax.types import record

PASSED = 0.5
"""Least share of the checks that an attentive participant passes."""

SLIPS = 1
"""Cards that may be judged wrongly in a check that is passed."""


@record
class Attention:
    """How one participant did.

    Attributes:
      participant: Who.
      checks: Checks answered.
      passed: Checks passed.
    """

    participant: str
    checks: int
    passed: int


@record
class Screened:
    """Answers without those of inattentive participants.

    Attributes:
      answers: Those that are left, the checks' among them.
      attention: How every participant did.
      inattentive: Whose answers were left out.
    """

    answers: tuple[Answer, ...]
    attention: tuple[Attention, ...]
    inattentive: tuple[str, ...]


def screen(
    tasks: Sequence[Task], answers: Sequence[Answer], *, least: float = PASSED
) -> Screened:
    """Leave out whoever passes too few attention checks.

    Args:
      tasks: All tasks of the study.
      answers: To any of them.
      least: Share of the checks that must be passed.

    Raises:
      DataError: if a task repeats one that does not exist or has other cards.
    """
    by_id = {task.id: task for task in tasks}
    checks = [task for task in tasks if task.check]
    for task in checks:
        _require_original(task, by_id)
    given: dict[str, dict[str, Answer]] = {}
    for one in answers:
        given.setdefault(one.participant, {})[one.task] = one
    found = [_attention(name, own, checks, by_id) for name, own in given.items()]
    lost = {one.participant for one in found if one.passed < least * one.checks}
    return Screened(
        answers=tuple(one for one in answers if one.participant not in lost),
        attention=tuple(found),
        inattentive=tuple(name for name in given if name in lost),
    )


def _require_original(task: Task, by_id: Mapping[str, Task]) -> None:
    if task.repeats is None:
        return
    original = by_id.get(task.repeats)
    if original is None or sorted(original.cards) != sorted(task.cards):
        raise DataError(
            f"task {task.id} repeats {task.repeats}, which "
            f"{'does not exist' if original is None else 'has other cards'}: it must "
            "have the cards of a task of the study."
        )


def _attention(
    participant: str,
    own: Mapping[str, Answer],
    checks: Sequence[Task],
    by_id: Mapping[str, Task],
) -> Attention:
    results = []
    for task in checks:
        if task.id not in own:
            continue
        chosen = _chosen(task, own[task.id])
        if task.obvious:
            wrong = {task.cards[task.intruder - 1]}
            left = set(task.cards) - wrong - chosen
            results.append(not chosen & wrong and len(left) <= SLIPS)
        if task.repeats is not None and task.repeats in own:
            before = _chosen(by_id[task.repeats], own[task.repeats])
            results.append(len(chosen ^ before) <= SLIPS)
    return Attention(participant=participant, checks=len(results), passed=sum(results))


def _chosen(task: Task, answer: Answer) -> set[str]:
    return {task.cards[number - 1] for number in answer.selected}

"""Attention checks: which participants read the questions.

Two kinds of tasks check attention; their answers are in no figure:

- an *obvious* one, whose intruder is unmistakable and whose group is: passed when the
  intruder's card is not selected and at most one grouped card is left out;
- a *repeated* one, which asks an earlier task's cards again: passed when at most one
  card is answered differently than before. Without the earlier answer it is not
  counted.

By default a participant who passes less than half of the answered checks is
inattentive; a participant who answered none is kept.
"""

from collections.abc import Mapping, Sequence

from conceptevo_jax.errors import DataError
from conceptevo_jax.study.design.tasks import Answer, Task
from conceptevo_jax.types import record

PASSING_SHARE = 0.5
"""Smallest share of the checks that an attentive participant passes."""

MAX_SLIPS = 1
"""Largest number of wrong cards in a passed check."""


@record
class Attention:
    """One participant's result in the attention checks.

    Attributes:
      participant: The participant's name.
      checks: Checks answered.
      passed: Checks passed.
    """

    participant: str
    checks: int
    passed: int

    def passes(self, min_share: float) -> bool:
        """Whether at least this share of the checks was passed."""
        return self.passed >= min_share * self.checks


@record
class ScreenedAnswers:
    """Answers without those of inattentive participants.

    Attributes:
      answers: Of attentive participants, those to checks included.
      attention: How every participant did.
      inattentive: Names of the participants whose answers were left out.
    """

    answers: tuple[Answer, ...]
    attention: tuple[Attention, ...]
    inattentive: tuple[str, ...]


def screen(
    tasks: Sequence[Task],
    answers: Sequence[Answer],
    *,
    min_share: float = PASSING_SHARE,
) -> ScreenedAnswers:
    """Leave out participants who pass too few attention checks.

    Args:
      tasks: All tasks of the study.
      answers: To any of them.
      min_share: Share of the checks that must be passed.

    Raises:
      DataError: if a task repeats one that does not exist or has other cards.
    """
    attention = _attention_of_all(tasks, answers)
    inattentive_names = tuple(
        a.participant for a in attention if not a.passes(min_share)
    )
    return ScreenedAnswers(
        answers=tuple(a for a in answers if a.participant not in inattentive_names),
        attention=attention,
        inattentive=inattentive_names,
    )


def _attention_of_all(
    tasks: Sequence[Task], answers: Sequence[Answer]
) -> tuple[Attention, ...]:
    """How every participant did in the attention checks."""
    tasks_by_id = {task.id: task for task in tasks}
    checks = [task for task in tasks if task.check]
    for task in checks:
        _require_original(task, tasks_by_id)
    return tuple(
        _check_attention(name, participant_answers, checks, tasks_by_id)
        for name, participant_answers in _answers_by_participant(answers).items()
    )


def _answers_by_participant(
    answers: Sequence[Answer],
) -> dict[str, dict[str, Answer]]:
    """Each participant's answers by their tasks' ids."""
    by_participant: dict[str, dict[str, Answer]] = {}
    for answer in answers:
        by_participant.setdefault(answer.participant, {})[answer.task] = answer
    return by_participant


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


def _check_attention(
    participant: str,
    answers_by_task: Mapping[str, Answer],
    checks: Sequence[Task],
    tasks_by_id: Mapping[str, Task],
) -> Attention:
    """Judge one participant's answers, which are keyed by their tasks' ids."""
    passes = []
    for task in checks:
        if task.id not in answers_by_task:
            continue
        selected_cards = _selected_cards(task, answers_by_task[task.id])
        if task.obvious:
            intruder = {task.cards[task.intruder - 1]}
            missed_cards = set(task.cards) - intruder - selected_cards
            passes.append(
                not selected_cards & intruder and len(missed_cards) <= MAX_SLIPS
            )
        if task.repeats is not None and task.repeats in answers_by_task:
            original_selection = _selected_cards(
                tasks_by_id[task.repeats], answers_by_task[task.repeats]
            )
            passes.append(len(selected_cards ^ original_selection) <= MAX_SLIPS)
    return Attention(participant=participant, checks=len(passes), passed=sum(passes))


def _selected_cards(task: Task, answer: Answer) -> set[str]:
    return {task.cards[number - 1] for number in answer.selected}

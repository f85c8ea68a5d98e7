"""Simulated participants of known skill: to validate an analysis, or to plan a study.

They follow signal detection theory (Green and Swets, 1966). Every card has an
appeal, in standard deviations of a participant's noise: on average `skill` for the
cards of a group and 0 for an intruder's. A participant selects a card whose appeal with
fresh noise exceeds the participant's criterion. With many participants per card the AUC
of the shares tends to Φ(skill / (spread √2)); with few it is smaller.

These answers are machine-made: never show them as answers of people.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Float64, Int

from conceptevo_jax.errors import UsageError
from conceptevo_jax.streams import stream
from conceptevo_jax.study.design.tasks import Answer, Task
from conceptevo_jax.types import record


@record
class Skill:
    """How simulated participants answer.

    Attributes:
      skill: Mean appeal of grouped cards; 0 knows nothing.
      spread: Standard deviation of appeal between cards.
      criterion: Appeal above which a participant selects, on average.
      leniency: Standard deviation of the criterion between participants.
    """

    skill: float
    spread: float = 0.7
    criterion: float = 0.5
    leniency: float = 0.4


def simulate(
    tasks: Sequence[Task],
    skill: Skill,
    *,
    participants: int,
    tasks_each: int = 9,
    seed: int = 0,
) -> list[Answer]:
    """Have every participant answer a number of tasks.

    Tasks are dealt out in rounds, so that all are answered about equally often; exactly
    equally often where `tasks_each` divides their number and the participants fill the
    rounds. A participant who finds no card appealing says that there is no coherent
    group.

    Args:
      tasks: Those of one study; one that repeats another has its cards' appeal.
      skill: How well they answer.
      participants: Their number; they are called `simulated-1` and so on.
      tasks_each: Tasks per participant.
      seed: Of cards, participants and their noise.

    Raises:
      UsageError: if a participant should answer more tasks than there are.
    """
    if not 1 <= tasks_each <= len(tasks):
        raise UsageError(
            f"{tasks_each} tasks per participant were requested, of {len(tasks)}: pass "
            "1 to "
            f"{len(tasks)}."
        )
    rng = stream(seed, "simulated participants")
    appeals = _appeals(tasks, skill, rng)
    criteria = skill.criterion + skill.leniency * rng.normal(size=participants)
    answers = []
    for number, task_indices in enumerate(
        _deal_tasks(len(tasks), participants, tasks_each, rng)
    ):
        for index in task_indices:
            noisy_appeal = appeals[index] + rng.normal(size=appeals[index].size)
            selected_cards = np.flatnonzero(noisy_appeal > criteria[number]) + 1
            answers.append(
                Answer(
                    participant=f"simulated-{number + 1}",
                    task=tasks[index].id,
                    selected=tuple(selected_cards.tolist()),
                    label="",
                    seconds=float(rng.gamma(4.0, 6.0)),
                )
            )
    return answers


def _appeals(
    tasks: Sequence[Task], skill: Skill, rng: np.random.Generator
) -> list[Float64[np.ndarray, " c"]]:
    """Appeal of each task's cards; a repeated task's cards keep theirs."""
    appeals = []
    appeals_by_task: dict[str, dict[str, float]] = {}
    for task in tasks:
        key = task.repeats or task.id
        appeal = skill.spread * rng.normal(size=len(task.cards)) + skill.skill
        appeal[task.intruder - 1] -= skill.skill
        appeal_by_card = dict(zip(task.cards, appeal.tolist(), strict=True))
        appeal_by_card = appeals_by_task.setdefault(key, appeal_by_card)
        appeals.append(np.array([appeal_by_card[card] for card in task.cards]))
    return appeals


def _deal_tasks(
    tasks: int, participants: int, tasks_each: int, rng: np.random.Generator
) -> list[Int[np.ndarray, " each"]]:
    """Which tasks each participant answers."""
    dealt_tasks: list[np.ndarray] = []
    while len(dealt_tasks) < participants:
        order = rng.permutation(tasks)
        starts = range(0, tasks - tasks_each + 1, tasks_each)
        dealt_tasks += [order[start : start + tasks_each] for start in starts]
    return dealt_tasks[:participants]

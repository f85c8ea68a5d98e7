"""Tasks of a study, their answers, and both as one table of votes.

A task shows six cards, five of a group and one of an intruder, and asks which belong
together (paper, Sec. 4.2, Fig. 4). Cards are numbered from 1 in the task's own order,
independent of where a page shows them. A participant who says that there is no coherent
group has selected no card.
"""

from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Float

from conceptevo_jax.errors import DataError
from conceptevo_jax.streams import stream
from conceptevo_jax.study.design.groups import Group
from conceptevo_jax.types import record


@record
class Task:
    """One question.

    Attributes:
      id: Its id in the study.
      category: Category of its group.
      cards: The content of each card, such as a neuron's id; card 1 first.
      intruder: Number of the intruder's card.
      obvious: An attention check: the intruder is unmistakable.
      repeats: An attention check: id of the task that it repeats, with the same
        cards in any order.
    """

    id: str
    category: str
    cards: tuple[str, ...]
    intruder: int
    obvious: bool = False
    repeats: str | None = None

    def __post_init__(self) -> None:
        if not 1 <= self.intruder <= len(self.cards) or len(self.cards) < 2:
            raise DataError(
                f"task {self.id} has {len(self.cards)} cards and its intruder on card "
                f"{self.intruder}: it needs two cards and the intruder among them."
            )

    @property
    def check(self) -> bool:
        """Whether it checks attention; then no figure is made of its answers."""
        return self.obvious or self.repeats is not None


@record
class Answer:
    """One participant's answer to one task.

    Attributes:
      participant: The participant's name.
      task: Id of the task.
      selected: Numbers of the cards said to belong together; none if the answer is that
        there is no coherent group.
      label: What the participant called the group; may be empty.
      seconds: Time taken.
    """

    participant: str
    task: str
    selected: tuple[int, ...]
    label: str
    seconds: float


@record
class Votes:
    """Answers as arrays; participants `p`, tasks `t`, cards `c`.

    Attributes:
      participants: Who answered.
      tasks: What was asked.
      answered: Whether a participant answered a task.
      selected: Whether a card was selected; false without an answer.
      seconds: Time taken; NaN without an answer.
    """

    participants: tuple[str, ...]
    tasks: tuple[Task, ...]
    answered: Bool[np.ndarray, "p t"]
    selected: Bool[np.ndarray, "p t c"]
    seconds: Float[np.ndarray, "p t"]

    @property
    def intruders(self) -> Bool[np.ndarray, "t c"]:
        """Which card of each task is the intruder's."""
        cards = np.arange(1, self.selected.shape[2] + 1)
        return np.array([task.intruder for task in self.tasks])[:, None] == cards


def deal_tasks(groups: Sequence[Group], *, seed: int = 0) -> list[Task]:
    """Make a task from each group, with its cards in random order.

    Args:
      groups: Groups with different names.
      seed: Seed of the order.
    """
    tasks = []
    for number, group in enumerate(groups):
        neurons = (*group.members, group.intruder)
        order = stream(seed, "cards of a task", number).permutation(len(neurons))
        tasks.append(
            Task(
                id=group.name,
                category=group.category,
                cards=tuple(neurons[position] for position in order),
                intruder=int(np.flatnonzero(order == len(group.members))[0]) + 1,
            )
        )
    return tasks


def tabulate(tasks: Sequence[Task], answers: Sequence[Answer]) -> Votes:
    """Arrange the answers to these tasks as a table, without answers to other tasks.

    Args:
      tasks: With ids that differ and equal numbers of cards.
      answers: Of participants to these and other tasks.

    Raises:
      DataError: if a participant answered a task twice or selected a card that it does
        not have, or the tasks differ in their number of cards.
    """
    width = _cards_per_task(tasks)
    columns = {task.id: column for column, task in enumerate(tasks)}
    task_answers = [answer for answer in answers if answer.task in columns]
    rows = {name: row for row, name in enumerate(_participants(task_answers))}
    answered = np.zeros((len(rows), len(tasks)), bool)
    votes = Votes(
        participants=tuple(rows),
        tasks=tuple(tasks),
        answered=answered,
        selected=np.zeros((*answered.shape, width), bool),
        seconds=np.full(answered.shape, np.nan),
    )
    for answer in task_answers:
        _enter(votes, answer, (rows[answer.participant], columns[answer.task]))
    return votes


def _cards_per_task(tasks: Sequence[Task]) -> int:
    """The number of cards, which is equal in all tasks; their ids must differ."""
    ids, sizes = {task.id for task in tasks}, {len(task.cards) for task in tasks}
    if len(ids) != len(tasks) or len(sizes) > 1:
        raise DataError(
            f"{len(tasks)} tasks with {len(ids)} ids and {sorted(sizes)} cards "
            "do not form a table: ids must differ and numbers of cards be equal."
        )
    return max(sizes, default=0)


def _enter(votes: Votes, answer: Answer, cell: tuple[int, int]) -> None:
    """Enter an answer into the tables, if the cell is empty and its cards exist."""
    width = votes.selected.shape[-1]
    if votes.answered[cell] or not set(answer.selected) <= set(range(1, width + 1)):
        flaw = "twice" if votes.answered[cell] else f"with cards {answer.selected}"
        raise DataError(
            f"participant {answer.participant} answered task {answer.task} {flaw}: "
            f"give one answer each, of cards 1 to {width}."
        )
    votes.answered[cell] = True
    votes.selected[cell][[card - 1 for card in answer.selected]] = True
    votes.seconds[cell] = answer.seconds


def _participants(answers: Sequence[Answer]) -> list[str]:
    return list(dict.fromkeys(answer.participant for answer in answers))

"""The material of a study: its tasks, and the patches on their cards.

An experiment writes it as a record; the questionnaire is made from it, and answers are
checked against it.
"""

from pathlib import Path

import numpy as np
from jaxtyping import UInt8

from conceptevo_jax.errors import DataError
from conceptevo_jax.store import content_key, load_record, save_record
from conceptevo_jax.study.design.tasks import Task
from conceptevo_jax.types import record

FOLDER = "study"
"""Of the record in a result folder."""


@record
class Study:
    """Tasks with the content of their cards.

    Attributes:
      title: The title that participants read first.
      tasks: Tasks with different ids and equal numbers of cards, including attention
        checks.
      patches: Patches of the cards, in the order of the tasks' cards, the strongest
        first.
    """

    title: str
    tasks: tuple[Task, ...]
    patches: UInt8[np.ndarray, "t c p side side 3"]

    def __post_init__(self) -> None:
        cards = {(len(task.cards),) for task in self.tasks}
        expected = {self.patches.shape[1:2]}
        names = {task.id for task in self.tasks}
        if len(self.patches) != len(names) or cards != expected:
            raise DataError(
                f"a study of {len(self.tasks)} tasks with {len(names)} ids has patches "
                f"of {self.patches.shape}: it needs tasks that differ and patches of "
                "all their cards. Make it again."
            )

    @property
    def id(self) -> str:
        """Content key: distinguishes its answers from those of any other study."""
        cards = [[task.id, *task.cards] for task in self.tasks]
        return content_key("study", self.title, cards, arrays={"patches": self.patches})


def save_study(folder: Path, study: Study) -> None:
    """Write a study into a result folder.

    Args:
      folder: The result folder.
      study: The study.
    """
    save_record(folder / FOLDER, study, stage="study")


def load_study(folder: Path) -> Study:
    """Read the study of a result folder.

    Raises:
      DataError: if there is none, or it is damaged, naming the file.
    """
    if not (folder / FOLDER).is_dir():
        raise DataError(
            f"{folder} holds no study: it needs the result folder of "
            "`conceptevo experiment=alignment`."
        )
    return load_record(folder / FOLDER, Study, folder)


def public_id(study: str, task: Task) -> str:
    """A task's name on participants' pages, which reveals nothing about the task.

    Args:
      study: Id of the study.
      task: Any of its tasks.
    """
    return content_key("task", study, task.id, task.cards)


def public_ids(study: Study) -> dict[str, str]:
    """The page's name of each task, by its id."""
    study_id = study.id
    return {task.id: public_id(study_id, task) for task in study.tasks}

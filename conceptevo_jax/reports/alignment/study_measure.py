"""Evaluation of the answers to a study: participants screened, categories evaluated.

Answers come from people or from machine participants, never from both.
"""

from collections.abc import Callable, Mapping, Sequence

from conceptevo_jax.errors import DataError, unknown_name
from conceptevo_jax.study.design.tasks import Answer, Task
from conceptevo_jax.study.raters.attention_checks import ScreenedAnswers, screen
from conceptevo_jax.study.raters.category_scores import CategoryScores, judge
from conceptevo_jax.study.raters.label_encoders import Encoder, MiniLm, TfIdf
from conceptevo_jax.study.raters.label_similarity import (
    LabelSimilarities,
    label_similarity,
)
from conceptevo_jax.types import record

CATEGORY_TITLES = {
    "hand_picked": "hand-picked sets",
    "base": "base model",
    "same_model": "one model, several epochs",
    "across": "several models and epochs",
}

ENCODERS: Mapping[str, Callable[[], Encoder]] = {"tfidf": TfIdf, "minilm": MiniLm}

MACHINES = ("simulated-", "machine-")
"""Prefixes of the names of machine participants."""


@record
class Evaluation:
    """The answers of attentive participants, evaluated.

    Attributes:
      screened: All participants' attention, and the answers of the attentive.
      judged: Scores by category, without the inattentive.
      labels: Label similarities, likewise; None with a reason if no labels were given.
    """

    screened: ScreenedAnswers
    judged: tuple[CategoryScores, ...]
    labels: LabelSimilarities

    @property
    def participants(self) -> int:
        """Number of attentive participants."""
        return len(self.screened.attention) - len(self.screened.inattentive)


def choose_encoder(name: str) -> Encoder:
    """The encoder of labels of that name.

    Raises:
      UsageError: for an unknown encoder, or if it needs an extra that is missing.
    """
    if name not in ENCODERS:
        raise unknown_name("encoder", name, ENCODERS)
    return ENCODERS[name]()


def evaluate(
    tasks: Sequence[Task],
    answers: Sequence[Answer],
    *,
    encoder: Encoder | None = None,
    seed: int = 0,
) -> Evaluation:
    """Screen the participants, and evaluate the answers of the attentive.

    Args:
      tasks: All tasks of the study.
      answers: The answers.
      encoder: Encoder of labels; None for `TfIdf`.
      seed: Seed of the bootstrap intervals.

    Raises:
      DataError: if answers and tasks do not fit.
    """
    screened = screen(tasks, answers)
    return Evaluation(
        screened=screened,
        judged=tuple(judge(tasks, screened.answers, seed=seed)),
        labels=label_similarity(tasks, screened.answers, encoder, seed=seed),
    )


def who_answered(evaluation: Evaluation, *, machine: bool) -> str:
    """Number and kind of the attentive participants, in words.

    Args:
      evaluation: The evaluation of their answers.
      machine: Whether they are machine participants.
    """
    n = evaluation.participants
    if machine:
        return f"{n} machine participant{'' if n == 1 else 's'} — not people"
    return "1 person" if n == 1 else f"{n} people"


def are_machines(answers: Sequence[Answer]) -> bool:
    """Whether the names of the participants are those of machines.

    Raises:
      DataError: if some are and others are not.
    """
    names = sorted({answer.participant for answer in answers})
    machines = [name for name in names if name.startswith(MACHINES)]
    if machines and len(machines) < len(names):
        raise DataError(
            f"{len(machines)} of {len(names)} participants are machines, such as "
            f"{machines[0]}: analyse their files and those of people separately."
        )
    return bool(machines)

"""Machine participants: judges that see only the patches of a task's cards.

They replace people until people have answered, and must never be called
people. A judge has features of patches, from a network that was not used to build the
space; a card is the mean of its patches' features. The *similarity* of a card to a task
is its mean cosine with the task's other cards; features are first standardised over all
cards of the study, to remove what all patches share. A judge selects a card that is
more similar than most cards are to five cards of another task, drawn at random: this
comparison needs no knowledge of groups or intruders, and nothing is fitted.

Judges differ in their features, so several give a graded score per card, as several
people do (`study.raters.category_scores`). Costs one product of cards per judge.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float, Float64

from conceptevo_jax.analysis.alignment.response_rows import unit_rows
from conceptevo_jax.errors import DataError, UsageError
from conceptevo_jax.streams import stream
from conceptevo_jax.study.design.tasks import Answer, Task
from conceptevo_jax.types import record

CHANCE_SHARE = 0.8
"""A selected card is more similar than this share of the cards of other tasks. Chosen
among .5 to .95 on trainings and seeds of no reported result."""

_DRAWS = 2_000
"""Pairs of a card and another task that estimate a judge's similarity by chance."""


@record
class MachinePanel:
    """The answers of machine participants to a study.

    Attributes:
      answers: Their answers, without labels.
      likeness: Mean cosine of each card with the others of its task, mean over judges.
    """

    answers: tuple[Answer, ...]
    likeness: Float64[np.ndarray, "t c"]


def machine_panel(
    tasks: Sequence[Task],
    features: Mapping[str, Float[np.ndarray, "t c p f"]],
    *,
    chance: float = CHANCE_SHARE,
    seed: int = 0,
) -> MachinePanel:
    """Have every judge answer every task.

    Args:
      tasks: All tasks of a study.
      features: By judge: of the patches of the tasks' cards.
      chance: Share of other tasks' cards that a selected card is more similar than.
      seed: Of the draw of other tasks' cards.

    Raises:
      UsageError: for a share that is none, or without a judge.
      DataError: if features are not of these tasks, or not finite.
    """
    if not 0 < chance < 1 or not features:
        raise UsageError(
            f"{len(features)} judges and a chance of {chance}: one judge at least is "
            "needed, and a chance between 0 and 1."
        )
    likeness, answers = [], []
    for number, (judge, patch_features) in enumerate(features.items()):
        cards = _card_directions(tasks, judge, patch_features)
        judge_likeness = _likeness(cards)
        rng = stream(seed, "pairs of cards", number)
        bound = float(np.quantile(_chance_likeness(cards, rng), chance))
        likeness.append(judge_likeness)
        answers += _judge_answers(judge, tasks, judge_likeness, bound)
    return MachinePanel(answers=tuple(answers), likeness=np.mean(likeness, axis=0))


def intruder_hits(
    tasks: Sequence[Task], likeness: Float[np.ndarray, "t c"]
) -> Float64[np.ndarray, " t"]:
    """Whether each task's least similar card is its intruder's.

    Args:
      tasks: The tasks.
      likeness: Of their cards to the other cards of their task.

    Returns:
      1 or 0 per task; a tie of the intruder's card with others counts as its share.
    """
    is_lowest = likeness == likeness.min(axis=1, keepdims=True)
    hits = is_lowest[np.arange(len(tasks)), [task.intruder - 1 for task in tasks]]
    return hits / is_lowest.sum(axis=1)


def _card_directions(
    tasks: Sequence[Task], judge: str, features: Float[np.ndarray, "t c p f"]
) -> Float64[np.ndarray, "t c f"]:
    """One direction per card, of features that are standardised over all cards."""
    if len(features) != len(tasks) or not np.isfinite(features).all():
        raise DataError(
            f"judge {judge} has features {features.shape} of {len(tasks)} tasks, or "
            "some are not finite: give those of all their cards' patches."
        )
    means = features.mean(axis=2, dtype=np.float64)
    card_rows = means.reshape(-1, means.shape[-1])
    deviations = card_rows.std(axis=0)
    centered_rows = card_rows - card_rows.mean(axis=0)
    zeros = np.zeros_like(centered_rows)
    standardised_rows = np.divide(
        centered_rows, deviations, out=zeros, where=deviations > 0
    )
    return unit_rows(standardised_rows, np.zeros(len(card_rows))).reshape(means.shape)


def _likeness(cards: Float64[np.ndarray, "t c f"]) -> Float64[np.ndarray, "t c"]:
    """Mean cosine of each card with the other cards of its task."""
    cosines = np.einsum("tcf,tdf->tcd", cards, cards)
    selves = np.einsum("tcf,tcf->tc", cards, cards)
    return (cosines.sum(axis=2) - selves) / (cards.shape[1] - 1)


def _chance_likeness(
    cards: Float64[np.ndarray, "t c f"], rng: np.random.Generator
) -> Float64[np.ndarray, " r"]:
    """Mean cosines of random cards with all cards but one of another task."""
    t, c, _ = cards.shape
    if t < 2:
        raise DataError("a study of one task gives no other cards to compare with.")
    task, card = rng.integers(t, size=_DRAWS), rng.integers(c, size=_DRAWS)
    shift, omitted_cards = rng.integers(1, t, size=_DRAWS), rng.integers(c, size=_DRAWS)
    other_task = cards[(task + shift) % t]
    sums = other_task.sum(axis=1) - other_task[np.arange(_DRAWS), omitted_cards]
    return np.einsum("rf,rf->r", cards[task, card], sums) / (c - 1)


def _judge_answers(
    judge: str,
    tasks: Sequence[Task],
    likeness: Float64[np.ndarray, "t c"],
    bound: float,
) -> list[Answer]:
    return [
        Answer(
            participant=judge,
            task=task.id,
            selected=tuple((np.flatnonzero(row > bound) + 1).tolist()),
            label="",
            seconds=0.0,
        )
        for task, row in zip(tasks, likeness, strict=True)
    ]

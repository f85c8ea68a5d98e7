"""Machine participants: judges that see only the patches of a task's cards.

They stand in for people where nobody has answered yet, and are never to be called
people. A judge has features of patches, of a network that took no part in building the
space; a card is the mean of its patches' features. How *alike* a card is to a task is
its mean cosine with the task's other cards; features are standardised over all cards of
the study first, or what all patches share would decide. A judge selects a card that is
more alike than most cards are to five cards of another task, drawn at random: that
comparison needs no knowledge of groups or intruders, and nothing is learnt.

Judges differ in their features, so several give a graded score per card, as several
people do (`analysis.raters`). Costs one product of cards per judge.
"""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float, Float64

from conceptevo_jax.analysis.alignment.response_rows import unit_rows
from conceptevo_jax.errors import DataError, UsageError
from conceptevo_jax.streams import stream
from conceptevo_jax.study.design.tasks import Answer, Task
from conceptevo_jax.types import record

CHANCE = 0.8
"""Share of the cards of other tasks that a selected card is more alike than. Chosen
among .5 to .95 on trainings and seeds that no result is reported of."""

_DRAWS = 2_000
"""Cards beside those of another task by which a judge knows what chance gives."""


@record
class MachinePanel:
    """What machine participants said of a study.

    Attributes:
      answers: Their answers, without labels.
      likeness: How alike each card is to the others of its task, mean over the judges.
    """

    answers: tuple[Answer, ...]
    likeness: Float64[np.ndarray, "t c"]


def machine_panel(
    tasks: Sequence[Task],
    features: Mapping[str, Float[np.ndarray, "t c p f"]],
    *,
    chance: float = CHANCE,
    seed: int = 0,
) -> MachinePanel:
    """Have every judge answer every task.

    Args:
      tasks: All tasks of a study.
      features: By judge: of the patches of the tasks' cards.
      chance: Share of the cards of other tasks that a selected one is more alike than.
      seed: Of the draw of those.

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
    for number, (name, own) in enumerate(features.items()):
        cards = _cards(tasks, name, own)
        alike = _likeness(cards)
        rng = stream(seed, "pairs of cards", number)
        bound = float(np.quantile(_by_chance(cards, rng), chance))
        likeness.append(alike)
        answers += _answers(name, tasks, alike, bound)
    return MachinePanel(answers=tuple(answers), likeness=np.mean(likeness, axis=0))


def found_intruders(
    tasks: Sequence[Task], likeness: Float[np.ndarray, "t c"]
) -> Float64[np.ndarray, " t"]:
    """Whether a task's least alike card is its intruder's; of ties, the share."""
    least = likeness == likeness.min(axis=1, keepdims=True)
    right = least[np.arange(len(tasks)), [task.intruder - 1 for task in tasks]]
    return right / least.sum(axis=1)


def _cards(
    tasks: Sequence[Task], name: str, features: Float[np.ndarray, "t c p f"]
) -> Float64[np.ndarray, "t c f"]:
    """One direction per card, of features that are standardised over all cards."""
    if len(features) != len(tasks) or not np.isfinite(features).all():
        raise DataError(
            f"judge {name} has features {features.shape} of {len(tasks)} tasks, or "
            "some are not finite: give those of all their cards' patches."
        )
    means = features.mean(axis=2, dtype=np.float64)
    flat = means.reshape(-1, means.shape[-1])
    spread = flat.std(axis=0)
    apart = flat - flat.mean(axis=0)
    apart = np.divide(apart, spread, out=np.zeros_like(apart), where=spread > 0)
    return unit_rows(apart, np.zeros(len(apart))).reshape(means.shape)


def _likeness(cards: Float64[np.ndarray, "t c f"]) -> Float64[np.ndarray, "t c"]:
    cosines = np.einsum("tcf,tdf->tcd", cards, cards)
    selves = np.einsum("tcf,tcf->tc", cards, cards)
    return (cosines.sum(axis=2) - selves) / (cards.shape[1] - 1)


def _by_chance(
    cards: Float64[np.ndarray, "t c f"], rng: np.random.Generator
) -> Float64[np.ndarray, " r"]:
    """How alike a card is to all cards but one of another task."""
    t, c, _ = cards.shape
    if t < 2:
        raise DataError("a study of one task gives no other cards to compare with.")
    task, card = rng.integers(t, size=_DRAWS), rng.integers(c, size=_DRAWS)
    other, left = rng.integers(1, t, size=_DRAWS), rng.integers(c, size=_DRAWS)
    elsewhere = cards[(task + other) % t]
    beside = elsewhere.sum(axis=1) - elsewhere[np.arange(_DRAWS), left]
    return np.einsum("rf,rf->r", cards[task, card], beside) / (c - 1)


def _answers(
    name: str,
    tasks: Sequence[Task],
    alike: Float64[np.ndarray, "t c"],
    bound: float,
) -> list[Answer]:
    return [
        Answer(
            participant=name,
            task=task.id,
            selected=tuple((np.flatnonzero(row > bound) + 1).tolist()),
            label="",
            seconds=0.0,
        )
        for task, row in zip(tasks, alike, strict=True)
    ]

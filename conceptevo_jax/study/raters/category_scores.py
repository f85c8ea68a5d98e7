"""Scores of participants' answers by category of groups (paper, Sec. 4.2, Fig. 5).

This computes Figure 5. The paper treats "the participants as classifiers and the
grouped neurons as true labels" and draws an ROC curve of their determinations, one per
card that a participant judged. Neither the paper nor the authors' code states the
threshold. One participant's determinations are yes or no and give a single point; a
curve needs a score, and the only available score is the share of participants that
selected a card. So here, per category:

- positives are the cards of grouped neurons, negatives the intruders', of all tasks;
- a card's score is the share of the participants asked that selected it; saying that
  there is no coherent group selects none of its cards;
- the curve takes every share as threshold, and the AUC is the chance that a grouped
  card has a larger share than an intruder's, ties one half.

Shares are less noisy, and the AUC higher, the more participants judge a card: it is the
AUC of a study with this number of participants. The determinations themselves (Fig. 4's
true and false positives and negatives) are reported as well, pooled, with their
balanced accuracy: the area under the curve through their single point, which does not
depend on the number.

Every interval comes from a bootstrap over participants and tasks
(`analysis.statistics.crossed_bootstrap`). A category of 260 participants and 60 tasks
takes .2 s.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float64, Shaped

from conceptevo_jax.analysis.statistics.auc import rank_auc
from conceptevo_jax.analysis.statistics.crossed_bootstrap import (
    DRAWS,
    Draws,
    bounded_estimate,
    resample,
    undrawn_sample,
)
from conceptevo_jax.analysis.statistics.estimates import Estimate
from conceptevo_jax.analysis.statistics.krippendorff import (
    MISSING_ANSWER,
    krippendorff_alpha,
)
from conceptevo_jax.analysis.statistics.roc import Roc, roc_curve
from conceptevo_jax.errors import DataError
from conceptevo_jax.streams import stream
from conceptevo_jax.study.design.tasks import Answer, Task, Votes, tabulate
from conceptevo_jax.types import record


@record
class Determinations:
    """How often cards were and were not selected, all answers pooled (Fig. 4).

    Attributes:
      true_positives: Grouped cards that were selected.
      false_negatives: Grouped cards that were not.
      false_positives: Intruders' cards that were selected.
      true_negatives: Intruders' cards that were not.
    """

    true_positives: int
    false_negatives: int
    false_positives: int
    true_negatives: int


@record
class CategoryScores:
    """Scores of one category; estimates count answers.

    Attributes:
      category: The category.
      tasks: Number of answered tasks.
      participants: Number of participants who answered one of them.
      answers: Number of their answers.
      roc: The curve; None without an answer.
      auc: Area under it.
      determinations: Cards judged.
      accuracy: Mean of the share of grouped cards that were selected and the share of
        intruders' cards that were not: .5 by chance.
      alpha: Krippendorff's alpha over cards, selected or not.
      incoherent: Share of the answers that say that there is no coherent group.
      seconds: Median time per answer; None without an answer.
    """

    category: str
    tasks: int
    participants: int
    answers: int
    roc: Roc | None
    auc: Estimate
    determinations: Determinations
    accuracy: Estimate
    alpha: Estimate
    incoherent: Estimate
    seconds: float | None


def judge(
    tasks: Sequence[Task],
    answers: Sequence[Answer],
    *,
    draws: int = DRAWS,
    seed: int = 0,
) -> list[CategoryScores]:
    """Evaluate the answers category by category, attention checks left out.

    Args:
      tasks: All tasks of the study.
      answers: Of attentive participants; see `attention_checks.screen`.
      draws: Bootstrap resamples; 0 gives no intervals.
      seed: Of the resamples.

    Returns:
      The scores per category, in the order in which the tasks have them.

    Raises:
      DataError: if an answer is to a task that the study does not have, or is given
        twice.
    """
    foreign = {answer.task for answer in answers} - {task.id for task in tasks}
    if foreign:
        raise DataError(
            f"answers to tasks {sorted(foreign)}, which the study does not have: give "
            "the study's own answers."
        )
    categories: dict[str, list[Task]] = {}
    for task in tasks:
        if not task.check:
            categories.setdefault(task.category, []).append(task)
    return [
        _score_category(category, tabulate(in_category, answers), draws, seed)
        for category, in_category in categories.items()
    ]


def _answered_tasks(votes: Votes) -> Votes:
    """The votes without the tasks that nobody answered."""
    columns = np.flatnonzero(votes.answered.any(axis=0))
    return dataclasses.replace(
        votes,
        tasks=tuple(votes.tasks[column] for column in columns),
        answered=votes.answered[:, columns],
        selected=votes.selected[:, columns],
        seconds=votes.seconds[:, columns],
    )


def _score_category(
    category: str, votes: Votes, draws: int, seed: int
) -> CategoryScores:
    votes = _answered_tasks(votes)
    p, t = votes.answered.shape
    n = int(votes.answered.sum())
    rng = stream(seed, "participants and tasks")
    resamples, full_sample = resample(p, t, draws=draws, rng=rng), undrawn_sample(p, t)
    measures = {"auc": _auc, "accuracy": _accuracy, "incoherent": _incoherent}
    estimates = {
        name: bounded_estimate(
            float(measure(votes, full_sample)[0]),
            measure(votes, resamples),
            n,
            why="nobody answered",
        )
        for name, measure in measures.items()
    }
    alpha = bounded_estimate(
        float(_alpha(votes, full_sample)[0]),
        _alpha(votes, resamples),
        n,
        lower_bound=-1.0,
        why="no card was judged by two participants, or all cards got the same answer",
    )
    return CategoryScores(
        category=category,
        tasks=t,
        participants=p,
        answers=n,
        roc=_roc(votes) if n else None,
        determinations=_determinations(votes),
        alpha=alpha,
        seconds=float(np.nanmedian(votes.seconds)) if n else None,
        **estimates,
    )


def _roc(votes: Votes) -> Roc:
    shares = votes.selected.sum(axis=0) / votes.answered.sum(axis=0)[:, None]
    return roc_curve(shares[~votes.intruders], shares[votes.intruders])


def _determinations(votes: Votes) -> Determinations:
    asked = votes.answered[..., None]
    yes, no = votes.selected & asked, ~votes.selected & asked
    grouped, intruders = ~votes.intruders, votes.intruders
    return Determinations(
        true_positives=int((yes & grouped).sum()),
        false_negatives=int((no & grouped).sum()),
        false_positives=int((yes & intruders).sum()),
        true_negatives=int((no & intruders).sum()),
    )


def _auc(votes: Votes, resamples: Draws) -> Float64[np.ndarray, " r"]:
    """The AUC of each resample, in which a task counts as often as it is drawn."""
    intruders = votes.intruders
    flat = votes.selected.reshape(len(votes.participants), intruders.size)
    # Counts per resample: of the votes for each card, and of the answers to each task.
    selections = resamples.rows @ flat.astype(np.float64)
    answers = resamples.rows @ votes.answered.astype(np.float64)
    multiplicity = np.where(answers > 0, resamples.columns, 0).astype(int)
    aucs = np.full(len(answers), np.nan)
    for row in np.flatnonzero(multiplicity.any(axis=1)):
        tasks = np.repeat(np.arange(len(votes.tasks)), multiplicity[row])
        counts = selections[row].reshape(intruders.shape)[tasks]
        shares, is_intruder = counts / answers[row, tasks, None], intruders[tasks]
        aucs[row] = rank_auc(shares[~is_intruder], shares[is_intruder])
    return aucs


def _accuracy(votes: Votes, resamples: Draws) -> Float64[np.ndarray, " r"]:
    """Balanced accuracy of each resample: mean of sensitivity and specificity."""
    intruders = votes.intruders
    grouped_cards = max(votes.selected.shape[2] - 1, 1)
    sensitivity = (votes.selected & ~intruders).sum(axis=2) / grouped_cards
    specificity = votes.answered & ~(votes.selected & intruders).any(axis=2)
    return _answer_mean((sensitivity + specificity) / 2, votes, resamples)


def _incoherent(votes: Votes, resamples: Draws) -> Float64[np.ndarray, " r"]:
    """Share of the answers of each resample that select no card."""
    no_group = votes.answered & ~votes.selected.any(axis=2)
    return _answer_mean(no_group, votes, resamples)


def _answer_mean(
    cells: Shaped[np.ndarray, "p t"], votes: Votes, resamples: Draws
) -> Float64[np.ndarray, " r"]:
    """Mean over the answers of each resample; NaN where it has none."""
    sums, counts = (
        ((resamples.rows @ table.astype(np.float64)) * resamples.columns).sum(axis=1)
        for table in (cells, votes.answered)
    )
    return np.divide(sums, counts, out=np.full(len(counts), np.nan), where=counts > 0)


def _alpha(votes: Votes, resamples: Draws) -> Float64[np.ndarray, " r"]:
    ratings = np.where(votes.answered[..., None], votes.selected, MISSING_ANSWER)
    cards = votes.selected.shape[2]
    return krippendorff_alpha(
        ratings.reshape(len(votes.participants), len(votes.tasks) * cards),
        resamples.rows,
        np.repeat(resamples.columns, cards, axis=1),
    )

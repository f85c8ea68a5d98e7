"""Claims about the answers to a study, and whether they hold.

Answers of machine participants are always labelled as such, and never decide a claim
about people.
"""

from conceptevo_jax.analysis.statistics.estimates import Estimate
from conceptevo_jax.pipeline.outcome import Claim
from conceptevo_jax.reports.alignment.study_measure import Evaluation
from conceptevo_jax.study.design.groups import CATEGORIES
from conceptevo_jax.study.kit.results_page import format_estimate
from conceptevo_jax.study.raters.category_scores import CategoryScores
from conceptevo_jax.study.raters.label_similarity import (
    LabelSimilarities,
    LabelSimilarity,
)

NO_ANSWERS_REASON = "no people have answered yet"

_PAPER_AUCS = {
    "base": "AUC .90 within the base model (Sec. 4.2, Fig. 5)",
    "same_model": "AUCs range from .90 to .86 (Sec. 4.2, Fig. 5)",
    "across": "AUC .86 across models and epochs (Sec. 4.2, Fig. 5)",
}
"""The paper gives no number for hand-picked sets."""

_PAPER_SIMILARITIES = {
    "hand_picked": ".455",
    "base": ".40",
    "same_model": ".40",
    "across": ".38",
}

_ABOVE_CHANCE = "lower end of the AUC's 95 % interval > .5"
_ABOVE_PAIRS = "lower end of the 95 % interval of the excess over all pairs > 0"


def study_claims(evaluation: Evaluation, *, machine: bool) -> list[Claim]:
    """The paper's claims about people, and those about machine participants.

    Claims about people cover all four categories, and are decided only by people's
    answers: without these they say that there are none.

    Args:
      evaluation: The evaluation of the answers.
      machine: Whether machine participants gave them.
    """
    is_by_people = evaluation.participants > 0 and not machine
    scores_by_category = {scores.category: scores for scores in evaluation.judged}
    similarity_by_category = {
        similarity.category: similarity for similarity in evaluation.labels.categories
    }
    categories = dict.fromkeys((*CATEGORIES, *scores_by_category))
    claims = [
        _auc_claim(
            "human_auc",
            name,
            scores_by_category.get(name),
            _PAPER_AUCS.get(name),
            is_by_people,
        )
        for name in categories
    ]
    claims += [
        _label_claim(
            name, similarity_by_category.get(name), evaluation.labels, is_by_people
        )
        for name in categories
    ]
    if machine:
        claims += [
            _auc_claim("machine_auc", name, scores, None, True)
            for name, scores in scores_by_category.items()
        ]
    return claims


def _auc_claim(
    kind: str,
    category: str,
    scores: CategoryScores | None,
    paper: str | None,
    answered: bool,
) -> Claim:
    claim_id = f"{kind}_{category}"
    if not answered or scores is None:
        return _unjudged_claim(claim_id, paper, _ABOVE_CHANCE, answered)
    score_text = (
        f"{scores.participants} participants, {scores.tasks} tasks; "
        f"balanced accuracy {format_estimate(scores.accuracy)}; "
        f"alpha {format_estimate(scores.alpha)}"
    )
    return _bound_claim(claim_id, paper, _ABOVE_CHANCE, scores.auc, 0.5, score_text)


def _label_claim(
    category: str,
    similarity: LabelSimilarity | None,
    labels: LabelSimilarities,
    answered: bool,
) -> Claim:
    claim_id = f"human_labels_{category}"
    paper = None
    if category in _PAPER_SIMILARITIES:
        paper = (
            f"similarity {_PAPER_SIMILARITIES[category]}, of all pairs .28 (Sec. 4.3)"
        )
    if not answered or similarity is None:
        return _unjudged_claim(claim_id, paper, _ABOVE_PAIRS, answered)
    similarity_text = (
        f"similarity {format_estimate(similarity.similarity)}, of all pairs "
        f"{format_estimate(labels.baseline)}; encoder {labels.encoder}"
    )
    return _bound_claim(
        claim_id, paper, _ABOVE_PAIRS, similarity.excess, 0.0, similarity_text
    )


def _unjudged_claim(
    claim_id: str, paper: str | None, rule: str, is_answered: bool
) -> Claim:
    return Claim(
        id=claim_id,
        paper=paper,
        rule=rule,
        measured=None,
        interval=None,
        n=0,
        holds=None,
        why="the study has no tasks in this category"
        if is_answered
        else NO_ANSWERS_REASON,
    )


def _bound_claim(
    claim_id: str,
    paper: str | None,
    rule: str,
    estimate: Estimate,
    bound: float,
    measurement: str,
) -> Claim:
    """The claim that an estimate lies above a bound; decided if it has an interval."""
    low, high = estimate.low, estimate.high
    interval = None if low is None or high is None else (low, high)
    reason = (
        measurement
        if interval
        else "at least two participants and two tasks are needed"
    )
    return Claim(
        id=claim_id,
        paper=paper,
        rule=rule,
        measured=estimate.value,
        interval=interval,
        n=estimate.n,
        holds=interval[0] > bound if interval else None,
        why=reason if estimate.value is not None else estimate.why or NO_ANSWERS_REASON,
    )

"""What the answers to a study say: screened, judged, and held to the paper.

Answers are of people or of machine participants, never of both; those of machines are
called so wherever they are shown, and no claim on people is judged by them.
"""

from collections.abc import Callable, Mapping, Sequence
from typing import Any

from conceptevo_jax.analysis.statistics.estimates import Estimate
from conceptevo_jax.errors import DataError, unknown_name
from conceptevo_jax.pipeline.outcome import Claim
from conceptevo_jax.study.design.groups import CATEGORIES
from conceptevo_jax.study.design.tasks import Answer, Task
from conceptevo_jax.study.kit.answers import Refused
from conceptevo_jax.study.kit.report import format_estimate
from conceptevo_jax.study.raters.attention_checks import Screened, screen
from conceptevo_jax.study.raters.label_encoders import Encoder, MiniLm, TfIdf
from conceptevo_jax.study.raters.label_similarity import (
    LabelSimilarities,
    LabelSimilarity,
    label_similarity,
)
from conceptevo_jax.study.raters.scores import CategoryScores, judge
from conceptevo_jax.types import record

TITLES = {
    "hand_picked": "hand-picked sets",
    "base": "base model",
    "same_model": "one model, several epochs",
    "across": "several models and epochs",
}

ENCODERS: Mapping[str, Callable[[], Encoder]] = {"tfidf": TfIdf, "minilm": MiniLm}

MACHINES = ("simulated-", "machine-")
"""How names of machine participants begin."""

NOBODY = "no people have answered yet"

_AUCS = {
    "base": "AUC .90 within the base model (Sec. 4.2, Fig. 5)",
    "same_model": "AUCs range from .90 to .86 (Sec. 4.2, Fig. 5)",
    "across": "AUC .86 across models and epochs (Sec. 4.2, Fig. 5)",
}
"""Of hand-picked sets the text gives no number."""

_LABELS = {"hand_picked": ".455", "base": ".40", "same_model": ".40", "across": ".38"}

_ABOVE_CHANCE = "lower end of the AUC's 95 % interval > .5"
_ABOVE_PAIRS = "lower end of the 95 % interval of the excess over all pairs > 0"


@record
class Evaluated:
    """What the answers say.

    Attributes:
      screened: Who was attentive.
      judged: By category, without the inattentive.
      labels: The same; its numbers are None with a reason where no labels were given.
    """

    screened: Screened
    judged: tuple[CategoryScores, ...]
    labels: LabelSimilarities

    @property
    def participants(self) -> int:
        """How many were attentive."""
        return len(self.screened.attention) - len(self.screened.inattentive)


def choose_encoder(name: str) -> Encoder:
    """The encoder of labels of that name.

    Raises:
      UsageError: for an unknown one, or one that needs an extra that is missing.
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
) -> Evaluated:
    """Screen the participants, and judge the answers of the attentive.

    Args:
      tasks: All tasks of the study.
      answers: To them.
      encoder: Of labels; None for `TfIdf`.
      seed: Of the intervals.

    Raises:
      DataError: if answers and tasks do not fit.
    """
    screened = screen(tasks, answers)
    own = screened.answers
    return Evaluated(
        screened=screened,
        judged=tuple(judge(tasks, own, seed=seed)),
        labels=label_similarity(tasks, own, encoder, seed=seed),
    )


def who_answered(evaluated: Evaluated, *, machine: bool) -> str:
    """Whose answers the numbers are of, in words."""
    n = evaluated.participants
    if machine:
        return f"{n} machine participant{'' if n == 1 else 's'} — not people"
    return "1 person" if n == 1 else f"{n} people"


def are_machines(answers: Sequence[Answer]) -> bool:
    """Whether the names of the participants are those of machines.

    Raises:
      DataError: if some are and others are not.
    """
    names = sorted({one.participant for one in answers})
    machines = [name for name in names if name.startswith(MACHINES)]
    if machines and len(machines) < len(names):
        raise DataError(
            f"{len(machines)} of {len(names)} participants are machines, such as "
            f"{machines[0]}: analyse their files and those of people apart."
        )
    return bool(machines)


def category_rows(evaluated: Evaluated) -> list[dict[str, Any]]:
    """A row per category of what was selected."""
    return [
        {
            "category": one.category,
            "tasks": one.tasks,
            "participants": one.participants,
            "answers": one.answers,
            **_ends("auc", one.auc),
            **_ends("accuracy", one.accuracy),
            **_ends("alpha", one.alpha),
            **_ends("incoherent", one.incoherent),
            **vars(one.determinations),
            "median_seconds": one.seconds,
        }
        for one in evaluated.judged
    ]


def label_rows(evaluated: Evaluated) -> list[dict[str, Any]]:
    """A row per category of labels; none where nothing can be compared."""
    own = evaluated.labels
    if own.baseline.value is None:
        return []
    return [
        {
            "category": one.category,
            "labels": one.labels,
            "tasks": one.similarity.n,
            **_ends("similarity", one.similarity),
            **_ends("excess", one.excess),
            **_ends("baseline", own.baseline),
            "encoder": own.encoder,
        }
        for one in own.categories
    ]


def attention_rows(evaluated: Evaluated) -> list[dict[str, Any]]:
    """A row per participant."""
    lost = set(evaluated.screened.inattentive)
    return [
        {
            "participant": printable(one.participant),
            "checks": one.checks,
            "passed": one.passed,
            "counted": one.participant not in lost,
        }
        for one in evaluated.screened.attention
    ]


def refused_rows(refused: Sequence[Refused]) -> list[dict[str, Any]]:
    """A row per file that was left out."""
    return [
        {"file": printable(str(one.file)), "reason": printable(one.reason)}
        for one in refused
    ]


def printable(text: str) -> str:
    """What others wrote, on one line and without what no file or terminal takes."""
    shown = (one if one.isprintable() else ascii(one)[1:-1] for one in text)
    return "".join(shown)


def roc_rows(evaluated: Evaluated) -> list[dict[str, Any]]:
    """A row per point of every curve."""
    return [
        {
            "category": one.category,
            "threshold": float(threshold),
            "false_positive": float(wrong),
            "true_positive": float(found),
        }
        for one in evaluated.judged
        if one.roc is not None
        for threshold, wrong, found in zip(
            one.roc.thresholds,
            one.roc.false_positive,
            one.roc.true_positive,
            strict=True,
        )
    ]


def _ends(name: str, one: Estimate) -> dict[str, float | None]:
    return {name: one.value, f"{name}_low": one.low, f"{name}_high": one.high}


def study_claims(evaluated: Evaluated, *, machine: bool) -> list[Claim]:
    """The paper's claims on people, and those on machine participants.

    People's are told of all four categories, and judged by people only: without their
    answers they say that there are none.
    """
    people = evaluated.participants > 0 and not machine
    judged = {one.category: one for one in evaluated.judged}
    likened = {one.category: one for one in evaluated.labels.categories}
    categories = dict.fromkeys((*CATEGORIES, *judged))
    claims = [
        _auc_claim("human_auc", name, judged.get(name), _AUCS.get(name), people)
        for name in categories
    ]
    claims += [
        _label_claim(name, likened.get(name), evaluated.labels, people)
        for name in categories
    ]
    if machine:
        claims += [
            _auc_claim("machine_auc", name, one, None, True)
            for name, one in judged.items()
        ]
    return claims


def _auc_claim(
    kind: str,
    category: str,
    one: CategoryScores | None,
    paper: str | None,
    answered: bool,
) -> Claim:
    name = f"{kind}_{category}"
    if not answered or one is None:
        return _unjudged(name, paper, _ABOVE_CHANCE, answered)
    about = (
        f"{one.participants} participants, {one.tasks} tasks; "
        f"balanced accuracy {format_estimate(one.accuracy)}; "
        f"alpha {format_estimate(one.alpha)}"
    )
    return _claim(name, paper, _ABOVE_CHANCE, one.auc, 0.5, about)


def _label_claim(
    category: str,
    one: LabelSimilarity | None,
    labels: LabelSimilarities,
    answered: bool,
) -> Claim:
    name = f"human_labels_{category}"
    paper = None
    if category in _LABELS:
        paper = f"similarity {_LABELS[category]}, of all pairs .28 (Sec. 4.3)"
    if not answered or one is None:
        return _unjudged(name, paper, _ABOVE_PAIRS, answered)
    about = (
        f"similarity {format_estimate(one.similarity)}, "
        f"of all pairs {format_estimate(labels.baseline)}; "
        f"encoder {labels.encoder}"
    )
    return _claim(name, paper, _ABOVE_PAIRS, one.excess, 0.0, about)


def _unjudged(name: str, paper: str | None, rule: str, answered: bool) -> Claim:
    return Claim(
        id=name,
        paper=paper,
        rule=rule,
        measured=None,
        interval=None,
        n=0,
        holds=None,
        why="the study asks nothing of this category" if answered else NOBODY,
    )


def _claim(
    name: str, paper: str | None, rule: str, one: Estimate, least: float, about: str
) -> Claim:
    """Judged where there is an interval."""
    ends = None if one.low is None or one.high is None else (one.low, one.high)
    why = about if ends else "two participants and two tasks are needed to judge"
    return Claim(
        id=name,
        paper=paper,
        rule=rule,
        measured=one.value,
        interval=ends,
        n=one.n,
        holds=ends[0] > least if ends else None,
        why=why if one.value is not None else one.why or NOBODY,
    )

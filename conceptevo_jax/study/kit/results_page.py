"""The page that reports the results of a study: one file, to be opened from the disk.

Pictures are embedded, nothing is loaded from a server, and no script runs. All texts
of participants are escaped. Nothing is computed here.
"""

import base64
from collections.abc import Mapping, Sequence
from html import escape

from conceptevo_jax.analysis.statistics.estimates import Estimate
from conceptevo_jax.study.kit.answers import RefusedFile
from conceptevo_jax.study.kit.report_markup import STYLE, join_lines, section, table
from conceptevo_jax.study.raters.attention_checks import ScreenedAnswers
from conceptevo_jax.study.raters.category_scores import CategoryScores
from conceptevo_jax.study.raters.label_similarity import LabelSimilarities
from conceptevo_jax.types import record

NOT_PEOPLE = (
    "These answers are those of machine participants, not of people. They check the "
    "questionnaire and the analysis, and say nothing of how people see the groups."
)

_MEANINGS = (
    ("area under the curve", "the chance that a card of a group was selected by more "
     "of those asked than an intruder's card, ties one half; 0.5 is chance. It grows "
     "with the number of participants per card."),
    ("balanced accuracy", "mean of the share of groups' cards that were selected and "
     "the share of intruders' cards that were not, single answers; 0.5 is chance."),
    ("agreement", "Krippendorff's alpha between participants, card by card, selected "
     "or not; 1 is perfect, 0 that of chance."),
    ("no group", "share of the answers that say that there is no coherent group."),
    ("seconds", "median time per task."),
    ("similarity", "mean cosine of two labels that a group got, mean over groups; "
     "excess is what it lies above the mean of all pairs of labels."),
    ("in brackets", "95 % intervals of a bootstrap over participants and tasks; of "
     "labels, over tasks."),
)  # fmt: skip


@record
class StudyReport:
    """The content of the page.

    Attributes:
      title: Title of the study.
      study: Its id.
      who: Who answered, such as "12 people".
      machine: Whether they are machine participants.
      screened: Who was attentive.
      judged: Scores of the categories.
      labels: Similarity of labels.
      refused: Files left out.
      names: Titles of categories.
      verdicts: Rows of claim, what the paper says, the rule, the estimate here, whether
        the claim holds, and why.
      pictures: PNG files by their alternative text.
    """

    title: str
    study: str
    who: str
    machine: bool
    screened: ScreenedAnswers
    judged: Sequence[CategoryScores]
    labels: LabelSimilarities
    refused: Sequence[RefusedFile]
    names: Mapping[str, str]
    verdicts: Sequence[Sequence[str]]
    pictures: Mapping[str, bytes]


def format_estimate(estimate: Estimate) -> str:
    """A number with its interval, or the reason why there is none."""
    if estimate.value is None:
        return estimate.why or "not measured"
    if estimate.low is None or estimate.high is None:
        return f"{estimate.value:.2f}, no interval"
    return f"{estimate.value:.2f} [{estimate.low:.2f}, {estimate.high:.2f}]"


def write_report(report: StudyReport) -> str:
    """The page as HTML, of ASCII alone, so that no encoding can spoil it."""
    parts = (
        f"<h1>{escape(report.title)}</h1>",
        f'<p class="who">Answers of {escape(report.who)}</p>',
        f'<p class="warning">{NOT_PEOPLE}</p>' if report.machine else "",
        f'<p class="quiet">Study {escape(report.study)}</p>',
        _pictures(report.pictures),
        section("Grouped neurons against intruders", _category_table(report)),
        section("Labels", _label_table(report)),
        section("Claims of the paper, and results here", _claim_table(report)),
        section("Attention", _attention_summary(report.screened)),
        section("Files left out", _refused_table(report.refused)),
        section("What the numbers mean", _definitions()),
    )
    page = (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<link rel="icon" href="data:,">\n'
        f"<title>{escape(report.title)}: answers</title>\n<style>{STYLE}</style>\n"
        f"</head>\n<body>\n<main>\n{join_lines(parts)}\n</main>\n</body>\n</html>\n"
    )
    return page.encode("ascii", "xmlcharrefreplace").decode()


def _pictures(pictures: Mapping[str, bytes]) -> str:
    images = (
        f'<img alt="{escape(description)}" '
        f'src="data:image/png;base64,{base64.b64encode(png).decode()}">'
        for description, png in pictures.items()
    )
    return f'<div class="pictures">\n{join_lines(images)}\n</div>'


def _category_table(report: StudyReport) -> str:
    names = (
        "category",
        "tasks",
        "participants",
        "answers",
        "area under the curve",
        "balanced accuracy",
        "agreement",
        "no group",
        "seconds",
    )
    rows = [
        (
            report.names.get(scores.category, scores.category),
            str(scores.tasks),
            str(scores.participants),
            str(scores.answers),
            format_estimate(scores.auc),
            format_estimate(scores.accuracy),
            format_estimate(scores.alpha),
            format_estimate(scores.incoherent),
            "none" if scores.seconds is None else f"{scores.seconds:.1f}",
        )
        for scores in report.judged
    ]
    return table("Attentive participants; attention checks left out.", names, rows)


def _label_table(report: StudyReport) -> str:
    labels = report.labels
    if labels.baseline.value is None:
        return f"<p>No similarity of labels: {escape(labels.baseline.why or '')}.</p>"
    names = ("category", "labels", "groups", "similarity", "excess")
    rows = [
        (
            report.names.get(category.category, category.category),
            str(category.labels),
            str(category.similarity.n),
            format_estimate(category.similarity),
            format_estimate(category.excess),
        )
        for category in labels.categories
    ]
    caption = (
        f"All pairs of labels: {format_estimate(labels.baseline)}. Encoder: "
        f"{labels.encoder}; its numbers cannot be compared with those of another."
    )
    return table(caption, names, rows)


def _claim_table(report: StudyReport) -> str:
    names = ("claim", "paper", "rule", "here", "holds", "why")
    return table("Reported also if they do not hold.", names, report.verdicts)


def _attention_summary(screened_answers: ScreenedAnswers) -> str:
    checked = sum(summary.checks > 0 for summary in screened_answers.attention)
    sentences = (
        f"{len(screened_answers.attention)} took part, {checked} of them answered "
        "attention "
        f"checks. {len(screened_answers.inattentive)} passed less than half of theirs "
        "and are "
        "in no figure."
    )
    rows = [
        (summary.participant, f"{summary.passed} of {summary.checks}")
        for summary in screened_answers.attention
        if summary.participant in screened_answers.inattentive
    ]
    names = ("participant", "checks passed")
    left_out_table = table("Left out as inattentive", names, rows, foreign_text=True)
    return join_lines((f"<p>{sentences}</p>", left_out_table if rows else ""))


def _refused_table(refused_files: Sequence[RefusedFile]) -> str:
    if not refused_files:
        return "<p>None: every file was read.</p>"
    rows = [(str(refusal.file), refusal.reason) for refusal in refused_files]
    return table("In no figure", ("file", "reason"), rows, foreign_text=True)


def _definitions() -> str:
    definitions = (
        f"<dt>{escape(term)}</dt><dd>{escape(meaning)}</dd>"
        for term, meaning in _MEANINGS
    )
    return f"<dl>\n{join_lines(definitions)}\n</dl>"

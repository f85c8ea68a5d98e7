"""The page that tells what a study found: one file, to be opened from the disk.

It has its pictures in itself, asks nothing of any server and runs no script. All that
participants wrote is escaped. It computes nothing.
"""

import base64
import re
from collections.abc import Iterable, Mapping, Sequence
from html import escape

from conceptevo_jax.analysis.statistics.estimates import Estimate
from conceptevo_jax.study.kit.answers import Refused
from conceptevo_jax.study.raters.attention_checks import Screened
from conceptevo_jax.study.raters.label_similarity import LabelSimilarities
from conceptevo_jax.study.raters.scores import Judged
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

_INTERVAL = re.compile(r"\[-?[\d.]+, -?[\d.]+\]")

_STYLE = """
:root { font: 16px/1.5 system-ui, -apple-system, "Segoe UI", Roboto, sans-serif;
  color: #222; background: #fff; color-scheme: light; }
body { max-width: 72rem; margin: 0 auto; padding: 1rem; overflow-wrap: break-word; }
h1 { font-size: 1.5rem; line-height: 1.25; margin: .5rem 0; }
h2 { font-size: 1.15rem; margin: 2rem 0 .5rem; }
p, dl, ul { max-width: 44rem; }
.who { font-size: 1.1rem; font-weight: 600; }
.quiet { color: #595959; font-size: .9rem; }
.warning { border-left: 4px solid #d55e00; padding: .5rem .75rem; background: #fdf1e7; }
.pictures { display: flex; flex-wrap: wrap; gap: 1rem; align-items: flex-start; }
.pictures img { flex: 0 1 28rem; width: 28rem; max-width: 100%; min-width: 0; }
table { border-collapse: collapse; width: 100%; font-size: .92rem; }
caption { text-align: left; padding: .25rem 0; color: #595959; }
th, td { text-align: left; vertical-align: top; padding: .35rem .6rem .35rem 0;
  border-bottom: 1px solid #dcdcdc; font-variant-numeric: tabular-nums; }
thead th { font-weight: 600; }
.others { overflow-wrap: anywhere; }
.ends { white-space: nowrap; }
dt { font-weight: 600; }
dd { margin: 0 0 .5rem; }
@media (max-width: 48rem) {
  thead { position: absolute; width: 1px; height: 1px; overflow: hidden;
    clip-path: inset(50%); }
  tr, th[scope=row], td { display: block; border: 0; padding: .1rem 0; }
  tr { border-bottom: 1px solid #dcdcdc; padding: .6rem 0; }
  th[scope=row] { overflow-wrap: anywhere; }
  td { display: grid; grid-template-columns: 8.5rem minmax(0, 1fr); gap: .5rem; }
  td::before { content: attr(data-name); color: #595959; }
}
"""


@record
class StudyReport:
    """All that the page tells.

    Attributes:
      title: Of the study.
      study: Its id.
      who: Who answered, such as "12 people".
      machine: Whether they are machine participants.
      screened: Who was attentive.
      judged: Categories.
      labels: Similarity of labels.
      refused: Files left out.
      names: Titles of categories.
      verdicts: Rows of claim, what the paper says, what must be so, what was found
        here, whether it holds, and why.
      pictures: PNG files by what they show.
    """

    title: str
    study: str
    who: str
    machine: bool
    screened: Screened
    judged: Sequence[Judged]
    labels: LabelSimilarities
    refused: Sequence[Refused]
    names: Mapping[str, str]
    verdicts: Sequence[Sequence[str]]
    pictures: Mapping[str, bytes]


def told(one: Estimate) -> str:
    """A number with its interval, or why there is none."""
    if one.value is None:
        return one.why or "not measured"
    if one.low is None or one.high is None:
        return f"{one.value:.2f}, no interval"
    return f"{one.value:.2f} [{one.low:.2f}, {one.high:.2f}]"


def write_report(report: StudyReport) -> str:
    """The page as HTML, of ASCII alone, so that no encoding can spoil it."""
    parts = (
        f"<h1>{escape(report.title)}</h1>",
        f'<p class="who">Answers of {escape(report.who)}</p>',
        f'<p class="warning">{NOT_PEOPLE}</p>' if report.machine else "",
        f'<p class="quiet">Study {escape(report.study)}</p>',
        _pictures(report.pictures),
        _section("Grouped neurons against intruders", _categories(report)),
        _section("Labels", _labels(report)),
        _section("What the paper says, and what was found here", _verdicts(report)),
        _section("Attention", _attention(report.screened)),
        _section("Files left out", _refused(report.refused)),
        _section("What the numbers mean", _meanings()),
    )
    page = (
        '<!doctype html>\n<html lang="en">\n<head>\n<meta charset="utf-8">\n'
        '<meta name="viewport" content="width=device-width, initial-scale=1">\n'
        '<link rel="icon" href="data:,">\n'
        f"<title>{escape(report.title)}: answers</title>\n<style>{_STYLE}</style>\n"
        f"</head>\n<body>\n<main>\n{_lines(parts)}\n</main>\n</body>\n</html>\n"
    )
    return page.encode("ascii", "xmlcharrefreplace").decode()


def _lines(parts: Iterable[str]) -> str:
    return "\n".join(part for part in parts if part)


def _section(heading: str, body: str) -> str:
    return f"<section>\n<h2>{escape(heading)}</h2>\n{body}\n</section>"


def _pictures(pictures: Mapping[str, bytes]) -> str:
    drawn = (
        f'<img alt="{escape(shows)}" '
        f'src="data:image/png;base64,{base64.b64encode(png).decode()}">'
        for shows, png in pictures.items()
    )
    return f'<div class="pictures">\n{_lines(drawn)}\n</div>'


def _table(
    caption: str,
    names: Sequence[str],
    rows: Iterable[Sequence[str]],
    *,
    others: bool = False,
) -> str:
    """A table whose first column names its rows; `others` wrote what it holds."""
    head = "".join(f'<th scope="col">{escape(name)}</th>' for name in names)
    body = _lines(_row(names, row) for row in rows)
    opened = '<table class="others">' if others else "<table>"
    return (
        f"{opened}\n<caption>{escape(caption)}</caption>\n"
        f"<thead><tr>{head}</tr></thead>\n<tbody>\n{body}\n</tbody>\n</table>"
    )


def _row(names: Sequence[str], row: Sequence[str]) -> str:
    cells = "".join(
        f'<td data-name="{escape(name)}"><span>{_cell(cell)}</span></td>'
        for name, cell in zip(names[1:], row[1:], strict=True)
    )
    return f'<tr><th scope="row">{escape(row[0])}</th>{cells}</tr>'


def _cell(text: str) -> str:
    """Escaped; an interval stays on one line."""
    return _INTERVAL.sub(r'<span class="ends">\g<0></span>', escape(text))


def _categories(report: StudyReport) -> str:
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
            report.names.get(one.category, one.category),
            str(one.tasks),
            str(one.participants),
            str(one.answers),
            told(one.auc),
            told(one.accuracy),
            told(one.alpha),
            told(one.incoherent),
            "none" if one.seconds is None else f"{one.seconds:.1f}",
        )
        for one in report.judged
    ]
    return _table("Attentive participants; attention checks left out.", names, rows)


def _labels(report: StudyReport) -> str:
    own = report.labels
    if own.baseline.value is None:
        return f"<p>No similarity of labels: {escape(own.baseline.why or '')}.</p>"
    names = ("category", "labels", "groups", "similarity", "excess")
    rows = [
        (
            report.names.get(one.category, one.category),
            str(one.labels),
            str(one.similarity.n),
            told(one.similarity),
            told(one.excess),
        )
        for one in own.categories
    ]
    about = (
        f"All pairs of labels: {told(own.baseline)}. Encoder: {own.encoder}; its "
        "numbers cannot be compared with those of another."
    )
    return _table(about, names, rows)


def _verdicts(report: StudyReport) -> str:
    names = ("claim", "paper", "rule", "here", "holds", "why")
    return _table("Reported also where it does not hold.", names, report.verdicts)


def _attention(screened: Screened) -> str:
    checked = sum(one.checks > 0 for one in screened.attention)
    said = (
        f"{len(screened.attention)} took part, {checked} of them answered attention "
        f"checks. {len(screened.inattentive)} passed less than half of theirs and are "
        "in no figure."
    )
    lost = [
        one for one in screened.attention if one.participant in screened.inattentive
    ]
    rows = [(one.participant, f"{one.passed} of {one.checks}") for one in lost]
    names = ("participant", "checks passed")
    table = _table("Left out as inattentive", names, rows, others=True)
    return _lines((f"<p>{said}</p>", table if rows else ""))


def _refused(refused: Sequence[Refused]) -> str:
    if not refused:
        return "<p>None: every file was read.</p>"
    rows = [(str(one.file), one.reason) for one in refused]
    return _table("In no figure", ("file", "reason"), rows, others=True)


def _meanings() -> str:
    told_ = (f"<dt>{escape(a)}</dt><dd>{escape(b)}</dd>" for a, b in _MEANINGS)
    return f"<dl>\n{_lines(told_)}\n</dl>"

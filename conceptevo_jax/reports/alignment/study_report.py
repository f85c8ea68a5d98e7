"""What `conceptevo study analyse` leaves behind: figures, tables, one page.

`roc_figure` and `label_figure` draw for an experiment as well.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from conceptevo_jax.analysis.statistics.estimates import Estimate
from conceptevo_jax.figures import (
    Measured,
    RocLine,
    draw_label_similarity,
    draw_roc,
    save_figure,
)
from conceptevo_jax.pipeline.outcome import Claim, write_csv
from conceptevo_jax.reports.alignment.study_claims import (
    TITLES,
    Evaluated,
    attention_rows,
    category_rows,
    label_rows,
    refused_rows,
    roc_rows,
    study_claims,
    who_answered,
)
from conceptevo_jax.store.files import write_json, write_text
from conceptevo_jax.store.records import versions
from conceptevo_jax.study.kit.answers import Refused
from conceptevo_jax.study.kit.report import StudyReport, format_estimate, write_report

SCHEMA = 1
"""Version of the layout of `study.json`."""

PAGE = "report.html"


def roc_figure(evaluated: Evaluated, *, machine: bool) -> Figure:
    """Figure 5 of these answers."""
    nothing = np.empty(0)
    lines = [
        RocLine(
            auc=_measured(one.category, one.auc),
            false_positive=nothing if one.roc is None else one.roc.false_positive,
            true_positive=nothing if one.roc is None else one.roc.true_positive,
        )
        for one in evaluated.judged
    ]
    return draw_roc(lines, who=who_answered(evaluated, machine=machine))


def label_figure(evaluated: Evaluated, *, machine: bool) -> Figure | None:
    """Similarity of labels; None where nothing can be compared."""
    own = evaluated.labels
    if own.baseline.value is None:
        return None
    return draw_label_similarity(
        [_measured(one.category, one.similarity) for one in own.categories],
        _measured("baseline", own.baseline),
        encoder=own.encoder,
        who=who_answered(evaluated, machine=machine),
    )


def _measured(category: str, one: Estimate) -> Measured:
    return Measured(
        name=TITLES.get(category, category),
        value=one.value,
        low=one.low,
        high=one.high,
        why=one.why,
    )


def write_study_result(
    folder: Path,
    evaluated: Evaluated,
    refused: Sequence[Refused] = (),
    *,
    machine: bool,
    study_id: str,
    title: str,
) -> Path:
    """Write figures, tables, `study.json` and the page, in place of earlier ones.

    A table or figure that would be empty is left out, and an earlier one removed.

    Args:
      folder: Where to.
      evaluated: What the answers say.
      refused: Files that were left out.
      machine: Whether machine participants answered.
      study_id: Of the study.
      title: What the study is called.

    Returns:
      The page.
    """
    claims = study_claims(evaluated, machine=machine)
    who = who_answered(evaluated, machine=machine)
    pictures = _draw(folder / "figures", evaluated, machine=machine)
    tables = _write_tables(folder / "tables", evaluated, refused)
    found = {
        "schema": SCHEMA,
        "versions": versions(),
        "study": study_id,
        "who": who,
        "machine": machine,
        "participants": evaluated.participants,
        "encoder": evaluated.labels.encoder,
        "baseline": evaluated.labels.baseline,
        "claims": claims,
        **{name: rows for name, rows in tables.items() if name != "roc"},
    }
    write_json(folder / "study.json", found)
    report = StudyReport(
        title=title,
        study=study_id,
        who=who,
        machine=machine,
        screened=evaluated.screened,
        judged=evaluated.judged,
        labels=evaluated.labels,
        refused=refused,
        names=TITLES,
        verdicts=[_verdict(claim) for claim in claims],
        pictures=pictures,
    )
    write_text(folder / PAGE, write_report(report))
    return folder / PAGE


def _write_tables(
    folder: Path, evaluated: Evaluated, refused: Sequence[Refused]
) -> dict[str, list[dict[str, Any]]]:
    tables = {
        "categories": category_rows(evaluated),
        "roc": roc_rows(evaluated),
        "labels": label_rows(evaluated),
        "attention": attention_rows(evaluated),
        "refused": refused_rows(refused),
    }
    for name, rows in tables.items():
        write_csv(folder / f"{name}.csv", rows)
    return tables


def _draw(folder: Path, evaluated: Evaluated, *, machine: bool) -> dict[str, bytes]:
    """Save the figures; gives their PNGs by what they show."""
    figures = {
        ("roc", "ROC curves by category"): roc_figure(evaluated, machine=machine),
        ("label_similarity", "Similarity of labels by category"): label_figure(
            evaluated, machine=machine
        ),
    }
    pictures = {}
    for (name, shows), figure in figures.items():
        path = folder / name
        if figure is not None:
            pictures[shows] = save_figure(figure, path)[0].read_bytes()
            continue
        for ending in (".png", ".pdf"):
            path.with_suffix(ending).unlink(missing_ok=True)
    return pictures


def _verdict(claim: Claim) -> tuple[str, ...]:
    here = Estimate(
        value=claim.measured,
        low=claim.interval[0] if claim.interval else None,
        high=claim.interval[1] if claim.interval else None,
        n=claim.n,
        why="not measured",
    )
    return (
        claim.id,
        claim.paper or "says nothing",
        claim.rule,
        format_estimate(here),
        {True: "yes", False: "no", None: "not judged"}[claim.holds],
        claim.why,
    )

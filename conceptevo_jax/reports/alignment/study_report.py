"""The result folder of `conceptevo study analyse`: figures, tables and one page."""

from collections.abc import Sequence
from pathlib import Path

from conceptevo_jax.analysis.statistics.estimates import Estimate
from conceptevo_jax.pipeline.outcome import Claim
from conceptevo_jax.reports.alignment.study_claims import study_claims
from conceptevo_jax.reports.alignment.study_figures import draw_study
from conceptevo_jax.reports.alignment.study_measure import (
    CATEGORY_TITLES,
    Evaluation,
    who_answered,
)
from conceptevo_jax.reports.alignment.study_tables import write_study_tables
from conceptevo_jax.store.files import write_json, write_text
from conceptevo_jax.store.records import versions
from conceptevo_jax.study.kit.answers import RefusedFile
from conceptevo_jax.study.kit.results_page import (
    StudyReport,
    format_estimate,
    write_report,
)

SCHEMA = 1
"""Version of the layout of `study.json`."""

PAGE = "report.html"


def write_study_result(
    folder: Path,
    evaluation: Evaluation,
    refused: Sequence[RefusedFile] = (),
    *,
    machine: bool,
    study_id: str,
    title: str,
) -> Path:
    """Write figures, tables, `study.json` and the page, in place of earlier ones.

    A table or figure that would be empty is left out, and an earlier one removed.

    Args:
      folder: The folder to write to.
      evaluation: The evaluation of the answers.
      refused: Files that were left out.
      machine: Whether machine participants answered.
      study_id: The study's id.
      title: The study's title.

    Returns:
      The page.
    """
    claims = study_claims(evaluation, machine=machine)
    who = who_answered(evaluation, machine=machine)
    pictures = draw_study(folder / "figures", evaluation, machine=machine)
    tables = write_study_tables(folder / "tables", evaluation, refused)
    summary = {
        "schema": SCHEMA,
        "versions": versions(),
        "study": study_id,
        "who": who,
        "machine": machine,
        "participants": evaluation.participants,
        "encoder": evaluation.labels.encoder,
        "baseline": evaluation.labels.baseline,
        "claims": claims,
        **{name: rows for name, rows in tables.items() if name != "roc"},
    }
    write_json(folder / "study.json", summary)
    report = StudyReport(
        title=title,
        study=study_id,
        who=who,
        machine=machine,
        screened=evaluation.screened,
        judged=evaluation.judged,
        labels=evaluation.labels,
        refused=refused,
        names=CATEGORY_TITLES,
        verdicts=[_verdict_cells(claim) for claim in claims],
        pictures=pictures,
    )
    write_text(folder / PAGE, write_report(report))
    return folder / PAGE


def _verdict_cells(claim: Claim) -> tuple[str, ...]:
    """A claim as a row of the page's table."""
    measured_estimate = Estimate(
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
        format_estimate(measured_estimate),
        {True: "yes", False: "no", None: "not judged"}[claim.holds],
        claim.why,
    )

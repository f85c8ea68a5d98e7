"""`conceptevo study analyse`: evaluate the answers to a study."""

import glob
from collections.abc import Sequence
from pathlib import Path

from rich.table import Table
from rich.text import Text

from conceptevo_jax.cli.command import CommandArguments
from conceptevo_jax.cli.console import CONSOLE
from conceptevo_jax.errors import DataError, UsageError
from conceptevo_jax.places import typed_place
from conceptevo_jax.reports.alignment.study_measure import (
    CATEGORY_TITLES,
    Evaluation,
    are_machines,
    choose_encoder,
    evaluate,
    who_answered,
)
from conceptevo_jax.reports.alignment.study_report import write_study_result
from conceptevo_jax.reports.alignment.study_tables import printable_answer
from conceptevo_jax.store import require_inside_result
from conceptevo_jax.study import RefusedFile, load_study, public_ids, read_answers
from conceptevo_jax.study.kit.results_page import format_estimate

FOLDER = "study-answers"
"""Folder of the analysis, in the study's result folder."""


def analyse(arguments: CommandArguments) -> int:
    """Read files of answers, print the results, and write figures and a page.

    Machine participants are recognised by the prefix of their names.

    Raises:
      UsageError: for a place without files, or an unknown encoder.
      DataError: if there is no study, or no valid answer; nothing is written.
    """
    keywords = arguments.keywords
    place, *patterns = arguments.places
    out = typed_place(keywords.get("out", "."))
    if out.exists() and not out.is_dir():
        raise UsageError(f"out={out} is a file: name a folder.")
    files = [file for pattern in patterns for file in _files(pattern)]
    folder = typed_place(place).absolute()
    output_folder = typed_place(keywords.get("out", str(folder / FOLDER))).absolute()
    require_inside_result(output_folder, folder)
    encoder = choose_encoder(keywords.get("encoder", "tfidf"))
    study = load_study(folder)
    answers, refused = read_answers(
        files, study=study.id, tasks=study.tasks, names=public_ids(study)
    )
    for refusal in refused:
        _print_line(f"left out {refusal.file}: {refusal.reason}")
    if not answers:
        raise DataError(_no_answers(refused))
    machine = are_machines(answers)
    evaluation = evaluate(study.tasks, answers, encoder=encoder)
    for name in evaluation.screened.inattentive:
        _print_line(f"left out participant {name}: inattentive")
    if not evaluation.participants:
        raise DataError(
            f"all {len(evaluation.screened.inattentive)} participants failed the "
            "attention checks: no answers are left to evaluate."
        )
    CONSOLE.print(_table(evaluation, who_answered(evaluation, machine=machine)))
    page = write_study_result(
        output_folder,
        evaluation,
        refused,
        machine=machine,
        study_id=study.id,
        title=study.title,
    )
    _print_line(f"Open {page.absolute()} in a browser.")
    return 0


def _files(place: str) -> list[Path]:
    """The file of that name, or those that a pattern matches."""
    path = typed_place(place)
    if path.is_dir():
        raise UsageError(f"{place} is a folder: name its files, {path / '*.json'}.")
    if path.exists():
        return [path]
    matches = [Path(name) for name in glob.glob(str(path))]
    if not matches:
        pattern = glob.has_magic(place)
        raise UsageError(
            f"{'no file matches' if pattern else 'there is no file'} {place}: name the "
            "files that the questionnaire exported."
        )
    return matches


def _no_answers(refused_files: Sequence[RefusedFile]) -> str:
    reasons = "; ".join(
        f"{refusal.file}: {refusal.reason}" for refusal in refused_files
    )
    return printable_answer(
        f"none of {len(refused_files)} files can be read, so there are no answers to "
        f"evaluate: {reasons}"
    )


def _table(evaluation: Evaluation, who: str) -> Table:
    table = Table(title=Text(f"Answers of {who}"), title_justify="left")
    for name in ("category", "answers", "AUC", "accuracy", "alpha", "label similarity"):
        table.add_column(name)
    similarities = {
        scores.category: scores.similarity for scores in evaluation.labels.categories
    }
    for scores in evaluation.judged:
        cells = (
            CATEGORY_TITLES.get(scores.category, scores.category),
            str(scores.answers),
            format_estimate(scores.auc),
            format_estimate(scores.accuracy),
            format_estimate(scores.alpha),
            format_estimate(similarities[scores.category]),
        )
        table.add_row(*(Text(cell) for cell in cells))
    return table


def _print_line(line: str) -> None:
    CONSOLE.print(printable_answer(line), soft_wrap=True, markup=False, highlight=False)

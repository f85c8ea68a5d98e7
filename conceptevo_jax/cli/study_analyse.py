"""`conceptevo study analyse`: what those who answered a study say."""

import glob
from collections.abc import Sequence
from pathlib import Path

from rich.table import Table
from rich.text import Text

from conceptevo_jax.cli.console import CONSOLE
from conceptevo_jax.cli.words import options
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
from conceptevo_jax.reports.alignment.study_tables import printable
from conceptevo_jax.store import require_own
from conceptevo_jax.study import Refused, load_study, public_ids, read_answers
from conceptevo_jax.study.kit.report import told

FOLDER = "study-answers"
"""Of the results, in the result folder that the study is of."""

_OPTIONS = ("out", "encoder")


def analyse(words: list[str]) -> int:
    """Read files of answers, print what they say, and write figures and a page.

    Machine participants are told by how their names begin.

    Raises:
      UsageError: for a word that is neither a file nor an option.
      DataError: if there is no study, or no answer that counts; nothing is written.
    """
    folder, files, chosen = _read(words)
    out = typed_place(chosen.get("out", str(folder / FOLDER))).absolute()
    require_own(out, folder)
    encoder = choose_encoder(chosen.get("encoder", "tfidf"))
    study = load_study(folder)
    answers, refused = read_answers(
        files, study=study.id, tasks=study.tasks, names=public_ids(study)
    )
    for one in refused:
        _say(f"left out {one.file}: {one.reason}")
    if not answers:
        raise DataError(_nothing(refused))
    machine = are_machines(answers)
    found = evaluate(study.tasks, answers, encoder=encoder)
    for name in found.screened.inattentive:
        _say(f"left out participant {name}: inattentive")
    if not found.participants:
        raise DataError(
            f"all {len(found.screened.inattentive)} participants failed the attention "
            "checks: there is nobody to judge the groups by."
        )
    CONSOLE.print(_table(found, who_answered(found, machine=machine)))
    page = write_study_result(
        out,
        found,
        refused,
        machine=machine,
        study_id=study.id,
        title=study.title,
    )
    _say(f"Open {page.absolute()} in a browser.")
    return 0


def _read(words: Sequence[str]) -> tuple[Path, list[Path], dict[str, str]]:
    """Tell the folder, the files and the options apart."""
    named = [word for word in words if _is_option(word)]
    typed = [word for word in words if not _is_option(word)]
    chosen = options(named, _OPTIONS)
    if len(typed) < 2:
        raise UsageError(
            "say which: conceptevo study analyse RESULT_FOLDER ANSWERS.json ... "
            "[out=FOLDER] [encoder=tfidf|minilm]."
        )
    out = typed_place(chosen.get("out", "."))
    if out.exists() and not out.is_dir():
        raise UsageError(f"out={out} is a file: give a folder.")
    files = [file for pattern in typed[1:] for file in _files(pattern)]
    return typed_place(typed[0]).absolute(), files, chosen


def _is_option(word: str) -> bool:
    """Whether it is `key=value`; a path may hold a `=`, too."""
    key, equals, _ = word.partition("=")
    return bool(equals) and key.isidentifier() and not Path(word).exists()


def _files(typed: str) -> list[Path]:
    """The file of that name, or those that a pattern matches."""
    path = typed_place(typed)
    if path.is_dir():
        raise UsageError(f"{typed} is a folder: give its files, {path / '*.json'}.")
    if path.exists():
        return [path]
    found = [Path(name) for name in glob.glob(str(path))]
    if not found:
        pattern = glob.has_magic(typed)
        raise UsageError(
            f"{'no file matches' if pattern else 'there is no file'} {typed}: give the "
            "files that the questionnaire exported."
        )
    return found


def _nothing(refused: Sequence[Refused]) -> str:
    reasons = "; ".join(f"{one.file}: {one.reason}" for one in refused)
    return printable(
        f"none of {len(refused)} files can be read, so there is no answer to judge the "
        f"groups by: {reasons}"
    )


def _table(found: Evaluation, who: str) -> Table:
    table = Table(title=Text(f"Answers of {who}"), title_justify="left")
    for name in ("category", "answers", "AUC", "accuracy", "alpha", "label similarity"):
        table.add_column(name)
    likened = {one.category: one.similarity for one in found.labels.categories}
    for one in found.judged:
        cells = (
            CATEGORY_TITLES.get(one.category, one.category),
            str(one.answers),
            told(one.auc),
            told(one.accuracy),
            told(one.alpha),
            told(likened[one.category]),
        )
        table.add_row(*(Text(cell) for cell in cells))
    return table


def _say(line: str) -> None:
    CONSOLE.print(printable(line), soft_wrap=True, markup=False, highlight=False)

"""`conceptevo study build`: the questionnaire of a result."""

from collections.abc import Mapping

from conceptevo_jax.cli.command import CommandArguments
from conceptevo_jax.cli.console import CONSOLE
from conceptevo_jax.cli.store_commands import size
from conceptevo_jax.errors import UsageError
from conceptevo_jax.places import typed_place
from conceptevo_jax.store import require_inside_result
from conceptevo_jax.study import load_study
from conceptevo_jax.study.kit.questionnaire import (
    CONSENT,
    SITE,
    Questionnaire,
    Settings,
    write_questionnaire,
)

QUESTIONNAIRE = "questionnaire"
"""Folder next to a result's study."""


def build(arguments: CommandArguments) -> int:
    """Write the questionnaire of a result folder and tables of its forms."""
    keywords = arguments.keywords
    settings = _settings(keywords)
    folder = typed_place(arguments.places[0]).absolute()
    out = typed_place(keywords.get("out", str(folder / QUESTIONNAIRE))).absolute()
    if out.exists() and not out.is_dir():
        raise UsageError(f"out={keywords['out']} is a file: name a folder.")
    require_inside_result(out, folder)
    _print_questionnaire(
        write_questionnaire(load_study(folder), out, settings=settings)
    )
    return 0


def _settings(option_values: Mapping[str, str]) -> Settings:
    usual = Settings()
    return Settings(
        each=_number(option_values, "each", usual.each),
        forms=_number(option_values, "forms", 0) if "forms" in option_values else None,
        contact=option_values.get("contact", "").strip(),
        consent=_consent(option_values["consent"])
        if "consent" in option_values
        else CONSENT,
        complete=option_values.get("complete", "").strip(),
        link=option_values.get("link", "").strip(),
        seed=_number(option_values, "seed", usual.seed),
    )


def _number(option_values: Mapping[str, str], name: str, usual: int) -> int:
    if name not in option_values:
        return usual
    if not option_values[name].isdecimal():
        raise UsageError(
            f"{name}={option_values[name]} is not a whole number: write {name}=9."
        )
    return int(option_values[name])


def _consent(name: str) -> str:
    path = typed_place(name)
    try:
        text = path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"consent={name} cannot be read ({error}): name a text file in UTF-8."
        ) from error
    if not text:
        raise UsageError(
            f"consent={name} is empty: it must state what participants agree to."
        )
    return text


def _print_questionnaire(questionnaire: Questionnaire) -> None:
    counts = sorted({len(form.tasks) for form in questionnaire.forms})
    tasks = " to ".join(str(count) for count in dict.fromkeys((counts[0], counts[-1])))
    forms = (
        f"{len(questionnaire.forms)} form{'s' if len(questionnaire.forms) > 1 else ''}"
    )
    mturk, prolific = questionnaire.tables
    for line in (
        f"{forms} of {tasks} tasks; {size(questionnaire.page.stat().st_size)}.",
        f"Open {questionnaire.page} in a browser, or put it on a server and replace "
        f"{SITE} in",
        f"  {mturk}  (a batch for Mechanical Turk)",
        f"  {prolific}  (addresses for Prolific's Taskflow)",
        "It sends nothing: participants hand in a file, or paste its text. Analyse all "
        "with\n  conceptevo study analyse RESULT_FOLDER ANSWERS.json ...",
    ):
        CONSOLE.print(line, soft_wrap=True, markup=False, highlight=False)

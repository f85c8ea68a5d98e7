"""`conceptevo study`: the questionnaire of a result, and what its answers say."""

from collections.abc import Mapping

from conceptevo_jax.cli.console import CONSOLE
from conceptevo_jax.cli.kept import size
from conceptevo_jax.cli.words import options
from conceptevo_jax.errors import UsageError, unknown_name
from conceptevo_jax.places import typed_place
from conceptevo_jax.store import require_own
from conceptevo_jax.study import load_study
from conceptevo_jax.study.kit.questionnaire import (
    CONSENT,
    SITE,
    Questionnaire,
    Settings,
    write_questionnaire,
)

QUESTIONNAIRE = "questionnaire"
"""Folder beside a result's study."""

_VALID = ("out", "each", "forms", "contact", "consent", "complete", "link", "seed")


def study(words: list[str]) -> int:
    """Build a questionnaire or analyse its answers, by the first word."""
    commands = {"build": build, "analyse": _analyse}
    if not words:
        raise UsageError(
            "say what: conceptevo study build RESULT_FOLDER, or conceptevo study "
            "analyse RESULT_FOLDER ANSWERS.json ..."
        )
    if words[0] not in commands:
        raise unknown_name("study command", words[0], commands)
    return commands[words[0]](words[1:])


def build(words: list[str]) -> int:
    """Write the questionnaire of a result folder and tables of its forms."""
    if not words or _is_option(words[0]):
        raise UsageError("say of which result: conceptevo study build RESULT_FOLDER.")
    chosen = options(words[1:], _VALID)
    settings = _settings(chosen)
    folder = typed_place(words[0]).absolute()
    out = typed_place(chosen.get("out", str(folder / QUESTIONNAIRE))).absolute()
    if out.exists() and not out.is_dir():
        raise UsageError(f"out={chosen['out']} is a file: give a folder.")
    require_own(out, folder)
    _tell(write_questionnaire(load_study(folder), out, settings=settings))
    return 0


def _analyse(words: list[str]) -> int:
    from conceptevo_jax.cli.study_analyse import analyse

    return analyse(words)


def _is_option(word: str) -> bool:
    """Whether it is `key=value` with a key of this command; a path may hold a `=`."""
    return word.partition("=")[0] in _VALID and "=" in word


def _settings(chosen: Mapping[str, str]) -> Settings:
    usual = Settings()
    return Settings(
        each=_number(chosen, "each", usual.each),
        forms=_number(chosen, "forms", 0) if "forms" in chosen else None,
        contact=chosen.get("contact", "").strip(),
        consent=_consent(chosen["consent"]) if "consent" in chosen else CONSENT,
        complete=chosen.get("complete", "").strip(),
        link=chosen.get("link", "").strip(),
        seed=_number(chosen, "seed", usual.seed),
    )


def _number(chosen: Mapping[str, str], name: str, usual: int) -> int:
    if name not in chosen:
        return usual
    if not chosen[name].isdecimal():
        raise UsageError(f"{name}={chosen[name]} is no whole number: give {name}=9.")
    return int(chosen[name])


def _consent(name: str) -> str:
    path = typed_place(name)
    try:
        text = path.read_text("utf-8").strip()
    except (OSError, UnicodeDecodeError) as error:
        raise UsageError(
            f"consent={name} cannot be read ({error}): give a text file in UTF-8."
        ) from error
    if not text:
        raise UsageError(f"consent={name} is empty: it must say what is agreed to.")
    return text


def _tell(made: Questionnaire) -> None:
    counts = sorted({len(form.tasks) for form in made.forms})
    tasks = " to ".join(str(count) for count in dict.fromkeys((counts[0], counts[-1])))
    forms = f"{len(made.forms)} form{'s' if len(made.forms) > 1 else ''}"
    mturk, prolific = made.tables
    for line in (
        f"{forms} of {tasks} tasks; {size(made.page.stat().st_size)}.",
        f"Open {made.page} in a browser, or put it on a server and replace {SITE} in",
        f"  {mturk}  (a batch for Mechanical Turk)",
        f"  {prolific}  (addresses for Prolific's Taskflow)",
        "It sends nothing: participants hand in a file, or paste its text. Read all "
        "with\n  conceptevo study analyse RESULT_FOLDER ANSWERS.json ...",
    ):
        CONSOLE.print(line, soft_wrap=True, markup=False, highlight=False)

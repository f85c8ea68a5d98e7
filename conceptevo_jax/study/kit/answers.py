"""Read what the questionnaire exported: one JSON file per participant.

    {"schema": 1, "study": "…", "participant": "…", "started": "2023-05-01T10:00:00Z",
     "answers": [{"task": "across-3", "selected": [1, 2, 4], "none": false,
                  "label": "dogs", "seconds": 21.4}]}

A page calls the tasks by names that tell nothing of them. Cards are numbered from 1 in
the task's own order. `none` says that there is no coherent group; then no card is
selected, else at least one is. Further fields are ignored.

A file that is not so is refused as a whole and reported with the reason, never left out
silently. Of several good files of one participant the one that was started first
counts: a second attempt knows the tasks.
"""

import datetime
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from conceptevo_jax.store import parse_json, read_file
from conceptevo_jax.store.reading import LARGEST_TEXT
from conceptevo_jax.study.design.tasks import Answer, Task
from conceptevo_jax.types import record

SCHEMA = 1
"""Version of the files; one of another version is refused."""

_DAY = 86_400.0


@record
class Refused:
    """A file that is left out.

    Attributes:
      file: The file.
      reason: In words, why.
    """

    file: Path
    reason: str


def read_answers(
    files: Iterable[Path],
    *,
    study: str,
    tasks: Sequence[Task],
    names: Mapping[str, str] | None = None,
) -> tuple[list[Answer], list[Refused]]:
    """Read the answers of all participants.

    Args:
      files: Exported files; read in the order of their names.
      study: Id of the study that they must be of.
      tasks: All tasks of the study, attention checks among them.
      names: What files may call each task besides, by its id: `public_ids` of the
        study, for files of its questionnaire.

    Returns:
      The answers, participant by participant, and the files that are left out, both in
      the order of the files.
    """
    asked = {task.id: task for task in tasks}
    asked |= {name: asked[own] for own, name in (names or {}).items()}
    good: list[_Sheet] = []
    refused: list[Refused] = []
    ordered = sorted(set(files))
    for file in ordered:
        try:
            good.append(_read(file, study, asked))
        except _RefusalError as refusal:
            refused.append(Refused(file=file, reason=str(refusal)))
    first: dict[str, _Sheet] = {}
    for sheet in sorted(good, key=lambda sheet: sheet.started):
        first.setdefault(sheet.participant, sheet)
    counted = [sheet for sheet in good if first[sheet.participant] is sheet]
    for sheet in good:
        kept = first[sheet.participant]
        if sheet is not kept:
            why = f"participant {kept.participant!r} answered before, in {kept.file}"
            refused.append(Refused(file=sheet.file, reason=why))
    refused.sort(key=lambda one: ordered.index(one.file))
    return [answer for sheet in counted for answer in sheet.answers], refused


class _RefusalError(Exception):
    """Why a file is refused."""


@record
class _Sheet:
    """One participant's file."""

    file: Path
    participant: str
    started: datetime.datetime
    answers: tuple[Answer, ...]


def _read(file: Path, study: str, asked: Mapping[str, Task]) -> _Sheet:
    told = _json(file)
    _field(told, "schema", int, "the file", lambda value: value == SCHEMA, SCHEMA)
    _field(told, "study", str, "the file", lambda value: value == study, repr(study))
    participant = _field(told, "participant", str, "the file", _says, "a name")
    started = _time(_field(told, "started", str, "the file"))
    listed = _field(told, "answers", list, "the file", len, "at least one answer")
    answers = tuple(_answer(one, participant, asked) for one in listed)
    given = [one.task for one in answers]
    twice = sorted({task for task in given if given.count(task) > 1})
    if twice:
        raise _RefusalError(f"answers task {twice[0]!r} twice")
    return _Sheet(file=file, participant=participant, started=started, answers=answers)


def _json(file: Path) -> Mapping[str, Any]:
    try:
        content = read_file(file, None, LARGEST_TEXT).decode("utf-8")
    except OSError as error:
        raise _RefusalError(f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise _RefusalError("is not text in UTF-8") from error
    except ValueError as error:
        raise _RefusalError(f"cannot be read: {error}") from error
    try:
        told = parse_json(content)
    except ValueError as error:
        raise _RefusalError(f"is broken JSON: {error}") from error
    if not isinstance(told, dict):
        raise _RefusalError(f"holds a {type(told).__name__}, not an object")
    try:
        # An escape such as \ud800 stands for half of a character.
        json.dumps(told, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError as error:
        raise _RefusalError(f"holds text that is no Unicode: {error.reason}") from error
    return told


def _answer(told: Any, participant: str, asked: Mapping[str, Task]) -> Answer:
    if not isinstance(told, dict):
        raise _RefusalError(f"has a {type(told).__name__} among its answers")
    task = _field(told, "task", str, "an answer")
    where = f"the answer to {task!r}"
    if task not in asked:
        raise _RefusalError(f"answers task {task!r}, which the study does not have")
    selected = _field(told, "selected", list, where)
    numbers = range(1, len(asked[task].cards) + 1)
    if len({card for card in selected if _is_card(card, numbers)}) != len(selected):
        raise _RefusalError(
            f"{where} selects {selected}, not different cards of 1 to {numbers[-1]}"
        )
    none = _field(told, "none", bool, where)
    if none == bool(selected):
        also = "selects cards too" if none else "selects no card"
        raise _RefusalError(
            f"{where} says {'no' if none else 'a'} coherent group but {also}"
        )
    label = _field(told, "label", str, where)
    seconds = _field(told, "seconds", (int, float), where, _lasts, "0 s to a day")
    return Answer(
        participant=participant,
        task=asked[task].id,
        selected=tuple(sorted(selected)),
        label=label,
        seconds=float(seconds),
    )


def _field(
    told: Mapping[str, Any],
    name: str,
    kind: type | tuple[type, ...],
    where: str,
    fits: Callable[[Any], object] = lambda value: True,
    expected: object = None,
) -> Any:
    """The value of a field, which must be of a type and fit."""
    if name not in told:
        raise _RefusalError(f"{where} has no field {name!r}")
    value = told[name]
    kinds = kind if isinstance(kind, tuple) else (kind,)
    # JSON's true and false are no numbers, though Python's are.
    if type(value) not in kinds:
        wanted = " or ".join(one.__name__ for one in kinds)
        raise _RefusalError(
            f"{where} has a {type(value).__name__} as {name!r}, not {wanted}"
        )
    if not fits(value):
        raise _RefusalError(f"{where} has {name!r} {value!r}, not {expected}")
    return value


def _says(text: str) -> bool:
    return bool(text.strip())


def _lasts(seconds: int | float) -> bool:
    return 0 <= seconds <= _DAY


def _is_card(card: object, numbers: range) -> bool:
    return type(card) is int and card in numbers


def _time(text: str) -> datetime.datetime:
    try:
        found = datetime.datetime.fromisoformat(text)
    except ValueError as error:
        raise _RefusalError(f"'started' is {text!r}, not an ISO 8601 time") from error
    return found if found.tzinfo else found.replace(tzinfo=datetime.UTC)

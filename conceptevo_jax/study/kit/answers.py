"""Read files that the questionnaire exported: one JSON file per participant.

    {"schema": 1, "study": "…", "participant": "…", "started": "2023-05-01T10:00:00Z",
     "answers": [{"task": "across-3", "selected": [1, 2, 4], "none": false,
                  "label": "dogs", "seconds": 21.4}]}

A page calls the tasks by names that reveal nothing about them. Cards are numbered from
1 in the task's own order. `none` means that there is no coherent group; then no card is
selected, otherwise at least one. Further fields are ignored.

A file of another layout is refused as a whole and reported with the reason, never left
out silently. If a participant has several valid files, the one that was started first
counts: in a second attempt the tasks are familiar.
"""

import datetime
import json
from collections.abc import Callable, Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

from conceptevo_jax.store import parse_json, read_file
from conceptevo_jax.store.bounded_reading import LARGEST_TEXT
from conceptevo_jax.study.design.tasks import Answer, Task
from conceptevo_jax.types import record

SCHEMA = 1
"""Version of the files; one of another version is refused."""

_DAY = 86_400.0


@record
class RefusedFile:
    """A file that is left out.

    Attributes:
      file: The file.
      reason: The reason.
    """

    file: Path
    reason: str


def read_answers(
    files: Iterable[Path],
    *,
    study: str,
    tasks: Sequence[Task],
    names: Mapping[str, str] | None = None,
) -> tuple[list[Answer], list[RefusedFile]]:
    """Read the answers of all participants.

    Args:
      files: Exported files; read in the order of their names.
      study: Id of the study that they must be of.
      tasks: All tasks of the study, attention checks among them.
      names: Further names of tasks in the files, by the tasks' ids: `public_ids` of
        the study, for files of its questionnaire.

    Returns:
      The answers, participant by participant, and the files that are left out, both in
      the order of the files.
    """
    ordered = sorted(set(files))
    tasks_by_name = _tasks_by_name(tasks, names or {})
    sheets, refused_files = _read_sheets(ordered, study, tasks_by_name)
    counted, repeated = _first_sheets(sheets)
    refused_files = sorted(
        refused_files + repeated, key=lambda r: ordered.index(r.file)
    )
    return [answer for sheet in counted for answer in sheet.answers], refused_files


def _tasks_by_name(tasks: Sequence[Task], names: Mapping[str, str]) -> dict[str, Task]:
    by_id = {task.id: task for task in tasks}
    return by_id | {name: by_id[task_id] for task_id, name in names.items()}


class _RefusalError(Exception):
    """Why a file is refused."""


@record
class _Sheet:
    """One participant's file."""

    file: Path
    participant: str
    started: datetime.datetime
    answers: tuple[Answer, ...]


def _read_sheets(
    files: Sequence[Path], study: str, tasks: Mapping[str, Task]
) -> tuple[list[_Sheet], list[RefusedFile]]:
    sheets, refused = [], []
    for file in files:
        try:
            sheets.append(_read_sheet(file, study, tasks))
        except _RefusalError as refusal:
            refused.append(RefusedFile(file=file, reason=str(refusal)))
    return sheets, refused


def _first_sheets(
    sheets: Sequence[_Sheet],
) -> tuple[list[_Sheet], list[RefusedFile]]:
    """Each participant's first sheet, and the refusals of all others."""
    first: dict[str, _Sheet] = {}
    for sheet in sorted(sheets, key=lambda sheet: sheet.started):
        first.setdefault(sheet.participant, sheet)
    counted, refused = [], []
    for sheet in sheets:
        earlier = first[sheet.participant]
        if sheet is earlier:
            counted.append(sheet)
        else:
            reason = f"participant {sheet.participant!r} answered before, in "
            refused.append(
                RefusedFile(file=sheet.file, reason=f"{reason}{earlier.file}")
            )
    return counted, refused


def _read_sheet(file: Path, study: str, tasks: Mapping[str, Task]) -> _Sheet:
    content = _read_object(file)
    _field(content, "schema", int, "the file", lambda number: number == SCHEMA, SCHEMA)
    _field(content, "study", str, "the file", lambda name: name == study, repr(study))
    participant = _field(content, "participant", str, "the file", _has_text, "a name")
    start_time = _parse_time(_field(content, "started", str, "the file"))
    answer_fields = _field(
        content, "answers", list, "the file", len, "at least one answer"
    )
    answers = tuple(
        _parse_answer(fields, participant, tasks) for fields in answer_fields
    )
    answered_tasks = [answer.task for answer in answers]
    duplicates = sorted(
        {task for task in answered_tasks if answered_tasks.count(task) > 1}
    )
    if duplicates:
        raise _RefusalError(f"answers task {duplicates[0]!r} twice")
    return _Sheet(
        file=file, participant=participant, started=start_time, answers=answers
    )


def _read_object(file: Path) -> Mapping[str, Any]:
    """The JSON object that a file holds."""
    try:
        text = read_file(file, None, LARGEST_TEXT).decode("utf-8")
    except OSError as error:
        raise _RefusalError(f"cannot be read: {error.strerror}") from error
    except UnicodeDecodeError as error:
        raise _RefusalError("is not text in UTF-8") from error
    except ValueError as error:
        raise _RefusalError(f"cannot be read: {error}") from error
    try:
        content = parse_json(text)
    except ValueError as error:
        raise _RefusalError(f"is broken JSON: {error}") from error
    if not isinstance(content, dict):
        raise _RefusalError(f"holds a {type(content).__name__}, not an object")
    try:
        # An escape such as \ud800 stands for half of a character.
        json.dumps(content, ensure_ascii=False).encode("utf-8")
    except UnicodeEncodeError as error:
        raise _RefusalError(f"holds text that is no Unicode: {error.reason}") from error
    return content


def _parse_answer(fields: Any, participant: str, tasks: Mapping[str, Task]) -> Answer:
    if not isinstance(fields, dict):
        raise _RefusalError(f"has a {type(fields).__name__} among its answers")
    task = _field(fields, "task", str, "an answer")
    location = f"the answer to {task!r}"
    if task not in tasks:
        raise _RefusalError(f"answers task {task!r}, which the study does not have")
    selected_cards = _selected_cards(fields, tasks[task], location)
    has_no_group = _field(fields, "none", bool, location)
    if has_no_group == bool(selected_cards):
        contradiction = "selects cards too" if has_no_group else "selects no card"
        raise _RefusalError(
            f"{location} says {'no' if has_no_group else 'a'} coherent group but "
            f"{contradiction}"
        )
    label = _field(fields, "label", str, location)
    seconds = _field(
        fields, "seconds", (int, float), location, _is_duration, "0 s to a day"
    )
    return Answer(
        participant=participant,
        task=tasks[task].id,
        selected=tuple(sorted(selected_cards)),
        label=label,
        seconds=float(seconds),
    )


def _selected_cards(fields: Mapping[str, Any], task: Task, location: str) -> list[int]:
    selected: list[int] = _field(fields, "selected", list, location)
    numbers = range(1, len(task.cards) + 1)
    if len({card for card in selected if _is_card(card, numbers)}) != len(selected):
        raise _RefusalError(
            f"{location} selects {selected}, not different cards of 1 to {numbers[-1]}"
        )
    return selected


def _field(
    fields: Mapping[str, Any],
    name: str,
    types: type | tuple[type, ...],
    location: str,
    fits: Callable[[Any], object] = lambda field_value: True,
    expected: object = None,
) -> Any:
    """What a field holds, if it is of these types and fits; else the file is refused.

    `location` names the object for the message, and `expected` what would fit.
    """
    if name not in fields:
        raise _RefusalError(f"{location} has no field {name!r}")
    field_value = fields[name]
    valid_types = types if isinstance(types, tuple) else (types,)
    # JSON's true and false are no numbers, though Python's are.
    if type(field_value) not in valid_types:
        type_names = " or ".join(valid_type.__name__ for valid_type in valid_types)
        raise _RefusalError(
            f"{location} has a {type(field_value).__name__} as {name!r}, not "
            f"{type_names}"
        )
    if not fits(field_value):
        raise _RefusalError(f"{location} has {name!r} {field_value!r}, not {expected}")
    return field_value


def _has_text(text: str) -> bool:
    return bool(text.strip())


def _is_duration(seconds: int | float) -> bool:
    return 0 <= seconds <= _DAY


def _is_card(card: object, numbers: range) -> bool:
    return type(card) is int and card in numbers


def _parse_time(text: str) -> datetime.datetime:
    try:
        time = datetime.datetime.fromisoformat(text)
    except ValueError as error:
        raise _RefusalError(f"'started' is {text!r}, not an ISO 8601 time") from error
    return time if time.tzinfo else time.replace(tzinfo=datetime.UTC)

"""Good files are read; every bad one is refused by name with the reason."""

import json

import pytest

from conceptevo_jax.study import SCHEMA, read_answers
from conceptevo_jax.study.design.tasks import Task

TASKS = [
    Task(id=f"base-{number}", category="base", cards=tuple("abcdef"), intruder=3)
    for number in range(3)
]
GOOD = {
    "task": "base-1",
    "selected": [5, 1],
    "none": False,
    "label": "dogs",
    "seconds": 9,
}
NONE = {"task": "base-0", "selected": [], "none": True, "label": "", "seconds": 1.5}


def sheet(*answers, **fields):
    return {
        "schema": SCHEMA,
        "study": "demo",
        "participant": "ann",
        "started": "2026-05-01T10:00:00.000Z",
        "answers": list(answers or (GOOD, NONE)),
    } | fields


@pytest.fixture
def read(tmp_path):
    """Writes files by name, reads them all; gives answers and reasons by name."""

    def run(**contents):
        files = []
        for name, content in contents.items():
            files.append(tmp_path / f"{name}.json")
            if content is None:
                continue
            if not isinstance(content, bytes):
                content = json.dumps(content).encode()
            files[-1].write_bytes(content)
        answers, refused = read_answers(files, study="demo", tasks=TASKS)
        return answers, {one.file.stem: one.reason for one in refused}

    return run


def test_answers_are_read_as_given(read):
    answers, refused = read(one=sheet())
    assert refused == {}
    assert [vars(one) for one in answers] == [
        {
            "participant": "ann",
            "task": "base-1",
            "selected": (1, 5),
            "label": "dogs",
            "seconds": 9.0,
        },
        {
            "participant": "ann",
            "task": "base-0",
            "selected": (),
            "label": "",
            "seconds": 1.5,
        },
    ]


def without(record, name):
    return {key: value for key, value in record.items() if key != name}


BROKEN = [
    (b'{"schema": 1, "study"', "is broken JSON"),
    (b"", "is broken JSON"),
    (b"[" * 100_000, "is broken JSON"),
    (b"\xff\xfe{}", "is not text in UTF-8"),
    (sheet(GOOD | {"label": "\ud800"}), "text that is no Unicode"),
    (None, "cannot be read: No such file"),
    ([1, 2], "holds a list, not an object"),
    (sheet(schema=2), "'schema' 2, not 1"),
    (sheet(schema=True), "a bool as 'schema', not int"),
    (sheet(study="other"), "'study' 'other', not 'demo'"),
    (sheet(participant="  "), "'participant' '  ', not a name"),
    (sheet(participant=7), "a int as 'participant', not str"),
    (sheet(started="yesterday"), "'started' is 'yesterday', not an ISO 8601 time"),
    (sheet(answers=[]), "'answers' [], not at least one answer"),
    (sheet(answers={}), "a dict as 'answers', not list"),
    (sheet("base-1"), "has a str among its answers"),
    *((without(sheet(), name), f"has no field '{name}'") for name in sheet()),
    *((sheet(without(GOOD, name)), f"has no field '{name}'") for name in GOOD),
    (sheet(GOOD | {"task": "across-9"}), "'across-9', which the study does not have"),
    (sheet(GOOD, GOOD), "answers task 'base-1' twice"),
    (sheet(GOOD | {"selected": [0]}), r"selects [0], not different cards of 1 to 6"),
    (sheet(GOOD | {"selected": [7]}), "selects [7]"),
    (sheet(GOOD | {"selected": [2, 2]}), "selects [2, 2]"),
    (sheet(GOOD | {"selected": ["2"]}), "selects ['2']"),
    (sheet(GOOD | {"selected": [[2]]}), "selects [[2]]"),
    (sheet(GOOD | {"selected": [True]}), "selects [True]"),
    (sheet(GOOD | {"selected": [2.0]}), "selects [2.0]"),
    (sheet(GOOD | {"none": True}), "says no coherent group but selects cards too"),
    (sheet(GOOD | {"selected": []}), "says a coherent group but selects no card"),
    (sheet(GOOD | {"none": 0}), "a int as 'none', not bool"),
    (sheet(GOOD | {"label": None}), "a NoneType as 'label', not str"),
    (sheet(GOOD | {"seconds": -1}), "'seconds' -1, not 0 s to a day"),
    (sheet(GOOD | {"seconds": float("nan")}), "'seconds' nan"),
    (sheet(GOOD | {"seconds": 10**400}), "'seconds' 1000"),
    (sheet(GOOD | {"seconds": "9"}), "a str as 'seconds', not int or float"),
]


@pytest.mark.parametrize(("content", "reason"), BROKEN)
def test_a_bad_file_is_refused_whole_and_the_others_are_read(read, content, reason):
    """Its good answers, too, are left out; another participant's are not."""
    answers, refused = read(bad=content, good=sheet(participant="bob"))
    assert {one.participant for one in answers} == {"bob"}
    assert list(refused) == ["bad"]
    assert reason in refused["bad"]


def test_of_a_participant_twice_the_first_attempt_counts(read):
    answers, refused = read(
        a=sheet(started="2026-05-01T12:00:00+00:00"),
        b=sheet(NONE, started="2026-05-01T12:30:00+02:00"),
        c=sheet(participant="bob"),
        d=sheet(started="2026-05-02"),
    )
    assert [(one.participant, one.task) for one in answers] == [
        ("ann", "base-0"),
        ("bob", "base-1"),
        ("bob", "base-0"),
    ]
    assert list(refused) == ["a", "d"]
    for reason in refused.values():
        assert "participant 'ann' answered before, in " in reason
        assert reason.endswith("b.json")


def test_a_refused_file_is_no_first_attempt(read):
    answers, refused = read(
        a=sheet(started="2026-05-01T12:00:00Z"),
        b=sheet(GOOD, GOOD, started="2026-05-01T08:00:00Z"),
    )
    assert len(answers) == 2
    assert list(refused) == ["b"]


def test_a_file_given_twice_is_read_once(tmp_path):
    file = tmp_path / "a.json"
    file.write_text(json.dumps(sheet()))
    answers, refused = read_answers([file, file], study="demo", tasks=TASKS)
    assert (len(answers), refused) == (2, [])


def test_further_fields_are_no_harm(read):
    answers, refused = read(a=sheet(GOOD | {"order": 3}, browser="any"))
    assert (len(answers), refused) == (1, {})


def test_no_files_are_no_answers():
    assert read_answers([], study="demo", tasks=TASKS) == ([], [])

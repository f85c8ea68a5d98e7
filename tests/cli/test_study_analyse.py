"""From files of answers to a table and a page; bad files are told, and change none."""

import csv
import json

import pytest
from answering import (
    SKILL,
    asked_of,
    check_answer,
    planted_auc,
    sheets_of,
    simulated,
    study_of,
    write_sheets,
)

from conceptevo_jax.cli import study_analyse
from conceptevo_jax.cli.command import parse
from conceptevo_jax.cli.commands import choose_command
from conceptevo_jax.cli.console import CONSOLE
from conceptevo_jax.cli.study_analyse import FOLDER
from conceptevo_jax.errors import DataError, UsageError
from conceptevo_jax.study import public_ids, save_study
from conceptevo_jax.study.raters.simulated import Skill

EVIL = "<script>alert(1)</script>"


@pytest.fixture(scope="module")
def study():
    return study_of(base=18, across=18)


@pytest.fixture(scope="module")
def sheets(study):
    answers = simulated(
        study,
        SKILL,
        participants=24,
        each=9,
        label=lambda number, task: f"concept {task}",
    )
    return sheets_of(study, answers, called=public_ids(study))


@pytest.fixture
def folder(study, tmp_path, monkeypatch):
    """A result folder with the study; all happens beside it."""
    monkeypatch.chdir(tmp_path)
    monkeypatch.setattr(CONSOLE, "width", 200)
    save_study(tmp_path / "result", study)
    return tmp_path / "result"


@pytest.fixture
def files(sheets, tmp_path):
    return [str(file) for file in write_sheets(tmp_path / "answers", sheets)]


def analyse(words):
    """What `conceptevo study analyse` does with these words."""
    command, further = choose_command(["study", "analyse", *words])
    return study_analyse.analyse(parse(command, further))


def table(folder, name="categories"):
    with (folder / FOLDER / "tables" / f"{name}.csv").open(newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.slow
def test_the_planted_auc_is_found_from_files_to_table(folder, files, capsys):
    assert analyse([str(folder), *files]) == 0
    for row in table(folder):
        assert float(row["auc_low"]) <= planted_auc(6) <= float(row["auc_high"])
        assert row["answers"] == "108"
    assert [row["category"] for row in table(folder)] == ["base", "across"]
    for row in table(folder, "labels"):
        assert float(row["excess_low"]) > 0
    out = capsys.readouterr().out
    assert "Answers of 24 people" in out
    for row in table(folder):
        assert f"{float(row['auc']):.2f} [{float(row['auc_low']):.2f}" in out
    page = folder / FOLDER / "report.html"
    assert f"Open {page} in a browser." in out
    assert page.is_file()
    assert not (folder / FOLDER / "tables" / "refused.csv").exists()


def numbers(folder):
    return [
        (folder / FOLDER / "tables" / f"{name}.csv").read_bytes()
        for name in ("categories", "labels", "roc", "attention")
    ]


@pytest.mark.slow
def test_bad_files_are_told_and_change_no_number(
    folder, files, sheets, tmp_path, capsys
):
    analyse([str(folder), *files])
    before = numbers(folder)
    capsys.readouterr()
    foreign = json.loads(json.dumps(sheets[0])) | {"participant": "cai"}
    foreign["answers"][0]["task"] = "across-99"
    later = sheets[3] | {"started": "2026-05-02T10:00:00Z"}
    other = sheets[4] | {"participant": "dan", "study": "another"}
    bad = tmp_path / "bad"
    bad.mkdir()
    contents = {
        "broken": "{",
        "foreign": json.dumps(foreign),
        "later": json.dumps(later),
        "other": json.dumps(other),
    }
    for name, text in contents.items():
        (bad / f"{name}.json").write_text(text)
    assert analyse([str(folder), "bad/*.json", *files]) == 0
    assert numbers(folder) == before
    told = capsys.readouterr().out
    reasons = {row["file"]: row["reason"] for row in table(folder, "refused")}
    expected = {
        "broken": "is broken JSON",
        "foreign": "'across-99', which the study does not have",
        "later": "participant 'p4' answered before",
        "other": "'study' 'another'",
    }
    page = (folder / FOLDER / "report.html").read_text()
    assert len(reasons) == 4
    for name, reason in expected.items():
        assert reason in reasons[f"bad/{name}.json"]
        assert f"left out bad/{name}.json: " in told
        assert reason in told
        assert f"bad/{name}.json" in page


@pytest.mark.slow
def test_the_inattentive_are_left_out_and_named(folder, files, study, tmp_path, capsys):
    analyse([str(folder), *files])
    before = numbers(folder)[:3]
    lazy = simulated(study, Skill(skill=0.0), participants=1, each=9, name="lazy")
    lazy[-1] = check_answer("lazy1", passed=False)
    more = write_sheets(tmp_path / "more", sheets_of(study, lazy))
    capsys.readouterr()
    assert analyse([str(folder), *files, *map(str, more)]) == 0
    assert numbers(folder)[:3] == before
    assert "left out participant lazy1: inattentive" in capsys.readouterr().out
    assert table(folder, "attention")[-1] == {
        "participant": "lazy1",
        "checks": "1",
        "passed": "0",
        "counted": "False",
    }
    assert "lazy1" in (folder / FOLDER / "report.html").read_text()


def test_nobody_attentive_is_an_error(folder, study, tmp_path):
    lazy = [check_answer("lazy", passed=False)]
    (file,) = write_sheets(tmp_path / "answers", sheets_of(study, lazy))
    with pytest.raises(DataError, match="all 1 participants failed"):
        analyse([str(folder), str(file)])
    assert not (folder / FOLDER).exists()


def test_without_a_readable_answer_nothing_is_written(folder, tmp_path):
    (tmp_path / "a.json").write_text("{")
    (tmp_path / "b.json").write_text("[]")
    with pytest.raises(DataError, match="none of 2 files can be read") as caught:
        analyse([str(folder), "a.json", "b.json"])
    assert "a.json: is broken JSON" in str(caught.value)
    assert "b.json: holds a list" in str(caught.value)
    assert not (folder / FOLDER).exists()


MISTAKES = [
    ([], "say which"),
    (["result"], "say which"),
    (["result", "none.json"], "there is no file none.json"),
    (["result", "none-*.json"], "no file matches none-"),
    (["result", "answers"], r"answers is a folder: name its files, answers/\*.json"),
    (["result", "a.json", "out=a.json"], "out=a.json is a file"),
    (["result", "a.json", "outt=x"], "Did you mean 'out'"),
    (["result", "a.json", "encoder=tfid"], "Did you mean 'tfidf'"),
    (["result", "answers/answers-0.json", "machine=true"], "unknown option 'machine'"),
]


@pytest.mark.parametrize(("words", "message"), MISTAKES)
def test_mistakes_say_what_to_do(folder, files, tmp_path, words, message):
    (tmp_path / "a.json").write_text("{}")
    with pytest.raises(UsageError, match=message):
        analyse(words)
    assert not (folder / FOLDER).exists()


def test_a_folder_without_a_study_says_so(files, tmp_path):
    with pytest.raises(DataError, match="holds no study"):
        analyse([str(tmp_path / "empty"), *files])


@pytest.mark.slow
def test_patterns_that_no_shell_has_read_are_read(folder, files, capsys):
    assert analyse(["result", "answers/answers-?.json", "out=elsewhere"]) == 0
    out = capsys.readouterr().out
    assert "Answers of 10 people" in out
    assert "report.html" in [one.name for one in folder.parent.glob("elsewhere/*")]
    assert not (folder / FOLDER).exists()


@pytest.mark.slow
def test_machine_participants_are_called_so(folder, study, tmp_path, capsys):
    answers = simulated(study, SKILL, participants=8, each=9, name="simulated-")
    given = write_sheets(tmp_path / "answers", sheets_of(study, answers))
    assert analyse([str(folder), *map(str, given)]) == 0
    out = capsys.readouterr().out
    assert "8 machine participants — not people" in out
    told = json.loads((folder / FOLDER / "study.json").read_text())
    assert told["machine"] is True
    claims = {one["id"]: one["holds"] for one in told["claims"]}
    assert claims["human_auc_base"] is None
    assert claims["machine_auc_base"] is True


@pytest.mark.slow
def test_what_participants_wrote_is_harmless(folder, sheets, study, tmp_path, capsys):
    mean = {
        "participant": f"{EVIL}\x1b[2J[red]",
        "answers": [
            {
                "task": one.id,
                "selected": [1, 2],
                "none": False,
                "label": EVIL,
                "seconds": 2,
            }
            for one in asked_of(study)[:4]
        ],
    }
    (failed,) = sheets_of(study, [check_answer("any", passed=False)])
    mean["answers"] += failed["answers"]
    given = write_sheets(tmp_path / "answers", [*sheets, sheets[0] | mean])
    evil = tmp_path / "answers" / "<script>.json"
    evil.write_text(f'{{"schema": "{EVIL}"}}')
    assert analyse([str(folder), *map(str, given), str(evil)]) == 0
    page = (folder / FOLDER / "report.html").read_text()
    assert "<script" not in page
    assert page.count("&lt;script&gt;") >= 2
    out = capsys.readouterr().out
    assert "\x1b[2J" not in out
    assert "[red]" in out

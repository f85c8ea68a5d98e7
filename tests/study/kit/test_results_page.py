"""The page tells everything it is given, trusts nothing, and needs nothing else."""

import base64
import dataclasses
import re
from pathlib import Path

import pytest
from browsing import LAPTOP, PHONE

from conceptevo_jax.analysis.statistics.estimates import Estimate
from conceptevo_jax.figures import MeasuredNumber, draw_label_similarity, save_figure
from conceptevo_jax.study import RefusedFile
from conceptevo_jax.study.kit.results_page import (
    NOT_PEOPLE,
    StudyReport,
    format_estimate,
    write_report,
)
from conceptevo_jax.study.raters.attention_checks import Attention, ScreenedAnswers
from conceptevo_jax.study.raters.category_scores import CategoryScores, Determinations
from conceptevo_jax.study.raters.label_similarity import (
    LabelSimilarities,
    LabelSimilarity,
)

EVIL = "<script>alert('\"&')</script>"
NOTHING = Estimate(value=None, low=None, high=None, n=0, why="nobody answered")


def number(value, reach=0.05):
    return Estimate(value=value, low=value - reach, high=value + reach, n=7)


def judged(category, auc):
    return CategoryScores(
        category=category,
        tasks=18,
        participants=12,
        answers=108,
        roc=None,
        auc=auc,
        determinations=Determinations(
            true_positives=1, false_negatives=2, false_positives=3, true_negatives=4
        ),
        accuracy=number(0.71),
        alpha=number(0.31),
        incoherent=number(0.11),
        seconds=21.44,
    )


@pytest.fixture(scope="module")
def picture(tmp_path_factory):
    drawn = draw_label_similarity(
        [MeasuredNumber(name="base model", value=0.4)],
        MeasuredNumber(name="all", value=0.3),
        encoder="any",
        who="12 people",
    )
    return save_figure(drawn, tmp_path_factory.mktemp("drawn") / "f")[0].read_bytes()


@pytest.fixture
def report(picture):
    return StudyReport(
        title="Which go together?",
        study="0123456789ab",
        who="12 people",
        machine=False,
        screened=ScreenedAnswers(
            answers=(),
            attention=(
                Attention(participant="ann", checks=2, passed=2),
                Attention(participant="bob", checks=2, passed=0),
                Attention(participant="cai", checks=0, passed=0),
            ),
            inattentive=("bob",),
        ),
        judged=(judged("base", number(0.88)), judged("across", NOTHING)),
        labels=LabelSimilarities(
            encoder="TF-IDF",
            baseline=number(0.28),
            categories=(
                LabelSimilarity(
                    category="base",
                    similarity=number(0.41),
                    excess=number(0.13),
                    labels=99,
                ),
            ),
        ),
        refused=(RefusedFile(file=Path("some/bad.json"), reason="is broken JSON"),),
        names={"base": "base model"},
        verdicts=(("human_auc_base", ".90", "> .5", "0.88", "yes", "because"),),
        pictures={"Similarity of labels": picture},
    )


def plain(page):
    """What is read, without tags."""
    body = re.sub(r"<style>.*?</style>|<[^>]*>", " ", page, flags=re.DOTALL)
    return " ".join(body.split())


def test_every_number_is_told(report):
    read = plain(write_report(report))
    for expected in (
        "Which go together?",
        "Answers of 12 people",
        "Study 0123456789ab",
        "base model 18 12 108 0.88 [0.83, 0.93] 0.71 [0.66, 0.76] 0.31 [0.26, 0.36] "
        "0.11 [0.06, 0.16] 21.4",
        "across 18 12 108 nobody answered",
        "All pairs of labels: 0.28 [0.23, 0.33]. Encoder: TF-IDF",
        "base model 99 7 0.41 [0.36, 0.46] 0.13 [0.08, 0.18]",
        "human_auc_base .90 &gt; .5 0.88 yes because",
        "3 took part, 2 of them answered attention checks. 1 passed less",
        "bob 0 of 2",
        "some/bad.json is broken JSON",
        "Krippendorff&#x27;s alpha",
    ):
        assert expected in read
    assert "ann" not in read.split("Attention")[1].split("Files")[0].split()


def test_machine_participants_are_never_called_people(report):
    machine = dataclasses.replace(
        report, machine=True, who="8 machine participants — not people"
    )
    page = write_report(machine)
    assert NOT_PEOPLE in page
    assert "8 machine participants &#8212; not people" in page
    assert NOT_PEOPLE not in write_report(report)


def test_what_others_wrote_is_escaped(report):
    bad = dataclasses.replace(
        report,
        title=EVIL,
        study=EVIL,
        who=EVIL,
        screened=ScreenedAnswers(
            answers=(),
            attention=(Attention(participant=EVIL, checks=2, passed=0),),
            inattentive=(EVIL,),
        ),
        judged=(judged(EVIL, dataclasses.replace(NOTHING, why=EVIL)),),
        labels=dataclasses.replace(report.labels, encoder=EVIL),
        refused=(RefusedFile(file=Path(f"{EVIL}.json"), reason=EVIL),),
        verdicts=((EVIL,) * 6,),
        pictures={EVIL: b""},
    )
    page = write_report(bad)
    assert "<script" not in page
    assert "alert(&#x27;&quot;&amp;&#x27;)" in page
    for tag in re.findall(r"<[^>]*>", page):
        assert "alert" not in tag or "&lt;script&gt;" in tag


def test_any_name_can_be_written(report):
    odd = dataclasses.replace(
        report, refused=(RefusedFile(file=Path("\udcff.json"), reason="\ud800 é 語"),)
    )
    assert write_report(odd).isascii()


def test_what_is_missing_is_said(report):
    empty = dataclasses.replace(
        report,
        refused=(),
        labels=dataclasses.replace(report.labels, baseline=NOTHING, categories=()),
        screened=ScreenedAnswers(answers=(), attention=(), inattentive=()),
    )
    read = plain(write_report(empty))
    assert "No similarity of labels: nobody answered." in read
    assert "None: every file was read." in read
    assert "0 took part" in read


def test_a_number_without_an_interval_says_so():
    alone = Estimate(value=0.5, low=None, high=None, n=1)
    assert format_estimate(alone) == "0.50, no interval"
    assert format_estimate(NOTHING) == "nobody answered"


@pytest.mark.parametrize("size", [LAPTOP, PHONE])
def test_it_opens_offline_and_fits(visit, report, tmp_path, size):
    file = tmp_path / "report.html"
    file.write_text(write_report(report))
    page = visit(file, broken=True, viewport=size)
    assert page.evaluate("document.documentElement.scrollWidth") <= size["width"]
    assert page.evaluate("document.images[0].naturalWidth") > 0
    assert page.get_by_role("img", name="Similarity of labels").is_visible()
    box = page.get_by_text("Krippendorff").bounding_box()
    assert box["x"] + box["width"] <= size["width"]


@pytest.mark.slow
def test_the_picture_is_carried_whole(report, picture):
    found = re.search(r'base64,([^"]*)"', write_report(report))
    assert base64.b64decode(found[1]) == picture

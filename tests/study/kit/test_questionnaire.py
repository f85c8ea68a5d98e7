"""The page holds what is asked, exactly, and nothing of the answers."""

import base64
import dataclasses
import io
import json
import re

import numpy as np
import pytest
from asked import again, check, ordinary
from PIL import Image

from conceptevo_jax.errors import UsageError
from conceptevo_jax.study import (
    SCHEMA,
    Settings,
    public_ids,
    read_answers,
    write_questionnaire,
)

BLOCK = re.compile(
    r'<script type="application/json" id="conceptevo-study">(.*?)</script>'
)


@pytest.fixture
def build(tmp_path):
    """Write the questionnaire of a study; gives it and what its page knows."""

    def build(study, **settings):
        made = write_questionnaire(study, tmp_path / "q", settings=Settings(**settings))
        return made, json.loads(BLOCK.search(made.page.read_text("utf-8")).group(1))

    return build


def picture(text):
    with Image.open(io.BytesIO(base64.b64decode(text))) as image:
        return np.asarray(image.convert("RGB"))


def with_checks():
    tasks = ordinary((4, 4, 4))
    return [*tasks, check(0), again(tasks[5])]


def test_the_page_does_not_tell_the_answers(build, make_study):
    study = make_study(with_checks())
    made, told = build(study)
    text = made.page.read_text("utf-8").lower()
    own = json.dumps(told).lower()
    for word in ("intruder", "category", "hand_picked", "same_model", "across"):
        assert word not in text
    assert not any(word in own for word in ("obvious", "repeat", "check", "again"))
    for task in study.tasks:
        assert task.id not in text
        assert not any(card in text for card in task.cards)
    assert list(told["tasks"]) == sorted(told["tasks"])


def test_the_page_asks_for_nothing_from_elsewhere(build, make_study):
    made, _ = build(make_study())
    text = made.page.read_text("utf-8")
    assert "default-src 'none'" in text
    assert not re.search(r"(src|href)=\"(?!data:|#)", text)
    assert text.isascii()


def test_every_card_shows_its_own_patches(build, make_study):
    study = make_study(with_checks(), side=5)
    rng = np.random.default_rng(0)
    noise = rng.integers(0, 256, study.patches.shape, dtype=np.uint8)
    study = dataclasses.replace(study, patches=noise)
    _, told = build(study)
    names = public_ids(study)
    assert (told["cards"], told["patches"], len(told["tasks"])) == (6, 9, 14)
    for task, cards in zip(study.tasks, study.patches, strict=True):
        for number, patches in zip(told["tasks"][names[task.id]], cards, strict=True):
            sheet = picture(told["pictures"][number]).reshape(3, 5, 3, 5, 3)
            found = sheet.swapaxes(1, 2).reshape(9, 5, 5, 3)
            np.testing.assert_array_equal(found, patches)


def test_equal_cards_are_stored_once(build, make_study):
    study = make_study()
    same = np.broadcast_to(study.patches[:1], study.patches.shape).copy()
    _, told = build(dataclasses.replace(study, patches=same))
    assert len(told["pictures"]) == 6


def test_large_patches_are_reduced(build, make_study):
    study = make_study(side=120)
    _, told = build(dataclasses.replace(study, patches=study.patches), each=1)
    assert {picture(one).shape for one in told["pictures"]} == {(288, 288, 3)}


def test_text_of_the_study_cannot_end_its_block(build, make_study):
    title = "</script><!--<script>& é"
    _, told = build(make_study(title=title), consent="<b>", contact="a <a@b.c>")
    assert (told["title"], told["consent"]) == (title, "<b>")
    assert told["contact"] == "a <a@b.c>"


def test_every_form_has_a_row_in_both_tables(build, make_study):
    made, told = build(make_study(), each=2, forms=5)
    mturk, prolific = (table.read_text().splitlines() for table in made.tables)
    assert len(told["forms"]) == len(made.forms) == len(prolific) == 5
    assert mturk[0] == "form,url"
    assert mturk[5] == "5,https://YOUR-SITE/index.html?form=5"
    who = "PROLIFIC_PID={{%PROLIFIC_PID%}}"
    assert prolific[4] == f"https://YOUR-SITE/index.html?form=5&{who}"


def test_it_is_built_again_in_place(build, make_study):
    build(make_study())
    made, told = build(make_study(), contact="ann")
    assert told["contact"] == "ann"
    names = {"index.html", "hits_mturk.csv", "prolific.csv"}
    assert {path.name for path in made.page.parent.iterdir()} == names


@pytest.mark.parametrize(
    ("settings", "told"),
    [
        ({"link": "javascript:alert(1)"}, "is not a web address"),
        ({"each": 10}, "does not fit a study of 9 tasks"),
    ],
)
def test_nothing_is_written_of_what_cannot_be(
    build, make_study, tmp_path, settings, told
):
    with pytest.raises(UsageError, match=told):
        build(make_study(), **settings)
    assert list(tmp_path.iterdir()) == []


def test_names_tell_nothing_and_are_read_back(make_study, tmp_path):
    study = make_study(with_checks())
    names = public_ids(study)
    assert len(set(names.values())) == len(study.tasks)
    assert all(re.fullmatch("[0-9a-f]{12}", name) for name in names.values())
    own = study.tasks[3].id
    answer = {"selected": [2, 1], "none": False, "label": "", "seconds": 1}
    sheet = {
        "schema": SCHEMA,
        "study": study.id,
        "participant": "ann",
        "started": "2026-05-01T10:00:00Z",
        "answers": [answer | {"task": names[own]}],
    }
    file = tmp_path / "ann.json"
    file.write_text(json.dumps(sheet))
    tasks = study.tasks
    answers, refused = read_answers([file], study=study.id, tasks=tasks, names=names)
    assert [(one.task, one.selected) for one in answers] == [(own, (1, 2))]
    assert refused == []
    _, refused = read_answers([file], study=study.id, tasks=tasks)
    assert "which the study does not have" in refused[0].reason
    sheet["answers"].append(answer | {"task": own})
    file.write_text(json.dumps(sheet))
    _, refused = read_answers([file], study=study.id, tasks=tasks, names=names)
    assert refused[0].reason == f"answers task {own!r} twice"

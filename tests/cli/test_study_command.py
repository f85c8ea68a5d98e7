"""`conceptevo study build`: what it writes, and what it says of wrong words."""

import json

import numpy as np
import pytest

from conceptevo_jax.study import Study, save_study
from conceptevo_jax.study.design.tasks import Task


@pytest.fixture
def result(tmp_path):
    """A result folder with a study of nine tasks, `result` from where it is called."""
    tasks = tuple(
        Task(id=f"base-{number}", category="base", cards=tuple("abcdef"), intruder=1)
        for number in range(9)
    )
    patches = np.zeros((9, 6, 9, 4, 4, 3), np.uint8)
    save_study(tmp_path / "result", Study(title="Alike?", tasks=tasks, patches=patches))
    return tmp_path / "result"


def known(page):
    text = page.read_text("utf-8")
    start = text.index('id="conceptevo-study">') + len('id="conceptevo-study">')
    return json.loads(text[start : text.index("</script>", start)])


def test_the_questionnaire_lies_in_the_result(call, result):
    code, out, err = call("study", "build", "result")
    folder = result / "questionnaire"
    assert (code, err) == (0, "")
    assert "1 forms of 9 tasks" not in out
    assert "1 form of 9 tasks" in out
    assert f"Open {folder / 'index.html'} in a browser" in out
    names = {"index.html", "hits_mturk.csv", "prolific.csv"}
    assert {path.name for path in folder.iterdir()} == names
    assert all(str(folder / name) in out for name in names)


def test_its_words_come_into_the_page(call, result, tmp_path):
    (tmp_path / "consent.txt").write_text("One.\n\nTwo é.\n", "utf-8")
    words = (
        "out=else where",
        "each=2",
        "forms=7",
        "contact=ann=a@b.c",
        "consent=consent.txt",
        "complete=C0DE",
        "link=https://a.b/c?d=e",
        "seed=3",
    )
    assert call("study", "build", "result", *words)[0] == 0
    told = known(tmp_path / "else where" / "index.html")
    assert [len(form["tasks"]) for form in told["forms"]] == [2] * 7
    assert told["contact"] == "ann=a@b.c"
    assert told["consent"] == "One.\n\nTwo é."
    assert (told["complete"], told["link"]) == ("C0DE", "https://a.b/c?d=e")


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        ((), 2, "say what: conceptevo study build RESULT_FOLDER"),
        (("biuld", "result"), 2, "Did you mean 'build'?"),
        (("build",), 2, "say of which result"),
        (("build", "each=2"), 2, "say of which result"),
        (("build", "result", "eech=2"), 2, "Did you mean 'each'?"),
        (("build", "result", "each=two"), 2, "each=two is not a whole number"),
        (("build", "result", "each=10"), 2, "each=10 does not fit"),
        (("build", "result", "forms=0"), 2, "choose forms=1 or more"),
        (("build", "result", "link=a.b"), 2, "is not a web address"),
        (("build", "result", "consent=no.txt"), 2, "consent=no.txt cannot be read"),
        (("build", "result", "out=file"), 2, "out=file is a file"),
        (("build", "elsewhere"), 3, "holds no study"),
    ],
)
def test_wrong_words_are_told(call, result, words, code, told):
    (result.parent / "file").touch()
    found, _, err = call("study", *words)
    assert found == code
    assert told in err
    assert not (result / "questionnaire").exists()


def test_an_empty_consent_is_refused(call, result, tmp_path):
    (tmp_path / "consent.txt").write_text(" \n")
    code, _, err = call("study", "build", "result", "consent=consent.txt")
    assert code == 2
    assert "is empty" in err


def test_the_usage_tells_of_it(call):
    out = call("--help")[1]
    assert "study build RESULT_FOLDER" in out
    assert "study analyse RESULT_FOLDER" in out


@pytest.mark.parametrize(
    ("link", "words"),
    [
        ("questionnaire", ("build", "result")),
        ("mine", ("build", "result", "out=result/mine")),
        ("study-answers", ("analyse", "result", "answers.json")),
        ("mine", ("analyse", "result", "answers.json", "out=result/mine")),
    ],
)
def test_nothing_is_written_through_a_link_of_the_result(call, tmp_path, link, words):
    for name in ("result", "own"):
        (tmp_path / name).mkdir()
    (tmp_path / "answers.json").write_text("{}")
    (tmp_path / "result" / link).symlink_to("../own")
    code, _, err = call("study", *words)
    assert code == 3
    assert f"{tmp_path / 'result' / link} leads to {tmp_path / 'own'}" in err
    assert not list((tmp_path / "own").iterdir())

"""The Python on all pages runs, and the README stays what it should be."""

import re
from dataclasses import dataclass

import numpy as np
import pytest
from pages import PAGES, ROOT, blocks, code, links, text

from conceptevo_jax.config import Settings

pytestmark = pytest.mark.slow

LANGUAGES = {
    "python": "run below",
    "sh": "parsed in test_documented_commands.py",
    "yaml": "written and used in models/test_contributing.py",
    "py": "a part of a file, run below",
    "": "what is printed",
}


def run(page: str, names: dict) -> None:
    """Run the blocks of a page in turn, as a reader would who copies them."""
    for number, block in enumerate(code(page, "python")):
        exec(compile(block, f"{page}, block {number}", "exec"), names)


def test_the_script_ends_in_a_picture_and_the_next_page_goes_on_from_it(
    tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    monkeypatch.setenv("MPLBACKEND", "agg")
    names: dict = {}
    run("README.md", names)
    points, placed = names["points"], names["placed"]
    assert points.shape == (len(placed.vectors), 2)
    assert np.isfinite(points[placed.placed]).all()
    assert placed.placed.mean() > 0.5
    assert [s.name for s in (names["first"], names["last"])] == ["mine@0", "mine@3"]
    assert names["table"][-1].test_top1 > 2 / len(names["images"].classes)
    assert (tmp_path / "two_snapshots.png").stat().st_size > 10_000
    run("docs/python.md", names)
    assert [str(s.epoch) for s in names["snapshots"]] == ["init", *"0123"]
    assert len(names["placements"]) == 3
    assert 1 <= len(names["patches"]) <= 9
    assert names["alignment"].correlation.overall.auc > 0.5
    assert len(set(names["most"].tolist())) == 5


def test_the_loop_with_a_monitor_prints_a_line_per_epoch(capsys):
    run("docs/monitor.md", {})
    lines = capsys.readouterr().out.splitlines()
    assert [line.split(" | ")[0] for line in lines] == [
        f"epoch {epoch}: healthy" for epoch in range(3)
    ]


def test_the_declaration_of_settings_is_one():
    (declaration,) = code("CONTRIBUTING.md", "py")
    names: dict = {"dataclass": dataclass, "Settings": Settings}
    exec(compile(declaration, "CONTRIBUTING.md", "exec"), names)
    assert names["SparsitySettings"]().threshold == 0.1


def test_all_python_is_on_pages_that_are_run():
    elsewhere = {"CONTRIBUTING.md"}
    pages = {page for page in PAGES if code(page, "python")}
    assert pages - elsewhere == {"README.md", "docs/python.md", "docs/monitor.md"}


@pytest.mark.parametrize("page", PAGES)
def test_every_block_is_of_a_language_that_is_checked(page):
    assert {language for language, _ in blocks(page)} <= set(LANGUAGES)


def test_the_readme_is_short_and_its_script_is_too():
    assert len(text("README.md").splitlines()) <= 150
    (script,) = code("README.md", "python")
    calls = [line for line in script.splitlines() if re.match(r"\S.* = ", line)]
    assert len(calls) <= 20


@pytest.mark.parametrize(
    "target",
    [
        "docs/own-images.md",
        "docs/glossary.md#dead",
        "docs/methods.md",
        "docs/performance.md#what-the-whole-paper-would-cost",
    ],
)
def test_what_people_ask_first_is_one_click_away(target):
    assert target in links("README.md")


def test_every_page_is_in_the_documentations_menu():
    menu = (ROOT / "mkdocs.yml").read_text()
    for page in PAGES:
        if page.startswith("docs/"):
            assert f"- {page.removeprefix('docs/')}\n" in menu, page

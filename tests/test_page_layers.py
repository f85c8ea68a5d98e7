"""Sources of the explorer's page: folders import one way, and none is too large."""

import re
from collections import Counter
from pathlib import Path

WEB = Path(__file__).parents[1] / "conceptevo_jax/explorer/web/src"

IMPORT = re.compile(r'^(?:import|export) (?:[^;]*? from )?"(\.[^"]+)";', re.MULTILINE)
SHARED = {"", "data"}
MAY_IMPORT = {
    "data": {"data"},
    "": SHARED,
    "map": {*SHARED, "map"},
    "panes": {*SHARED, "panes"},
    "time": {*SHARED, "time"},
    "app": {*SHARED, "map", "panes", "time", "app"},
    "main.ts": {*SHARED, "app"},
}
"""Folders of which a folder's sources, and those of the page's start, may know."""


def sources() -> list[Path]:
    return sorted(WEB.rglob("*.ts"))


def folder(path: Path) -> str:
    return "/".join(path.relative_to(WEB).parent.parts)


def layer(path: Path) -> str:
    return path.name if path == WEB / "main.ts" else folder(path)


def test_every_folder_of_the_page_imports_only_those_below_it():
    imports = [
        (path, folder((path.parent / name).resolve()))
        for path in sources()
        for name in IMPORT.findall(path.read_text())
    ]
    assert len(imports) > len(sources())
    wrong = [
        f"{path.relative_to(WEB)} imports {imported or 'the shared sources'}"
        for path, imported in imports
        if imported not in MAY_IMPORT[layer(path)]
    ]
    assert wrong == []


def test_no_folder_of_the_page_holds_more_files_than_can_be_kept_in_mind():
    counts = Counter(folder(path) for path in WEB.rglob("*") if path.is_file())
    assert {place: n for place, n in counts.items() if n > 20} == {}

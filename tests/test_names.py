"""Names say what things are: pronouns and the like are at most one in a hundred."""

import ast
from collections import Counter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]

EMPTY = frozenset(
    (
        "one",
        "found",
        "told",
        "own",
        "of",
        "seen",
        "made",
        "look",
        "looked",
        "few",
        "many",
        "others",
        "other",
        "everything",
        "everyone",
        "again",
        "home",
        "at",
        "where",
        "wanted",
        "known",
        "chosen",
        "kept",
        "left",
        "here",
        "some",
        "these",
        "both",
        "given",
        "shown",
        "drawn",
        "how",
        "most",
        "least",
        "several",
        "item",
        "element",
        "thing",
    )
)
"""Names that leave open what they are of."""

LARGEST_SHARE = 0.01


def bound_names(tree):
    """Every name that is assigned to, and every argument."""
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store):
            yield node.id
        elif isinstance(node, ast.arg):
            yield node.arg


@pytest.mark.slow
@pytest.mark.parametrize("folder", ["conceptevo_jax", "experiments"])
def test_few_names_leave_open_what_they_are_of(folder):
    names = [
        (name, path.relative_to(ROOT))
        for path in sorted((ROOT / folder).rglob("*.py"))
        for name in bound_names(ast.parse(path.read_text()))
    ]
    empty = [(name, str(path)) for name, path in names if name in EMPTY]
    assert len(empty) <= LARGEST_SHARE * len(names), empty


def test_no_folder_of_the_package_holds_more_files_than_can_be_kept_in_mind():
    package = ROOT / "conceptevo_jax"
    counts = Counter(path.parent for path in package.rglob("*.py"))
    assert {str(place): n for place, n in counts.items() if n > 20} == {}


def test_no_two_files_of_tests_have_one_name():
    """Pytest imports them by their names alone."""
    names = Counter(path.name for path in (ROOT / "tests").rglob("test_*.py"))
    assert [name for name, count in names.items() if count > 1] == []

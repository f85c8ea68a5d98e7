"""Every purpose draws random numbers of its own."""

import ast
from itertools import combinations
from pathlib import Path

import numpy as np

from conceptevo_jax.streams import stream

ROOT = Path(__file__).parents[1]
SOURCES = sorted(
    path
    for folder in ("conceptevo_jax", "experiments")
    for path in (ROOT / folder).rglob("*.py")
    if "benchmarks" not in path.parts
)


def test_purposes_seeds_and_numbers_have_streams_of_their_own():
    """Also where one list of numbers is the other with a zero, equal for NumPy."""
    calls = [
        (0, "images"),
        (0, "neurons"),
        (0, "images", 0),
        (0, "images", 0, 0),
        (0, "images", 3),
        (3, "images", 0),
        (3, "images"),
        (1, "images", 23),
        (12, "images", 3),
        (2**32, "images"),
    ]
    drawn = {call: stream(*call).random(1000) for call in calls}
    for one, other in combinations(calls, 2):
        correlation = np.corrcoef(drawn[one], drawn[other])[0, 1]
        assert abs(correlation) < 5 / np.sqrt(1000), (one, other)


def test_a_stream_is_that_of_every_other_machine():
    """As it was when this was written."""
    assert stream(3, "images", 1).permutation(8).tolist() == [4, 2, 3, 7, 1, 5, 6, 0]


def _calls(name: str) -> list[tuple[Path, ast.Call]]:
    found = []
    for path in SOURCES:
        for node in ast.walk(ast.parse(path.read_text())):
            if isinstance(node, ast.Call) and ast.unparse(node.func).endswith(name):
                found.append((path, node))
    return found


def test_no_two_places_of_the_package_draw_for_one_purpose():
    purposes = [ast.unparse(call.args[1]) for _, call in _calls("stream")]
    assert len(purposes) > 20
    assert all(purpose.startswith("'") for purpose in purposes)
    assert len(set(purposes)) == len(purposes)


def test_no_generator_is_seeded_without_a_purpose():
    """But what is always the same numbers, and `stream` itself."""
    for path, call in _calls("default_rng"):
        fixed = ast.unparse(call.args[0]).isdigit()
        assert fixed or path.name == "streams.py", f"{path}: {ast.unparse(call)}"

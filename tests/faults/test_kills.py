"""A call that was killed goes on, and its numbers are those of one that was not.

Two tiny trainings are killed here; `make faults` kills smoke demos, `KILLS` times.
"""

import json
import os
import sys
from collections import Counter
from pathlib import Path

import numpy as np
import pytest
from calling import PROGRAM
from killing import Program, finish, kill_beside, kill_often, leftovers, paths

from conceptevo_jax.store import Store

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent
PATHS = [str(HERE.parents[1]), str(HERE.parent)]
TINY = {"PYTHONPATH": os.pathsep.join(PATHS)}
KILLS = int(os.environ.get("KILLS", "0"))
DEMO = (sys.executable, "-c", PROGRAM, "experiment=demo", "scale=smoke")


def tiny(folder):
    """The program of two tiny trainings."""
    words = (sys.executable, str(HERE / "tiny_jobs.py"), str(folder / "store"))
    return Program(words, folder, TINY)


def demo(folder):
    """A smoke demo."""
    return Program(DEMO, folder, {"PYTHONPATH": str(HERE.parents[1]), "COLUMNS": "200"})


def numbers_of(printed):
    """The last line of what the tiny program prints."""
    return json.loads(printed.splitlines()[-1])


def results_of(folder):
    """All that a demo found: its numbers but for times, and its tables."""
    result = folder / "runs" / "demo-smoke"
    values = json.loads((result / "results.json").read_text())
    del values["seconds"], values["timings"]
    tables = {p.name: p.read_bytes() for p in sorted((result / "tables").iterdir())}
    return values, tables


def require_clean(folder):
    """Nothing is left in the making, and no lock is held."""
    assert leftovers(folder) == []
    for path in paths(folder):
        if path.name == "store.json":
            store = Store(path.parent)
            assert not any(store.is_locked(entry) for entry in store.entries())


@pytest.fixture(scope="module")
def undisturbed(tmp_path_factory):
    """What the tiny program finds when nobody kills it."""
    return numbers_of(finish(tiny(tmp_path_factory.mktemp("undisturbed"))))


def test_killed_trainings_go_on_to_the_same_numbers(undisturbed, tmp_path):
    chain = kill_often(tiny(tmp_path), 2, np.random.default_rng(5))
    assert chain.kills.total() == 2
    assert numbers_of(finish(tiny(tmp_path))) == undisturbed
    require_clean(tmp_path)


def test_of_two_writers_one_is_killed_and_the_other_ends(undisturbed, tmp_path):
    rng = np.random.default_rng(6)
    printed = kill_beside(tiny(tmp_path), "store/train-*.partial", rng)
    assert numbers_of(printed) == undisturbed
    require_clean(tmp_path)


@pytest.fixture(scope="module")
def demo_folder(tmp_path_factory):
    """Of a smoke demo that nobody kills."""
    folder = tmp_path_factory.mktemp("demo")
    finish(demo(folder))
    return folder


@pytest.fixture(scope="module")
def undisturbed_demo(demo_folder):
    """What it finds."""
    return results_of(demo_folder)


def stages_of(folder):
    """Patterns of what a demo makes, in the order in which it was first finished."""
    entries = Store(folder / "runs" / "store").entries()
    first = {}
    for entry in sorted(entries, key=lambda entry: entry.path.stat().st_mtime):
        first.setdefault(entry.stage, f"runs/store/{entry.stage}-*")
    return [*first.values(), "runs/demo-smoke/*"]


if KILLS:

    def test_killed_demos_go_on_to_the_same_results(
        undisturbed_demo, demo_folder, tmp_path
    ):
        """A demo is killed again and again; then the next, until all kills are done."""
        rng, left, number = np.random.default_rng(7), KILLS, 0
        kills = Counter()
        while left > 0:
            folder = tmp_path / str(number)
            chain = kill_often(demo(folder), left, rng, stages_of(demo_folder))
            assert results_of(folder) == undisturbed_demo
            require_clean(folder)
            left, number = left - chain.kills.total(), number + 1
            kills += chain.kills
        print(f"{KILLS} kills in {number} demos: {dict(kills)}")

    def test_two_demos_in_one_folder_one_of_them_killed(undisturbed_demo, tmp_path):
        rng = np.random.default_rng(8)
        kill_beside(demo(tmp_path), "runs/store/observe-*", rng)
        assert results_of(tmp_path) == undisturbed_demo
        require_clean(tmp_path)

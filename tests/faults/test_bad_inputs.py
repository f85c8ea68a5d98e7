"""Whatever is typed wrong or lies there damaged is told in one line, and nothing else.

Each bad input is called where results, a store, a study and photographs lie, as in
`planted_world.py`. It has to end with code 2 or 3 and one line that names the thing;
beside finished stages in the store it leaves all as it was. A quarter of them are
tried, `FAULTS=all make test ARGS="-k test_bad_inputs"` tries all.
"""

import os
import re
import shutil
import signal
import subprocess
import sys
import tempfile
from collections import Counter

import matplotlib
import numpy as np
import pytest
from bad_environments import ENVIRONMENTS
from bad_folders import FOLDERS
from bad_records import RECORDS
from bad_settings import SETTINGS
from bad_words import WORDS
from calling import PROGRAM
from planted_world import plant

from conceptevo_jax.cli import experiment

pytestmark = pytest.mark.slow

GROUPS = {
    "settings": SETTINGS,
    "words": WORDS,
    "folders": FOLDERS,
    "records": RECORDS,
    "environments": ENVIRONMENTS,
}
ALL = [mistake for group in GROUPS.values() for mistake in group]
SHARE = 4
"""One of so many is tried, unless all are asked for."""

PATIENCE = 300
"""Seconds after which a call is taken to hang."""

FOREIGN = re.compile(r"Traceback|\b[A-Z]\w+(Error|Exception)\b|<class")
"""What tells of code, not of what somebody did."""

HALF_WRITTEN = re.compile(r"\.partial|unfinished|\.tmp|(^|/)\.[\w-]+\.")


def chosen():
    """All of them, or a quarter of each group, by a fixed seed."""
    if os.environ.get("FAULTS") == "all":
        return ALL
    rng = np.random.default_rng(22)
    return [
        group[at]
        for group in GROUPS.values()
        for at in sorted(rng.permutation(len(group))[: -(-len(group) // SHARE)])
    ]


def test_there_are_enough_of_them_and_no_two_alike():
    assert len(ALL) >= 150
    names = Counter((m.name, m.words, str(m.environment)) for m in ALL)
    assert [name for name, count in names.items() if count > 1] == []


@pytest.fixture(scope="module")
def world(tmp_path_factory):
    folder = tmp_path_factory.mktemp("world")
    plant(folder)
    return folder


@pytest.fixture
def place(world, tmp_path, monkeypatch, template):
    """A copy of it that is the current folder, beside a home and a place for scraps."""
    for name in ("home", "scraps"):
        (tmp_path / name).mkdir()
    shutil.copytree(world, tmp_path / "here", symlinks=True)
    # Else each process makes a list of all fonts in the new home.
    monkeypatch.setenv("MPLCONFIGDIR", matplotlib.get_configdir())
    monkeypatch.setenv("HOME", str(tmp_path / "home"))
    monkeypatch.setenv("TMPDIR", str(tmp_path / "scraps"))
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path / "scraps"))
    return tmp_path / "here"


@pytest.fixture(autouse=True)
def accepts_nothing(monkeypatch):
    """An experiment that passes all checks fails here, instead of being run."""
    runner = experiment.runner

    def guarded(name):
        def run(config, session):
            raise AssertionError(f"accepted, with results in {session.folder}")

        found = runner(name)
        monkeypatch.setattr(found, "run", run)
        return found

    monkeypatch.setattr(experiment, "runner", guarded)


@pytest.fixture(autouse=True)
def ends():
    """A call that does not end is a failure, not a test that never ends."""

    def fail(*_):
        raise AssertionError(f"it did not end within {PATIENCE} s")

    before = signal.signal(signal.SIGALRM, fail)
    signal.alarm(PATIENCE)
    yield
    signal.alarm(0)
    signal.signal(signal.SIGALRM, before)


def listed(root):
    """All that lies below a folder, links not followed, with what can be told of it."""
    found = {}
    for path in root.rglob("*"):
        name = str(path.relative_to(root))
        if name.startswith("scraps/") and name.endswith("tfds"):
            continue  # TFDS makes a folder for scraps as it is asked about a set.
        found[name] = None if path.is_dir() else path.lstat().st_size
    return found


def run_apart(mistake, words):
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *words],
        env={**os.environ, **mistake.environment},
        capture_output=True,
        timeout=PATIENCE,
        check=False,
    )
    return done.returncode, done.stdout.decode(), done.stderr.decode()


@pytest.mark.parametrize("mistake", chosen(), ids=lambda mistake: mistake.name[:90])
def test_a_bad_input_is_one_line_and_leaves_all_as_it_was(
    mistake, call, place, monkeypatch
):
    monkeypatch.chdir(place)
    training = next(place.glob("runs/store/train-*")).name
    words = [word.replace("TRAINING", training) for word in mistake.words]
    if mistake.make is not None:
        mistake.make(place)
    before = listed(place.parent)
    run = call if mistake.environment is None else lambda *w: run_apart(mistake, w)
    code, _, err = run(*words)
    assert code == mistake.code, err
    assert err.startswith("conceptevo: ")
    assert err.count("\n") == 1
    assert err.isprintable() or err[:-1].isprintable()
    assert FOREIGN.search(err) is None, err
    for text in mistake.says:
        assert text in err
    after = listed(place.parent)
    new = {name for name in after if name not in before}
    assert {name: after.get(name) for name in before} == before
    assert [name for name in new if not name.startswith("here/runs/store/")] == []
    assert [name for name in new if HALF_WRITTEN.search(name)] == []

"""A file's tests run on one worker, which trains once; none waits for a fixed time."""

import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow


def test_a_file_is_one_workers():
    one = Path(__file__).with_name("test_errors.py")
    words = ("-n", "1", "--dist", "loadgroup", "-vv", "-p", "no:cacheprovider")
    done = subprocess.run(
        [sys.executable, "-m", "pytest", *words, str(one)],
        cwd=one.parents[1],
        capture_output=True,
        text=True,
        check=False,
    )
    passed = [line for line in done.stdout.splitlines() if "PASSED" in line]
    # What pytest-xdist writes after the name; pytest 9.2 hides it from its scheduler.
    assert passed
    assert all("@test_errors.py" in line for line in passed)


def test_none_waits_for_a_fixed_time():
    """On a slow machine it is too short, on any other it is lost."""
    wait = "wait_for_" + "timeout"
    files = Path(__file__).parent.rglob("*.py")
    assert not [str(file) for file in files if wait in file.read_text()]


def test_experiments_begin_since_they_take_longest(request):
    late = ["experiments" not in item.path.parts for item in request.session.items]
    assert late == sorted(late)

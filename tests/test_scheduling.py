"""Tests that share a training stay on one worker, or every worker would train."""

import subprocess
import sys
from pathlib import Path


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

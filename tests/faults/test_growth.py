"""A process that works on and on takes no more and more memory, nor handles.

200 updates of a monitor here; `make faults` repeats smoke demos in one process, too.
"""

import json
import os
import subprocess
import sys
from pathlib import Path

import pytest

pytestmark = pytest.mark.slow

HERE = Path(__file__).parent
SETTLED = 4
"""Repetitions after which caches are full."""

DEMOS = int(os.environ.get("DEMOS", "0"))


def grown(work, count, folder):
    """Growth of memory as a share, and of handles, from the fifth repetition on."""
    done = subprocess.run(
        [sys.executable, str(HERE / "repeating.py"), work, str(count)],
        cwd=folder,
        env={**os.environ, "PYTHONPATH": str(HERE.parents[1])},
        capture_output=True,
        text=True,
    )
    assert done.returncode == 0, done.stderr
    lines = [line for line in done.stdout.splitlines() if line.startswith("[")]
    taken = [json.loads(line) for line in lines]
    assert len(taken) == count
    memory, handles = zip(*taken[SETTLED:], strict=True)
    print(f"{work}: {[round(m / 1e6, 1) for m, _ in taken]} MB, handles {handles}")
    return max(memory) / memory[0] - 1, max(handles) - handles[0]


def test_a_monitor_keeps_to_its_memory(tmp_path):
    memory, handles = grown("monitor", 8, tmp_path)
    assert memory < 0.02
    assert handles == 0


if DEMOS:

    def test_demos_in_one_process_keep_to_its_memory(tmp_path):
        memory, handles = grown("demo", DEMOS, tmp_path)
        assert memory < 0.02
        assert handles == 0

"""The worked example of CONTRIBUTING.md is complete, and every law holds for it."""

import os
import re
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from calling import PROGRAM

pytestmark = pytest.mark.slow

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "CONTRIBUTING.md").read_text()
BLOCKS = {
    "conceptevo_jax/models/plain.py": "python",
    "configs/model/plain.yaml": "yaml",
}


def _block(language: str) -> str:
    (block,) = re.findall(rf"```{language}\n(.*?)```", PAGE, flags=re.S)
    return block


@pytest.fixture(scope="module")
def copy(tmp_path_factory) -> Path:
    """What the laws need of the checkout, with the two files of the example."""
    root = tmp_path_factory.mktemp("checkout")
    left_out = shutil.ignore_patterns("__pycache__", "*.parquet", "*.array_record*")
    for name in ("conceptevo_jax", "configs", "experiments", "tests"):
        shutil.copytree(ROOT / name, root / name, ignore=left_out)
    shutil.copy(ROOT / "pyproject.toml", root)
    for path, language in BLOCKS.items():
        assert f"`{path}`" in PAGE
        (root / path).write_text(_block(language))
    return root


def _run(copy: Path, *words: str) -> subprocess.CompletedProcess:
    # Not what this test runner gives to its own plugins and workers.
    environment = {k: v for k, v in os.environ.items() if not k.startswith("PYTEST_")}
    return subprocess.run(
        [sys.executable, *words],
        cwd=copy,
        env=environment | {"PYTHONPATH": str(copy)},
        capture_output=True,
        text=True,
    )


def test_every_law_holds_for_the_example(copy):
    suite = "tests/models/test_conformance.py"
    words = ("-m", "pytest", "-p", "no:cacheprovider", "-k", "plain", suite)
    done = _run(copy, *words)
    assert done.returncode == 0, done.stdout + done.stderr
    (passed,) = re.findall(r"(\d+) passed", done.stdout)
    assert int(passed) >= (copy / suite).read_text().count("\ndef test_")
    assert "skipped" not in done.stdout


def test_the_command_trains_the_example(copy):
    (command,) = re.findall(r"`conceptevo (experiment=.*plain)`", PAGE)
    done = _run(copy, "-c", PROGRAM, *command.split(), "dry_run=true")
    assert done.returncode == 0, done.stdout + done.stderr
    assert "nothing was done" in done.stdout


INITIAL = """
import numpy as np
from conceptevo_jax.models import build_model

params = build_model("plain", preset="full", classes=50).init(3)["params"]
for layer in params.values():
    kernel = np.asarray(layer["kernel"])
    spread = np.prod(kernel.shape[:-1]) ** -0.5
    assert abs(kernel.std() / spread - 1) < 5 / np.sqrt(kernel.size)
    assert 2.2 < abs(kernel).max() / spread < 2.28, "cut at two deviations over .88"
    assert not np.any(layer["bias"])
"""


def test_its_initial_weights_have_flaxs_distribution(copy):
    """LeCun normal, cut at two deviations: what `nn.Conv` and `nn.Dense` start from."""
    done = _run(copy, "-c", INITIAL)
    assert done.returncode == 0, done.stdout + done.stderr

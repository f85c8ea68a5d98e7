"""One smoke demo for all tests here: a built wheel's, run far from the checkout.

Each file of tests has a copy of its own, to which its experiments add.
"""

import dataclasses
import json
import os
import shutil
import subprocess
import sys
from pathlib import Path

import pytest
from sharing import once

ROOT = Path(__file__).parents[2]
MARK = "VGG16 without dropout (as the wheel has it)"
"""A title that no claim quotes, so that a checkout's results equal the wheel's."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Demo:
    """A finished smoke demo: its folders, what it printed, and all it left behind."""

    folder: Path
    store: Path
    printed: str
    left: list[str]


def run(*command, cwd, **environment):
    done = subprocess.run(
        [str(word) for word in command],
        cwd=cwd,
        env={**os.environ, **environment},
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


@pytest.fixture(scope="session")
def wheel(session_folder):
    """The wheel, built without isolation."""

    def build(folder):
        hatchling = (sys.executable, "-m", "hatchling", "build", "-t", "wheel")
        run(*hatchling, "-d", folder, cwd=ROOT)

    (built,) = once(session_folder / "wheel", build).glob("*.whl")
    return built


@pytest.fixture(scope="session")
def installed(wheel, session_folder):
    """The folder it is installed in."""
    return once(session_folder / "installed", lambda folder: install(wheel, folder))


def install(wheel, target):
    """With one title that tells its configurations from the checkout's."""
    pip = (sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index")
    run(*pip, "--no-compile", "--target", target, wheel, cwd=target)
    config = target / "conceptevo_jax" / "configs" / "run" / "smoke"
    config = config / "vgg16_no_dropout.yaml"
    text = config.read_text()
    assert "title: VGG16 without dropout\n" in text
    config.write_text(text.replace("VGG16 without dropout", MARK))


def show(installed, folder):
    """Run the demo; beside what it leaves, what it printed and left is kept."""
    away = folder / "away"
    away.mkdir(exist_ok=True)
    script = installed / "bin" / "conceptevo"
    environment = {"PYTHONPATH": str(installed), "PYTHONDONTWRITEBYTECODE": ""}
    words = ("experiment=demo", "scale=smoke")
    printed = run(script, *words, cwd=away, COLUMNS="200", **environment)
    left = [str(path.relative_to(away)) for path in away.glob("**/*")]
    (folder / "told.json").write_text(json.dumps({"printed": printed, "left": left}))


@pytest.fixture(scope="session")
def finished_demo(installed, session_folder):
    """As it was left, to be copied."""
    return once(session_folder / "demo", lambda folder: show(installed, folder))


@pytest.fixture(scope="module")
def demo(finished_demo, tmp_path_factory):
    runs = tmp_path_factory.mktemp("demo") / "runs"
    shutil.copytree(finished_demo / "away" / "runs", runs)
    told = json.loads((finished_demo / "told.json").read_text())
    return Demo(folder=runs / "demo-smoke", store=runs / "store", **told)

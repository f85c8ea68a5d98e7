"""One smoke demo for all tests here: a built wheel's, run far from the checkout."""

import dataclasses
import os
import subprocess
import sys
from pathlib import Path

import jax
import pytest
from jax.experimental.compilation_cache.compilation_cache import reset_cache

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
def wheel(tmp_path_factory):
    """The wheel, built without isolation."""
    folder = tmp_path_factory.mktemp("wheel")
    run(
        sys.executable,
        "-m",
        "hatchling",
        "build",
        "-t",
        "wheel",
        "-d",
        folder,
        cwd=ROOT,
    )
    (built,) = folder.glob("*.whl")
    return built


@pytest.fixture(scope="session")
def installed(wheel, tmp_path_factory):
    """The folder it is installed in; one title tells its configurations apart."""
    target = tmp_path_factory.mktemp("installed")
    pip = (sys.executable, "-m", "pip", "install", "--quiet", "--no-deps", "--no-index")
    run(*pip, "--no-compile", "--target", target, wheel, cwd=target)
    config = target / "conceptevo_jax" / "configs" / "run" / "smoke"
    config = config / "vgg16_no_dropout.yaml"
    text = config.read_text()
    assert "title: VGG16 without dropout\n" in text
    config.write_text(text.replace("VGG16 without dropout", MARK))
    return target


@pytest.fixture(scope="session")
def demo(installed, tmp_path_factory):
    away = tmp_path_factory.mktemp("away")
    script = installed / "bin" / "conceptevo"
    environment = {"PYTHONPATH": str(installed), "PYTHONDONTWRITEBYTECODE": ""}
    words = ("experiment=demo", "scale=smoke")
    printed = run(script, *words, cwd=away, COLUMNS="200", **environment)
    left = [str(path.relative_to(away)) for path in away.glob("**/*")]
    folder, store = away / "runs" / "demo-smoke", away / "runs" / "store"
    return Demo(folder=folder, store=store, printed=printed, left=left)


@pytest.fixture
def call(call):
    """As everywhere, but the demo's compilation cache is left behind."""
    yield call
    jax.config.update("jax_compilation_cache_dir", None)
    reset_cache()

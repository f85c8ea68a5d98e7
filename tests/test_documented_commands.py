"""Every call of `conceptevo` on the pages is one: its command, words and settings.

Experiments are configured, and all other commands are called where nothing is to be
read, so that a call that is understood ends by naming what is missing.
"""

import dataclasses
import re
import tomllib
from collections.abc import Iterable
from pathlib import Path

import numpy as np
import pytest
from hydra.core.override_parser.overrides_parser import OverridesParser
from hydra.errors import HydraException
from pages import PAGES, ROOT, calls, page_calls, shell_lines
from PIL import Image

from conceptevo_jax.benchmarks.check_settings import check_benchmark
from conceptevo_jax.cli import commands, prepare
from conceptevo_jax.cli.compose import resolve
from conceptevo_jax.cli.config_files import arguments, require_settings_alone
from conceptevo_jax.cli.experiment import composed_config
from conceptevo_jax.cli.locate import experiments
from conceptevo_jax.cli.schema import register
from conceptevo_jax.cli.words import interpret_words, require_words, typed_names
from conceptevo_jax.config import Config
from conceptevo_jax.errors import DataError
from conceptevo_jax.pipeline.result_folder import require_place
from conceptevo_jax.reports.check_config import check_config, check_counts
from conceptevo_jax.reports.fit_to_images import fit_to_images

LEFT_OUT = {
    "CHANGELOG.md",  # of commands as they were
    "CONTRIBUTING.md",  # whose example runs in models/test_contributing.py
}


def _docstring_calls() -> list[list[str]]:
    """The calls that open the files of experiments, as the reference shows them."""
    lines = []
    for name in experiments():
        opening = (ROOT / f"experiments/{name}.py").read_text().split('"""')[1]
        lines += re.findall(r"^    (conceptevo .*)$", opening.replace("\\\n", ""), re.M)
    return [call for line in lines for call in calls(line.partition("  (")[0])]


CALLS = sorted(
    {tuple(call) for page in PAGES if page not in LEFT_OUT for call in page_calls(page)}
    | {tuple(call) for call in _docstring_calls()}
)

PLANS = [call for call in CALLS if any("experiment=" in word for word in call)]
COMMANDS = [call for call in CALLS if call not in PLANS]

FIELDS = {f.name for f in dataclasses.fields(Config)} - {"dataset", "method"}
SHARED = sorted({w for call in PLANS for w in call if w.partition("=")[0] in FIELDS})
"""Words for settings of all experiments, such as `seeds=3`."""

OTHERS = sorted({tuple(w for w in call if w not in SHARED) for call in PLANS})
PLAIN = [
    call for call in OTHERS if all(re.match("-m|experiment=|scale=", w) for w in call)
]
"""Of an experiment at a scale, all of which are composed in test_paper.py."""

STANDS_FOR = {
    "experiment=NAME": "experiment=demo",
    "NAME": "cifar10",
    "COMMAND": "explore",
}
"""What a reader writes in place of a name."""


def _here(word: str) -> str | None:
    """A word as it can be configured on one machine; None to leave it out."""
    if re.match(r"\+?hydra(/launcher=|\.launcher\.)", word):
        return None  # of packages that are not installed for tests
    if word.startswith("benchmark.beside="):
        return None  # no other checkout is there
    return STANDS_FOR.get(word, word)


def test_the_pages_have_calls_of_every_command():
    names = {command.name.split()[0] for command in commands.COMMANDS}
    assert {call[0] for call in COMMANDS} - {"COMMAND", "--version"} == names
    plain = {word for call in PLAIN for word in call}
    assert {f"experiment={name}" for name in experiments()} <= plain
    names = {path.stem for path in (ROOT / "configs").glob("[es]*/*.yaml")}
    assert {word.partition("=")[2] for word in plain - {"-m"}} <= {"NAME", *names}


@pytest.fixture
def place(tmp_path) -> Path:
    """What calls on the pages name: images, answers and a folder."""
    for label in ("ant", "bee"):
        (tmp_path / "photographs" / label).mkdir(parents=True)
        for number in range(20):
            pixels = np.full((9, 9, 3), 10 * number, np.uint8)
            pixels[0, 0] = len(label) + (label == "ant")
            image = Image.fromarray(pixels)
            image.save(tmp_path / "photographs" / label / f"{number}.png")
    (tmp_path / "FOLDER").mkdir()
    (tmp_path / "answers").mkdir()
    for name in ("FILES", "answers/one.json"):
        (tmp_path / name).write_text("{}")
    return tmp_path


def _first_of_sweep(word: str) -> str:
    """`seed=0` of `seed=0,1,2`."""
    override = OverridesParser.create().parse_override(word)
    if not override.is_sweep_override():
        return word
    return f"{override.get_key_element()}={next(override.sweep_string_iterator())}"


def _require_understood(words: Iterable[str]) -> None:
    """The steps of `run_experiment` up to a plan, which takes seconds."""
    here = [word for word in map(_here, words) if word is not None]
    interpreted = interpret_words(here, register(here))
    require_settings_alone(interpreted)
    typed = arguments(interpreted)
    require_words(typed.overrides)
    config = resolve(composed_config([_first_of_sweep(w) for w in typed.overrides]))
    require_place(config)
    check_counts(config)
    fit_to_images(config, typed_names(typed.overrides))
    check_config(config)
    check_benchmark(config)


@pytest.mark.parametrize("words", [c for c in OTHERS if c not in PLAIN], ids=" ".join)
def test_an_experiment_is_understood(words, place, monkeypatch):
    monkeypatch.chdir(place)
    _require_understood(words)


def test_settings_of_all_experiments_are_understood(place, monkeypatch):
    monkeypatch.chdir(place)
    by_key = {word.partition("=")[0]: word for word in SHARED}
    assert by_key.keys() >= {"seeds", "monitor", "time_limit", "dry_run"}
    _require_understood(["experiment=demo", *by_key.values()])


def test_a_wrong_key_would_be_noticed(place, monkeypatch):
    monkeypatch.chdir(place)
    with pytest.raises(HydraException, match="batchsize"):
        _require_understood(["experiment=demo", "runs.vgg16.batchsize=3"])


@pytest.mark.parametrize("words", COMMANDS, ids=" ".join)
def test_a_command_is_understood(words, place, call, monkeypatch):
    def stop() -> None:
        raise DataError("nothing is prepared here")

    monkeypatch.setattr(prepare, "_require_tensorflow", stop)
    if len(words) == 1 and words[0] not in ("ls", "clean"):
        return  # its name alone, which is a command's
    code, _, err = call(*(STANDS_FOR.get(word, word) for word in words))
    reads_nothing = words[0] in ("ls", "clean") or words[-1] == "--help"
    assert code == (0 if reads_nothing else 3), err


def test_targets_of_make_and_extras_of_pip_exist():
    lines = [line for page in PAGES for line in shell_lines(page)]
    targets = {t for line in lines for t in re.findall(r"^make (\w+)", line)}
    rules = re.findall(r"^(\w+):", (ROOT / "Makefile").read_text(), re.M)
    assert targets <= set(rules)
    assert targets >= {"demo", "test", "lint", "docs"}
    extras = {
        extra
        for line in lines
        for names in re.findall(r"pip install [^#]*\[([\w,]+)\]", line)
        for extra in names.split(",")
    }
    project = tomllib.loads((ROOT / "pyproject.toml").read_text())["project"]
    assert extras <= set(project["optional-dependencies"])
    assert {"prepare", "cuda"} <= extras

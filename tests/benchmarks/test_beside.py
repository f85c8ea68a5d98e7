"""Another checkout's command runs by its own package, in turns with this one's."""

import csv
import json

import pytest
from rich.console import Console

from conceptevo_jax.benchmarks import beside
from conceptevo_jax.benchmarks.check_settings import check_benchmark
from conceptevo_jax.cli.compose import resolve
from conceptevo_jax.cli.experiment import composed_config
from conceptevo_jax.errors import DataError, UsageError
from conceptevo_jax.pipeline.session import Session
from conceptevo_jax.training import TimeUpError

SMOKE = ("experiment=benchmark", "scale=smoke")

COMMAND = """
import json, pathlib, sys

def main():
    words = dict(word.split("=", 1) for word in sys.argv[1:])
    log = pathlib.Path(__file__).parents[2] / "calls.txt"
    with log.open("a") as file:
        file.write(json.dumps([NAME, sys.argv[1:]]) + "\\n")
    if "benchmark.unknown" in words:
        print("conceptevo: unknown setting 'unknown'.", file=sys.stderr)
        return 2
    if "dry_run" in words:
        return 0
    folder = pathlib.Path(words["run_dir"])
    folder.mkdir(parents=True, exist_ok=True)
    row = {"part": "p", "what": "w", "peer": "", "seconds": SECONDS, "bytes": None}
    row |= {"rate": None, "unit": "", "value": None, "why": ""}
    told = {"software": {"commit": NAME}, "benchmark": [row]}
    (folder / "results.json").write_text(json.dumps(told))
    images = "benchmark: {images: %d}" % (10 * SECONDS)
    (folder / "config.yaml").write_text(images)
    return 0
"""


@pytest.fixture
def planted(tmp_path):
    """Checkouts of a command that logs its calls and takes as long as it says."""

    def plant(name, seconds):
        package = tmp_path / name / "conceptevo_jax"
        package.mkdir(parents=True)
        (package / "__init__.py").touch()
        text = f"NAME, SECONDS = {name!r}, {seconds}\n{COMMAND}"
        (package / "cli.py").write_text(text)
        return package.parent.resolve()

    return plant


def calls(tmp_path):
    return [json.loads(s) for s in (tmp_path / "calls.txt").read_text().splitlines()]


class Planned(Session):
    """A session of a benchmark that has a folder and no images."""

    def __init__(self, folder, rounds):
        self.folder, self.console = folder, Console(quiet=True)
        self.config = resolve(composed_config([*SMOKE, f"benchmark.rounds={rounds}"]))
        self.timings, self.time_left = {}, None


def test_both_sides_are_called_in_turns_after_the_others_plan(
    planted, tmp_path, monkeypatch
):
    new, old = planted("new", 2), planted("old", 3)
    monkeypatch.setattr(beside, "this_checkout", lambda: new)
    # The folder that a call is made from is most often a checkout itself.
    monkeypatch.chdir(planted("around", 99))
    words = ["experiment=benchmark", "scale=smoke", "benchmark.parts=[a,b]"]
    words += [f"benchmark.beside={old}", "benchmark.rounds=2", "run_dir=mine"]
    out = beside.compare_checkouts(Planned(tmp_path / "out", 2), old, ["a", "b"], words)
    logged = calls(tmp_path)
    assert [name for name, _ in logged] == ["old", *["new", "old"] * 4]
    whole = ["experiment=benchmark", "benchmark.parts=[a,b]", "scale=smoke"]
    assert logged[0][1] == [*whole, "dry_run=true"]
    assert [call[1] for _, call in logged[1:]] == [
        f"benchmark.parts=[{part}]" for part in "aaaabbbb"
    ]
    assert all(call[2] == "scale=smoke" and len(call) == 4 for _, call in logged[1:])
    told = out.further["beside"]
    assert [row["ratio"] for row in told["rows"]] == [1.5, 1.5]
    assert told["software"]["old"]["commit"] == "old"
    assert told["settings_that_differ"] == {"benchmark.images": [20, 30]}
    with (tmp_path / "out" / "tables" / "beside.csv").open() as file:
        assert [row["ratio"] for row in csv.DictReader(file)] == ["1.5", "1.5"]
    assert (tmp_path / "out" / "figures" / "ratios.png").is_file()


def test_the_rounds_before_a_call_ends_early_are_kept(planted, tmp_path, monkeypatch):
    new, old = planted("new", 2), planted("old", 4)
    monkeypatch.setattr(beside, "this_checkout", lambda: new)
    session = Planned(tmp_path / "out", 3)
    monkeypatch.setattr(session, "time_left", lambda: 3 - len(calls(tmp_path)[1:]))
    with pytest.raises(TimeUpError):
        beside.compare_checkouts(session, old, ["a"], [])
    with (tmp_path / "out" / "tables" / "beside.csv").open() as file:
        (row,) = csv.DictReader(file)
    assert (row["ratio"], row["rounds"]) == ("2.0", "1")


def test_a_checkout_that_does_not_know_a_setting_is_named_before_anything_runs(
    planted, tmp_path, monkeypatch
):
    new, old = planted("new", 2), planted("old", 3)
    monkeypatch.setattr(beside, "this_checkout", lambda: new)
    session = Planned(tmp_path / "out", 1)
    with pytest.raises(DataError) as raised:
        beside.compare_checkouts(session, old, ["a"], ["benchmark.unknown=1"])
    assert f"the benchmark of {old} ended with code 2" in str(raised.value)
    assert "unknown setting 'unknown'" in str(raised.value)
    assert [name for name, _ in calls(tmp_path)] == ["old"]


def test_no_other_package_is_measured_in_the_place_of_a_checkouts(planted, tmp_path):
    planted("new", 2)
    empty = tmp_path / "empty"
    empty.mkdir()
    with pytest.raises(DataError, match=r"imported .* instead"):
        beside.call_command(empty, ["dry_run=true"])


@pytest.mark.parametrize(
    ("words", "message"),
    [
        (["benchmark.beside=nowhere"], r"nowhere is not a .*__init__\.py is missing"),
        (["benchmark.beside=half"], r"half is not a .*experiments/benchmark\.py"),
        (["benchmark.beside=full", "seeds=3"], r"seeds=3 with benchmark\.beside"),
        (["benchmark.beside=full", "benchmark.minutes=2"], r"minutes=2 with benchmark"),
        (["benchmark.minutes=0"], r"benchmark\.minutes must be above 0"),
        (["benchmark.rounds=0"], r"benchmark\.rounds must be above 0"),
        (["benchmark.computes=[float16]"], r"unknown compute type 'float16'"),
    ],
)
def test_what_cannot_be_measured_is_refused_by_name(
    tmp_path, monkeypatch, words, message
):
    monkeypatch.chdir(tmp_path)
    for folder in ("half", "full"):
        (tmp_path / folder / "conceptevo_jax").mkdir(parents=True)
        (tmp_path / folder / "conceptevo_jax" / "__init__.py").touch()
    for name in ("experiments", "configs"):
        (tmp_path / "full" / name).mkdir()
    (tmp_path / "full" / "experiments" / "benchmark.py").touch()
    with pytest.raises(UsageError, match=message):
        check_benchmark(resolve(composed_config([*SMOKE, *words])))

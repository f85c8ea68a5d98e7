"""The benchmark of a GPU, rehearsed on tiny networks, and what a call leaves behind."""

import csv
import importlib.util
import json
from functools import partial
from pathlib import Path

import jax
import pytest
import yaml
from rich.console import Console

from conceptevo_jax.benchmarks.budget import MeasuredPart, Measurement
from conceptevo_jax.benchmarks.rows import Row
from conceptevo_jax.cli.compose import resolve
from conceptevo_jax.cli.experiment import composed_config
from conceptevo_jax.cli.locate import folder, runner
from conceptevo_jax.pipeline.session import Session

SMOKE = ("experiment=benchmark", "scale=smoke")
ONE = ("~runs.inception_v3", "~runs.convnext_tiny")


def settings_of_a_gpu():
    """What `scale=gpu` sets of the benchmark, as words for tiny networks."""
    file = folder("configs") / "scale" / "gpu.yaml"
    settings = yaml.safe_load(file.read_text())["benchmark"]
    text = {
        name: json.dumps(value).replace('"', "") for name, value in settings.items()
    }
    sizes = {"images": 4, "turns": 1, "sweep_batches": 2}
    return [f"benchmark.{name}={value}" for name, value in (text | sizes).items()]


def rows_of(path):
    with (path / "tables" / "benchmark.csv").open() as file:
        return list(csv.DictReader(file))


class Planned(Session):
    """A session that has a folder and no images."""

    def __init__(self, folder, *words):
        self.folder, self.console = folder, Console(quiet=True)
        self.config = resolve(composed_config([*SMOKE, *words]))
        self.timings, self.time_left = {}, None


def planned(what, call=None):
    def default():
        return MeasuredPart([Row(part="p", what=what, seconds=1.0)], [], {})

    return Measurement(part="p", what=what, call=call or default)


def test_the_benchmark_of_a_gpu_runs_on_tiny_networks(call, monkeypatch):
    if importlib.util.find_spec("torchvision") is None:
        pytest.skip("the extra [parity] is not installed")
    import torch

    # Of a compiler only what it traces is asked: its own takes two minutes a network.
    compiler = partial(torch.compile, backend="eager")
    monkeypatch.setattr(torch, "compile", compiler)
    words = (*SMOKE, *ONE, *settings_of_a_gpu(), "benchmark.minutes=60")
    code, out, err = call(*words)
    assert code == 0, err
    at = [out.index(text) for text in ("networks: ", "stimuli: ", "embedding: ")]
    assert at == sorted(at)
    rows = rows_of(Path("runs/benchmark-smoke"))
    assert not [row for row in rows if row["why"].startswith("not run: time")]
    compared = {(r["what"], r["peer"]): r["value"] for r in rows if r["peer"]}
    for narrow in ("", ", bfloat16"):
        for peer in ("PyTorch eager", "torch.compile"):
            what = f"training step of vgg16 (tiny){narrow}"
            assert float(compared[what, peer]) > 0
        sweep = f"stimuli, vgg16 at 32{narrow}"
        assert float(compared[sweep, "torch.compile, hooks and topk"]) > 0
    assert "importance of all sites, vgg16" in {row["what"] for row in rows}
    assert not [row for row in rows if row["what"].startswith("reversion")]


def test_without_time_every_part_says_so_and_nothing_old_stays(call):
    """Not even of an earlier call with the same settings, which had more time."""
    results = Path("runs/benchmark-smoke")
    words = (*SMOKE, *settings_of_a_gpu(), "benchmark.minutes=1e-6")
    assert call(*words)[0] == 0
    stale = [results / "tables" / f"{n}.csv" for n in ("costs", "page", "beside")]
    stale += [results / "figures" / f"ratios.{ending}" for ending in ("png", "pdf")]
    for path in stale:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.touch()
    code, _, err = call(*words)
    assert code == 0, err
    rows = rows_of(results)
    # Networks and stimuli in two types, embedding, costs of three networks.
    parts = [row["part"] for row in rows]
    assert [parts.count(p) for p in ("networks", "stimuli", "embedding")] == [6, 2, 1]
    assert parts.count("costs") == 3
    assert parts[:4] == ["networks", "stimuli", "embedding", "costs"]
    assert all(row["why"].startswith("not run: time: of 1e-06 min") for row in rows)
    assert not any(row["seconds"] or row["value"] for row in rows)
    assert not [path for path in stale if path.exists()]


def test_a_killed_call_keeps_its_rows(tmp_path):
    def killed():
        assert [row["what"] for row in rows_of(tmp_path)] == ["first"]
        raise KeyboardInterrupt

    parts = [[planned("first"), planned("second", killed)]]
    with pytest.raises(KeyboardInterrupt):
        runner("benchmark").measure(Planned(tmp_path), parts)
    assert [row["what"] for row in rows_of(tmp_path)] == ["first"]


def test_what_the_device_has_no_memory_for_is_a_row_and_other_errors_are_raised(
    tmp_path,
):
    def fails(message):
        def call():
            raise jax.errors.JaxRuntimeError(message)

        return call

    large = planned("large", fails("RESOURCE_EXHAUSTED: Out of memory\nmore"))
    parts = [[large, planned("small")]]
    done = runner("benchmark").measure(Planned(tmp_path), parts)
    assert [(row.what, row.why) for row in done.rows] == [
        ("large", "not run: RESOURCE_EXHAUSTED: Out of memory"),
        ("small", ""),
    ]
    wrong = [[planned("wrong", fails("INVALID_ARGUMENT: shapes"))]]
    with pytest.raises(jax.errors.JaxRuntimeError, match="INVALID_ARGUMENT"):
        runner("benchmark").measure(Planned(tmp_path), wrong)


def test_an_unknown_cost_is_refused(call):
    code, _, err = call(*SMOKE, "benchmark.costs=[reversal]")
    assert code == 2
    assert "unknown cost 'reversal'. Did you mean 'reversion'?" in err


@pytest.mark.parametrize(
    ("words", "told"),
    [
        (("scale=gpu", "benchmark.minutes=10"), "networks, within 10 minutes"),
        (("scale=smoke", f"benchmark.beside={folder('configs').parent}"), "3 rounds"),
    ],
)
def test_a_plan_says_how_it_is_measured(call, words, told):
    code, out, err = call("experiment=benchmark", *words, "dry_run=true")
    assert code == 0, err
    assert told in out

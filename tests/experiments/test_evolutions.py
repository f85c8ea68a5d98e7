"""Importance and reversion from the trainings that the smoke demo left."""

import csv
import json

import numpy as np
import pytest
from PIL import Image

from conceptevo_jax.analysis.importance.reversion import GROUPS, METRICS
from conceptevo_jax.benchmarks.page_costs import why_no_browser
from conceptevo_jax.store import Store, load_record
from conceptevo_jax.types import Importance, Reversion

ONE = ("scale=smoke", "~runs.inception_v3", "~runs.convnext_tiny")
"""The run whose importance the demo has measured."""

SITES = ("features.0", "features.14", "features.28")
CLASSES = 2

FIRST_SEED: list[Reversion] = []
"""What the store held after the first seed alone."""


def trainings(demo):
    return {e.key for e in Store(demo.store).entries() if e.stage == "train"}


def results(folder):
    return json.loads((folder / "results.json").read_text())


def claims(folder):
    return {claim["id"]: claim for claim in results(folder)["claims"]}


def table(folder, name):
    with (folder / "tables" / f"{name}.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def records(demo, stage, kind):
    entries = Store(demo.store).entries()
    return [load_record(e.path, kind) for e in entries if e.stage == stage]


def once(call, folder, *words):
    """The result folder of a call; written once, for finished stages are reused."""
    if not folder.is_dir():
        code, _, err = call(*words, f"run_dir={folder}")
        assert code == 0, err
    return folder


@pytest.fixture
def important(demo, call):
    folder = demo.folder.with_name("important")
    return once(call, folder, "experiment=important_evolutions", *ONE)


@pytest.fixture
def reverted(demo, call):
    words = (f"importance.sites=[{','.join(SITES)}]", f"importance.classes={CLASSES}")
    both, first = (demo.folder.with_name(n) for n in ("reverted", "reverted-0"))
    if not both.is_dir():
        once(call, first, "experiment=reversion", *ONE, *words)
        FIRST_SEED.extend(records(demo, "reversion", Reversion))
    return once(call, both, "experiment=reversion", *ONE, *words, "seeds=2")


def test_the_demo_has_measured_all_of_its_run(demo, important):
    ours, demos = claims(important), claims(demo.folder)
    assert len(ours) == 6
    assert ours == {name: demos[name] for name in ours}
    for name in ("evolutions", "top_evolutions"):
        assert table(important, name) == table(demo.folder, name)


def test_importance_is_what_the_records_say(demo, important):
    rows = [r for r in table(important, "evolutions") if r["evolution"] == "2"]
    of_class = {
        one.label: one
        for one in records(demo, "importance", Importance)
        if (one.after, len(one.sites)) == ("vgg16@3", 13)
    }
    assert len(rows) == len(of_class) == 10
    for row, (_, one) in zip(rows, sorted(of_class.items()), strict=True):
        assert int(row["images"]) == one.sensitivity.shape[0] == 12
        assert int(row["unchanged"]) == (~one.changed).sum()
        np.testing.assert_array_equal(one.score, (one.sensitivity > 0).mean(axis=0))
        halves = np.nanmean(one.halves)
        assert float(row["halves_correlation"]) == pytest.approx(halves)


def test_the_class_that_is_named_is_shown(demo, important, call):
    names = [row["class"] for row in table(demo.folder, "evolutions")]
    shown = next(n for n in names if n != results(important)["shown"]["vgg16"])
    words = ("experiment=important_evolutions", *ONE)
    folder = demo.folder.with_name("named")
    named = f"+importance.shown.vgg16='{shown}'"
    code, _, err = call(*words, named, f"run_dir={folder}")
    assert code == 0, err
    assert results(folder)["shown"] == {"vgg16": shown}


@pytest.mark.parametrize(
    ("shown", "told"),
    [
        ("vgg16=hat", "unknown class 'hat'"),
        ("vgg=hat", "run in importance.shown 'vgg'. Did you mean 'vgg16'?"),
    ],
)
def test_what_cannot_be_shown_is_refused(demo, call, shown, told):
    words = ("experiment=important_evolutions", *ONE, f"+importance.shown.{shown}")
    folder = demo.folder.with_name("refused")
    code, _, err = call(*words, f"run_dir={folder}")
    assert code == 2
    assert told in err
    assert not (folder / "results.json").exists()


def test_seeds_train_anew_and_are_aggregated(demo, reverted):
    assert results(reverted)["seeds"] == [0, 1]
    folders = results(reverted)["results_of_seeds"]
    assert folders == ["reverted-0", "reverted-1"]
    values = [claims(reverted.with_name(f)) for f in folders]
    for name, claim in claims(reverted).items():
        each = [one[name]["measured"] for one in values]
        assert claim["measured"] == pytest.approx(np.mean(each))
        assert claim["holds"] == all(one[name]["holds"] for one in values)
    seeds = [e.about for e in Store(demo.store).entries() if e.stage == "train"]
    assert "vgg16: VGG16, well trained, seed 10001" in seeds


@pytest.mark.parametrize(("evolution", "after"), [("1", "vgg16@0"), ("2", "vgg16@3")])
def test_changes_are_those_of_the_records(reverted, evolution, after):
    folder = reverted.with_name("reverted-0")
    found = [one for one in FIRST_SEED if one.after == after]
    assert len(found) == CLASSES
    rows = {
        (row["group"], row["metric"], row["bin"]): float(row["change"])
        for row in table(folder, "reversion")
        if (row["evolution"], row["direction"]) == (evolution, "reverted")
    }
    assert len(rows) == 4 * 2 * 5
    for (group, metric, name), change in rows.items():
        at = GROUPS.index(group), METRICS.index(metric)
        quantile = 4 if name == "random" else int(name.split("-")[0]) // 25
        expected = [
            one.reverted[:, :, quantile, *at] - one.at_after[:, None, *at]
            for one in found
        ]
        assert change == pytest.approx(np.mean(expected), abs=1e-12)
    sites = [row["site"] for row in table(folder, "reversion_sites")]
    assert sites == [*SITES, *SITES]


def test_the_aggregate_tells_the_interval_over_seeds(reverted):
    rows = table(reverted, "reversion")
    singles = [
        table(reverted.with_name(f"reverted-{n}"), "reversion") for n in range(2)
    ]
    for row, *each in zip(rows, *singles, strict=True):
        mean = np.mean([float(one["change"]) for one in each])
        assert float(row["change"]) == pytest.approx(mean)
        assert float(row["change_low"]) <= mean <= float(row["change_high"])


@pytest.mark.parametrize("name", ["reversion_top1", "reversion_top5", "specificity"])
@pytest.mark.parametrize("seeds", ["reverted", "reverted-1"])
def test_figures_are_drawn_of_each_seed_and_of_all(reverted, name, seeds):
    path = reverted.with_name(seeds) / f"figures/{name}.png"
    pixels = np.asarray(Image.open(path).convert("L"))
    assert min(pixels.shape) >= 300
    assert (pixels < 250).mean() > 0.01


def test_another_class_is_added_without_measuring_again(demo, reverted, call):
    kept = Store(demo.store).entries()
    before = {e.key for e in kept if e.stage == "reversion"}
    trained = trainings(demo)
    words = (f"importance.sites=[{','.join(SITES)}]", "importance.classes=3")
    code, _, err = call(
        "experiment=reversion", *ONE, *words, f"run_dir={reverted.with_name('more')}"
    )
    assert code == 0, err
    after = {e.key for e in Store(demo.store).entries() if e.stage == "reversion"}
    assert before < after
    assert len(after - before) == 2  # one class, two evolutions
    assert trainings(demo) == trained


def test_costs_are_measured_side_by_side(demo, call):
    folder = once(
        call,
        demo.folder.with_name("benchmark"),
        *("experiment=benchmark", *ONE, "benchmark.images=4", "benchmark.turns=1"),
        *("benchmark.neurons=500", "benchmark.many_neurons=1000"),
    )
    rows = {row["what"]: row for row in table(folder, "costs")}
    assert len(rows) == 4 + 13
    forward = rows["forward pass"]
    assert float(forward["forward_passes"]) == 1
    seconds = float(forward["seconds"])
    sweep = rows["importance of all sites"]
    ratio = float(sweep["seconds"]) / seconds
    assert float(sweep["forward_passes"]) == pytest.approx(ratio)
    found = claims(folder)
    assert found["importance_time_vgg16"]["measured"] == pytest.approx(ratio)
    assert found["importance_time_vgg16"]["holds"] == (ratio <= 4)
    at = [float(r["forward_passes"]) for n, r in rows.items() if n[:9] == "reversion"]
    assert found["reversion_time_vgg16"]["measured"] == max(at)
    monitor = rows["update of the monitor"]
    share = float(monitor["share_of_epoch"])
    epoch = float(rows["training step"]["seconds"]) * 300 / 4
    assert share == pytest.approx(float(monitor["seconds"]) / epoch)
    assert found["monitor_time_vgg16"]["measured"] == pytest.approx(share)
    memory = [float(rows[n]["bytes"]) for n in (sweep["what"], "training step")]
    ratio = memory[0] / memory[1]
    assert found["importance_memory_vgg16"]["measured"] == pytest.approx(ratio)
    told = results(folder)
    assert told["device"]
    assert told["software"].keys() == {"commit", "peers"}
    parts = {row["part"] for row in table(folder, "benchmark")}
    named = {"costs", "embedding", "image vectors", "stimuli", "networks", "growth"}
    assert named | {"maps"} == parts
    assert (folder / "figures" / "ratios.png").is_file()
    assert found["embedding_against_one_pair_at_a_time"]["measured"] > 0
    if why_no_browser() is None:
        one, many = table(folder, "page")
        assert (one["neurons"], one["snapshots"]) == ("500", "20")
        assert (many["neurons"], many["snapshots"]) == ("1000", "2")
        assert found["page_step"]["measured"] == float(one["step"])
        assert found["page_with_many"]["measured"] == float(many["first_view"])
    else:
        assert found["page_step"]["holds"] is None
        assert found["page_step"]["why"].startswith("not run: needs")

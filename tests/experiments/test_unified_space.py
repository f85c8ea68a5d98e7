"""Three architectures in one space, from the trainings that the smoke demo left."""

import csv
import json

import numpy as np
import pytest
from PIL import Image

from conceptevo_jax.store import Store, load_record
from conceptevo_jax.types import Observation, Space

RUNS = ("inception_v3", "convnext_tiny")
AGREEMENTS = ("correlation", "centred", "overlap")


@pytest.fixture
def folder(demo, call):
    """The result folder; written once, for finished stages are reused."""
    where = demo.folder.with_name("unified_space-smoke")
    if not where.is_dir():
        before = trainings(demo)
        words = ("experiment=unified_space", "scale=smoke", f"run_dir={where}")
        code, _, err = call(*words)
        assert code == 0, err
        assert trainings(demo) == before
    return where


def trainings(demo):
    return {e.key for e in Store(demo.store).entries() if e.stage == "train"}


def claims(folder):
    found = json.loads((folder / "results.json").read_text())["claims"]
    return {claim["id"]: claim for claim in found}


def table(folder, name):
    with (folder / "tables" / f"{name}.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_the_demos_trainings_serve_again(folder):
    assert {row["run"] for row in table(folder, "snapshots")} == set(RUNS)
    assert json.loads((folder / "results.json").read_text())["skipped_images"] == {}


@pytest.mark.parametrize("name", RUNS)
def test_accuracies_are_those_of_the_last_epoch(folder, name):
    claim = claims(folder)[f"accuracy_{name}"]
    rows = [row for row in table(folder, "epochs") if row["run"] == name]
    assert claim["measured"] == float(rows[-1]["test_top1"])
    assert claim["holds"] == (claim["interval"][0] >= 0.75)


@pytest.mark.parametrize("agreement", AGREEMENTS)
def test_alignment_claims_compare_with_every_control(folder, agreement):
    rows = [r for r in table(folder, "alignment") if r["agreement"] == agreement]
    knowing, trained = [], []
    for name in RUNS:
        own = [row for row in rows if row["run"] == name]
        first, last = own[0], own[-1]
        assert (first["epoch"], last["epoch"]) == ("init", "3")
        controls = [float(last[c]) for c in ("null_high", "constant", "random")]
        knowing.append(float(last["low"]) > max(controls))
        down = float(last["auc"]) - float(last["low"])
        up = float(first["high"]) - float(first["auc"])
        gap = float(last["auc"]) - float(first["auc"])
        trained.append(gap > np.hypot(down, up))
    for start, did in (
        ("architectures_aligned", knowing),
        ("more_aligned_than_untrained", trained),
    ):
        claim = claims(folder)[f"{start}_{agreement}"]
        assert claim["measured"] == np.mean(did)
        assert claim["holds"] == all(did)
        assert claim["n"] == 2


def test_coverage_is_counted_from_the_stimuli(folder, demo):
    space = load_record(folder / "space", Space)
    entries = Store(demo.store).entries()
    for row in table(folder, "coverage"):
        name = f"{row['run']}@{row['epoch']}"
        entry = next(e for e in entries if (e.stage, e.about) == ("observe", name))
        stimuli = load_record(entry.path, Observation).stimuli
        lists = [ids[ids >= 0] for ids in stimuli.image_ids[~stimuli.dead]]
        known = [space.covered[ids] for ids in lists]
        assert int(row["live"]) == len(lists)
        assert float(row["covered"]) == pytest.approx(np.concatenate(known).mean())
        nothing = np.mean([not some.any() for some in known])
        assert float(row["nothing_covered"]) == pytest.approx(nothing)
        assert float(row["by_chance"]) == pytest.approx(space.covered.mean())
        assert float(row["policy"]) == 1
    architectures = {row["architecture"] for row in table(folder, "coverage")}
    assert architectures == {"vgg19", *RUNS}


def test_the_base_covers_its_own_stimuli(folder):
    (own,) = (row for row in table(folder, "coverage") if row["run"] == "base")
    assert (float(own["covered"]), float(own["nothing_covered"])) == (1, 0)


@pytest.mark.parametrize("name", ["unified_space", "training_map", "runs"])
def test_figures_are_drawn(folder, name):
    pixels = np.asarray(Image.open(folder / f"figures/{name}.png").convert("L"))
    assert min(pixels.shape) >= 300
    assert (pixels < 250).mean() > 0.01

"""The experiment on alignment, on images with known concepts, and the study it asks."""

import csv
import json

import numpy as np
import pytest
from PIL import Image

from conceptevo_jax.store import Store
from conceptevo_jax.study import load_study

# The demo's trainings serve again.
SEEDS = (
    "runs.vgg19.seed=1001",
    "~runs.inception_v3",
    "runs.convnext_tiny.seed=1",
    "alignment.bases=[base,convnext_tiny]",
)
RUNS = ("base", "vgg19", "convnext_tiny")
METHODS = ("default", "paper", "original_code")
AGREEMENTS = ("correlation", "centred", "overlap", "planted")
CATEGORIES = ("base", "same_model", "across")
GROUPS = 3


@pytest.fixture
def folder(demo, call):
    """The result folder; written once, for finished stages are reused."""
    where = demo.folder.with_name("alignment-smoke")
    if not (where / "results.json").is_file():
        words = ("experiment=alignment", "scale=smoke", f"run_dir={where}", *SEEDS)
        code, _, err = call(*words, f"alignment.groups={GROUPS}")
        assert code == 0, err
    return where


def claims(folder):
    found = json.loads((folder / "results.json").read_text())["claims"]
    return {claim["id"]: claim for claim in found}


def table(folder, name):
    with (folder / "tables" / f"{name}.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_the_judge_is_trained_and_in_no_space(folder, demo):
    trained = [e.about for e in Store(demo.store).entries() if e.stage == "train"]
    assert any(about.startswith("judge:") for about in trained)
    rows = table(folder, "pairs") + table(folder, "methods")
    named = {row.get(key, "@") for row in rows for key in ("a", "b", "snapshot")}
    assert not any(name.startswith("judge@") for name in named)


def test_every_two_snapshots_are_compared_once(folder):
    rows = table(folder, "pairs")
    pairs = {frozenset((row["a"], row["b"])) for row in rows}
    names = set().union(*pairs)
    # Four whole epochs and the untrained network of each run.
    assert {name.rpartition("@")[0] for name in names} == set(RUNS)
    assert len(names) == 5 * len(RUNS)
    assert len(pairs) == len(names) * (len(names) - 1) / 2
    assert len(rows) == len(pairs) * len(AGREEMENTS)


def test_methods_are_judged_in_the_space_of_every_base(folder):
    rows = table(folder, "methods")
    assert {row["method"] for row in rows} == set(METHODS)
    for method in METHODS:
        for base in ("base", "convnext_tiny"):
            own = [r for r in rows if (r["method"], r["base"]) == (method, base)]
            compared = {row["snapshot"].rpartition("@")[0] for row in own}
            assert compared == set(RUNS) - {base}


@pytest.mark.parametrize("other", METHODS[1:])
@pytest.mark.parametrize("agreement", AGREEMENTS[:3])
def test_a_method_is_above_another_where_intervals_are_apart(folder, other, agreement):
    last = {}
    for row in table(folder, "methods"):
        run, epoch = row["snapshot"].rsplit("@")
        # VGG16 and VGG19 count as one architecture.
        same = {run, row["base"]} <= {"base", "vgg19"}
        if row["agreement"] == agreement and epoch == "3" and not same:
            ends = [float(row[end]) if row[end] else None for end in ("low", "high")]
            last[row["method"], row["base"], run] = ends
    apart = []
    for (method, base, run), ends in last.items():
        beside = last[other, base, run]
        if method == "default" and None not in (*ends, *beside):
            apart.append(ends[0] > beside[1])
    claim = claims(folder)[f"default_above_{other}_{agreement}"]
    assert claim["n"] == len(apart) > 0
    assert claim["measured"] == pytest.approx(np.mean(apart))
    assert claim["holds"] == all(apart)


@pytest.mark.parametrize("measure", ["nearest", "planted"])
def test_trained_snapshots_are_held_to_their_controls(folder, measure):
    names = ("nearest", "nearest_low", "nearest_high", "nearest_random")
    if measure == "planted":
        names = ("auc", "low", "high", "null_high")
    agreement = "planted" if measure == "planted" else "centred"
    values = {}
    for row in table(folder, "methods"):
        if (row["method"], row["base"], row["agreement"]) == (
            "default",
            "base",
            agreement,
        ):
            run, epoch = row["snapshot"].rsplit("@")
            found = [float(row[name]) if row[name] else None for name in names]
            values.setdefault(run, {})[epoch] = found
    beats = []
    for own in values.values():
        before, _, top, _ = own.pop("init")
        for value, low, _, chance in own.values():
            if value is not None:
                gap = np.inf if before is None else value - before
                reach = 0 if before is None else np.hypot(value - low, top - before)
                beats.append(low > chance and gap > reach)
    claim = claims(folder)[f"trained_above_controls_{measure}"]
    assert claim["n"] == len(beats) > 0
    assert claim["measured"] == pytest.approx(np.mean(beats))
    assert claim["holds"] == all(beats)


def test_groups_span_what_their_category_says(folder):
    groups = {}
    for row in table(folder, "groups"):
        groups.setdefault((row["category"], row["group"]), []).append(row)
    assert [category for category, _ in groups] == [
        category for category in CATEGORIES for _ in range(GROUPS)
    ]
    for (category, _), rows in groups.items():
        members = [row["neuron"] for row in rows if row["intruder"] == "False"]
        shots = {name.split("/")[0] for name in members}
        runs = {shot.rpartition("@")[0] for shot in shots}
        assert (len(members), len(rows)) == (5, 6)
        if category == "base":
            assert shots == {"base@3"}
        else:
            assert "base" not in runs
            assert len(shots) > 1
            assert (len(runs) == 1) == (category == "same_model")


def test_what_machines_find_is_counted_from_their_table(folder):
    tasks = {}
    for row in table(folder, "machine_tasks"):
        tasks.setdefault((row["category"], row["task"]), []).append(row)
    for category in CATEGORIES:
        hits = []
        for (kind, _), rows in tasks.items():
            if kind == category:
                least = min(rows, key=lambda row: float(row["likeness"]))
                hits.append(least["intruder"] == "True")
        claim = claims(folder)[f"machine_finds_intruder_{category}"]
        assert (claim["n"], claim["measured"]) == (GROUPS, np.mean(hits))
        human = claims(folder)[f"human_auc_{category}"]
        assert human["holds"] is None
        assert "no people" in human["why"]
        assert claims(folder)[f"machine_auc_{category}"]["n"] > 0


def test_images_of_a_task_are_on_one_card_only(folder):
    study = load_study(folder)
    whole = [place for place, task in enumerate(study.tasks) if task.obvious]
    for place in whole:
        shown = study.patches[place].reshape(54, -1)
        assert len(np.unique(shown, axis=0)) == 54


def test_a_repeated_task_shows_the_same_patches_in_another_order(folder):
    study = load_study(folder)
    places = {task.id: place for place, task in enumerate(study.tasks)}
    again = [task for task in study.tasks if task.repeats]
    assert len(again) == GROUPS * len(CATEGORIES)
    for task in again:
        first = study.tasks[places[task.repeats]]
        for card, neuron in enumerate(task.cards):
            before = study.patches[places[first.id]][first.cards.index(neuron)]
            after = study.patches[places[task.id]][card]
            np.testing.assert_array_equal(before, after)
        assert task.cards[task.intruder - 1] == first.cards[first.intruder - 1]


def test_figures_are_drawn(folder):
    for name in ("methods", "pairs", "tasks", "roc"):
        with Image.open(folder / "figures" / f"{name}.png") as image:
            assert min(image.size) > 200
        assert (folder / "figures" / f"{name}.pdf").is_file()


def test_people_can_be_asked_and_their_answers_judged(folder, call, tmp_path):
    out = tmp_path / "questionnaire"
    code, _, err = call("study", "build", str(folder), f"out={out}", "each=6")
    assert code == 0, err
    page = (out / "index.html").read_text()
    study = load_study(folder)
    assert study.id in page
    assert not any(task.cards[0] in page for task in study.tasks)


def test_hand_picked_sets_come_from_a_file(folder, demo, call, tmp_path):
    names = [r["neuron"] for r in table(folder, "groups") if r["category"] == "base"]
    file = tmp_path / "picked.json"
    file.write_text(json.dumps({"mine": names[:5]}))
    where = demo.folder.with_name("alignment-picked")
    words = ("experiment=alignment", "scale=smoke", f"run_dir={where}", *SEEDS)
    code, _, err = call(*words, "alignment.groups=1", f"alignment.hand_picked={file}")
    assert code == 0, err
    first = [r for r in table(where, "groups") if r["category"] == "hand_picked"]
    assert {r["neuron"] for r in first if r["intruder"] == "False"} == set(names[:5])

    file.write_text("[1")
    code, _, err = call(*words, f"alignment.hand_picked={file}")
    assert code == 2
    assert "picked.json cannot be read" in err

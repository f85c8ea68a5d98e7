"""Failing trainings measured and watched, from those that the smoke demo left."""

import csv
import json

import numpy as np
import pytest
from PIL import Image

from conceptevo_jax.analysis.dynamics.trajectory import MEASURES, Trajectory
from conceptevo_jax.explorer import load_scene
from conceptevo_jax.store import Store, load_record

RUNS = ("vgg16", "vgg16_large_lr", "vgg16_no_dropout")
LEFT_OUT = (
    "base_again",
    "vgg16_again",
    "convnext_tiny",
    "convnext_tiny_large_lr",
    "convnext_tiny_no_decay",
    "inception_v3",
    "inception_v3_unstable",
)
WORDS = (
    "experiment=training_failures",
    "scale=smoke",
    *(f"~runs.{name}" for name in LEFT_OUT),
    "failures.bases=[base]",
    "~failures.groups.ConvNeXt",
    "~failures.groups.InceptionV3",
    f"failures.groups.VGG16=[{','.join(RUNS)}]",
    "failures.again=[]",
    "failures.collapsing=[vgg16_large_lr]",
    "failures.overfitted=[vgg16_no_dropout]",
    "failures.recovering=[]",
    "failures.concept_groups=4",
)
SNAPSHOTS = ["init", "step4", "0", "1", "2", "3"]


@pytest.fixture
def failures(demo, call):
    folder = demo.folder.with_name("failures")
    if not folder.is_dir():
        before = trainings(demo)
        code, _, err = call(*WORDS, f"run_dir={folder}")
        assert code == 0, err
        assert trainings(demo) == before
    return folder


def trainings(demo):
    return {e.key for e in Store(demo.store).entries() if e.stage == "train"}


def table(folder, name):
    with (folder / "tables" / f"{name}.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_every_measure_of_every_snapshot_is_in_the_table(failures):
    rows = table(failures, "measures")
    for name in RUNS:
        own = [row for row in rows if row["run"] == name]
        assert list(dict.fromkeys(row["epoch"] for row in own)) == SNAPSHOTS
        assert len(own) == len(SNAPSHOTS) * len(MEASURES)
        assert all(row["value"] or row["reason"] for row in own)


def test_the_table_is_what_the_records_say(demo, failures):
    entries = [e for e in Store(demo.store).entries() if e.stage == "evolve"]
    records = [load_record(entry.path, Trajectory) for entry in entries]
    rows = table(failures, "measures")
    assert len(records) == len(RUNS)
    for one in records:
        run = one.snapshots[0].partition("@")[0]
        moved = one.series("movement")
        own = [r for r in rows if (r["run"], r["measure"]) == (run, "movement")]
        told = [float(row["value"] or "nan") for row in own]
        np.testing.assert_allclose(told, moved)
        # A mean over all neurons lies between those over the sites.
        known = one.by_site[1:]
        assert (np.nanmin(known, axis=1) <= moved[1:]).all()
        assert (np.nanmax(known, axis=1) >= moved[1:]).all()


def test_the_page_shows_the_same_measures_and_reports(failures):
    rows = table(failures, "measures")
    courses = {one.name: one for one in load_scene(failures / "scene").scene.courses}
    for name in RUNS:
        assert list(map(str, courses[name].epochs)) == SNAPSHOTS
        for measure in ("entropy", "effective_rank", "movement", "coverage"):
            own = [r for r in rows if (r["run"], r["measure"]) == (name, measure)]
            told = [float(row["value"]) if row["value"] else None for row in own]
            assert list(courses[name].measures[measure]) == told
        monitored = [row for row in table(failures, "monitor") if row["run"] == name]
        statuses = [report["status"] for report in courses[name].reports]
        assert statuses == [row["status"] for row in monitored]


def test_the_monitor_looked_at_whole_epochs(failures):
    rows = table(failures, "monitor")
    for name in RUNS:
        own = [row for row in rows if row["run"] == name]
        assert [row["epoch"] for row in own] == ["0", "1", "2", "3"]
        assert all(row["effective_rank"] and row["selectivity"] for row in own)


def test_neurons_have_lives_and_groups_have_births(failures):
    lives = table(failures, "lifetimes")
    assert {row["run"] for row in lives} == set(RUNS)
    for row in lives:
        if row["born"] and row["died"]:
            born, died = (SNAPSHOTS.index(row[k]) for k in ("born", "died"))
            assert born <= SNAPSHOTS.index(row["concept"]) < died
    births = table(failures, "first_concepts")
    for name in RUNS:
        own = [row for row in births if row["run"] == name]
        medians = [
            SNAPSHOTS.index(row["born_median"]) for row in own if row["born_median"]
        ]
        assert medians == sorted(medians)
        assert sum(int(row["neurons"]) for row in own) > 0


def test_claims_stand_for_every_base_and_run(failures):
    claims = json.loads((failures / "results.json").read_text())["claims"]
    ids = [claim["id"] for claim in claims]
    assert len(set(ids)) == len(ids)
    for expected in (
        "entropy_map_grows_vgg16_base",
        "effective_rank_falls_vgg16_large_lr_base",
        "distinct_share_falls_in_time_vgg16_large_lr_base",
        "movement_less_vgg16_no_dropout_base",
        "overfits_vgg16_no_dropout",
        "alarm_in_time_vgg16_large_lr",
        "no_alarm_vgg16",
    ):
        assert expected in ids
    assert all(claim["why"] for claim in claims)


def test_maps_and_curves_are_drawn(failures):
    for name in ("map_vgg16", "measures_vgg16"):
        picture = np.asarray(Image.open(failures / "figures" / f"{name}.png"))
        assert picture.std() > 10
        assert (failures / "figures" / f"{name}.pdf").is_file()


@pytest.mark.parametrize(
    ("word", "told"),
    [
        ("failures.collapsing=[vgg61]", "run in failures 'vgg61'. Did you mean"),
        ("base=vgg16", "failures.bases must contain base=vgg16"),
        ("failures.bases=[base,vgg16]", "cannot be both base and compared"),
    ],
)
def test_mistakes_are_refused_before_anything_is_trained(demo, call, word, told):
    before = trainings(demo)
    folder = demo.folder.with_name("mistaken")
    code, _, err = call(*WORDS, word, f"run_dir={folder}")
    assert code == 2
    assert told in err
    assert trainings(demo) == before

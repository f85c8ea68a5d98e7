"""The smoke demo: what it leaves, what it reuses, and that its claims are measured."""

import csv
import json
import os
from pathlib import Path

import jax
import numpy as np
import pytest
from jax.experimental.compilation_cache.compilation_cache import reset_cache
from PIL import Image

from conceptevo_jax.explorer import load_scene
from conceptevo_jax.store import Store, load_record
from conceptevo_jax.types import Layout, Observation, Space

SMOKE = ("experiment=demo", "scale=smoke")

RUNS = (
    "vgg16",
    "vgg16_large_lr",
    "vgg16_no_dropout",
    "inception_v3",
    "convnext_tiny",
)

RESULTS = {
    "schema": int,
    "versions": dict,
    "experiment": str,
    "scale": str,
    "method": str,
    "seeds": list,
    "base": str,
    "seconds": float,
    "timings": dict,
    "device": str,
    "claims": list,
}
"""design.md, section 8."""

CLAIM = {
    "id": str,
    "paper": (str, type(None)),
    "rule": str,
    "measured": (float, int, type(None)),
    "interval": (list, type(None)),
    "n": int,
    "holds": (bool, type(None)),
    "why": str,
}


def results(folder):
    return json.loads((folder / "results.json").read_text())


def claims(folder):
    return {claim["id"]: claim for claim in results(folder)["claims"]}


def table(folder, name):
    with (folder / "tables" / f"{name}.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def of_run(rows, name):
    return [row for row in rows if row["run"] == name]


def files(folder):
    """Every file below, but for compiled programs, with its time and size."""
    found = {}
    for path in folder.rglob("*"):
        if path.is_file() and ".compiled" not in path.parts:
            stat = path.stat()
            found[path] = (stat.st_mtime_ns, stat.st_size, stat.st_ino)
    return found


def keys(store, *stages):
    return {(e.stage, e.key) for e in Store(store).entries() if e.stage in stages}


def test_results_follow_the_schema(demo):
    found = results(demo.folder)
    assert found.keys() >= RESULTS.keys()
    for name, kind in RESULTS.items():
        assert isinstance(found[name], kind), name
    assert (found["schema"], found["experiment"]) == (1, "demo")
    assert (found["scale"], found["method"]) == ("smoke", "default")
    assert found["seeds"] == [0]
    assert found["base"] == "base@3"
    assert all(isinstance(v, str) for v in found["versions"].values())
    assert all(v >= 0 for v in found["timings"].values())
    assert sum(found["timings"].values()) <= found["seconds"] + 1


def test_claims_follow_the_schema_and_are_told(demo):
    found = results(demo.folder)["claims"]
    assert len({claim["id"] for claim in found}) == len(found) >= 6
    for claim in found:
        assert claim.keys() == CLAIM.keys()
        for name, kind in CLAIM.items():
            assert isinstance(claim[name], kind), (claim["id"], name)
        assert claim["why"]
        assert (claim["measured"] is None) == (claim["holds"] is None)
        if claim["interval"]:
            low, high = claim["interval"]
            assert low <= claim["measured"] <= high
        assert claim["id"] in demo.printed


def test_the_accuracy_claim_is_the_last_row_of_the_table(demo):
    claim = claims(demo.folder)["accuracy_vgg16"]
    last = of_run(table(demo.folder, "epochs"), "vgg16")[-1]
    assert claim["measured"] == float(last["test_top1"])
    assert claim["n"] == 250
    assert claim["holds"] == (claim["interval"][0] >= 0.8)


def test_the_collapse_claim_counts_every_seed(demo):
    claim = claims(demo.folder)["learns_then_collapses"]
    trained = [
        entry.path
        for entry in Store(demo.store).entries()
        if entry.stage == "train" and entry.about.startswith("vgg16_large_lr")
    ]
    assert claim["n"] == len(trained) == 2
    did = []
    for folder in trained:
        with (folder / "epochs.csv").open(newline="") as file:
            curve = [float(row["test_top1"]) for row in csv.DictReader(file)]
        learnt = [i for i, value in enumerate(curve) if value >= 0.5]
        did.append(bool(learnt) and min(curve[learnt[0] :]) <= 0.2)
    assert claim["measured"] == np.mean(did)
    assert claim["holds"] == (np.mean(did) >= 5 / 6)


def test_the_loss_claim_is_the_fall_in_the_table(demo):
    claim = claims(demo.folder)["positive_term_falls"]
    rows = table(demo.folder, "embedding_loss")
    first, last = (float(rows[i]["positive"]) for i in (0, -1))
    assert len(rows) == 51
    assert claim["measured"] == pytest.approx(1 - last / first)
    assert claim["holds"] == (claim["measured"] >= 0.5)


@pytest.mark.parametrize("name", ["correlation", "centred", "overlap"])
def test_the_alignment_claims_count_snapshots_above_their_null(demo, name):
    claim = claims(demo.folder)[f"aligned_{name}"]
    rows = [r for r in table(demo.folder, "alignment") if r["agreement"] == name]
    judged = [row for row in rows if row["auc"]]
    above = [float(row["low"]) > float(row["null_high"]) for row in judged]
    assert len(rows) == 30
    assert all(row["reason"] for row in rows if not row["auc"])
    assert claim["n"] == len(judged)
    assert claim["measured"] == pytest.approx(np.mean(above))
    assert claim["holds"] == all(above)


def test_controls_bound_every_alignment(demo):
    for row in table(demo.folder, "alignment"):
        if row["auc"]:
            assert float(row["constant"]) == pytest.approx(0.5)
            assert 0.3 < float(row["random"]) < 0.7
            assert 0 <= float(row["low"]) <= float(row["high"]) <= 1
            assert row["against"] == "base@3"


def test_every_snapshot_of_every_compared_run_has_a_row(demo):
    rows = table(demo.folder, "snapshots")
    epochs = ["init", "step4", "0", "1", "2", "3"]
    for name in RUNS:
        assert [row["epoch"] for row in of_run(rows, name)] == epochs
    assert len(rows) == 30 == len(results(demo.folder)["snapshots"])
    progress = [float(row["progress"]) for row in of_run(rows, "vgg16")]
    assert progress == [0, 4 / 15, 1, 2, 3, 4]
    for row in rows:
        for share in ("dead_share", "tied_share", "coverage", "shared_with_base"):
            assert row[share] == "" or 0 <= float(row[share]) <= 1


def test_training_without_dropout_starts_from_the_same_weights(demo):
    rows = table(demo.folder, "snapshots")
    one, other = (of_run(rows, n)[0] for n in ("vgg16", "vgg16_no_dropout"))
    assert one | {"run": ""} == other | {"run": ""}


FIGURES = (
    "training_map",
    "shared_space",
    "runs",
    "evolutions_vgg16",
    "class_of_vgg16",
)


@pytest.mark.parametrize("name", FIGURES)
def test_figures_are_drawn(demo, name):
    pixels = np.asarray(Image.open(demo.folder / f"figures/{name}.png").convert("L"))
    assert min(pixels.shape) >= 90
    assert max(pixels.shape) >= 600
    assert (pixels < 250).mean() > 0.01
    assert (demo.folder / f"figures/{name}.pdf").stat().st_size > 10_000
    assert f"figures/{name}.png" in demo.printed


def test_the_demo_tells_what_matters_for_every_class(demo):
    rows = table(demo.folder, "evolutions")
    assert {row["run"] for row in rows} == {"vgg16"}
    assert len({row["class"] for row in rows}) == 10
    assert [(r["before"], r["after"]) for r in rows[::10]] == [
        ("step4", "0"),
        ("0", "3"),
    ]
    worst = max(float(row["largest_difference"]) for row in rows[:10])
    claim = claims(demo.folder)["sensitivities_exact_vgg16_1"]
    assert claim["measured"] == pytest.approx(worst)
    assert claim["holds"] == (worst <= 3e-2)
    first = [row for row in table(demo.folder, "top_evolutions") if row["rank"] == "1"]
    assert len(first) == len(rows)
    assert all(float(r["low"]) <= float(r["importance"]) for r in first)
    assert results(demo.folder)["shown"]["vgg16"] in {row["class"] for row in rows}


def test_the_space_and_its_map_are_kept(demo):
    space = load_record(demo.folder / "space", Space)
    layout = load_record(demo.folder / "layout", Layout)
    assert space.base == "base@3"
    assert len(space.images.coverage) == 300
    assert space.pool_id == results(demo.folder)["space"]["pool"]
    assert len(layout.points) == 208 + 5 * (3 * 164 + 249 + 268)
    assert results(demo.folder)["space"]["map_stability"] == layout.stability


def same_but_for_times(one, other):
    times = ("seconds", "timings")
    one, other = ({k: v for k, v in r.items() if k not in times} for r in (one, other))
    assert one == other


def test_a_second_call_reuses_every_stage(demo, call):
    before, old = files(demo.store), results(demo.folder)
    tables = {p: p.read_bytes() for p in (demo.folder / "tables").iterdir()}
    code, out, _ = call(*SMOKE, f"run_dir={demo.folder}")
    assert code == 0
    assert "accuracy_vgg16" in out
    assert files(demo.store) == before
    # The wheel has another title: this call has a folder of its own, and says so.
    (again,) = demo.folder.parent.glob(f"{demo.folder.name}-*")
    assert f"results of this call go to {again.name}" in out.replace("\n", " ")
    same_but_for_times(results(again), old)
    for path, content in tables.items():
        assert (again / "tables" / path.name).read_bytes() == content
        assert path.read_bytes() == content
    assert results(demo.folder) == old


def test_a_changed_setting_runs_again_what_depends_on_it(demo, call):
    kept = ("images", "train", "observe")
    made = ("space", "refits", "project", "align", "layout")
    before, old = files(demo.store), keys(demo.store, *made)
    stages = keys(demo.store, *kept)
    other = demo.folder.with_name("other")
    code, _, _ = call(*SMOKE, "method.projection.responsive=10", f"run_dir={other}")
    assert code == 0
    assert keys(demo.store, *kept) == stages
    new = [stage for stage, _ in keys(demo.store, *made) - old]
    counts = {stage: new.count(stage) for stage in made}
    assert [counts[stage] for stage in made] == [1, 1, 31, 30, 1]
    now = files(demo.store)
    assert {path: now[path] for path in before} == before
    spaces = [load_record(f / "space", Space) for f in (demo.folder, other)]
    np.testing.assert_array_equal(*(s.neurons.vectors for s in spaces))
    assert not np.array_equal(*(s.images.vectors for s in spaces))


@pytest.fixture
def elsewhere(call, tmp_path, monkeypatch):
    """The folder of runs of another smoke demo, by programs that it compiled itself.

    The caller may name that of one which is at hand.
    """
    if "DEMO_ELSEWHERE" in os.environ:
        yield Path(os.environ["DEMO_ELSEWHERE"])
        return
    # The command sets both.
    names = ("compilation_cache_dir", "persistent_cache_min_compile_time_secs")
    before = {f"jax_{name}": getattr(jax.config, f"jax_{name}") for name in names}
    monkeypatch.delenv("JAX_COMPILATION_CACHE_DIR")
    jax.config.update("jax_compilation_cache_dir", None)
    reset_cache()
    code, _, err = call(*SMOKE)
    assert code == 0, err
    yield tmp_path / "runs"
    for name, value in before.items():
        jax.config.update(name, value)
    reset_cache()


def test_the_same_seed_gives_the_same_numbers_elsewhere(demo, elsewhere):
    """From programs that the other demo compiled itself, too."""
    assert list((elsewhere / "store" / ".compiled").glob("*"))
    again = elsewhere / "demo-smoke"
    assert again.resolve() != demo.folder.resolve()
    same_but_for_times(results(demo.folder), results(again))
    for path in (demo.folder / "tables").iterdir():
        assert (again / "tables" / path.name).read_bytes() == path.read_bytes()
    maps = [load_record(f / "layout", Layout).points for f in (demo.folder, again)]
    np.testing.assert_array_equal(*maps)
    stages = ("images", "train", "observe", "space", "refits", "project", "align")
    stages = (*stages, "layout")
    assert keys(elsewhere / "store", *stages) <= keys(demo.store, *stages)


def test_neurons_without_a_response_have_no_place(demo):
    layout = load_record(demo.folder / "layout", Layout)
    space = load_record(demo.folder / "space", Space)
    entries = Store(demo.store).entries()
    base = next(e for e in entries if e.stage == "observe" and e.about == "base@3")
    dead = load_record(base.path, Observation).stimuli.dead
    assert np.isnan(space.neurons.vectors[dead]).all()
    assert np.isnan(layout.points[: len(dead)][dead]).all()
    assert np.isfinite(layout.points[: len(dead)][~dead]).all()


def test_the_page_shows_every_run_and_is_the_first_to_look_at(demo):
    page = demo.folder / "explorer.html"
    scene = load_scene(demo.folder / "scene").scene
    assert [one.name for one in scene.courses] == ["base", *RUNS]
    well = next(one for one in scene.courses if one.name == "vgg16")
    assert len(well.evolutions) == 2
    assert page.stat().st_size > 100_000
    looked = demo.printed.partition("Look next at:")[2].split()
    assert looked[0].endswith("explorer.html")
    assert results(demo.folder)["timings"]["explorer"] > 0

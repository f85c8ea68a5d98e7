"""Figure 9 at smoke scale: every method is measured alike, and what fails is said."""

import csv
import json
import re

import pytest

WORDS = ("experiment=baseline_comparison", "scale=smoke")
VECTORS = {
    "conceptevo_default",
    "neurocartography",
    "neurocartography_figure_9",
    "neurocartography_one_start",
    "ace",
    "constant",
    "random",
}


@pytest.fixture
def folder(demo, call):
    """The result folder; written once, for finished stages are reused."""
    where = demo.folder.with_name("baseline_comparison-smoke")
    if not (where / "results.json").is_file():
        classes = "baselines.classes=[warm square,cool disc]"
        code, _, err = call(*WORDS, classes, f"run_dir={where}")
        assert code == 0, err
    return where


def results(folder):
    return json.loads((folder / "results.json").read_text())


def rows(folder, name="drift"):
    with (folder / f"tables/{name}.csv").open(newline="") as file:
        return list(csv.DictReader(file))


def test_every_method_is_measured_between_every_two_snapshots(folder):
    found = rows(folder)
    assert {r["method"] for r in found if r["space"] == "vectors"} == VECTORS
    on_maps = {r["method"] for r in found if r["space"] == "map"}
    assert on_maps == VECTORS | {"aligned_umap"}
    pairs = {(r["before"], r["after"]) for r in found}
    names = [f"vgg16@{epoch}" for epoch in ("step4", "0", "3")]
    assert pairs == {(names[a], names[b]) for a, b in ((0, 1), (0, 2), (1, 2))}
    assert len(found) == 3 * (2 * len(VECTORS) + 1)


def test_controls_are_what_they_are_called(folder):
    by_method = {}
    for row in rows(folder):
        if row["space"] == "vectors":
            by_method.setdefault(row["method"], []).append(row)
    assert all(float(r["raw"]) == 0 for r in by_method["constant"])
    assert all(float(r["neighbours"]) == 1 for r in by_method["constant"])
    assert all(float(r["raw"]) > 0.8 for r in by_method["random"])
    # Fitted anew from another start, vectors have nothing to do with each other.
    assert all(float(r["raw"]) > 0.8 for r in by_method["neurocartography"])
    together = [float(r["raw"]) for r in by_method["neurocartography_one_start"]]
    assert max(together) < 0.98


def test_claims_follow_the_table(folder):
    claims = {claim["id"]: claim for claim in results(folder)["claims"]}
    table = [row for row in rows(folder) if row["space"] == "vectors"]

    def values(method, column):
        return [float(r[column]) for r in table if r["method"] == method and r[column]]

    claim = claims["less_raw_vectors_ace"]
    own, other = (values(name, "raw") for name in ("conceptevo_default", "ace"))
    margins = [b - a for a, b in zip(own, other, strict=True)]
    assert claim["measured"] == pytest.approx(sum(margins) / 3)
    purities = [values(n, "purity") for n in ("conceptevo_default", "ace")]
    purer = sum(purities[0]) >= sum(purities[1])
    apart = min(margins) > 0 and claim["interval"][0] > 0
    assert claim["holds"] is (apart and purer)
    assert claims["controls_lose_vectors"]["n"] == 2
    assert len(claims) == 2 * (3 * 2 + 1)


def test_concepts_of_every_class_asked_for_are_told(folder):
    found = rows(folder, "ace_concepts")
    assert {row["class"] for row in found} == {"warm square", "cool disc"}
    assert all(0 <= float(row[name]) <= 1 for row in found for name in ("tcav", "p"))
    assert results(folder)["left_out"] == []
    # Thirty training images of a class are enough for what the scale asks for.
    assert results(folder)["notes"] == []


def test_figures_and_change_of_the_representation(folder):
    for name in ("baseline_comparison", "drift_vectors", "drift_map"):
        assert (folder / f"figures/{name}.png").stat().st_size > 10_000
    for row in rows(folder, "representation"):
        assert 0 <= float(row["linear_cka"]) <= 1
        assert 0 <= float(row["svcca"]) <= 1
    assert (folder / "explorer.html").is_file()


def test_what_cannot_be_explained_is_said_and_the_rest_goes_on(demo, call):
    where = demo.folder.with_name("baseline_comparison-few")
    few = ("baselines.clusters=5000", "baselines.discovery=40")
    code, out, err = call(*WORDS, *few, f"run_dir={where}")
    assert code == 0, err
    (why,) = results(where)["left_out"]
    assert "too few for 5000 clusters" in why
    assert "Left out: ACE of" in out
    assert (where / "figures/baseline_comparison.png").is_file()
    assert not (where / "tables/ace_concepts.csv").exists()


@pytest.mark.parametrize(
    ("word", "named"),
    [
        ("baselines.run=vgg", r"'vgg'.*vgg16"),
        ("baselines.site=nowhere", r"'nowhere'.*features"),
        ("baselines.classes=[hat]", r"'hat'.*warm square"),
        ("baselines.clusters=1", "clusters=1 and"),
        ("baselines.random_sets=2", "random_sets=2 are"),
        ("baselines.segments=0", "segments"),
    ],
)
def test_settings_that_cannot_be_are_refused_before_training(demo, call, word, named):
    where = demo.folder.with_name("baseline_comparison-refused")
    before = len(list(demo.store.iterdir()))
    code, _, err = call(*WORDS, word, f"run_dir={where}")
    assert code == 2
    assert re.search(named, err)
    assert not where.exists()
    assert len(list(demo.store.iterdir())) == before

"""Figure 9 at smoke scale: every method is measured alike, and what fails is said."""

import csv
import json

import pytest

from conceptevo_jax.cli.compose import resolve
from conceptevo_jax.cli.experiment import composed_config
from conceptevo_jax.cli.locate import runner
from conceptevo_jax.config import register
from conceptevo_jax.errors import UsageError

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
    """The result folder; written once. One class can be explained, one cannot."""
    where = demo.folder.with_name("baseline_comparison-smoke")
    if not (where / "results.json").is_file():
        classes = "baselines.classes=[warm square,hat]"
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
    assert claim["holds"] is (min(margins) > 0 and purer)
    assert claims["controls_lose_vectors"]["n"] == 2
    assert len(claims) == 2 * (3 * 2 + 1)


def test_what_cannot_be_explained_is_said_and_the_rest_goes_on(folder):
    (why,) = results(folder)["left_out"]
    assert "ACE of hat" in why
    assert "warm square" in why
    found = rows(folder, "ace_concepts")
    assert {row["class"] for row in found} == {"warm square"}
    assert all(0 <= float(row["tcav"]) <= 1 for row in found)


def test_figures_and_change_of_the_representation(folder):
    for name in ("baseline_comparison", "drift_vectors", "drift_map"):
        assert (folder / f"figures/{name}.png").stat().st_size > 10_000
    for row in rows(folder, "representation"):
        assert 0 <= float(row["linear_cka"]) <= 1
        assert 0 <= float(row["svcca"]) <= 1
    assert (folder / "explorer.html").is_file()


def test_a_site_that_is_none_is_named_and_figure_9_is_drawn(demo, call):
    where = demo.folder.with_name("baseline_comparison-site")
    code, _, err = call(*WORDS, "baselines.site=nowhere", f"run_dir={where}")
    assert code == 0, err
    (why,) = results(where)["left_out"]
    assert "nowhere" in why
    assert (where / "figures/baseline_comparison.png").is_file()
    assert not (where / "tables/ace_concepts.csv").exists()


def test_a_run_that_is_none_is_refused_before_training():
    register()
    config = resolve(composed_config([*WORDS, "baselines.run=vgg"]))
    with pytest.raises(UsageError, match=r"'vgg'.*vgg16"):
        runner("baseline_comparison").jobs(config)

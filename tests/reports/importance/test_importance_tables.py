"""Tables and claims of reversions whose changes are planted."""

import numpy as np
import pytest

from conceptevo_jax.analysis.importance.reversion import GROUPS
from conceptevo_jax.models import build_model
from conceptevo_jax.pipeline.trained_run import TrainedRun
from conceptevo_jax.reports.importance.evolutions import Evolution
from conceptevo_jax.reports.importance.reversion_claims import reversion_claims
from conceptevo_jax.reports.importance.tables import (
    evolution_row,
    quantile_names,
    reversion_rows,
    site_rows,
    top_neurons,
    top_rows,
)
from conceptevo_jax.types import Importance, Reversion, Site, Snapshot

OTHER = GROUPS.index("other")


def shot(epoch):
    return Snapshot(run="vgg16", epoch=epoch, load=dict)


@pytest.fixture
def evolution():
    run = TrainedRun(
        name="vgg16",
        key="k",
        model=build_model("vgg16", preset="tiny", classes=4),
        rows=[],
        snapshots=[],
        observations={},
        keys={},
    )
    return Evolution(
        run=run,
        title="VGG16",
        number=1,
        before=shot("step8"),
        after=shot(2),
        accuracies=(0.25, 0.5),
        relative=False,
    )


SITES = tuple(
    Site(name=name, channels=8, rectified=True, receptive_field=3, stride=1)
    for name in ("a", "b")
)


def make_reversions(rng, *, bins, random, classes=4, repeats=3):
    """Changes of top-1 on other images as given; noise that cancels over sites."""
    reversions = []
    for label in range(classes):
        at_after = np.full((repeats, 4, 2), 0.5)
        change = np.broadcast_to([*bins, random], (repeats, 2, len(bins) + 1)).copy()
        noise = rng.normal(size=(repeats, 1, len(bins) + 1)) * 0.001
        change += np.concatenate([noise, -noise], axis=1)
        reverted = 0.5 + np.repeat(change[..., None, None], 4, axis=3)
        reversions.append(
            Reversion(
                before="vgg16@step8",
                after="vgg16@2",
                label=label,
                at_before=at_after - 0.25,
                at_after=at_after,
                reverted=np.repeat(reverted, 2, axis=4),
                transplanted=np.repeat(reverted, 2, axis=4) - 0.25,
                images=np.full((repeats, 4), 10),
                sites=SITES,
            )
        )
    return reversions


def claims_by_name(evolution, reversions):
    claims = reversion_claims(evolution, reversions, {"vgg16 1": "the paper's"})
    return {claim.id.removesuffix("_vgg16_1"): claim for claim in claims}


def test_an_evolution_is_told_by_its_snapshots_as_the_paper_counts_them(evolution, rng):
    assert evolution.span_label == "step 8 to epoch 2"
    reversions = make_reversions(rng, **PAPER_LIKE)
    first = next(iter(claims_by_name(evolution, reversions).values()))
    assert first.why.startswith("VGG16, step 8 to epoch 2 (")


PAPER_LIKE = {"bins": (-0.12, -0.04, -0.02, 0.01), "random": -0.03}


def test_the_papers_picture_holds(evolution, rng):
    claims = claims_by_name(evolution, make_reversions(rng, **PAPER_LIKE))
    assert [claim.holds for claim in claims.values()] == [True] * 5
    assert claims["first_bin_harms_most"].measured == pytest.approx(0.08)
    assert claims["bins_in_order"].measured == pytest.approx(0.02)
    assert claims["random_between"].measured == pytest.approx(0.04)
    assert claims["random_between_2_and_3"].measured == pytest.approx(0.01)
    assert claims["last_bin_harms_least"].measured == pytest.approx(0.03)
    first = claims["first_bin_harms_most"]
    assert (first.paper, first.n) == ("the paper's", 4)
    assert "other: -0.120 -0.040 -0.020 +0.010 | -0.030" in first.why
    assert "training accuracy 0.25 to 0.50" in first.why


@pytest.mark.parametrize(
    ("bins", "random", "failing"),
    [
        (
            (-0.04, -0.12, -0.02, 0.01),
            -0.03,
            {"first_bin_harms_most", "bins_in_order"},
        ),
        ((-0.12, -0.02, -0.04, 0.01), -0.03, {"bins_in_order", "2_and_3"}),
        ((-0.12, -0.04, 0.02, 0.01), -0.03, {"bins_in_order", "last_bin_harms_least"}),
        ((-0.12, -0.04, -0.02, 0.01), -0.05, {"2_and_3"}),
        ((-0.12, -0.04, -0.02, 0.01), -0.13, {"random_between", "2_and_3"}),
        ((-0.12, -0.04, -0.02, 0.01), 0.02, {"random_between", "2_and_3"}),
    ],
)
def test_each_claim_fails_alone(evolution, rng, bins, random, failing):
    reversions = make_reversions(rng, bins=bins, random=random)
    claims = claims_by_name(evolution, reversions)
    failed = {name for name, claim in claims.items() if not claim.holds}
    assert {name.removeprefix("random_between_") for name in failed} == failing
    for claim in claims.values():
        assert claim.holds == (claim.interval[0] > 0)


def test_what_differs_between_classes_more_than_it_changes_does_not_hold(
    evolution, rng
):
    reversions = make_reversions(rng, **PAPER_LIKE)
    for label, reversion in enumerate(reversions):
        reversion.reverted[:, :, 0] += 0.3 * (-1) ** label
    claim = claims_by_name(evolution, reversions)["first_bin_harms_most"]
    assert claim.measured == pytest.approx(0.08)
    assert claim.interval[0] < 0
    assert not claim.holds
    # One class has no interval: it is judged by its value.
    single = make_reversions(rng, **PAPER_LIKE, classes=1)
    claim = claims_by_name(evolution, single)["first_bin_harms_most"]
    assert claim.interval is None
    assert claim.holds


def test_a_class_without_such_images_is_left_out_of_the_mean(evolution, rng):
    reversions = make_reversions(rng, **PAPER_LIKE)
    reversions[0].reverted[..., GROUPS.index("test"), :] = np.nan
    rows = reversion_rows(evolution, reversions)
    for row in rows:
        if row["direction"] == "reverted":
            assert row["classes"] == (3 if row["group"] == "test" else 4)
            assert row["change"] is not None


def test_without_images_nothing_is_claimed(evolution, rng):
    reversions = make_reversions(rng, **PAPER_LIKE)
    for reversion in reversions:
        reversion.reverted[..., OTHER, :] = np.nan
    for claim in claims_by_name(evolution, reversions).values():
        assert (claim.measured, claim.holds) == (None, None)


def test_rows_tell_every_group_metric_direction_and_quantile(evolution, rng):
    reversions = make_reversions(rng, **PAPER_LIKE)
    rows = reversion_rows(evolution, reversions)
    assert len(rows) == 2 * 4 * 2 * 5
    keys = [(r["direction"], r["group"], r["metric"], r["bin"]) for r in rows]
    assert len(set(keys)) == len(rows)
    row = rows[keys.index(("reverted", "other", "top1", "0-25 %"))]
    assert row["change"] == pytest.approx(-0.12)
    assert row["accuracy"] == pytest.approx(0.5)
    assert (row["before"], row["after"], row["classes"]) == ("step8", 2, 4)
    assert row["sd_repeats"] == pytest.approx(0, abs=1e-12)  # noise cancels over sites
    transplanted = rows[keys.index(("transplanted", "other", "top1", "random"))]
    assert transplanted["change"] == pytest.approx(-0.03)
    assert transplanted["accuracy"] == pytest.approx(0.25)


def test_sites_are_told_apart(evolution, rng):
    reversions = make_reversions(rng, **PAPER_LIKE)
    first, second = site_rows(evolution, reversions)
    assert (first["site"], second["site"]) == ("a", "b")
    expected = np.mean([r.reverted[:, 0, 0, OTHER, 0] for r in reversions]) - 0.5
    assert first["0-25 %"] == pytest.approx(expected)
    assert (first["0-25 %"] + second["0-25 %"]) / 2 == pytest.approx(-0.12)


@pytest.mark.parametrize(
    ("count", "names"),
    [
        (5, ["0-25 %", "25-50 %", "50-75 %", "75-100 %", "random"]),
        (3, ["0-50 %", "50-100 %", "random"]),
    ],
)
def test_quantiles_are_named_by_percentiles(count, names):
    assert quantile_names(count) == names


@pytest.fixture
def importance(rng):
    sensitivity = rng.normal(size=(20, 16))
    sensitivity[:, 3] = 1.0
    sensitivity[:, 9] = 2.0
    sensitivity[:, 12] = 0.0
    return Importance(
        before="vgg16@step8",
        after="vgg16@2",
        label=1,
        images=np.arange(20),
        sensitivity=sensitivity,
        score=(sensitivity > 0).mean(axis=0),
        changed=np.arange(16) != 12,
        halves=np.array([0.4, np.nan]),
        checked=np.array([3, 9]),
        difference=1e-6,
        sites=SITES,
    )


def test_the_most_important_neurons_are_told_with_intervals(evolution, importance):
    first = top_neurons(importance, 2, seed=0)
    assert first == [9, 3]
    rows = top_rows(evolution, importance, "boot", first)
    assert [row["neuron"] for row in rows] == ["b/1", "a/3"]
    assert [row["rank"] for row in rows] == [1, 2]
    for row in rows:
        assert row["importance"] == row["high"] == pytest.approx(1)
        assert row["low"] == pytest.approx(20 / (20 + 1.959964**2))  # Wilson's
        assert row["class"] == "boot"


def test_copies_of_other_neurons_are_left_out(importance):
    copied = Site(**{**vars(SITES[1]), "copies": (1,)})
    with_copy = Importance(**{**vars(importance), "sites": (SITES[0], copied)})
    assert top_neurons(with_copy, 1, seed=0) == [3]


def test_an_evolution_is_summed_up(evolution, importance):
    row = evolution_row(evolution, importance, "boot")
    assert (row["neurons"], row["unchanged"], row["images"]) == (16, 1, 20)
    assert row["halves_correlation"] == pytest.approx(0.4)
    assert row["surely_positive"] >= 2
    assert row["surely_negative"] >= 1
    assert row["largest_difference"] == 1e-6

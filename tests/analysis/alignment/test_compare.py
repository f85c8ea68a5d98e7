"""Planted truths: what the comparison must say about worlds we made."""

import dataclasses

import numpy as np
import pytest

from conceptevo_jax.analysis import Alignment, compare
from conceptevo_jax.errors import DataError
from conceptevo_jax.store import load_record, save_record

MEASURES = ("correlation", "centred", "overlap")


def agreements(alignment):
    return [getattr(alignment, name) for name in MEASURES]


def test_concepts_at_one_place_in_two_runs_are_found_aligned(world):
    alignment = compare(*world.pair(), seed=0)
    for agreement in agreements(alignment):
        assert agreement.overall.auc > 0.97
        assert agreement.above_null
        assert agreement.interval[0] <= agreement.overall.auc <= agreement.interval[1]
        assert agreement.pool > 0.97
        assert agreement.stimuli > 0.8
        assert agreement.null_mean == pytest.approx(0.5, abs=0.05)
    assert alignment.nearest.nearest > 0.9 * alignment.nearest.best
    assert alignment.nearest.interval[0] > alignment.nearest.random
    assert (alignment.live_a, alignment.live_b) == (90, 80)
    assert (alignment.judged, alignment.images) == (90, 300)


def test_with_known_concepts_neurons_agree_that_select_the_same(world):
    concepts = [world.detectors(n) % 7 for n in (90, 80)]
    a, b = (
        dataclasses.replace(world.subject(name, selected), concepts=selected)
        for name, selected in zip(("vgg@4", "base@9"), concepts, strict=True)
    )
    planted = compare(a, b, seed=0).planted
    same_concept = int((concepts[0][:, None] == concepts[1]).sum())
    assert planted.overall.agree == same_concept
    assert planted.overall.disagree == 7200 - same_concept
    assert planted.overall.auc > 0.95
    assert planted.above_null

    # Those that select nothing are in no pair, and without concepts there is none.
    partly_none = np.where(np.arange(90) < 30, concepts[0], -1)
    fewer = compare(dataclasses.replace(a, concepts=partly_none), b, seed=0).planted
    assert fewer.overall.agree + fewer.overall.disagree == 30 * 80
    assert compare(dataclasses.replace(a, concepts=None), b, seed=0).planted is None


def test_known_concepts_that_lie_anywhere_are_not_found(world):
    concepts = world.detectors(90) % 7
    misplaced = world.subject(
        "vgg@4", concepts, vectors=world.rng.normal(size=(90, 12))
    )
    base = world.subject("base@9", concepts)
    a, b = (
        dataclasses.replace(subject, concepts=concepts) for subject in (misplaced, base)
    )
    planted = compare(a, b, seed=0).planted
    assert planted.overall.auc == pytest.approx(0.5, abs=0.1)
    assert not planted.above_null


def test_random_vectors_are_not_above_the_null(world):
    a, b = world.pair(vectors=world.rng.normal(size=(90, 12)))
    alignment = compare(a, b, seed=0)
    for agreement in agreements(alignment):
        assert agreement.overall.auc == pytest.approx(0.5, abs=0.1)
        assert not agreement.above_null
        assert agreement.random == pytest.approx(0.5, abs=0.1)
        assert agreement.pool > 0.97
    assert alignment.nearest.nearest == pytest.approx(alignment.nearest.random, abs=0.1)


def test_constant_vectors_score_exactly_one_half_by_ties(world):
    alignment = compare(*world.pair(vectors=np.full((90, 12), 0.1)), seed=0)
    for agreement in agreements(alignment):
        assert agreement.overall.auc == 0.5 == agreement.constant
        assert agreement.null_high == 0.5
        assert not agreement.above_null
    assert alignment.nearest.nearest == pytest.approx(
        alignment.nearest.random, abs=1e-6
    )


def test_a_neuron_is_not_compared_with_itself(world):
    # Every neuron detects a concept of its own: only itself correlates with it.
    subject = world.subject("run@3", np.arange(60), noise=0.1)
    assert compare(subject, subject, seed=0).nearest.best < 0.3


@pytest.mark.parametrize(("run", "best"), [("run", False), ("other", True)])
def test_pairs_of_one_index_are_left_out_within_one_run_only(world, run, best):
    later = world.subject("run@3", np.arange(60), noise=0.1)
    earlier = world.subject(f"{run}@1", np.arange(60), noise=0.1)
    assert (compare(later, earlier, seed=0).nearest.best > 0.9) is best


def test_neurons_that_cannot_be_judged_change_nothing(world, reorder):
    a, b = world.pair()
    spoilt = reorder(a, np.r_[np.arange(90), 0, 1, 2, 3])
    spoilt.responses.peaks[:, 90] = 2.5
    spoilt.responses.peaks[0, 91] = np.nan
    spoilt.embedding.vectors[92] = np.nan
    spoilt.stimuli.dead[93] = True
    without, alignment = compare(a, b, seed=0), compare(spoilt, b, seed=0)
    assert alignment.live_a == 90
    for expected, agreement in zip(
        agreements(without), agreements(alignment), strict=True
    ):
        assert expected.overall == agreement.overall
        assert expected.stimuli == agreement.stimuli


def test_a_gain_shared_by_all_neurons_fools_only_the_plain_correlation(world):
    concepts = np.arange(60).repeat(2)
    gains = np.linspace(1.0, 5.0, 120)[world.rng.permutation(120)]
    a = world.subject("vgg@4", concepts, noise=1.3, gains=gains)
    b = world.subject("base@9", concepts, noise=1.3, gains=gains[::-1])
    alignment = compare(a, b, seed=0)
    assert alignment.correlation.overall.auc < 0.7
    assert alignment.centred.overall.auc > 0.99


def test_sites_of_one_name_are_shown_apart(world, make_sites):
    detectors = world.detectors(80)
    a = world.subject("vgg@4", detectors, sites=make_sites(40, 40))
    b = world.subject("base@9", detectors, sites=make_sites(80))
    a.embedding.vectors[40:] = world.rng.normal(size=(40, 12))
    agreement = compare(a, b, seed=0).correlation
    assert agreement.same_site.auc > 0.97
    assert agreement.cross_site.auc < 0.65
    assert (
        agreement.same_site.agree + agreement.cross_site.agree
        == agreement.overall.agree
    )
    disagree = agreement.same_site.disagree + agreement.cross_site.disagree
    assert disagree == agreement.overall.disagree


def test_a_subset_without_pairs_has_no_score(world):
    a, b = world.pair()
    score = compare(a, b, seed=0).correlation.cross_site
    assert (score.auc, score.agree, score.disagree) == (None, 0, 0)


def test_too_few_neurons_give_a_reason_and_no_result(world):
    a, b = world.pair(n=19)
    alignment = compare(a, b, seed=0)
    assert "vgg@4 has 19 live neurons of 19" in alignment.reason
    assert (alignment.live_a, alignment.live_b, alignment.judged) == (19, 80, 0)
    assert alignment.nearest.nearest is None
    for agreement in agreements(alignment):
        assert agreement.reason == alignment.reason
        assert agreement.overall.auc is None
        assert agreement.above_null is None


def test_a_network_whose_neurons_are_all_alike_gives_a_reason(world):
    concepts = np.zeros(30, int)
    a = world.subject("vgg@4", concepts, noise=0.0)
    alignment = compare(a, world.subject("base@9", concepts, noise=0.0), seed=0)
    assert alignment.correlation.overall.auc is None
    assert "agrees more than the median" in alignment.correlation.reason
    assert alignment.nearest.nearest == pytest.approx(1.0)


def test_same_seed_same_result_and_another_seed_another_interval(world):
    a, b = world.pair(vectors=world.rng.normal(size=(90, 12)))
    assert compare(a, b, seed=3) == compare(a, b, seed=3)
    first, second = compare(a, b, seed=3).correlation, compare(a, b, seed=4).correlation
    assert first.overall == second.overall
    assert first.interval != second.interval
    assert first.random != second.random


def test_the_order_of_neurons_does_not_matter(world, reorder):
    a, b = world.pair(n=90, m=80)
    expected = compare(a, b, seed=0)
    shuffled = (reorder(s, world.rng.permutation(n)) for s, n in ((a, 90), (b, 80)))
    reordered = compare(*shuffled, seed=0)
    for first, second in zip(agreements(expected), agreements(reordered), strict=True):
        assert first.overall.agree == second.overall.agree
        assert first.overall.auc == pytest.approx(second.overall.auc, abs=1e-4)
        assert first.pool == pytest.approx(second.pool, abs=1e-4)
        assert first.stimuli == pytest.approx(second.stimuli, abs=1e-9)
    assert expected.nearest.best == pytest.approx(reordered.nearest.best, abs=1e-6)


def test_a_sample_of_neurons_estimates_the_same(world):
    noisy = world.places[(detectors := world.detectors(400))]
    noisy = noisy + 2 * world.rng.normal(size=noisy.shape)
    a = world.subject("vgg@4", detectors, vectors=noisy)
    b = world.subject("base@9", world.detectors(80))
    whole, part = compare(a, b, seed=0), compare(a, b, seed=0, max_pairs=12_000)
    assert (whole.judged, part.judged) == (400, 150)
    low, high = part.correlation.interval
    assert low <= whole.correlation.overall.auc <= high
    assert part.correlation.overall.agree == 120


@pytest.mark.parametrize(
    ("field", "record"),
    [("images_id", "responses"), ("images_id", "pool"), ("pool_id", "stimuli")],
)
def test_other_images_are_refused_by_name(world, field, record):
    a, b = world.pair()
    foreign = dataclasses.replace(getattr(b, record), **{field: "elsewhere"})
    b = dataclasses.replace(b, **{record: foreign})
    with pytest.raises(DataError, match=r"vgg@4 and base@9 .* and elsewhere"):
        compare(a, b, seed=0)


def test_the_result_survives_storage(world, tmp_path):
    for n in (19, 60):
        alignment = compare(*world.pair(n=n), seed=0)
        save_record(tmp_path / "alignment-1", alignment)
        assert load_record(tmp_path / "alignment-1", Alignment) == alignment

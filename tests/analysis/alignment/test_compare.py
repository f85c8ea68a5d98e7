"""Planted truths: what the comparison must say about worlds we made."""

import dataclasses

import numpy as np
import pytest

from conceptevo_jax.analysis import Alignment, compare
from conceptevo_jax.analysis.alignment import compare as compare_module
from conceptevo_jax.errors import DataError
from conceptevo_jax.store import load_record, save_record
from conceptevo_jax.types import Embedding

MEASURES = ("correlation", "centred", "overlap")


def agreements(alignment):
    return [getattr(alignment, name) for name in MEASURES]


def pair_of(world, n=90, m=80, **changes):
    a = world.subject("vgg@4", world.detectors(n), **changes)
    return a, world.subject("base@9", world.detectors(m))


def test_concepts_at_one_place_in_two_runs_are_found_aligned(world):
    found = compare(*pair_of(world), seed=0)
    for agreement in agreements(found):
        assert agreement.overall.auc > 0.97
        assert agreement.above_null
        assert agreement.interval[0] <= agreement.overall.auc <= agreement.interval[1]
        assert agreement.pool > 0.97
        assert agreement.stimuli > 0.8
        assert agreement.null_mean == pytest.approx(0.5, abs=0.05)
    assert found.nearest.nearest > 0.9 * found.nearest.best
    assert found.nearest.interval[0] > found.nearest.random
    assert (found.live_a, found.live_b, found.judged, found.images) == (90, 80, 90, 300)


def test_with_known_concepts_neurons_agree_that_select_the_same(world):
    concepts = [world.detectors(n) % 7 for n in (90, 80)]
    a, b = (
        dataclasses.replace(world.subject(name, own), concepts=own)
        for name, own in zip(("vgg@4", "base@9"), concepts, strict=True)
    )
    planted = compare(a, b, seed=0).planted
    alike = int((concepts[0][:, None] == concepts[1]).sum())
    assert (planted.overall.agree, planted.overall.disagree) == (alike, 7200 - alike)
    assert planted.overall.auc > 0.95
    assert planted.above_null

    # Those that select nothing are in no pair, and without concepts there is none.
    some = np.where(np.arange(90) < 30, concepts[0], -1)
    fewer = compare(dataclasses.replace(a, concepts=some), b, seed=0).planted
    assert fewer.overall.agree + fewer.overall.disagree == 30 * 80
    assert compare(dataclasses.replace(a, concepts=None), b, seed=0).planted is None


def test_known_concepts_that_lie_anywhere_are_not_found(world):
    own = world.detectors(90) % 7
    lost = world.subject("vgg@4", own, vectors=world.rng.normal(size=(90, 12)))
    base = world.subject("base@9", own)
    a, b = (dataclasses.replace(one, concepts=own) for one in (lost, base))
    planted = compare(a, b, seed=0).planted
    assert planted.overall.auc == pytest.approx(0.5, abs=0.1)
    assert not planted.above_null


def test_random_vectors_are_not_above_the_null(world):
    a, b = pair_of(world, vectors=world.rng.normal(size=(90, 12)))
    found = compare(a, b, seed=0)
    for agreement in agreements(found):
        assert agreement.overall.auc == pytest.approx(0.5, abs=0.1)
        assert not agreement.above_null
        assert agreement.random == pytest.approx(0.5, abs=0.1)
        assert agreement.pool > 0.97
    assert found.nearest.nearest == pytest.approx(found.nearest.random, abs=0.1)


def test_constant_vectors_score_exactly_one_half_by_ties(world):
    found = compare(*pair_of(world, vectors=np.full((90, 12), 0.1)), seed=0)
    for agreement in agreements(found):
        assert agreement.overall.auc == 0.5 == agreement.constant
        assert agreement.null_high == 0.5
        assert not agreement.above_null
    assert found.nearest.nearest == pytest.approx(found.nearest.random, abs=1e-6)


def fitted(world, name, places, n=60):
    """Neurons of random quality, and where each fit of the space places them."""
    concepts = world.rng.integers(len(places[0]), size=n)
    noise = world.rng.uniform(0.3, 1.5, size=n)
    own = world.rng.uniform(0.1, 0.6, size=(n, 1)) * world.rng.normal(size=(n, 3))
    fits = [
        Embedding(vectors=np.float32(one[concepts] + own), coverage=np.ones(n, "f4"))
        for one in places
    ]
    subject = world.subject(name, concepts, vectors=fits[0].vectors, noise=noise)
    return dataclasses.replace(subject, refits=tuple(fits[1:]))


def test_intervals_cover_the_truth_when_neurons_and_fits_are_drawn(world, monkeypatch):
    """In 95 of 100 worlds or more; without the refits in far fewer."""
    nothing = lambda *_, **__: (0.5, 0.5)  # noqa: E731
    monkeypatch.setattr(compare_module, "permutation_null", nothing)
    world = type(world)(concepts=16, images=60, pool=60, dim=3, seed=3)
    shared = world.rng.normal(size=(60, 4)) @ world.rng.normal(size=(4, 16))
    world.judgement = world.judgement + shared
    found = np.empty((100, 2, 2, 3))
    for seed, of_world in enumerate(found):
        places = world.places + 0.8 * world.rng.normal(size=(5, 16, 3))
        both = [fitted(world, name, places) for name in ("vgg@4", "base@9")]
        alone = [dataclasses.replace(one, refits=()) for one in both]
        for at, subjects in enumerate((both, alone)):
            one = compare(*subjects, seed=seed)
            auc, near = one.correlation, one.nearest
            of_world[at] = (
                (auc.overall.auc, *auc.interval),
                (near.nearest, *near.interval),
            )
    value, low, high = np.moveaxis(found, -1, 0)
    truth = value.mean(axis=0)
    covered = ((low <= truth) & (truth <= high)).mean(axis=0)
    assert (covered[0] >= 0.9).all()
    assert (covered[1] <= covered[0] - 0.07).all()


def test_two_snapshots_of_one_run_are_resampled_by_the_same_neurons(world):
    index = [np.array([0, 2, 5, 7]), np.array([2, 3, 5, 9])]
    drawn = compare_module._drawn(*index, True, world.rng)
    np.testing.assert_array_equal(drawn.rows[:, [1, 2]], drawn.columns[:, [0, 2]])
    apart = compare_module._drawn(*index, False, world.rng)
    assert (apart.rows[:, [1, 2]] != apart.columns[:, [0, 2]]).any()


def test_refits_that_only_one_side_has_are_refused(world):
    a, b = pair_of(world)
    a = dataclasses.replace(a, refits=(a.embedding,))
    with pytest.raises(DataError, match="vgg@4 is placed in 1 refitted spaces"):
        compare(a, b, seed=0)


def test_refits_that_agree_widen_nothing_and_others_do(world):
    a, b = pair_of(world)
    alone = compare(a, b, seed=0).correlation.interval

    def width(*, turned):
        def refits(one):
            return tuple(
                dataclasses.replace(
                    one.embedding,
                    vectors=one.embedding.vectors
                    + turned
                    * world.rng.normal(size=(len(one.embedding.vectors), 12)).astype(
                        np.float32
                    ),
                )
                for _ in range(4)
            )

        both = [dataclasses.replace(one, refits=refits(one)) for one in (a, b)]
        low, high = compare(*both, seed=0).correlation.interval
        return high - low

    assert width(turned=0) == pytest.approx(alone[1] - alone[0], rel=0.05)
    assert width(turned=3) > 2 * (alone[1] - alone[0])


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
    a, b = pair_of(world)
    spoilt = reorder(a, np.r_[np.arange(90), 0, 1, 2, 3])
    spoilt.responses.peaks[:, 90] = 2.5
    spoilt.responses.peaks[0, 91] = np.nan
    spoilt.embedding.vectors[92] = np.nan
    spoilt.stimuli.dead[93] = True
    without, found = compare(a, b, seed=0), compare(spoilt, b, seed=0)
    assert found.live_a == 90
    for one, other in zip(agreements(without), agreements(found), strict=True):
        assert one.overall == other.overall
        assert one.stimuli == other.stimuli


def test_a_gain_shared_by_all_neurons_fools_only_the_plain_correlation(world):
    concepts = np.arange(60).repeat(2)
    gains = np.linspace(1.0, 5.0, 120)[world.rng.permutation(120)]
    a = world.subject("vgg@4", concepts, noise=1.3, gains=gains)
    b = world.subject("base@9", concepts, noise=1.3, gains=gains[::-1])
    found = compare(a, b, seed=0)
    assert found.correlation.overall.auc < 0.7
    assert found.centred.overall.auc > 0.99


def test_sites_of_one_name_are_shown_apart(world, make_sites):
    detectors = world.detectors(80)
    a = world.subject("vgg@4", detectors, sites=make_sites(40, 40))
    b = world.subject("base@9", detectors, sites=make_sites(80))
    a.embedding.vectors[40:] = world.rng.normal(size=(40, 12))
    found = compare(a, b, seed=0).correlation
    assert found.same_site.auc > 0.97
    assert found.cross_site.auc < 0.65
    assert found.same_site.agree + found.cross_site.agree == found.overall.agree
    disagree = found.same_site.disagree + found.cross_site.disagree
    assert disagree == found.overall.disagree


def test_a_subset_without_pairs_has_no_score(world):
    a, b = pair_of(world)
    found = compare(a, b, seed=0).correlation.cross_site
    assert (found.auc, found.agree, found.disagree) == (None, 0, 0)


def test_too_few_neurons_give_a_reason_and_no_result(world):
    a, b = pair_of(world, n=19)
    found = compare(a, b, seed=0)
    assert "vgg@4 has 19 live neurons of 19" in found.reason
    assert (found.live_a, found.live_b, found.judged) == (19, 80, 0)
    assert found.nearest.nearest is None
    for agreement in agreements(found):
        assert agreement.reason == found.reason
        assert agreement.overall.auc is None
        assert agreement.above_null is None


def test_a_network_whose_neurons_are_all_alike_gives_a_reason(world):
    alike = np.zeros(30, int)
    a = world.subject("vgg@4", alike, noise=0.0)
    found = compare(a, world.subject("base@9", alike, noise=0.0), seed=0)
    assert found.correlation.overall.auc is None
    assert "agrees more than the median" in found.correlation.reason
    assert found.nearest.nearest == pytest.approx(1.0)


def test_same_seed_same_result_and_another_seed_another_interval(world):
    a, b = pair_of(world, vectors=world.rng.normal(size=(90, 12)))
    assert compare(a, b, seed=3) == compare(a, b, seed=3)
    one, other = compare(a, b, seed=3).correlation, compare(a, b, seed=4).correlation
    assert one.overall == other.overall
    assert one.interval != other.interval
    assert one.random != other.random


def test_the_order_of_neurons_does_not_matter(world, reorder):
    a, b = pair_of(world, n=90, m=80)
    expected = compare(a, b, seed=0)
    shuffled = (reorder(s, world.rng.permutation(n)) for s, n in ((a, 90), (b, 80)))
    found = compare(*shuffled, seed=0)
    for one, other in zip(agreements(expected), agreements(found), strict=True):
        assert one.overall.agree == other.overall.agree
        assert one.overall.auc == pytest.approx(other.overall.auc, abs=1e-4)
        assert one.pool == pytest.approx(other.pool, abs=1e-4)
        assert one.stimuli == pytest.approx(other.stimuli, abs=1e-9)
    assert expected.nearest.best == pytest.approx(found.nearest.best, abs=1e-6)


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
    a, b = pair_of(world)
    foreign = dataclasses.replace(getattr(b, record), **{field: "elsewhere"})
    b = dataclasses.replace(b, **{record: foreign})
    with pytest.raises(DataError, match=r"vgg@4 and base@9 .* and elsewhere"):
        compare(a, b, seed=0)


def test_the_result_survives_storage(world, tmp_path):
    for n in (19, 60):
        found = compare(*pair_of(world, n=n), seed=0)
        save_record(tmp_path / "alignment-1", found)
        assert load_record(tmp_path / "alignment-1", Alignment) == found

"""No image is on two cards; the deal is the best there is; spares keep the span."""

import dataclasses
from itertools import combinations

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from planted import stimuli_of
from studied import site

from conceptevo_jax.errors import DataError, UsageError
from conceptevo_jax.study.design.cards import (
    MAX_RANKED_IMAGES,
    assign_images,
    ranked_responses,
    ranked_stimuli,
)
from conceptevo_jax.study.design.groups import Group
from conceptevo_jax.types import Responses

IDS = [f"run@{epoch}/s0/{index}" for epoch, index in enumerate((0, 1, 2, 3, 4, 5))]


def group_of(members, intruder, spares=(), spare_intruders=()):
    return Group(
        name="across-1",
        category="across",
        members=tuple(members),
        intruder=intruder,
        spares=tuple(spares),
        spare_intruders=tuple(spare_intruders),
        seed=0,
    )


GROUP = group_of(IDS[:5], IDS[5])


def ranking_of(lists):
    return lambda neuron: np.array(lists[neuron], int)


@given(seed=st.integers(0, 10**6), shared=st.floats(0, 1))
def test_no_image_is_on_two_cards_and_all_are_the_neurons_own(seed, shared):
    rng = np.random.default_rng(seed)
    common = rng.permutation(80)
    lists = {
        one: (common if rng.random() < shared else rng.permutation(80))[
            :MAX_RANKED_IMAGES
        ]
        for one in IDS
    }
    images = assign_images(GROUP, ranking_of(lists)).images
    assert images.shape == (6, 9)
    assert len(np.unique(images)) == 54
    for own, row in zip(IDS, images, strict=True):
        ranks = [lists[own].tolist().index(image) for image in row]
        assert ranks == sorted(ranks), "strongest first"


def test_six_neurons_with_the_same_images_still_get_nine_each():
    same = list(range(MAX_RANKED_IMAGES))
    images = assign_images(GROUP, ranking_of(dict.fromkeys(IDS, same))).images
    assert set(images.ravel()) == set(same)
    strongest, weakest = images.min(axis=1), images.max(axis=1)
    assert sorted(strongest) == list(range(6))
    assert sorted(weakest) == list(range(48, 54))


@given(seed=st.integers(0, 10**6))
def test_the_deal_costs_least(seed):
    """Against every way to deal two images each to two cards."""
    rng = np.random.default_rng(seed)
    lists = {one: rng.permutation(6)[:4].tolist() for one in IDS[:2]}
    group = group_of(IDS[:1], IDS[1])
    cards = assign_images(group, ranking_of(lists), count=2).images
    first, second = lists.values()

    def cost(mine, theirs):
        ranks = [sorted(map(first.index, mine)), sorted(map(second.index, theirs))]
        return sum(2 * strong + weak for strong, weak in ranks)

    best = min(
        cost(mine, theirs)
        for mine in combinations(first, 2)
        for theirs in combinations(second, 2)
        if not set(mine) & set(theirs)
    )
    assert cost(*cards.tolist()) == best


def test_the_paper_lets_cards_share_images():
    lists = {one: list(range(30, 0, -1)) for one in IDS}
    images = assign_images(GROUP, ranking_of(lists), allow_shared=True).images
    np.testing.assert_array_equal(images, [list(range(30, 21, -1))] * 6)


SPARES = ("run@3/s0/9", "run@0/s0/8", "run@0/s0/7")


@pytest.mark.parametrize("allow_shared", [False, True])
def test_a_spare_of_the_same_snapshot_stands_in(allow_shared):
    lists = {one: np.arange(60) + 60 * at for at, one in enumerate((*IDS, *SPARES))}
    lists[IDS[0]] = lists["run@0/s0/8"] = np.arange(8)
    cards = assign_images(
        group_of(IDS[:5], IDS[5], SPARES), ranking_of(lists), allow_shared=allow_shared
    )
    assert cards.replaced == (
        ("run@0/s0/0", "run@0/s0/8"),
        ("run@0/s0/8", "run@0/s0/7"),
    )
    assert cards.group.members == ("run@0/s0/7", *IDS[1:5])
    assert cards.group.spares == SPARES[:1]
    np.testing.assert_array_equal(cards.images[0], lists["run@0/s0/7"][:9])


def test_neurons_that_leave_each_other_too_few_are_replaced():
    lists = {one: np.arange(60) + 60 * at for at, one in enumerate(IDS)}
    lists[IDS[1]] = lists[IDS[2]] = np.arange(17)
    for place in (1, 2):
        spare = f"run@{place}/s0/6"
        lists[spare] = np.arange(500, 520)
        cards = assign_images(group_of(IDS[:5], IDS[5], [spare]), ranking_of(lists))
        assert cards.replaced == ((IDS[place], spare),)
        assert len(np.unique(cards.images)) == 54


def test_an_intruder_is_replaced_by_a_spare_intruder():
    lists = {one: np.arange(60) + 60 * at for at, one in enumerate((*IDS, "r@1/s1/2"))}
    lists[IDS[5]] = np.arange(3)
    group = group_of(IDS[:5], IDS[5], SPARES, ["r@1/s1/2"])
    assert assign_images(group, ranking_of(lists)).group.intruder == "r@1/s1/2"


def test_without_a_spare_the_group_is_refused():
    lists = {one: np.arange(60) + 60 * at for at, one in enumerate(IDS)}
    lists[IDS[2]] = np.arange(8)
    with pytest.raises(DataError, match="group across-1: run@2/s0/2 has too few"):
        assign_images(group_of(IDS[:5], IDS[5], SPARES), ranking_of(lists))


def responses(rng, *, rectified=True, name="held-out"):
    sites = (site("s0", 2, rectified=rectified), site("s1", 3, rectified=rectified))
    peaks = rng.normal(size=(200, 5)).astype(np.float32)
    return Responses(peaks=peaks, sites=sites, images_id=name)


def test_responses_rank_images(rng):
    one = responses(rng, rectified=False)
    found = ranked_responses({"a@1": one}, max_images=20)("a@1/s1/1")
    np.testing.assert_array_equal(found, np.argsort(-one.peaks[:, 3])[:20])


def test_after_a_relu_only_positive_responses_count(rng):
    one = responses(rng)
    one.peaks[7:, 0] = 0
    found = ranked_responses({"a@1": one})("a@1/s0/0")
    assert set(found) == set(np.flatnonzero(one.peaks[:, 0] > 0))


@pytest.mark.parametrize("value", [2.5, np.nan])
def test_a_neuron_that_tells_no_images_apart_has_none(rng, value):
    one = responses(rng)
    one.peaks[:, 4] = value
    assert len(ranked_responses({"a@1": one})("a@1/s1/2")) == 0


def test_ties_are_broken_by_the_seed_not_by_order(rng):
    one = responses(rng)
    one.peaks[:100, 0] = 9
    first, other = (
        ranked_responses({"a@1": one}, seed=seed, max_images=10)("a@1/s0/0")
        for seed in (0, 1)
    )
    assert set(first) != set(other)
    assert max(first.max(), other.max()) < 100
    assert sorted(first) != list(range(10))


def test_stimuli_found_on_held_out_images_rank_them():
    stimuli = stimuli_of([[5, 3, 8, 1], [7, 2], []])
    ranking = ranked_stimuli({"a@1": stimuli})
    assert ranking("a@1/site0/0").tolist() == [5, 3, 8, 1]
    assert ranking("a@1/site1/0").tolist() == [7, 2]
    assert ranking("a@1/site2/0").tolist() == []


def test_one_set_of_images_is_needed(rng):
    with pytest.raises(DataError, match=r"2 sets of images \(held-out, other\)"):
        ranked_responses({"a@1": responses(rng), "a@2": responses(rng, name="other")})
    stimuli = stimuli_of([[5, 3]])
    other = dataclasses.replace(stimuli, pool_id="elsewhere")
    with pytest.raises(DataError, match="2 pools"):
        ranked_stimuli({"a@1": stimuli, "a@2": other})


def test_unknown_snapshots_are_named(rng):
    with pytest.raises(UsageError, match=r"unknown snapshot .* 'b@1'"):
        ranked_responses({"a@1": responses(rng)})("b@1/s0/0")

"""Groups are of planted concepts and span what they must; intruders are unlike them."""

import dataclasses

import numpy as np
import pytest
from studied import BASE, CONCEPTS, concepts_of, everyone, few, population, site

from conceptevo_jax.errors import DataError, UsageError
from conceptevo_jax.study.design.candidates import split_id
from conceptevo_jax.study.design.groups import GroupDrawSettings, make_groups
from conceptevo_jax.study.design.hand_picked import hand_picked_groups

RULED = ("base", "same_model", "across")


def parts(neuron):
    snapshot, name, index = split_id(neuron)
    run, _, epoch = snapshot.rpartition("@")
    return run, epoch, name, index


def place(neuron, sizes=(40, 80)):
    _, _, name, index = parts(neuron)
    return sum(sizes[: int(name[1:])]) + index


def concept(neuron, sizes=(40, 80)):
    return concepts_of(parts(neuron)[0], sum(sizes))[place(neuron, sizes)]


def draw(count=6, seed=0, categories=RULED, populations=None, **how):
    return make_groups(
        populations or everyone(),
        base=BASE,
        count=count,
        categories=categories,
        draw_settings=GroupDrawSettings(**({"clusters": CONCEPTS, "seed": seed} | how)),
    )


@pytest.mark.parametrize("seed", range(4))
def test_members_share_the_planted_concept_and_the_intruder_does_not(seed):
    groups = draw(seed=seed)
    assert [one.category for one in groups] == list(np.repeat(RULED, 6))
    for group in groups:
        shared = {concept(one) for one in (*group.members, *group.spares)}
        assert len(shared) == 1
        others = {concept(one) for one in (group.intruder, *group.spare_intruders)}
        assert not shared & others


@pytest.mark.parametrize("seed", range(4))
def test_groups_span_what_their_category_must(seed):
    """Live neurons of the later epochs are one in five: chance would leave some out."""
    for group in draw(seed=seed):
        runs, epochs, _, _ = zip(*map(parts, group.members), strict=True)
        if group.category == "base":
            assert set(runs) == {"base"}
            assert set(epochs) == {"9"}
            continue
        assert "base" not in runs
        by_run = {run: set() for run in runs}
        for run, epoch in zip(runs, epochs, strict=True):
            by_run[run].add(epoch)
        assert max(map(len, by_run.values())) > 1
        assert len(by_run) == (1 if group.category == "same_model" else 2)


def test_a_group_has_no_neuron_at_two_epochs():
    for group in draw(count=8, clusters=4):
        everybody = (*group.members, *group.spares, group.intruder)
        channels = [(run, name, index) for run, _, name, index in map(parts, everybody)]
        assert len(set(channels)) == len(channels)


def test_no_neuron_is_in_two_groups_of_a_category():
    groups = draw(count=12, categories=("across",))
    members = [one for group in groups for one in group.members]
    assert len(set(members)) == 60


def test_runs_take_turns_in_one_model_categories():
    groups = draw(count=6, categories=("same_model",))
    runs = [parts(group.members[0])[0] for group in groups]
    assert runs.count("vgg") == runs.count("cnx") == 3


@pytest.mark.parametrize("quantile", [0.25, 0.5])
def test_intruders_are_less_alike_than_that_quantile_of_random_pairs(quantile):
    base = population("base", 9)
    rows = base.vectors / np.linalg.norm(base.vectors, axis=1, keepdims=True)
    cosines = (rows @ rows.T)[~np.eye(len(rows), dtype=bool)]
    rank = []
    for group in draw(count=8, categories=("base",), quantile=quantile):
        inside = [place(one) for one in (*group.members, *group.spares)]
        for one in (group.intruder, *group.spare_intruders):
            closest = (rows[inside] @ rows[place(one)]).max()
            rank.append((cosines < closest).mean())
    assert 0.3 * quantile < max(rank) < quantile + 0.01


def test_dead_unplaced_and_copied_neurons_are_in_no_group():
    sites = (site("s0", 40), site("s1", 80, copies=tuple(range(40))))
    base = population("base", 9, sites=sites, live=~few(120, 20))
    vectors = base.vectors.copy()
    vectors[20:30], vectors[30:40] = np.nan, 0
    groups = draw(
        count=3,
        categories=("base",),
        populations=[dataclasses.replace(base, vectors=vectors)],
        clusters=4,
    )
    for group in groups:
        named = (*group.members, group.intruder, *group.spares, *group.spare_intruders)
        assert min(map(place, named)) >= 80


def test_the_seed_decides():
    first, again, other = draw(), draw(), draw(seed=1)
    assert [vars(one) for one in first] == [vars(one) for one in again]
    assert [one.members for one in first] != [one.members for one in other]
    assert {one.seed for one in other} == {1}


def test_names_differ():
    assert len({one.name for one in draw()}) == 18


ONE_EPOCH = [population("base", 9), population("vgg", 1), population("cnx", 2)]
ONE_MODEL = [
    population("base", 9),
    *(population(run, epoch, model="vgg") for run in ("a", "b") for epoch in (1, 2)),
]


@pytest.mark.parametrize(
    ("category", "populations", "needs"),
    [
        ("same_model", ONE_EPOCH, "of one run, from at least two epochs"),
        ("across", ONE_EPOCH, "at least two models, one run of which gives two epochs"),
        ("across", ONE_MODEL, "two models"),
        ("base", [population("base", 9, live=few(120, 5))], "of the base snapshot"),
    ],
)
def test_what_cannot_be_had_is_refused_with_what_it_needs(category, populations, needs):
    with pytest.raises(UsageError, match=rf"of category {category} .* 0 can .*{needs}"):
        draw(count=2, categories=(category,), populations=populations)


def test_a_collapsed_run_has_no_intruder():
    base = population("base", 9)
    same = dataclasses.replace(base, vectors=np.ones_like(base.vectors))
    with pytest.raises(UsageError, match="a neuron unlike them all"):
        draw(count=1, categories=("base",), populations=[same])


def test_as_many_groups_as_there_are_can_be_had_and_no_more():
    most = int((np.bincount(concepts_of("base", 120)) // 5).sum())
    assert len(draw(count=most, categories=("base",), quantile=1.0)) == most
    with pytest.raises(UsageError, match=f"{most + 1} groups .* {most} can be made"):
        draw(count=most + 1, categories=("base",), quantile=1.0)


def test_unknown_names_are_refused():
    with pytest.raises(UsageError, match=r"unknown base snapshot 'bose@9'.*base@9"):
        make_groups(everyone(), base="bose@9", count=1)
    with pytest.raises(UsageError, match="unknown category of groups 'hand_picked'"):
        draw(categories=("hand_picked",))
    with pytest.raises(UsageError, match=r"quantile is 0\.0"):
        GroupDrawSettings(quantile=0.0)


def picked(count=5, run="vgg", epoch=0, which=3):
    rows = np.flatnonzero(concepts_of(run, 120) == which)[:count]
    return [population(run, epoch).neuron_id(int(row)) for row in rows]


def test_hand_picked_sets_get_an_intruder_from_their_snapshots():
    chosen = {"beaks": picked(), "eyes": picked(7, "cnx", "init", 2)}
    beaks, eyes = hand_picked_groups(everyone(), chosen)
    assert beaks.name == "hand_picked-beaks"
    assert set(beaks.members) == set(chosen["beaks"])
    assert {*eyes.members, *eyes.spares} == set(chosen["eyes"])
    for group, run, epoch, which in (
        (beaks, "vgg", "0", 3),
        (eyes, "cnx", "init", 2),
    ):
        assert group.category == "hand_picked"
        assert parts(group.intruder)[:2] == (run, epoch)
        assert concept(group.intruder) != which


@pytest.mark.parametrize(
    ("ids", "reason"),
    [
        (picked(4), "has 4 neurons, of which 4 differ"),
        ([*picked(4), picked(1)[0]], "has 5 neurons, of which 4 differ"),
        ([*picked(4), "vgg@8/s0/1"], "unknown snapshot .*'beaks' 'vgg@8'"),
        ([*picked(4), "vgg@0/s7/1"], r"vgg@0/s7/1 does not exist; .* s1 \(80\)"),
        ([*picked(4), "vgg@0/s0/40"], "vgg@0/s0/40 does not exist"),
        ([*picked(4), "vgg@0:s0:1"], "is not a neuron: an id reads"),
        ([*picked(4), "vgg@5/s1/79"], "vgg@5/s1/79 of .* is dead"),
    ],
)
def test_hand_picked_sets_that_cannot_be_are_refused(ids, reason):
    with pytest.raises(UsageError, match=reason):
        hand_picked_groups(everyone(), {"beaks": ids})


def test_a_hand_picked_set_that_is_alike_to_everything_is_refused():
    ids = [
        population("vgg", 0).neuron_id(
            int(np.flatnonzero(concepts_of("vgg", 120) == one)[0])
        )
        for one in range(CONCEPTS)
    ]
    with pytest.raises(UsageError, match=r"no neuron .* 'all' is unlike"):
        hand_picked_groups(
            everyone(), {"all": ids}, draw_settings=GroupDrawSettings(quantile=0.01)
        )


def test_records_of_another_model_are_refused():
    one = population("vgg", 0)
    with pytest.raises(DataError, match=r"vgg@0 has 120 neurons .* 119 marks"):
        dataclasses.replace(one, vectors=one.vectors[1:], live=np.ones(119, bool))
    other = population("vgg", 1, sizes=(80, 40))
    with pytest.raises(DataError, match="vgg@1 has other sites"):
        make_groups([population("base", 9), one, other], base=BASE, count=1)


def test_a_snapshot_is_given_once():
    with pytest.raises(UsageError, match="base@9 was given twice"):
        make_groups([population("base", 9)] * 2, base=BASE, count=1)
    with pytest.raises(UsageError, match="none was given"):
        make_groups([], base=BASE, count=1)

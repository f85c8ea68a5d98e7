"""Groups of five neurons that lie together, each with an intruder from elsewhere.

What participants are asked about (paper, Sec. 4.2, Fig. 4), in its four categories:

- `hand_picked`: sets that a person chose; never one that a rule chose;
- `base`: neurons of the base snapshot;
- `same_model`: neurons of one run, from two epochs at least;
- `across`: neurons of two models at least, one of whose runs gives two epochs at least.

Groups come from K-means over the directions of the vectors, as in the paper. (The
authors' code took the five nearest to a neuron, and nothing made a group of the last
two categories span anything.) Members are drawn at random from one cluster, so a group
tells of the cluster and not of its best part. No group holds one neuron of a run at two
epochs, which would be alike without any space, and no neuron is in two groups of a
category. The base's run is in no group of the last two, as it is in no comparison.

An intruder is drawn from the other clusters of the same candidates. Its cosine with
every member and spare is below a quantile of the cosines of random pairs of candidates,
by default their median: a random neuron may by chance be alike.

Costs K-means: 17 s for 100,000 neurons in 256 clusters on two busy cores.
"""

import dataclasses
from collections import deque
from collections.abc import Mapping, Sequence
from itertools import chain, zip_longest

import numpy as np
from jaxtyping import Bool, Int
from sklearn.cluster import KMeans

from conceptevo_jax.errors import UsageError, unknown_name
from conceptevo_jax.streams import stream
from conceptevo_jax.study.design.candidates import (
    Candidates,
    Population,
    gather_candidates,
    neuron_place,
    split_id,
)
from conceptevo_jax.study.design.category_constraints import SIZE, spanning
from conceptevo_jax.study.design.intruders import Drawn, likeness, with_intruder
from conceptevo_jax.types import record

CATEGORIES = ("hand_picked", "base", "same_model", "across")
"""The paper's four categories."""

PER_CLUSTER = 20
"""Neurons per cluster, unless the number of clusters is given; the paper is silent."""

MOST_CLUSTERS = 256
"""Clusters at most, unless their number is given."""

_NEEDED = {
    "base": "five live neurons of the base snapshot",
    "same_model": "five live neurons of one run, from two epochs at least",
    "across": "five live neurons of two models at least, one run of which gives two "
    "epochs",
}


@record
class Group:
    """Five neurons said to be alike and one said not to be; ids as in `types`.

    Attributes:
      name: Its own name in a study.
      category: One of `CATEGORIES`.
      members: The five.
      intruder: The one from elsewhere.
      spares: Who may stand in for a member of the same snapshot, in order.
      spare_intruders: Who may stand in for the intruder, in order.
      seed: What it was drawn with.
    """

    name: str
    category: str
    members: tuple[str, ...]
    intruder: str
    spares: tuple[str, ...]
    spare_intruders: tuple[str, ...]
    seed: int


@record
class Drawing:
    """How groups are drawn.

    Attributes:
      clusters: Of K-means; None for one per 20 neurons, 256 at most.
      quantile: Of the cosines of random pairs, which an intruder stays below.
      seed: Of the clusters and the draws.
    """

    clusters: int | None = None
    quantile: float = 0.5
    seed: int = 0

    def __post_init__(self) -> None:
        if not 0 < self.quantile <= 1:
            raise UsageError(
                f"the intruders' quantile is {self.quantile}; it must be above 0 and "
                "at most 1."
            )


def make_groups(
    populations: Sequence[Population],
    *,
    base: str,
    count: int,
    categories: Sequence[str] = CATEGORIES[1:],
    drawing: Drawing | None = None,
) -> list[Group]:
    """Draw `count` groups of each category that a rule can make.

    Args:
      populations: Snapshots in one space, the base among them.
      base: Name of the base snapshot, `run@epoch`.
      count: Groups per category.
      categories: Which ones, without `hand_picked`.
      drawing: How.

    Returns:
      The groups, category by category.

    Raises:
      UsageError: for an unknown base or category, or if a category cannot be had so
        often, with what it needs.
    """
    names = [one.snapshot for one in populations]
    everyone = gather_candidates(populations)
    if base not in names:
        raise unknown_name("base snapshot", base, names)
    groups: list[Group] = []
    for category in categories:
        if category not in _NEEDED:
            raise unknown_name("category of groups", category, _NEEDED)
        pools = _pools(everyone, category, names.index(base))
        groups += _draw(category, pools, count, drawing or Drawing())
    return groups


def hand_picked_groups(
    populations: Sequence[Population],
    chosen: Mapping[str, Sequence[str]],
    *,
    drawing: Drawing | None = None,
) -> list[Group]:
    """Give intruders to sets of neurons that a person chose.

    Args:
      populations: The snapshots that the neurons are of.
      chosen: Neuron ids by name of the set. Of more than five, five are drawn and the
        others are spares.
      drawing: How the intruders are drawn, from the snapshots of a set's neurons.

    Raises:
      UsageError: naming the set, if it has fewer than five, an unknown, dead or
        repeated neuron, or if no neuron is unlike it.
    """
    how = drawing or Drawing()
    everyone = gather_candidates(populations)
    groups = []
    for number, (name, ids) in enumerate(chosen.items()):
        rows = np.array([_row(everyone, name, neuron) for neuron in ids], int)
        if len(set(rows.tolist())) != len(ids) or len(ids) < SIZE:
            raise UsageError(
                f"the hand-picked set {name!r} has {len(ids)} neurons, of which "
                f"{len(set(rows.tolist()))} differ: it needs five different ones."
            )
        rng = stream(how.seed, "hand-picked groups", number)
        around = np.isin(everyone.snapshot, everyone.snapshot[rows])
        apart = around & ~np.isin(np.arange(len(everyone)), rows)
        bound = likeness(everyone.of(around), how.quantile, rng)
        drawn = rng.permutation(rows)
        found = with_intruder(everyone, drawn, apart, bound, rng)
        if found is None:
            raise UsageError(
                f"no neuron of the snapshots of the hand-picked set {name!r} is unlike "
                f"all of it: give a set of neurons that are more alike, or a higher "
                f"quantile than {how.quantile}."
            )
        groups.append(_group("hand_picked", name, everyone, found, how.seed))
    return groups


def _row(everyone: Candidates, name: str, neuron: str) -> int:
    snapshots = {one.snapshot: one for one in everyone.populations}
    snapshot = split_id(neuron)[0]
    if snapshot not in snapshots:
        raise unknown_name(f"snapshot in hand-picked set {name!r}", snapshot, snapshots)
    index = neuron_place(neuron, snapshots[snapshot].sites)
    same = everyone.snapshot == list(snapshots).index(snapshot)
    rows = np.flatnonzero(same & (everyone.index == index))
    if not rows.size:
        raise UsageError(
            f"{neuron} of the hand-picked set {name!r} is dead, without a place in the "
            "space or a copy of another neuron: choose another."
        )
    return int(rows[0])


def _pools(everyone: Candidates, category: str, base: int) -> list[Candidates]:
    """Candidates of a category; those of one run each for `same_model`."""
    if category == "base":
        return [everyone.of(everyone.snapshot == base)]
    runs = [one.run for one in everyone.populations]
    of_base = np.isin(
        everyone.snapshot,
        [place for place, run in enumerate(runs) if run == runs[base]],
    )
    others = everyone.of(~of_base)
    if category == "across":
        return [others]
    return [others.of(others.run == run) for run in np.unique(others.run)]


@record
class _Cluster:
    """A cluster of a pool of candidates.

    Attributes:
      pool: The candidates.
      bound: What an intruder's cosines stay below.
      inside: Which are in the cluster.
      left: Those of them that are in no group yet.
    """

    pool: Candidates
    bound: float
    inside: Bool[np.ndarray, " n"]
    left: Int[np.ndarray, " _"]


def _draw(
    category: str, pools: Sequence[Candidates], count: int, how: Drawing
) -> list[Group]:
    rng = stream(how.seed, "groups", CATEGORIES.index(category))
    of_pools = [_clusters(pool, how, rng) for pool in pools if len(pool) > SIZE]
    in_turn = chain.from_iterable(zip_longest(*of_pools))
    queue = deque(one for one in in_turn if one is not None)
    groups: list[Group] = []
    while queue and len(groups) < count:
        one = queue.popleft()
        order = spanning(category, one.pool, rng.permutation(one.left))
        if order is None:
            continue
        left = np.setdiff1d(one.left, order[:SIZE])
        queue.append(dataclasses.replace(one, left=left))
        found = with_intruder(one.pool, order, ~one.inside, one.bound, rng)
        if found is not None:
            name = str(len(groups) + 1)
            groups.append(_group(category, name, one.pool, found, how.seed))
    if len(groups) < count:
        raise UsageError(
            f"{count} groups of category {category} were asked for, {len(groups)} can "
            f"be had: each needs a cluster with {_NEEDED[category]}, and a neuron "
            "unlike them all. Give more snapshots, fewer clusters or a higher quantile."
        )
    return groups


def _clusters(
    pool: Candidates, how: Drawing, rng: np.random.Generator
) -> list[_Cluster]:
    """The clusters of one pool, in random order."""
    wanted = how.clusters or min(max(len(pool) // PER_CLUSTER, 2), MOST_CLUSTERS)
    # A collapsed run's neurons may all have one vector; K-means warns of it.
    different = len(np.unique(pool.directions, axis=0))
    fit = KMeans(min(wanted, different), n_init=3, random_state=how.seed)
    member = fit.fit_predict(pool.directions)
    bound = likeness(pool, how.quantile, rng)
    insides = [member == cluster for cluster in rng.permutation(member.max() + 1)]
    return [
        _Cluster(pool=pool, bound=bound, inside=inside, left=np.flatnonzero(inside))
        for inside in insides
    ]


def _group(
    category: str,
    name: str,
    pool: Candidates,
    drawn: Drawn,
    seed: int,
) -> Group:
    members, spares, intruders = (
        tuple(pool.neuron_id(int(row)) for row in rows)
        for rows in (drawn.members, drawn.spares, drawn.intruders)
    )
    return Group(
        name=f"{category}-{name}",
        category=category,
        members=members,
        intruder=intruders[0],
        spares=spares,
        spare_intruders=intruders[1:],
        seed=seed,
    )

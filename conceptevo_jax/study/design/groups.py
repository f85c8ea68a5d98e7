"""Groups of five neurons that lie close together, each with an intruder from elsewhere.

Participants see these groups (paper, Sec. 4.2, Fig. 4), in four categories:

- `hand_picked`: sets that a person chose, never a rule (see `hand_picked`);
- `base`: neurons of the base snapshot;
- `same_model`: neurons of one run, from at least two epochs;
- `across`: neurons of at least two models, with at least two epochs of one run.

Groups come from K-means over the directions of the vectors, as in the paper. (The
authors' code took the five nearest to a neuron, and did not force groups of the last
two categories to span epochs or models.) Members are drawn at random from one cluster,
so a group represents the cluster and not its best part. No group holds one neuron of a
run at two epochs, which would be similar in any space, and no neuron is in two groups
of a category. The base's run is in no group of the last two categories, as it is in no
comparison.

An intruder is drawn from the other clusters of the same candidates. Its cosine with
every member and spare is below a quantile of the cosines of random pairs of candidates,
by default their median: a random neuron may be similar by chance.

Costs K-means: 17 s for 100,000 neurons in 256 clusters on two busy cores.
"""

import dataclasses
from collections import deque
from collections.abc import Sequence
from itertools import chain, zip_longest

import numpy as np

from conceptevo_jax.errors import UsageError, unknown_name
from conceptevo_jax.streams import stream
from conceptevo_jax.study.design.candidates import (
    Candidates,
    Population,
    gather_candidates,
)
from conceptevo_jax.study.design.category_constraints import SIZE, spanning_rows
from conceptevo_jax.study.design.clusters import Cluster, cluster_pool
from conceptevo_jax.study.design.intruders import (
    GroupRows,
    add_intruder,
)
from conceptevo_jax.types import record

CATEGORIES = ("hand_picked", "base", "same_model", "across")
"""The paper's four categories."""

_NEEDED = {
    "base": "five live neurons of the base snapshot",
    "same_model": "five live neurons of one run, from at least two epochs",
    "across": "five live neurons of at least two models, one run of which gives two "
    "epochs",
}


@record
class Group:
    """Five similar neurons and one dissimilar neuron, by ids as in `types`.

    Attributes:
      name: Its unique name in a study.
      category: One of `CATEGORIES`.
      members: The five.
      intruder: The one from elsewhere.
      spares: Replacements of a member of the same snapshot, in order.
      spare_intruders: Replacements of the intruder, in order.
      seed: The seed of the draw.
    """

    name: str
    category: str
    members: tuple[str, ...]
    intruder: str
    spares: tuple[str, ...]
    spare_intruders: tuple[str, ...]
    seed: int


@record
class GroupDrawSettings:
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
    draw_settings: GroupDrawSettings | None = None,
) -> list[Group]:
    """Draw `count` groups of each category that a rule can make.

    Args:
      populations: Snapshots in one space, the base among them.
      base: Name of the base snapshot, `run@epoch`.
      count: Groups per category.
      categories: Which ones, without `hand_picked`.
      draw_settings: How.

    Returns:
      The groups, category by category.

    Raises:
      UsageError: for an unknown base or category, or if a category has too few groups,
        with what it needs.
    """
    names = [population.snapshot for population in populations]
    candidates = gather_candidates(populations)
    if base not in names:
        raise unknown_name("base snapshot", base, names)
    groups: list[Group] = []
    for category in categories:
        if category not in _NEEDED:
            raise unknown_name("category of groups", category, _NEEDED)
        pools = _candidate_pools(candidates, category, names.index(base))
        groups += _draw_groups(
            category, pools, count, draw_settings or GroupDrawSettings()
        )
    return groups


def _candidate_pools(
    candidates: Candidates, category: str, base: int
) -> list[Candidates]:
    """The candidates of a category: a pool per run for `same_model`, else one pool.

    Args:
      candidates: Of all snapshots.
      category: One of `CATEGORIES`.
      base: Position of the base snapshot among the populations.
    """
    if category == "base":
        return [candidates.select(candidates.snapshot == base)]
    runs = [population.run for population in candidates.populations]
    base_snapshots = [number for number, run in enumerate(runs) if run == runs[base]]
    compared_candidates = candidates.select(
        ~np.isin(candidates.snapshot, base_snapshots)
    )
    if category == "across":
        return [compared_candidates]
    return [
        compared_candidates.select(compared_candidates.run == run)
        for run in np.unique(compared_candidates.run)
    ]


def _cluster_queue(
    pools: Sequence[Candidates], drawing: GroupDrawSettings, rng: np.random.Generator
) -> deque[Cluster]:
    """The clusters of all pools, alternating between pools.

    Pools and clusters alternate, so that no cluster is used for a second group before
    every cluster has been tried once.
    """
    pool_clusters = [
        cluster_pool(pool, drawing.clusters, drawing.quantile, drawing.seed, rng)
        for pool in pools
        if len(pool) > SIZE
    ]
    round_robin = chain.from_iterable(zip_longest(*pool_clusters))
    return deque(cluster for cluster in round_robin if cluster is not None)


def _draw_groups(
    category: str,
    pools: Sequence[Candidates],
    count: int,
    draw_settings: GroupDrawSettings,
) -> list[Group]:
    rng = stream(draw_settings.seed, "groups", CATEGORIES.index(category))
    queue = _cluster_queue(pools, draw_settings, rng)
    groups: list[Group] = []
    while queue and len(groups) < count:
        cluster = queue.popleft()
        pool = cluster.pool
        order = spanning_rows(category, pool, rng.permutation(cluster.unused_rows))
        if order is None:
            continue
        unused_rows = np.setdiff1d(cluster.unused_rows, order[:SIZE])
        queue.append(dataclasses.replace(cluster, unused_rows=unused_rows))
        rows = add_intruder(pool, order, ~cluster.is_member, cluster.bound, rng)
        if rows is not None:
            name = str(len(groups) + 1)
            groups.append(build_group(category, name, pool, rows, draw_settings.seed))
    if len(groups) < count:
        raise UsageError(
            f"{count} groups of category {category} were requested, {len(groups)} can "
            f"be made: each needs a cluster with {_NEEDED[category]}, and a neuron "
            "unlike them all. Give more snapshots, fewer clusters or a higher quantile."
        )
    return groups


def build_group(
    category: str,
    name: str,
    pool: Candidates,
    rows: GroupRows,
    seed: int,
) -> Group:
    """A group by its neurons' ids.

    Args:
      category: One of `CATEGORIES`.
      name: Of the group within its category.
      pool: The candidates that the rows number.
      rows: Its neurons.
      seed: What it was drawn with.
    """
    members, spares, intruders = (
        tuple(pool.neuron_id(int(row)) for row in neurons)
        for neurons in (rows.members, rows.spares, rows.intruders)
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

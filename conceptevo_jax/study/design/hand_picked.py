"""Groups that a person chose: sets of neurons, each given an intruder."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Int

from conceptevo_jax.errors import UsageError, unknown_name
from conceptevo_jax.streams import stream
from conceptevo_jax.study.design.candidates import (
    Candidates,
    Population,
    gather_candidates,
    neuron_place,
    split_id,
)
from conceptevo_jax.study.design.category_constraints import SIZE
from conceptevo_jax.study.design.groups import Group, GroupDrawSettings, build_group
from conceptevo_jax.study.design.intruders import (
    GroupRows,
    add_intruder,
    cosine_quantile,
)


def hand_picked_groups(
    populations: Sequence[Population],
    neuron_sets: Mapping[str, Sequence[str]],
    *,
    draw_settings: GroupDrawSettings | None = None,
) -> list[Group]:
    """Give intruders to sets of neurons that a person chose.

    Args:
      populations: The snapshots that the neurons are of.
      neuron_sets: Neuron ids by name of the set. From more than five, five are drawn
        and the rest are spares.
      draw_settings: How the intruders are drawn, from the snapshots of a set's neurons.

    Raises:
      UsageError: naming the set, if it has fewer than five, an unknown, dead or
        repeated neuron, or if no neuron is unlike it.
    """
    draw_settings = draw_settings or GroupDrawSettings()
    candidates = gather_candidates(populations)
    return [
        _hand_picked_group(candidates, name, ids, number, draw_settings)
        for number, (name, ids) in enumerate(neuron_sets.items())
    ]


def _hand_picked_group(
    candidates: Candidates,
    name: str,
    ids: Sequence[str],
    number: int,
    draw_settings: GroupDrawSettings,
) -> Group:
    """The group of one set, the one of this number, with an intruder."""
    rows = _candidate_rows(candidates, name, ids)
    rng = stream(draw_settings.seed, "hand-picked groups", number)
    group_rows = _rows_with_intruder(
        candidates, rows, name, draw_settings.quantile, rng
    )
    return build_group("hand_picked", name, candidates, group_rows, draw_settings.seed)


def _rows_with_intruder(
    candidates: Candidates,
    rows: Int[np.ndarray, " _"],
    set_name: str,
    quantile: float,
    rng: np.random.Generator,
) -> GroupRows:
    """A group of neurons from the set, with an intruder from their snapshots."""
    same_snapshots = np.isin(candidates.snapshot, candidates.snapshot[rows])
    outside = same_snapshots & ~np.isin(np.arange(len(candidates)), rows)
    bound = cosine_quantile(candidates.select(same_snapshots), quantile, rng)
    order = rng.permutation(rows)
    group_rows = add_intruder(candidates, order, outside, bound, rng)
    if group_rows is None:
        raise UsageError(
            f"no neuron of the snapshots of the hand-picked set {set_name!r} is unlike "
            f"all of it: name a set of more similar neurons, or a higher "
            f"quantile than {quantile}."
        )
    return group_rows


def _candidate_rows(
    candidates: Candidates, set_name: str, ids: Sequence[str]
) -> Int[np.ndarray, " _"]:
    """Rows of a set's neurons among the candidates."""
    rows = [_candidate_row(candidates, set_name, neuron) for neuron in ids]
    if len(set(rows)) != len(ids) or len(ids) < SIZE:
        raise UsageError(
            f"the hand-picked set {set_name!r} has {len(ids)} neurons, of which "
            f"{len(set(rows))} differ: it needs five different ones."
        )
    return np.array(rows, int)


def _candidate_row(candidates: Candidates, set_name: str, neuron: str) -> int:
    """Row of a neuron among the candidates; an error names its set."""
    snapshots = {
        population.snapshot: population for population in candidates.populations
    }
    snapshot = split_id(neuron)[0]
    if snapshot not in snapshots:
        raise unknown_name(
            f"snapshot in hand-picked set {set_name!r}", snapshot, snapshots
        )
    index = neuron_place(neuron, snapshots[snapshot].sites)
    same_snapshot = candidates.snapshot == list(snapshots).index(snapshot)
    rows = np.flatnonzero(same_snapshot & (candidates.index == index))
    if not rows.size:
        raise UsageError(
            f"{neuron} of the hand-picked set {set_name!r} is dead, without a "
            "place in the space or a copy of another neuron: choose another."
        )
    return int(rows[0])

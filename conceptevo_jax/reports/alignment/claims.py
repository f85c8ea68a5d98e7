"""What the experiment on alignment claims, each from numbers of the same run."""

from collections.abc import Mapping, Sequence
from typing import NamedTuple

import numpy as np

from conceptevo_jax.analysis import Agreement, Alignment
from conceptevo_jax.analysis.statistics.intervals import (
    Interval,
    difference_interval,
    exact_interval,
    share_interval,
)
from conceptevo_jax.pipeline.outcome import Claim
from conceptevo_jax.pipeline.projected_run import AGREEMENTS
from conceptevo_jax.reports.alignment.measure import Placed, family
from conceptevo_jax.study.design.tasks import Task

Judged = Mapping[tuple[str, str], Alignment]
"""Pairs of snapshots in one space, by their names."""

HUMAN = "concepts of other models and epochs align: human AUC .86 to .90"


def across_architectures(placed: Placed, judged: Judged) -> dict[str, Alignment]:
    """Last epochs of other architectures against the base, by run."""
    home = family(placed.runs[placed.base])
    return {
        name: judged[f"{name}@{list(run.observations)[-1]}", placed.home]
        for name, run in placed.runs.items()
        if family(run) != home
    }


def method_claims(
    first: str, spaces: Mapping[str, Sequence[tuple[Placed, Judged]]]
) -> list[Claim]:
    """Per other method and agreement: is the method in use above it everywhere?

    Args:
      first: The method in use.
      spaces: By method: the space of every base, and the pairs judged in it.
    """
    return [
        _above(first, other, name, spaces)
        for other in spaces
        if other != first
        for name in AGREEMENTS
    ]


def _above(
    first: str,
    other: str,
    name: str,
    spaces: Mapping[str, Sequence[tuple[Placed, Judged]]],
) -> Claim:
    told, apart, gaps = [], 0, []
    for (placed, judged), (_, beside) in zip(spaces[first], spaces[other], strict=True):
        ours = across_architectures(placed, judged)
        theirs = across_architectures(placed, beside)
        for run in ours:
            one, two = getattr(ours[run], name), getattr(theirs[run], name)
            gap = _gap(one, two)
            if gap is None:
                continue
            gaps.append(gap)
            apart += gap > 0
            told.append(f"{run} in {placed.base}'s: {_auc(one)} and {_auc(two)}")
    return Claim(
        id=f"{first}_above_{other}_{name}",
        paper=None,
        rule=f"AUC of {first} above that of {other} for every pair of architectures, "
        "in the space of every base, with 95 % intervals that do not overlap",
        measured=apart / len(gaps) if gaps else None,
        interval=share_interval(apart, len(gaps)) if gaps else None,
        n=len(gaps),
        holds=apart == len(gaps) if gaps else None,
        why="; ".join(told) or "no pair could be judged",
    )


def _gap(one: Agreement, two: Agreement) -> float | None:
    """How far the interval of the first lies above that of the second."""
    if one.interval is None or two.interval is None:
        return None
    return one.interval[0] - two.interval[1]


def _auc(one: Agreement) -> str:
    low, high = one.interval or (None, None)
    ends = "" if low is None else f" [{low:.2f}, {high:.2f}]"
    return f"{one.overall.auc:.2f}{ends}" if one.overall.auc is not None else "-"


def learnt_claims(placed: Placed, judged: Judged) -> list[Claim]:
    """Is every trained snapshot above its untrained one, and above chance?

    Measures that claim learned concepts are those that a projection alone cannot give:
    the correlation of a neuron with the base neuron nearest to it, and on images with
    known concepts whether near neurons select the same one.
    """
    claims = [_learnt("nearest", placed, judged)]
    if any(one.planted is not None for one in judged.values()):
        claims.append(_learnt("planted", placed, judged))
    return claims


def _learnt(measure: str, placed: Placed, judged: Judged) -> Claim:
    told, above, count = [], 0, 0
    for name, run in placed.runs.items():
        if name == placed.base:
            continue
        values = {
            epoch: _value(judged[f"{name}@{epoch}", placed.home], measure)
            for epoch in run.observations
        }
        untrained, *trained = values.values()
        known = [one for one in trained if one.value is not None]
        count += len(known)
        above += sum(_beats(one, untrained) for one in known)
        last = trained[-1]
        told.append(
            f"{name} untrained {_told(untrained.value)}, trained {_told(last.value)}, "
            f"chance {_told(last.chance)}"
        )
    what = {
        "nearest": "mean correlation of a neuron with the base neuron nearest to it",
        "planted": "AUC of the cosine for neurons that select one known concept",
    }[measure]
    return Claim(
        id=f"trained_above_controls_{measure}",
        paper=HUMAN,
        rule=f"{what}: of every trained snapshot the lower end of its 95 % interval is "
        "above chance (any base neuron; permuted), and that of its difference from its "
        "untrained network above 0",
        measured=above / count if count else None,
        interval=share_interval(above, count) if count else None,
        n=count,
        holds=above == count if count else None,
        why="; ".join(told),
    )


class _Measured(NamedTuple):
    """A measure of a snapshot, its interval, and what chance gives."""

    value: float | None
    interval: Interval | None
    chance: float | None


def _value(one: Alignment, measure: str) -> _Measured:
    if measure == "nearest":
        nearest = one.nearest
        return _Measured(nearest.nearest, nearest.interval, nearest.random)
    planted = one.planted or Agreement()
    return _Measured(planted.overall.auc, planted.interval, planted.null_high)


def _beats(trained: _Measured, untrained: _Measured) -> bool:
    """Whether it lies above chance and its untrained network, where these are known."""
    if trained.value is None or trained.interval is None:
        return False
    above = trained.chance is None or trained.interval[0] > trained.chance
    if untrained.value is None:
        return above
    gap = difference_interval(
        trained.value, trained.interval, untrained.value, untrained.interval
    )
    return above and gap is not None and gap[0] > 0


def _told(value: float | None) -> str:
    return "-" if value is None else f"{value:.2f}"


def intruder_claims(
    tasks: Sequence[Task], found: np.ndarray, judges: int
) -> list[Claim]:
    """Per category: do machine participants find the intruder more often than chance?

    Args:
      tasks: What was asked.
      found: Whether each task's intruder was found, or the share of it in a tie.
      judges: How many machine participants judged together.
    """
    claims = []
    for category in dict.fromkeys(task.category for task in tasks):
        own = np.array([task.category == category for task in tasks])
        hits, n = float(found[own].sum()), int(own.sum())
        interval = exact_interval(int(hits), n)
        chance = 1 / len(tasks[0].cards)
        claims.append(
            Claim(
                id=f"machine_finds_intruder_{category}",
                paper=None,
                rule=f"share of tasks whose least alike card is the intruder's: lower "
                f"end of the exact 95 % interval > 1/{len(tasks[0].cards)}",
                measured=hits / n,
                interval=interval,
                n=n,
                holds=interval is not None and interval[0] > chance,
                why=f"{judges} machine participants together, not people; chance "
                f"{chance:.3f}",
            )
        )
    return claims

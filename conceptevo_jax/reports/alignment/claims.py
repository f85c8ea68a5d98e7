"""What should hold of alignment, and whether it does in this run."""

from collections.abc import Sequence
from typing import NamedTuple

import numpy as np

from conceptevo_jax.analysis import Agreement, Alignment
from conceptevo_jax.analysis.statistics.intervals import (
    Interval,
    difference_interval,
    exact_interval,
    share_interval,
)
from conceptevo_jax.epoch_labels import epoch_label
from conceptevo_jax.pipeline.outcome import Claim
from conceptevo_jax.pipeline.projected_run import AGREEMENTS
from conceptevo_jax.reports.alignment.measure import AlignedSpaces, PairAlignments
from conceptevo_jax.reports.alignment.spaces import PlacedSnapshots, family
from conceptevo_jax.reports.alignment.study_claims import study_claims
from conceptevo_jax.reports.alignment.study_measure import Evaluation
from conceptevo_jax.study.design.tasks import Task
from conceptevo_jax.study.raters.machine import MachinePanel, intruder_hits
from conceptevo_jax.types import SnapshotId

HUMAN = "concepts of other models and epochs align: human AUC .86 to .90"


def across_architectures(
    placed: PlacedSnapshots, alignments: PairAlignments
) -> dict[str, Alignment]:
    """Last epochs of other architectures against the base, by run.

    Args:
      placed: The snapshots in the base's space.
      alignments: Of pairs with the base.
    """
    base_family = family(placed.runs[placed.base])
    return {
        name: alignments[f"{name}@{list(run.observations)[-1]}", placed.base_snapshot]
        for name, run in placed.runs.items()
        if family(run) != base_family
    }


def method_claims(method: str, spaces: AlignedSpaces) -> list[Claim]:
    """Per compared method and agreement: does the method in use always exceed it?

    Args:
      method: The method in use.
      spaces: By method: the space of every base, and the pairs aligned in it.
    """
    return [
        _superiority_claim(method, compared, agreement, spaces)
        for compared in spaces
        if compared != method
        for agreement in AGREEMENTS
    ]


def _superiority_claim(
    method: str, compared: str, agreement: str, spaces: AlignedSpaces
) -> Claim:
    """Does a method exceed a compared one for every base and every architecture?"""
    comparisons, exceeding_count, gaps = [], 0, []
    for (placed, alignments), (_, compared_alignments) in zip(
        spaces[method], spaces[compared], strict=True
    ):
        by_run = across_architectures(placed, alignments)
        compared_by_run = across_architectures(placed, compared_alignments)
        for run in by_run:
            method_agreement = getattr(by_run[run], agreement)
            baseline = getattr(compared_by_run[run], agreement)
            gap = _interval_gap(method_agreement, baseline)
            if gap is None:
                continue
            gaps.append(gap)
            exceeding_count += gap > 0
            comparisons.append(
                f"{run} in {placed.base}'s: {_format_auc(method_agreement)} and "
                f"{_format_auc(baseline)}"
            )
    return Claim(
        id=f"{method}_above_{compared}_{agreement}",
        paper=None,
        rule=f"AUC of {method} above that of {compared} for every pair of "
        "architectures, in the space of every base, with 95 % intervals that do not "
        "overlap",
        measured=exceeding_count / len(gaps) if gaps else None,
        interval=share_interval(exceeding_count, len(gaps)) if gaps else None,
        n=len(gaps),
        holds=exceeding_count == len(gaps) if gaps else None,
        why="; ".join(comparisons) or "no pair could be judged",
    )


def _interval_gap(method_agreement: Agreement, baseline: Agreement) -> float | None:
    """Distance by which the interval of the first lies above that of the second."""
    if method_agreement.interval is None or baseline.interval is None:
        return None
    return method_agreement.interval[0] - baseline.interval[1]


def _format_auc(agreement: Agreement) -> str:
    if agreement.overall.auc is None:
        return "-"
    low, high = agreement.interval or (None, None)
    interval = "" if low is None else f" [{low:.2f}, {high:.2f}]"
    return f"{agreement.overall.auc:.2f}{interval}"


def control_claims(placed: PlacedSnapshots, alignments: PairAlignments) -> list[Claim]:
    """Is every trained snapshot above its untrained one, and above chance?

    Measures that claim learned concepts are those that a projection alone cannot give:
    the correlation of a neuron with the base neuron nearest to it, and on images with
    known concepts whether near neurons select the same one.

    Args:
      placed: The snapshots in the base's space.
      alignments: Of every snapshot with the base.
    """
    claims = [_control_claim("nearest", placed, alignments)]
    if any(alignment.planted is not None for alignment in alignments.values()):
        claims.append(_control_claim("planted", placed, alignments))
    return claims


def _control_claim(
    measure: str, placed: PlacedSnapshots, alignments: PairAlignments
) -> Claim:
    comparisons, above, count = [], 0, 0
    for name, run in placed.runs.items():
        if name == placed.base:
            continue
        epochs = list(run.observations)
        untrained, *trained = (
            _measure_with_chance(
                alignments[str(SnapshotId(name, epoch)), placed.base_snapshot], measure
            )
            for epoch in epochs
        )
        measured = [snapshot for snapshot in trained if snapshot.estimate is not None]
        count += len(measured)
        above += sum(_exceeds_controls(snapshot, untrained) for snapshot in measured)
        last = trained[-1]
        comparisons.append(
            f"{name} {epoch_label(epochs[0])} {_format_number(untrained.estimate)}, "
            f"{epoch_label(epochs[-1])} {_format_number(last.estimate)}, "
            f"chance {_format_number(last.chance)}"
        )
    description = {
        "nearest": "mean correlation of a neuron with the base neuron nearest to it",
        "planted": "AUC of the cosine for neurons that select one known concept",
    }[measure]
    return Claim(
        id=f"trained_above_controls_{measure}",
        paper=HUMAN,
        rule=f"{description}: of every trained snapshot the lower end of its 95 % "
        "interval is above chance (any base neuron; permuted), and that of its "
        "difference from its untrained network above 0",
        measured=above / count if count else None,
        interval=share_interval(above, count) if count else None,
        n=count,
        holds=above == count if count else None,
        why="; ".join(comparisons),
    )


class _MeasureWithChance(NamedTuple):
    """A measure of a snapshot, its interval, and what chance gives."""

    estimate: float | None
    interval: Interval | None
    chance: float | None


def _measure_with_chance(alignment: Alignment, measure: str) -> _MeasureWithChance:
    if measure == "nearest":
        nearest = alignment.nearest
        return _MeasureWithChance(nearest.nearest, nearest.interval, nearest.random)
    planted = alignment.planted or Agreement()
    return _MeasureWithChance(planted.overall.auc, planted.interval, planted.null_high)


def _exceeds_controls(
    trained: _MeasureWithChance, untrained: _MeasureWithChance
) -> bool:
    """Whether it lies above chance and its untrained network, where these are known."""
    if trained.estimate is None or trained.interval is None:
        return False
    above = trained.chance is None or trained.interval[0] > trained.chance
    if untrained.estimate is None:
        return above
    difference = difference_interval(
        trained.estimate, trained.interval, untrained.estimate, untrained.interval
    )
    return above and difference is not None and difference[0] > 0


def _format_number(number: float | None) -> str:
    return "-" if number is None else f"{number:.2f}"


def answer_claims(
    tasks: Sequence[Task], panel: MachinePanel | None, evaluation: Evaluation
) -> list[Claim]:
    """What the answers of machine participants show, and what is left to people.

    Args:
      tasks: The study's tasks without attention checks.
      panel: What machine participants answered; None without a judge.
      evaluation: Of their answers, or of none.
    """
    claims = study_claims(evaluation, machine=panel is not None)
    if panel is None:
        return claims
    hits = intruder_hits(tasks, panel.likeness)
    return [*intruder_claims(tasks, hits, evaluation.participants), *claims]


def intruder_claims(
    tasks: Sequence[Task], hits: np.ndarray, participants: int
) -> list[Claim]:
    """Per category: do machine participants find the intruder more often than chance?

    Args:
      tasks: The study's tasks without attention checks.
      hits: `[t]` whether each task's intruder was found, or the share of it in a tie.
      participants: Number of machine participants, whose likeness was averaged.
    """
    claims = []
    for category in dict.fromkeys(task.category for task in tasks):
        in_category = np.array([task.category == category for task in tasks])
        hit_count, n = float(hits[in_category].sum()), int(in_category.sum())
        # Rounded down: the exact interval takes whole hits, and a tie counts in part.
        interval = exact_interval(int(hit_count), n)
        cards = len(tasks[0].cards)
        chance = 1 / cards
        claims.append(
            Claim(
                id=f"machine_finds_intruder_{category}",
                paper=None,
                rule=f"share of tasks whose least alike card is the intruder's: lower "
                f"end of the exact 95 % interval > 1/{cards}",
                measured=hit_count / n,
                interval=interval,
                n=n,
                holds=interval is not None and interval[0] > chance,
                why=f"{participants} machine participants together, not people; chance "
                f"{chance:.3f}",
            )
        )
    return claims

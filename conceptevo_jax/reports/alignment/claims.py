"""Claims about alignment, and whether they hold in this run."""

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
from conceptevo_jax.epochs import epoch_label
from conceptevo_jax.pipeline.outcome import Claim
from conceptevo_jax.pipeline.projected_run import AGREEMENTS
from conceptevo_jax.pipeline.runs_in_space import RunsInSpace
from conceptevo_jax.reports.alignment.measure import AlignedSpaces, PairAlignments
from conceptevo_jax.reports.alignment.spaces import family
from conceptevo_jax.reports.alignment.study_claims import study_claims
from conceptevo_jax.reports.alignment.study_measure import Evaluation
from conceptevo_jax.study.design.tasks import Task
from conceptevo_jax.study.raters.machine import MachinePanel, intruder_hits

PAPER_HUMAN_AUC = "concepts of other models and epochs align: human AUC .86 to .90"


def across_architectures(
    space: RunsInSpace, alignments: PairAlignments
) -> dict[str, Alignment]:
    """Last epochs of other architectures against the base, by run.

    Args:
      space: The snapshots in the base's space.
      alignments: Alignments of pairs with the base.
    """
    base_family = family(space.base.run)
    return {
        projected.run.name: alignments[
            projected.snapshot(projected.epochs[-1]), space.base_snapshot
        ]
        for projected in space.compared
        if family(projected.run) != base_family
    }


def method_claims(method: str, spaces: AlignedSpaces) -> list[Claim]:
    """Per compared method and agreement: does the method in use always exceed it?

    Args:
      method: The method in use.
      spaces: By method: the space of every base, and the pairs aligned in it.
    """
    return [
        _superiority_claim(method, compared_method, agreement, spaces)
        for compared_method in spaces
        if compared_method != method
        for agreement in AGREEMENTS
    ]


def _superiority_claim(
    method: str, compared_method: str, agreement: str, spaces: AlignedSpaces
) -> Claim:
    """Does a method exceed a compared one for every base and every architecture?"""
    comparisons, exceeding_count, gaps = [], 0, []
    for (space, alignments), (_, compared_alignments) in zip(
        spaces[method], spaces[compared_method], strict=True
    ):
        alignments_by_run = across_architectures(space, alignments)
        compared_by_run = across_architectures(space, compared_alignments)
        for run in alignments_by_run:
            method_agreement = getattr(alignments_by_run[run], agreement)
            baseline = getattr(compared_by_run[run], agreement)
            gap = _interval_gap(method_agreement, baseline)
            if gap is None:
                continue
            gaps.append(gap)
            exceeding_count += gap > 0
            comparisons.append(
                f"{run} in {space.base.run.name}'s: "
                f"{_format_auc(method_agreement)} and {_format_auc(baseline)}"
            )
    return Claim(
        id=f"{method}_above_{compared_method}_{agreement}",
        paper=None,
        rule=f"AUC of {method} above that of {compared_method} for every pair of "
        "architectures, in the space of every base, with 95 % intervals that do not "
        "overlap",
        measured=exceeding_count / len(gaps) if gaps else None,
        interval=share_interval(exceeding_count, len(gaps)) if gaps else None,
        n=len(gaps),
        holds=exceeding_count == len(gaps) if gaps else None,
        why="; ".join(comparisons) or "no pair could be compared",
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


def control_claims(space: RunsInSpace, alignments: PairAlignments) -> list[Claim]:
    """Is every trained snapshot above its untrained one, and above chance?

    Claims about learned concepts use measures that a projection alone cannot raise:
    the correlation of a neuron with the nearest base neuron, and, on images with
    known concepts, whether near neurons select the same concept.

    Args:
      space: The snapshots in the base's space.
      alignments: Alignments of every snapshot with the base.
    """
    claims = [_control_claim("nearest", space, alignments)]
    if any(alignment.planted is not None for alignment in alignments.values()):
        claims.append(_control_claim("planted", space, alignments))
    return claims


def _control_claim(
    measure: str, space: RunsInSpace, alignments: PairAlignments
) -> Claim:
    comparisons, exceeding_count, measured_count = [], 0, 0
    for projected in space.compared:
        epochs = projected.epochs
        untrained_measure, *trained_measures = (
            _measure_with_chance(
                alignments[projected.snapshot(epoch), space.base_snapshot], measure
            )
            for epoch in epochs
        )
        measured_snapshots = [
            snapshot for snapshot in trained_measures if snapshot.estimate is not None
        ]
        measured_count += len(measured_snapshots)
        exceeding_count += sum(
            _exceeds_controls(snapshot, untrained_measure)
            for snapshot in measured_snapshots
        )
        last = trained_measures[-1]
        comparisons.append(
            f"{projected.run.name} {epoch_label(epochs[0])} "
            f"{_format_number(untrained_measure.estimate)}, "
            f"{epoch_label(epochs[-1])} {_format_number(last.estimate)}, "
            f"chance {_format_number(last.chance)}"
        )
    description = {
        "nearest": "mean correlation of a neuron with its nearest base neuron",
        "planted": "AUC of the cosine for neurons that select the same concept",
    }[measure]
    return Claim(
        id=f"trained_above_controls_{measure}",
        paper=PAPER_HUMAN_AUC,
        rule=f"{description}: for every trained snapshot the lower end of its 95 % "
        "interval is above chance (a random base neuron; permuted vectors), and that "
        "of its difference from its untrained network is above 0",
        measured=exceeding_count / measured_count if measured_count else None,
        interval=share_interval(exceeding_count, measured_count)
        if measured_count
        else None,
        n=measured_count,
        holds=exceeding_count == measured_count if measured_count else None,
        why="; ".join(comparisons),
    )


class _MeasureWithChance(NamedTuple):
    """A measure of a snapshot, its interval, and what chance gives."""

    estimate: float | None
    interval: Interval | None
    chance: float | None


def _measure_with_chance(alignment: Alignment, measure: str) -> _MeasureWithChance:
    if measure == "nearest":
        nearest_measure = alignment.nearest
        return _MeasureWithChance(
            nearest_measure.nearest, nearest_measure.interval, nearest_measure.random
        )
    planted_agreement = alignment.planted or Agreement()
    return _MeasureWithChance(
        planted_agreement.overall.auc,
        planted_agreement.interval,
        planted_agreement.null_high,
    )


def _exceeds_controls(
    trained: _MeasureWithChance, untrained: _MeasureWithChance
) -> bool:
    """Whether it lies above chance and its untrained network, if these are known."""
    if trained.estimate is None or trained.interval is None:
        return False
    exceeds_chance = trained.chance is None or trained.interval[0] > trained.chance
    if untrained.estimate is None:
        return exceeds_chance
    difference = difference_interval(
        trained.estimate, trained.interval, untrained.estimate, untrained.interval
    )
    return exceeds_chance and difference is not None and difference[0] > 0


def _format_number(number: float | None) -> str:
    return "-" if number is None else f"{number:.2f}"


def answer_claims(
    tasks: Sequence[Task], panel: MachinePanel | None, evaluation: Evaluation
) -> list[Claim]:
    """Claims about machine participants' answers, and open claims about people.

    Args:
      tasks: The study's tasks without attention checks.
      panel: The answers of machine participants; None without a judge.
      evaluation: The evaluation of these answers, which may be none.
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
      hits: `[t]` whether each task's intruder was found; a fraction if cards tie.
      participants: Number of machine participants, whose similarities were averaged.
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
                rule=f"share of tasks whose least similar card is the intruder's: "
                f"lower end of the exact 95 % interval > 1/{cards}",
                measured=hit_count / n,
                interval=interval,
                n=n,
                holds=interval is not None and interval[0] > chance,
                why=f"{participants} machine participants together, not people; chance "
                f"{chance:.3f}",
            )
        )
    return claims

"""Claims about the diversity of concepts: it grows, is lost, or recovers."""

import math
from collections.abc import Sequence

from conceptevo_jax.pipeline.outcome import Claim
from conceptevo_jax.reports.training_failures.course import Course, place_label
from conceptevo_jax.reports.training_failures.differences import (
    ABOVE_RULE,
    snapshot_difference,
)
from conceptevo_jax.reports.training_failures.measure import RunMeasurements
from conceptevo_jax.types import record

DIVERSITY_MEASURES = ("entropy_map", "entropy", "effective_rank")
"""Measures of a trajectory that represent the diversity of concepts."""

FALLEN_SHARE = 0.8
"""A measure counts as fallen below this share of its value at the best accuracy."""


@record
class _Trend:
    """The expected trend of a measure of diversity over a run.

    Attributes:
      verb: The verb in the claim's id.
      rule: The same in words.
      steps: Pairs of snapshots, as indices in the run's list: the measure is larger at
        the second than at the first.
      missing: Why the run cannot decide the claim, or None if it can.
    """

    verb: str
    rule: str
    steps: Sequence[tuple[int, int]]
    missing: str | None = None


def growth_claims(
    measurements: RunMeasurements, run: str, course: Course, paper: str | None
) -> list[Claim]:
    """Concepts of a well-trained run become more diverse.

    Args:
      measurements: Measurements of runs in the space of a base.
      run: The run's name.
      course: What became of it.
      paper: The paper's entropies of such a run.
    """
    trend = _Trend(
        verb="grows",
        rule="grows from the first epoch to the last",
        steps=[(course.first, course.last)],
    )
    return [
        _trend_claim(measurements, run, measure, trend, paper)
        for measure in DIVERSITY_MEASURES
    ]


def collapse_claims(
    measurements: RunMeasurements, run: str, course: Course, paper: str | None
) -> list[Claim]:
    """Concepts of a collapsing run become less diverse.

    Args:
      measurements: Measurements of runs in the space of a base.
      run: The run's name.
      course: What became of it.
      paper: The paper's entropies of such a run.
    """
    trend = _Trend(
        verb="falls",
        rule="falls from the best accuracy to the end",
        steps=[(course.last, course.best)],
        missing=None if course.has_collapsed else "the run did not collapse",
    )
    return [
        _trend_claim(measurements, run, measure, trend, paper)
        for measure in DIVERSITY_MEASURES
    ]


def recovery_claims(
    measurements: RunMeasurements, run: str, course: Course, paper: str | None
) -> list[Claim]:
    """Concepts of an unstable run are damaged, and recover.

    Args:
      measurements: Measurements of runs in the space of a base.
      run: The run's name.
      course: What became of it.
      paper: The paper's entropies of such a run.
    """
    trend = _Trend(
        verb="recovers",
        rule="falls from the best accuracy to the lowest after it, and rises again "
        "until the end",
        steps=[(course.lowest, course.best), (course.lowest, course.last)],
        missing=None if course.has_recovered else "accuracy was not lost and recovered",
    )
    return [
        _trend_claim(measurements, run, measure, trend, paper)
        for measure in DIVERSITY_MEASURES
    ]


def _trend_claim(
    measurements: RunMeasurements,
    run: str,
    measure: str,
    trend: _Trend,
    paper: str | None,
) -> Claim:
    """The claim for one measure; with two steps, the less certain one is measured."""
    trajectory, projected_run = (
        measurements.trajectories[run],
        measurements.space.runs[run],
    )
    values, epochs = trajectory.series(measure), projected_run.epochs
    places = sorted({index for step in trend.steps for index in step})
    values_text = ", ".join(
        f"{values[i]:.2f} at {place_label(epochs, i)}" for i in places
    )
    differences = [
        snapshot_difference(trajectory, measure, larger_index, smaller_index)
        for smaller_index, larger_index in trend.steps
    ]
    weakest = min(differences, key=lambda difference: difference.lower_end)
    is_measured = trend.missing is None and all(
        math.isfinite(difference.amount) for difference in differences
    )
    detail = values_text if is_measured else f"too few live neurons: {values_text}"
    return Claim(
        id=f"{measure}_{trend.verb}_{run}_{measurements.space.base.run.name}",
        paper=paper,
        rule=f"{measure} of {projected_run.title} {trend.rule}; {ABOVE_RULE}",
        measured=weakest.amount if is_measured else None,
        interval=weakest.interval if is_measured else None,
        n=1,
        holds=weakest.lower_end > 0 if is_measured else None,
        why=trend.missing or detail,
    )


def early_loss_claims(
    measurements: RunMeasurements, run: str, course: Course
) -> list[Claim]:
    """A collapse shows in the concepts no later than in the accuracy.

    A measure that has no value any more, for lack of live neurons, counts as fallen.

    Args:
      measurements: Measurements of runs in the space of a base.
      run: The run's name.
      course: What became of it.
    """
    projected_run, claims = measurements.space.runs[run], []
    epochs = projected_run.epochs
    for measure in ("effective_rank", "distinct_share"):
        values = measurements.trajectories[run].series(measure)
        # Negated, so that NaN counts as fallen.
        is_low = ~(values >= FALLEN_SHARE * values[course.best])
        is_low[: course.best + 1] = False
        fall_index = int(is_low.argmax()) if is_low.any() else None
        chance, lead_epochs = course.chance, None
        if chance is not None and fall_index is not None:
            lead_epochs = projected_run.epochs_of_training(
                epochs[chance]
            ) - projected_run.epochs_of_training(epochs[fall_index])
        claims.append(
            Claim(
                id=f"{measure}_falls_in_time_{run}_{measurements.space.base.run.name}",
                paper="loss of diversity is apparent before the accuracy reaches 0 "
                "(Sec. 4.5)",
                rule=f"{measure} of {projected_run.title} falls below {FALLEN_SHARE} "
                "of its "
                "value at the best accuracy, or has too few live neurons to be "
                "measured, no later than accuracy reaches chance; measured: the number "
                "of epochs by which it falls earlier",
                measured=lead_epochs,
                interval=None,
                n=1,
                holds=None
                if chance is None
                else lead_epochs is not None and lead_epochs >= 0,
                why=f"best at {place_label(epochs, course.best)}, chance at "
                f"{place_label(epochs, chance)}, fallen at "
                f"{place_label(epochs, fall_index)}",
            )
        )
    return claims

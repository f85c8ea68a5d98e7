"""Claims about failing trainings: diversity, movement, and the monitor's alarms.

Each claim uses the course of the run: when its accuracy was best, when it was
lost, whether it recovered (`course.py`).
"""

import math
from collections.abc import Mapping

from conceptevo_jax.analysis.importance.milestones import Milestones
from conceptevo_jax.config import Config
from conceptevo_jax.pipeline.outcome import Claim
from conceptevo_jax.pipeline.projected_run import ProjectedRun
from conceptevo_jax.pipeline.runs_in_space import RunsInSpace
from conceptevo_jax.pipeline.session import Session
from conceptevo_jax.reports.training_failures.alarm_claims import (
    alarm_in_time_claim,
    damaged_not_lost_claim,
    no_alarm_claim,
)
from conceptevo_jax.reports.training_failures.course import course_of
from conceptevo_jax.reports.training_failures.differences import (
    ABOVE_RULE,
    estimate_difference,
)
from conceptevo_jax.reports.training_failures.diversity_claims import (
    collapse_claims,
    early_loss_claims,
    growth_claims,
    recovery_claims,
)
from conceptevo_jax.reports.training_failures.measure import RunMeasurements
from conceptevo_jax.reports.training_failures.roles import (
    healthy_runs,
    well_trained_run,
)
from conceptevo_jax.reports.training_failures.settings import FailuresSettings
from conceptevo_jax.reports.training_failures.tables import MOVEMENTS, movement_between
from conceptevo_jax.types import record


@record
class PaperNumbers:
    """What the paper reports about these runs.

    Attributes:
      entropy: Entropies of a run's snapshots, by run.
      movement: Movements, by `run stage`.
      gaps: Training and test accuracy of overfitted runs, by run.
    """

    entropy: Mapping[str, str]
    movement: Mapping[str, str]
    gaps: Mapping[str, str]


def space_claims(
    config: Config,
    measurements: RunMeasurements,
    milestones: Mapping[str, Milestones],
    classes: int,
    paper: PaperNumbers,
) -> list[Claim]:
    """Claims about diversity and movement, in one base's space.

    Args:
      config: The roles of the runs.
      measurements: Measurements of all compared runs in the space.
      milestones: Milestones of training accuracy, for runs that have them.
      classes: The number of classes.
      paper: What the paper reports about these runs.
    """
    settings, entropy = FailuresSettings.of(config), paper.entropy
    courses = {
        name: course_of(projected_run.run.rows, classes)
        for name, projected_run in measurements.space.runs.items()
    }
    claims = []
    for name in healthy_runs(config):
        claims += growth_claims(measurements, name, courses[name], entropy.get(name))
    for name in settings.collapsing:
        claims += collapse_claims(measurements, name, courses[name], entropy.get(name))
        claims += early_loss_claims(measurements, name, courses[name])
    for name in settings.recovering:
        claims += recovery_claims(measurements, name, courses[name], entropy.get(name))
    for name in settings.overfitted:
        well_trained = well_trained_run(config, name)
        claims += movement_claims(
            measurements, well_trained, name, milestones, paper.movement
        )
    return claims


def run_claims(
    config: Config, session: Session, space: RunsInSpace, paper: PaperNumbers
) -> list[Claim]:
    """Claims that need no base: overfitting, and the monitor's.

    Args:
      config: The roles of the runs.
      session: Provides the images.
      space: All compared runs, in any space.
      paper: What the paper reports about these runs.
    """
    settings, runs = FailuresSettings.of(config), space.runs
    classes, test_images = len(session.images.classes), len(session.images.test)
    claims = []
    for name in settings.overfitted:
        well_trained = runs[well_trained_run(config, name)]
        images = config.runs[name].eval_images, test_images
        claims.append(
            overfitting_claim(well_trained, runs[name], images, paper.gaps.get(name))
        )
    for name in settings.collapsing:
        course = course_of(runs[name].run.rows, classes)
        claims.append(alarm_in_time_claim(runs[name], course))
    for name in settings.recovering:
        course = course_of(runs[name].run.rows, classes)
        claims.append(damaged_not_lost_claim(runs[name], course))
    claims += [no_alarm_claim(runs[name]) for name in healthy_runs(config)]
    return claims


def movement_claims(
    measurements: RunMeasurements,
    well_trained_name: str,
    overfitted_name: str,
    milestones: Mapping[str, Milestones],
    paper: Mapping[str, str],
) -> list[Claim]:
    """An overfitted run moves less between equal accuracies than a well-trained one.

    Args:
      measurements: Measurements of both runs in the space of a base.
      well_trained_name: The well-trained run's name.
      overfitted_name: The overfitted run's name.
      milestones: Milestones of training accuracy, for runs that have them.
      paper: The paper's movements, by `run stage`.
    """
    pair, runs = (well_trained_name, overfitted_name), measurements.space.runs
    runs_without_milestones = [run for run in pair if run not in milestones]
    movements = [
        movement_between(measurements, run, milestones[run])
        for run in pair
        if not runs_without_milestones
    ] or [[], []]
    claims = []
    for measure in MOVEMENTS:
        stage_differences = [
            estimate_difference(
                well_trained_movement[measure], overfitted_movement[measure]
            )
            for well_trained_movement, overfitted_movement in zip(
                *movements, strict=True
            )
        ]
        differences = [
            difference for difference in stage_differences if difference is not None
        ]
        weakest = min(differences, key=lambda d: d.lower_end, default=None)
        if len(differences) < len(stage_differences):
            weakest = None
        claims.append(
            Claim(
                id=f"{measure}_less_{overfitted_name}_{measurements.space.base.run.name}",
                paper="; ".join(
                    f"{run}: {paper.get(f'{run} 1')}, {paper.get(f'{run} 2')}"
                    for run in pair
                ),
                rule=f"{measure} of {runs[overfitted_name].title} between 25, 50 and "
                "75 % of training accuracy is less than that of "
                f"{runs[well_trained_name].title}, in both stages; measured: the "
                f"less certain difference; {ABOVE_RULE}",
                measured=None if weakest is None else weakest.amount,
                interval=None if weakest is None else weakest.interval,
                n=len(differences),
                holds=None if weakest is None else weakest.lower_end > 0,
                why="; ".join(difference.comparison for difference in differences)
                or "no milestones of accuracy: "
                f"{', '.join(runs_without_milestones) or 'not drawn'}",
            )
        )
    return claims


def overfitting_claim(
    well_trained_projected: ProjectedRun,
    overfitted_run: ProjectedRun,
    images: tuple[int, int],
    paper: str | None,
) -> Claim:
    """A run that is meant to overfit does: its accuracies lie further apart.

    Args:
      well_trained_projected: The well-trained run.
      overfitted_run: The run that is meant to overfit.
      images: Number of training and of test images that accuracies are measured on.
      paper: What the paper reports about such a run.
    """
    rows = [
        projected_run.run.rows[-1]
        for projected_run in (well_trained_projected, overfitted_run)
    ]
    accuracies = "; ".join(
        f"top-1 {row.train_top1:.2f}/{row.test_top1:.2f}, top-5 "
        f"{row.train_top5:.2f}/{row.test_top5:.2f}"
        for row in rows
    )
    # Variances of the four independent shares add up.
    standard_error = math.sqrt(
        sum(
            share * (1 - share) / n
            for row in rows
            for share, n in zip((row.train_top1, row.test_top1), images, strict=True)
        )
    )
    well_trained_gap, overfitted_gap = (row.train_top1 - row.test_top1 for row in rows)
    gap_difference = overfitted_gap - well_trained_gap
    interval = (
        gap_difference - 1.96 * standard_error,
        gap_difference + 1.96 * standard_error,
    )
    return Claim(
        id=f"overfits_{overfitted_run.run.name}",
        paper=paper,
        rule=f"top-1 train minus test accuracy at the end is larger for "
        f"{overfitted_run.title} than for {well_trained_projected.title}: lower end of "
        "the "
        "difference's 95 % interval over images above 0; measured: the difference",
        measured=gap_difference,
        interval=interval,
        n=sum(images),
        holds=interval[0] > 0,
        why=f"train/test of the two: {accuracies}",
    )

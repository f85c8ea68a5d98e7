"""Claims that the monitor raises alarms in time, and only when it should."""

from collections.abc import Sequence

from conceptevo_jax.epochs import Epoch, epoch_label
from conceptevo_jax.monitor import DAMAGED, HEALTHY, LOST
from conceptevo_jax.pipeline.outcome import Claim
from conceptevo_jax.pipeline.projected_run import ProjectedRun
from conceptevo_jax.reports.training_failures.course import Course, place_label


def alarm_in_time_claim(projected_run: ProjectedRun, course: Course) -> Claim:
    """The first alarm of the monitor comes no later than the accuracy drops.

    Args:
      projected_run: The run, with the monitor's reports.
      course: Its course.
    """
    statuses = _epoch_statuses(projected_run)
    alarms = [epoch for epoch, status in statuses if status in (DAMAGED, LOST)]
    lost_epochs = [epoch for epoch, status in statuses if status == LOST]
    drop_index = course.dropped
    lead_epochs = _lead_epochs(projected_run, alarms, drop_index)
    return Claim(
        id=f"alarm_in_time_{projected_run.run.name}",
        paper="could help detect such issues in real time (Sec. 4.5)",
        rule=f"the monitor's first alarm in {projected_run.title} comes no later than "
        "the epoch in which accuracy falls below half of its best; measured: the "
        "number of epochs by which it comes earlier",
        measured=lead_epochs,
        interval=None,
        n=1,
        holds=None
        if drop_index is None
        else lead_epochs is not None and lead_epochs >= 0,
        why=f"accuracy drops at {place_label(projected_run.epochs, drop_index)}; first "
        f"alarm at {_first_label(alarms)}, 'lost' at {_first_label(lost_epochs)}",
    )


def no_alarm_claim(projected_run: ProjectedRun) -> Claim:
    """The monitor is silent on a well-trained run."""
    statuses = _epoch_statuses(projected_run)
    alarms = [
        f"{status} at {epoch_label(epoch)}"
        for epoch, status in statuses
        if status != HEALTHY
    ]
    return Claim(
        id=f"no_alarm_{projected_run.run.name}",
        paper=None,
        rule=f"the monitor raises no alarm in {projected_run.title}; measured: number "
        "of "
        "alarms",
        measured=float(len(alarms)) if statuses else None,
        interval=None,
        n=len(statuses),
        holds=not alarms if statuses else None,
        why="; ".join(alarms) or f"silent over {len(statuses)} epochs",
    )


def damaged_not_lost_claim(projected_run: ProjectedRun, course: Course) -> Claim:
    """A run that recovers is called damaged, and not lost.

    Args:
      projected_run: The run, with the monitor's reports.
      course: What became of it.
    """
    statuses = [status for _, status in _epoch_statuses(projected_run)]
    damaged_count, lost_count = statuses.count(DAMAGED), statuses.count(LOST)
    return Claim(
        id=f"damaged_not_lost_{projected_run.run.name}",
        paper="InceptionV3 recovers, as concepts remain (Fig. 8b)",
        rule=f"the monitor calls {projected_run.title} damaged at least once, and "
        "never "
        "lost; measured: share of its alarms that say damaged",
        measured=damaged_count / (damaged_count + lost_count)
        if damaged_count + lost_count
        else None,
        interval=None,
        n=damaged_count + lost_count,
        holds=bool(damaged_count) and not lost_count if course.has_recovered else None,
        why=f"{damaged_count} times damaged, {lost_count} times lost"
        if course.has_recovered
        else "the run did not lose its accuracy and recover",
    )


def _lead_epochs(
    projected_run: ProjectedRun, alarms: Sequence[Epoch], drop_index: int | None
) -> float | None:
    """Epochs from the first alarm to the drop; None without a drop or an alarm."""
    if drop_index is None or not alarms:
        return None
    trained_epochs = projected_run.epochs_of_training
    return trained_epochs(projected_run.epochs[drop_index]) - trained_epochs(alarms[0])


def _epoch_statuses(projected_run: ProjectedRun) -> list[tuple[Epoch, str]]:
    """The monitor's status of each epoch."""
    return [(report["epoch"], report["status"]) for report in projected_run.run.reports]


def _first_label(epochs: Sequence[Epoch]) -> str:
    return epoch_label(epochs[0]) if epochs else "no epoch"

"""Tables of runs: measures, movement between milestones, and the monitor."""

import itertools
from collections.abc import Mapping
from typing import Any

from conceptevo_jax.analysis.dynamics.movement import spread
from conceptevo_jax.analysis.importance.milestones import Milestones
from conceptevo_jax.analysis.statistics.estimates import Estimate, mean_estimate
from conceptevo_jax.epochs import Epoch
from conceptevo_jax.pipeline.outcome import finite
from conceptevo_jax.pipeline.runs_in_space import RunsInSpace
from conceptevo_jax.reports.training_failures.measure import (
    RunMeasurements,
    movement_in_space,
    movement_on_maps,
)

MOVEMENTS = ("movement", "relative_movement", "movement_map")
"""Measures of movement between milestones: in the space, relative to the spread of the
earlier snapshot, and on the maps."""


def measure_rows(measurements: RunMeasurements) -> list[dict[str, Any]]:
    """Every measure of every snapshot with its interval, one row each."""
    rows = []
    for name, trajectory in measurements.trajectories.items():
        projected_run = measurements.space.runs[name]
        for i, epoch in enumerate(projected_run.epochs):
            accuracies = projected_run.run.row(epoch)
            for j, measure in enumerate(trajectory.measures):
                reason = trajectory.why.get(f"{trajectory.snapshots[i]} {measure}")
                rows.append(
                    {
                        "base": measurements.space.base_snapshot,
                        "run": name,
                        "epoch": epoch,
                        "progress": projected_run.epochs_of_training(epoch),
                        "train_top1": accuracies.train_top1,
                        "test_top1": accuracies.test_top1,
                        "train_top5": accuracies.train_top5,
                        "test_top5": accuracies.test_top5,
                        "measure": measure,
                        "value": finite(float(trajectory.value[i, j])),
                        "low": finite(float(trajectory.low[i, j])),
                        "high": finite(float(trajectory.high[i, j])),
                        "neurons": int(trajectory.neurons[i, j]),
                        "reason": reason,
                    }
                )
    return rows


def site_rows(measurements: RunMeasurements) -> list[dict[str, Any]]:
    """Mean movement since the snapshot before, by site."""
    return [
        {
            "base": measurements.space.base_snapshot,
            "run": name,
            "epoch": epoch,
            "site": site.name,
            "movement": finite(float(trajectory.by_site[i, s])),
        }
        for name, trajectory in measurements.trajectories.items()
        for i, epoch in enumerate(measurements.space.runs[name].epochs)
        for s, site in enumerate(trajectory.sites)
        if i
    ]


def movement_between(
    measurements: RunMeasurements, run: str, milestones: Milestones
) -> list[dict[str, Estimate | None]]:
    """Movement of a run's neurons from each milestone of accuracy to the next.

    Args:
      measurements: Measurements of the run in the space of a base.
      run: Its name.
      milestones: Milestones of its training accuracy.

    Returns:
      Per stage, the estimates by `MOVEMENTS`; None on maps that lack a milestone.
    """
    return [
        _movement_in_stage(measurements, run, before, after)
        for before, after in itertools.pairwise(milestones.epochs)
    ]


def _movement_in_stage(
    measurements: RunMeasurements, run: str, before: Epoch, after: Epoch
) -> dict[str, Estimate | None]:
    """The estimates of movement between two milestones, by `MOVEMENTS`."""
    projected_run = measurements.space.runs[run]
    distances = movement_in_space(measurements.space, run, before, after)
    live = ~projected_run.stimuli(before).dead
    size = spread(projected_run.placed[before].vectors[live])
    map_distances = movement_on_maps(measurements, run, before, after)
    return {
        "movement": mean_estimate(distances),
        "relative_movement": mean_estimate(distances / size),
        "movement_map": None
        if map_distances is None
        else mean_estimate(map_distances.mean(axis=0)),
    }


def movement_rows(
    measurements: RunMeasurements,
    milestones: Mapping[str, Milestones],
    paper: Mapping[str, str],
) -> list[dict[str, Any]]:
    """Movement between milestones of accuracy, next to the paper's numbers.

    Args:
      measurements: Measurements of the runs in the space of a base.
      milestones: Milestones of training accuracy, by run.
      paper: The paper's movements, by `run stage`.
    """
    rows = []
    for name, run_milestones in milestones.items():
        projected_run = measurements.space.runs[name]
        for stage, movements in enumerate(
            movement_between(measurements, name, run_milestones)
        ):
            before, after = run_milestones.epochs[stage : stage + 2]
            row = {
                "base": measurements.space.base_snapshot,
                "run": name,
                "stage": stage + 1,
                "before": before,
                "after": after,
                "train_top1_before": run_milestones.accuracies[stage],
                "train_top1_after": run_milestones.accuracies[stage + 1],
                "relative_milestones": run_milestones.relative,
                "epochs_of_training": projected_run.epochs_of_training(after)
                - projected_run.epochs_of_training(before),
                "coverage_before": finite(projected_run.share_in_base(before)),
                "coverage_after": finite(projected_run.share_in_base(after)),
            }
            for measure in MOVEMENTS:
                estimate = movements[measure]
                for part in ("value", "low", "high"):
                    column = measure if part == "value" else f"{measure}_{part}"
                    row[column] = None if estimate is None else getattr(estimate, part)
            rows.append(row | {"paper": paper.get(f"{name} {stage + 1}")})
    return rows


def monitor_rows(space: RunsInSpace) -> list[dict[str, Any]]:
    """The monitor's report on every snapshot."""
    rows = []
    for name, projected_run in space.runs.items():
        for report in projected_run.run.reports:
            row = {
                "run": name,
                "epoch": report["epoch"],
                "test_top1": projected_run.run.row(report["epoch"]).test_top1,
                "status": report["status"],
                "reasons": "; ".join(report["reasons"]),
            }
            rows.append(row | report["measures"])
    return rows

"""Tables of runs' evolutions: measures, milestones, lifetimes, first concepts."""

import itertools
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from conceptevo_jax.analysis.dynamics.concept_onset import Groups, group_members
from conceptevo_jax.analysis.dynamics.movement import Lifetimes, lifetimes, spread
from conceptevo_jax.analysis.importance.milestones import Milestones
from conceptevo_jax.analysis.statistics.estimates import Estimate, mean_estimate
from conceptevo_jax.pipeline.outcome import finite
from conceptevo_jax.pipeline.projected_run import Projected
from conceptevo_jax.pipeline.runs_in_space import RunsInSpace
from conceptevo_jax.reports.training_failures.measure import (
    RunMeasurements,
    movement_on_maps,
    neuron_movement,
)
from conceptevo_jax.types import neuron_ids

MOVEMENTS = ("movement", "relative_movement", "movement_map")
"""Measures of movement between milestones: in the space, relative to the spread of the
earlier snapshot, and on the maps."""


def measure_rows(measurements: RunMeasurements) -> list[dict[str, Any]]:
    """Every measure of every snapshot with its interval, one row each."""
    rows = []
    for name, trajectory in measurements.trajectories.items():
        projected = measurements.space.runs[name]
        for i, epoch in enumerate(projected.epochs):
            accuracies = projected.run.row(epoch)
            for j, measure in enumerate(trajectory.measures):
                reason = trajectory.why.get(f"{trajectory.snapshots[i]} {measure}")
                rows.append(
                    {
                        "base": measurements.space.base_snapshot,
                        "run": name,
                        "epoch": epoch,
                        "progress": projected.at(epoch),
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
    """How far a run's neurons move from each milestone of accuracy to the next.

    Args:
      measurements: Of the run in the space of a base.
      run: Its name.
      milestones: Milestones of its training accuracy.

    Returns:
      Per stage, the estimates by `MOVEMENTS`; None on maps that lack a milestone.
    """
    stages = []
    projected = measurements.space.runs[run]
    for before, after in itertools.pairwise(milestones.epochs):
        distances = neuron_movement(measurements.space, run, before, after)
        live = ~projected.stimuli(before).dead
        size = spread(projected.placed[before].vectors[live])
        map_distances = movement_on_maps(measurements, run, before, after)
        stages.append(
            {
                "movement": mean_estimate(distances),
                "relative_movement": mean_estimate(distances / size),
                "movement_map": None
                if map_distances is None
                else mean_estimate(map_distances.mean(axis=0)),
            }
        )
    return stages


def movement_rows(
    measurements: RunMeasurements,
    milestones: Mapping[str, Milestones],
    paper: Mapping[str, str],
) -> list[dict[str, Any]]:
    """Movement between milestones of accuracy, next to the paper's numbers.

    Args:
      measurements: Of the runs in the space of a base.
      milestones: Of training accuracy, by run.
      paper: The paper's movements, by `run stage`.
    """
    rows = []
    for name, run_milestones in milestones.items():
        projected = measurements.space.runs[name]
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
                "epochs_of_training": projected.at(after) - projected.at(before),
                "coverage_before": finite(projected.shared(before)),
                "coverage_after": finite(projected.shared(after)),
            }
            for measure in MOVEMENTS:
                estimate = movements[measure]
                for part in ("value", "low", "high"):
                    column = measure if part == "value" else f"{measure}_{part}"
                    row[column] = None if estimate is None else getattr(estimate, part)
            rows.append(row | {"paper": paper.get(f"{name} {stage + 1}")})
    return rows


def lives_of(projected: Projected) -> Lifetimes:
    """Lifetimes of the concepts of a run's neurons, over its snapshots."""
    return lifetimes([projected.stimuli(epoch) for epoch in projected.epochs])


def lifetime_rows(
    space: RunsInSpace, lives: Mapping[str, Lifetimes]
) -> list[dict[str, Any]]:
    """Per neuron, the snapshots in which its concept appears, settles and dies.

    Args:
      space: The runs in the space of a base.
      lives: Lifetimes of their concepts, by run.
    """
    rows = []
    for name, run_lives in lives.items():
        epochs = space.runs[name].epochs
        ids = neuron_ids("", space.runs[name].run.model.sites)
        for neuron, neuron_id in enumerate(ids):
            places = {
                event: int(getattr(run_lives, event)[neuron])
                for event in ("concept", "born", "settled", "died")
            }
            event_epochs = {
                event: None if place < 0 else epochs[place]
                for event, place in places.items()
            }
            neuron_name = neuron_id.partition("/")[2]
            rows.append({"run": name, "neuron": neuron_name, **event_epochs})
    return rows


def birth_rows(
    space: RunsInSpace,
    groups: Groups,
    lives: Mapping[str, Lifetimes],
    classes: Sequence[str],
) -> list[dict[str, Any]]:
    """Per run, which groups of concepts appear first, in epochs of training.

    Args:
      space: The runs in the space of a base.
      groups: Groups of the base's neurons.
      lives: Lifetimes of the runs' concepts, by run.
      classes: Names of the classes.
    """
    rows = []
    for name, run_lives in lives.items():
        projected = space.runs[name]
        vectors = [projected.placed[epoch] for epoch in projected.epochs]
        member = group_members(groups, vectors, run_lives)
        training_epochs = np.array([projected.at(epoch) for epoch in projected.epochs])
        # -1 stands for never: those neurons are in no group's births.
        births = training_epochs[np.maximum(run_lives.born, 0)]
        is_born = run_lives.born >= 0
        run_rows = []
        for group, (label, share) in enumerate(
            zip(groups.label, groups.share, strict=True)
        ):
            facts = {
                "base": space.base_snapshot,
                "run": name,
                "group": group,
                "class": classes[label],
                "share_of_class": float(share),
            }
            run_rows.append(facts | _birth_columns(births[(member == group) & is_born]))
        run_rows.sort(key=_median_birth)
        rows += [row | {"order": order} for order, row in enumerate(run_rows, 1)]
    return rows


def _birth_columns(births: Float[np.ndarray, " _"]) -> dict[str, Any]:
    """How many concepts of a group appear, and when: median and quartiles."""
    quartiles = np.quantile(births, [0.25, 0.5, 0.75]) if len(births) else [None] * 3
    return {
        "neurons": len(births),
        "born_median": quartiles[1],
        "born_low": quartiles[0],
        "born_high": quartiles[2],
    }


def _median_birth(row: Mapping[str, Any]) -> float:
    """Sort key of groups: those that never appear come last."""
    median = row["born_median"]
    return float("inf") if median is None else median


def monitor_rows(space: RunsInSpace) -> list[dict[str, Any]]:
    """The monitor's report on every snapshot."""
    rows = []
    for name, projected in space.runs.items():
        for report in projected.run.reports:
            row = {
                "run": name,
                "epoch": report["epoch"],
                "test_top1": projected.run.row(report["epoch"]).test_top1,
                "status": report["status"],
                "reasons": "; ".join(report["reasons"]),
            }
            rows.append(row | report["measures"])
    return rows

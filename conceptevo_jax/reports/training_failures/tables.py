"""Tables of runs' evolutions: measures, milestones, lifetimes, first concepts."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from conceptevo_jax.analysis.dynamics.concept_onset import Groups, group_members
from conceptevo_jax.analysis.dynamics.movement import Lifetimes, lifetimes, spread
from conceptevo_jax.analysis.importance.milestones import Milestones
from conceptevo_jax.analysis.statistics.estimates import Estimate, mean_estimate
from conceptevo_jax.pipeline.outcome import finite
from conceptevo_jax.pipeline.projected_run import Projected
from conceptevo_jax.reports.training_failures.measure import InSpace
from conceptevo_jax.types import neuron_ids


def measure_rows(space: InSpace) -> list[dict[str, Any]]:
    """Every measure of every snapshot with its interval, one row each."""
    rows = []
    for name, found in space.trajectories.items():
        one = space.runs[name]
        for at, epoch in enumerate(one.epochs):
            table = one.run.row(epoch)
            for number, measure in enumerate(found.measures):
                why = found.why.get(f"{found.snapshots[at]} {measure}")
                rows.append(
                    {
                        "base": space.made.space.base,
                        "run": name,
                        "epoch": epoch,
                        "progress": one.at(epoch),
                        "train_top1": table.train_top1,
                        "test_top1": table.test_top1,
                        "train_top5": table.train_top5,
                        "test_top5": table.test_top5,
                        "measure": measure,
                        "value": finite(float(found.value[at, number])),
                        "low": finite(float(found.low[at, number])),
                        "high": finite(float(found.high[at, number])),
                        "neurons": int(found.neurons[at, number]),
                        "reason": why,
                    }
                )
    return rows


def site_rows(space: InSpace) -> list[dict[str, Any]]:
    """Mean movement since the snapshot before, by site."""
    return [
        {
            "base": space.made.space.base,
            "run": name,
            "epoch": epoch,
            "site": site.name,
            "movement": finite(float(found.by_site[at, number])),
        }
        for name, found in space.trajectories.items()
        for at, epoch in enumerate(space.runs[name].epochs)
        for number, site in enumerate(found.sites)
        if at
    ]


MOVEMENTS = ("movement", "relative_movement", "movement_map")


def movement_between(
    space: InSpace, run: str, marks: Milestones
) -> list[dict[str, Estimate | None]]:
    """How far a run's neurons move from each milestone of accuracy to the next."""
    found = []
    one = space.runs[run]
    for before, after in zip(marks.epochs, marks.epochs[1:], strict=False):
        moved = space.moved(run, before, after)
        live = ~one.stimuli(before).dead
        size = spread(one.placed[before].vectors[live])
        on_maps = space.moved_on_maps(run, before, after)
        found.append(
            {
                "movement": mean_estimate(moved),
                "relative_movement": mean_estimate(moved / size),
                "movement_map": None
                if on_maps is None
                else mean_estimate(on_maps.mean(axis=0)),
            }
        )
    return found


def movement_rows(
    space: InSpace, marks: Mapping[str, Milestones], paper: Mapping[str, str]
) -> list[dict[str, Any]]:
    """Movement between milestones of accuracy, beside what the paper tells of it."""
    rows = []
    for name, own in marks.items():
        for stage, moved in enumerate(movement_between(space, name, own)):
            one, before = space.runs[name], own.epochs[stage]
            row = {
                "base": space.made.space.base,
                "run": name,
                "stage": stage + 1,
                "before": before,
                "after": own.epochs[stage + 1],
                "train_top1_before": own.accuracies[stage],
                "train_top1_after": own.accuracies[stage + 1],
                "relative_milestones": own.relative,
                "epochs_of_training": one.at(own.epochs[stage + 1]) - one.at(before),
                "coverage_before": finite(one.shared(before)),
                "coverage_after": finite(one.shared(own.epochs[stage + 1])),
            }
            for measure in MOVEMENTS:
                value = moved[measure]
                for part in ("value", "low", "high"):
                    column = measure if part == "value" else f"{measure}_{part}"
                    row[column] = None if value is None else getattr(value, part)
            rows.append(row | {"paper": paper.get(f"{name} {stage + 1}")})
    return rows


def lives_of(one: Projected) -> Lifetimes:
    """When the concepts of a run's neurons come and go, over its snapshots."""
    return lifetimes([one.stimuli(epoch) for epoch in one.epochs])


def lifetime_rows(
    space: InSpace, lives: Mapping[str, Lifetimes]
) -> list[dict[str, Any]]:
    """Per neuron, in which snapshots its concept is born, settles and dies."""
    rows = []
    for name, own in lives.items():
        epochs = space.runs[name].epochs
        ids = neuron_ids("", space.runs[name].run.model.sites)
        for neuron, label in enumerate(ids):
            times = {
                what: int(getattr(own, what)[neuron])
                for what in ("concept", "born", "settled", "died")
            }
            told = {k: None if t < 0 else epochs[t] for k, t in times.items()}
            rows.append({"run": name, "neuron": label.partition("/")[2], **told})
    return rows


def birth_rows(
    space: InSpace,
    groups: Groups,
    lives: Mapping[str, Lifetimes],
    classes: Sequence[str],
) -> list[dict[str, Any]]:
    """Per run, which groups of concepts are born first, in epochs of training."""
    rows = []
    for name, own in lives.items():
        one = space.runs[name]
        member = group_members(groups, [one.placed[e] for e in one.epochs], own)
        born = np.array([one.at(epoch) for epoch in one.epochs])[
            np.maximum(own.born, 0)
        ]
        found = []
        for group, (label, share) in enumerate(
            zip(groups.label, groups.share, strict=True)
        ):
            here = born[(member == group) & (own.born >= 0)]
            quartiles = np.quantile(here, [0.25, 0.5, 0.75]) if len(here) else None
            found.append(
                {
                    "base": space.made.space.base,
                    "run": name,
                    "group": group,
                    "class": classes[label],
                    "share_of_class": float(share),
                    "neurons": len(here),
                    "born_median": None if quartiles is None else quartiles[1],
                    "born_low": None if quartiles is None else quartiles[0],
                    "born_high": None if quartiles is None else quartiles[2],
                }
            )
        never = float("inf")
        found.sort(
            key=lambda row: never if row["born_median"] is None else row["born_median"]
        )
        rows += [row | {"order": order} for order, row in enumerate(found, 1)]
    return rows

"""A run in the space as the explorer shows it: places, lives, patches, measures.

Measures are those of `analysis.evolution` without intervals: equal numbers, at a small
part of the cost.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float, Int

from conceptevo_jax.analysis.alignment.subjects import MIN_NEURONS
from conceptevo_jax.analysis.dynamics.concept_onset import nearest_group
from conceptevo_jax.analysis.dynamics.diversity import (
    effective_rank,
    neuron_scale,
    vasicek_entropy,
)
from conceptevo_jax.analysis.dynamics.movement import lifetimes, movement
from conceptevo_jax.analysis.statistics.estimates import estimate, mean_estimate
from conceptevo_jax.analysis.statistics.intervals import share_intervals
from conceptevo_jax.explorer import Course
from conceptevo_jax.pipeline.outcome import finite
from conceptevo_jax.pipeline.projected_run import Projected
from conceptevo_jax.projection import place_points
from conceptevo_jax.reports.importance.run_importance import RunImportance
from conceptevo_jax.reports.importance.tables import top_neurons
from conceptevo_jax.stimuli import patch_windows
from conceptevo_jax.types import (
    Epoch,
    Importance,
    Layout,
    Site,
    neuron_count,
    neurons_among,
    progress,
    record,
)

LIVES = ("concept", "born", "settled", "died")
"""Rows of `Course.lives`."""


@record
class Frame:
    """What all runs of a scene are seen against.

    Attributes:
      layout: The map.
      points: Where neurons lie on it, by snapshot name; others are placed.
      scale: Standard deviation of the base's neurons in the space.
      centers: Directions of the groups' middles; no rows without groups.
      side: Of the pool's images, in pixels.
    """

    layout: Layout
    points: Mapping[str, np.ndarray]
    scale: Float[np.ndarray, " d"]
    centers: Float[np.ndarray, "g d"]
    side: int


def base_scale(base: Projected) -> Float[np.ndarray, " d"]:
    """What spacings are floored by in entropies: see `analysis.diversity`."""
    return neuron_scale(base.placed[base.epochs[-1]].vectors)


def describe_run(
    one: Projected,
    frame: Frame,
    *,
    is_base: bool,
    important: RunImportance | None = None,
    seed: int = 0,
) -> Course:
    """Describe a run; its stimuli are rows of the pool.

    Args:
      one: The run in the space.
      frame: The scene's.
      is_base: Whether the space was built from it.
      important: How much its evolutions matter, if that was measured. An evolution
        whose ends are not among the run's snapshots is left out.
      seed: Orders neurons that matter equally, as in the tables.
    """
    seen = [one.stimuli(epoch) for epoch in one.epochs]
    placed = [one.placed[epoch] for epoch in one.epochs]
    sites = one.run.model.sites
    input_size = one.run.model.size
    windows = [patch_windows(s, side=frame.side, input_size=input_size) for s in seen]
    lives = lifetimes(seen)
    moved = movements(one)
    evolutions, importance, rank = _important(one.epochs, important, sites, seed)
    corners = np.stack([np.stack([w.top, w.left], axis=-1) for w in windows])
    return Course(
        name=one.run.name,
        title=one.title,
        architecture=one.run.model.name,
        is_base=is_base,
        sites=sites,
        epochs=one.epochs,
        progress=np.array([one.at(epoch) for epoch in one.epochs]),
        points=np.stack([_points(one, epoch, frame) for epoch in one.epochs]),
        vectors=np.stack([found.vectors for found in placed]),
        dead=np.stack([s.dead for s in seen]),
        nonfinite=np.stack([s.nonfinite for s in seen]),
        coverage=_coverage(one),
        movement=moved.astype(np.float32),
        group=_groups(one, frame).astype(np.int16),
        lives=np.stack([getattr(lives, name) for name in LIVES]).astype(np.int16),
        image_ids=np.stack([s.image_ids for s in seen]),
        corners=corners.astype(np.int16),
        length=windows[-1].length,
        table=_table(one),
        measures=measures_of(one, frame.scale, moved),
        reports=_reports(one),
        evolutions=evolutions,
        importance=importance,
        rank=rank,
    )


def _points(one: Projected, epoch: Epoch, frame: Frame) -> np.ndarray:
    known = frame.points.get(one.snapshot(epoch))
    if known is not None:
        return known.astype(np.float32)
    return place_points(frame.layout, one.placed[epoch].vectors)


def _coverage(one: Projected) -> Float[np.ndarray, "e n"]:
    """Of a dead neuron, which has no stimuli, nothing is known."""
    dead = np.stack([one.stimuli(epoch).dead for epoch in one.epochs])
    known = np.stack([one.placed[epoch].coverage for epoch in one.epochs])
    return np.where(dead, np.float32(np.nan), known)


def _groups(one: Projected, frame: Frame) -> Int[np.ndarray, "e n"]:
    return np.stack(
        [
            np.where(
                one.stimuli(epoch).dead,
                -1,
                nearest_group(one.placed[epoch].vectors, frame.centers),
            )
            for epoch in one.epochs
        ]
    )


def movements(one: Projected) -> Float[np.ndarray, "e n"]:
    """How far each neuron moved since the snapshot before.

    NaN in the first one, and for neurons that are dead in either.
    """
    found = [np.full(neuron_count(one.run.model.sites), np.nan)]
    for before, after in zip(one.epochs, one.epochs[1:], strict=False):
        dead = one.stimuli(before).dead | one.stimuli(after).dead
        ends = (one.placed[before].vectors, one.placed[after].vectors)
        found.append(np.where(dead, np.nan, movement(*ends)))
    return np.stack(found)


def measures_of(
    one: Projected,
    scale: Float[np.ndarray, " d"],
    moved: Float[np.ndarray, "e n"],
) -> dict[str, list[float | None]]:
    """Numbers per snapshot; None where there are too few neurons for one."""
    rows = [
        _measures(one, epoch, scale, own)
        for epoch, own in zip(one.epochs, moved, strict=True)
    ]
    return {name: [row[name] for row in rows] for name in rows[0]}


def _measures(
    one: Projected, epoch: Epoch, scale: np.ndarray, moved: np.ndarray
) -> dict[str, float | None]:
    dead, embedding = one.stimuli(epoch).dead, one.placed[epoch]
    vectors = embedding.vectors[embedding.placed & ~dead]
    many: dict[str, Any] = {"min_neurons": MIN_NEURONS, "draws": 0}
    found = {
        "entropy": estimate(
            lambda own: vasicek_entropy(vectors[own], scale), len(vectors), **many
        ),
        "effective_rank": estimate(
            lambda own: effective_rank(vectors[own]), len(vectors), **many
        ),
        "movement": mean_estimate(moved, draws=0),
        "dead_share": mean_estimate(dead.astype(float), draws=0),
        "coverage": mean_estimate(embedding.coverage[~dead], draws=0),
    }
    return {name: told.value for name, told in found.items()}


def _table(one: Projected) -> dict[str, list[float | None]]:
    rows = one.run.rows
    return {
        "progress": [progress(row.epoch, one.steps_per_epoch) for row in rows],
        "train_top1": [finite(row.train_top1) for row in rows],
        "test_top1": [finite(row.test_top1) for row in rows],
    }


def _reports(one: Projected) -> list[dict[str, Any]]:
    return [
        {
            "epoch": report["epoch"],
            "progress": one.at(report["epoch"]),
            "status": report["status"],
            "reasons": list(report["reasons"]),
        }
        for report in one.run.reports
    ]


def _important(
    epochs: Sequence[Epoch],
    important: RunImportance | None,
    sites: Sequence[Site],
    seed: int,
) -> tuple[
    list[dict[str, Any]], Float[np.ndarray, "v m 3 n"], Int[np.ndarray, "v m n"]
]:
    told: list[dict[str, Any]] = []
    values: list[np.ndarray] = []
    ranks: list[np.ndarray] = []
    for evolution, found in () if important is None else important.pairs():
        ends = (evolution.before.epoch, evolution.after.epoch)
        if all(end in epochs for end in ends):
            before, after = (epochs.index(end) for end in ends)
            told.append(
                {
                    "before": before,
                    "after": after,
                    "classes": [one.label for one in found],
                    "images": len(found[0].images),
                }
            )
            values.append(np.stack([_scores(one, sites) for one in found]))
            ranks.append(np.stack([_ranks(one, sites, seed) for one in found]))
    if not values:
        n = neuron_count(sites)
        nothing = np.zeros((0, 0, 3, n), np.float32), np.zeros((0, 0, n), np.int32)
        return told, *nothing
    return told, np.stack(values), np.stack(ranks)


def _scores(importance: Importance, sites: Sequence[Site]) -> Float[np.ndarray, "3 n"]:
    """Score, low and high of all neurons; NaN at sites it was not measured at."""
    found = np.full((3, neuron_count(sites)), np.nan, np.float32)
    own: Int[np.ndarray, " _"] = neurons_among(importance.sites, sites)
    found[0, own] = importance.score
    found[1:, own] = share_intervals(importance.score, len(importance.images)).T
    return found


def _ranks(
    importance: Importance, sites: Sequence[Site], seed: int
) -> Int[np.ndarray, " n"]:
    """Place of every neuron in the ranking; -1 for copies, and where not measured."""
    found = np.full(neuron_count(sites), -1, np.int32)
    own = neurons_among(importance.sites, sites)
    order = top_neurons(importance, len(own), seed)
    found[own[order]] = np.arange(len(order))
    return found

"""A run in the space for the explorer: positions, lifetimes, patches, measures."""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from conceptevo_jax.analysis.dynamics.concepts import Concepts
from conceptevo_jax.analysis.dynamics.diversity import neuron_scale
from conceptevo_jax.data import Pool
from conceptevo_jax.epochs import Epoch, progress
from conceptevo_jax.explorer import Course
from conceptevo_jax.monitor import judge_stored
from conceptevo_jax.pipeline.monitor_reports import is_watched
from conceptevo_jax.pipeline.outcome import finite
from conceptevo_jax.pipeline.projected_run import ProjectedRun
from conceptevo_jax.projection import place_points
from conceptevo_jax.reports.concepts.measure import run_lifetimes, run_members
from conceptevo_jax.reports.explorer_page.run_measures import (
    movements,
    snapshot_measures,
)
from conceptevo_jax.reports.explorer_page.scene_importance import describe_importance
from conceptevo_jax.reports.importance.run_importance import RunImportance
from conceptevo_jax.stimuli import patch_windows
from conceptevo_jax.types import Layout, record

LIVES = ("concept", "born", "settled", "left", "died")
"""Rows of `Course.lives`."""


@record
class Frame:
    """The map, scale and concepts that all runs of a scene share.

    Attributes:
      layout: The map.
      points: Where neurons lie on it, by snapshot name; other snapshots are placed.
      scale: Standard deviation of the base's neurons in the space.
      concepts: The concepts of the base.
      pool: The images that stimuli are of.
    """

    layout: Layout
    points: Mapping[str, np.ndarray]
    scale: Float[np.ndarray, " d"]
    concepts: Concepts
    pool: Pool


def base_scale(base: ProjectedRun) -> Float[np.ndarray, " d"]:
    """Standard deviation of the base's neurons, which floors spacings in entropies.

    See `analysis.dynamics.diversity`.
    """
    return neuron_scale(base.placed[base.epochs[-1]].vectors)


def describe_run(
    projected_run: ProjectedRun,
    frame: Frame,
    *,
    is_base: bool,
    important: RunImportance | None = None,
    seed: int = 0,
) -> Course:
    """Describe a run; its stimuli are rows of the pool.

    Args:
      projected_run: The run in the space.
      frame: The frame of the scene.
      is_base: Whether the space was built from it.
      important: How important its evolutions are, if measured. An evolution
        whose endpoints are not among the run's snapshots is left out.
      seed: Orders equally important neurons, as in the tables.
    """
    epochs, run = projected_run.epochs, projected_run.run
    stimuli = [projected_run.stimuli(epoch) for epoch in epochs]
    embeddings = [projected_run.placed[epoch] for epoch in epochs]
    windows = [
        patch_windows(snapshot, side=frame.pool.side, input_size=run.model.size)
        for snapshot in stimuli
    ]
    lives = run_lifetimes(projected_run, frame.concepts, frame.pool.labels)
    moved = movements(projected_run)
    evolutions, importance, rank = describe_importance(
        epochs, important, run.model.sites, seed
    )
    corners = np.stack([np.stack([w.top, w.left], axis=-1) for w in windows])
    return Course(
        name=run.name,
        title=projected_run.title,
        architecture=run.model.name,
        is_base=is_base,
        sites=run.model.sites,
        epochs=epochs,
        progress=np.array(
            [projected_run.epochs_of_training(epoch) for epoch in epochs]
        ),
        points=np.stack([_points(projected_run, epoch, frame) for epoch in epochs]),
        vectors=np.stack([embedding.vectors for embedding in embeddings]),
        dead=np.stack([s.dead for s in stimuli]),
        nonfinite=np.stack([s.nonfinite for s in stimuli]),
        coverage=_coverage(projected_run),
        movement=moved.astype(np.float32),
        group=run_members(projected_run, frame.concepts).astype(np.int16),
        lives=np.stack([getattr(lives, name) for name in LIVES]).astype(np.int16),
        image_ids=np.stack([s.image_ids for s in stimuli]),
        peaks=np.stack([s.peaks for s in stimuli]),
        corners=corners.astype(np.int16),
        # A site's receptive field is the same at every snapshot.
        length=windows[-1].length,
        table=_training_table(projected_run),
        measures=snapshot_measures(projected_run, frame.scale, moved),
        reports=_monitor_reports(projected_run, frame.pool),
        evolutions=evolutions,
        importance=importance,
        rank=rank,
    )


def _points(
    projected_run: ProjectedRun, epoch: Epoch, frame: Frame
) -> Float[np.ndarray, "n 2"]:
    """Where a snapshot's neurons lie on the map, as laid out or placed later."""
    points = frame.points.get(projected_run.snapshot(epoch))
    if points is not None:
        return points.astype(np.float32)
    return place_points(frame.layout, projected_run.placed[epoch].vectors)


def _coverage(projected_run: ProjectedRun) -> Float[np.ndarray, "e n"]:
    """Coverage of each neuron; NaN for a dead one, which has no stimuli to cover."""
    epochs = projected_run.epochs
    dead = np.stack([projected_run.stimuli(epoch).dead for epoch in epochs])
    coverage = np.stack([projected_run.placed[epoch].coverage for epoch in epochs])
    return np.where(dead, np.float32(np.nan), coverage)


def _training_table(projected_run: ProjectedRun) -> dict[str, list[float | None]]:
    rows, steps = projected_run.run.rows, projected_run.steps_per_epoch
    return {
        "progress": [progress(row.epoch, steps) for row in rows],
        "train_top1": [finite(row.train_top1) for row in rows],
        "test_top1": [finite(row.test_top1) for row in rows],
    }


def _monitor_reports(projected_run: ProjectedRun, pool: Pool) -> list[dict[str, Any]]:
    """The monitor's reports, or its verdict on the stored snapshots if it was off."""
    run = projected_run.run
    verdicts: Mapping[Epoch, tuple[str, Sequence[str]]] = {
        report["epoch"]: (report["status"], report["reasons"]) for report in run.reports
    }
    if not verdicts:
        samples = {
            epoch: run.observations[epoch].sample
            for epoch in projected_run.epochs
            if is_watched(epoch)
        }
        verdicts = judge_stored(samples, pool)
    return [
        {
            "epoch": epoch,
            "progress": projected_run.epochs_of_training(epoch),
            "status": status,
            "reasons": list(reasons),
        }
        for epoch, (status, reasons) in verdicts.items()
    ]

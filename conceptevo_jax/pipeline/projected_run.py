"""Runs in the space, and their tables."""

import dataclasses
from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Bool

from conceptevo_jax.analysis import Agreement, Alignment
from conceptevo_jax.epochs import Epoch, SnapshotId, progress
from conceptevo_jax.pipeline.base_space import BaseSpace
from conceptevo_jax.pipeline.outcome import finite
from conceptevo_jax.pipeline.trained_run import TrainedRun
from conceptevo_jax.types import Embedding, Space, Stimuli, record

AGREEMENTS = ("correlation", "centred", "overlap")


@record
class ProjectedRun:
    """One run in the space: its neurons' vectors and their alignment.

    Attributes:
      run: The run.
      title: Its title in figures.
      placed: Its neurons' vectors, by epoch.
      alignments: Alignment of each snapshot with the base; none for the base itself.
      steps_per_epoch: Optimiser steps per epoch.
      base_images: Which images of the pool are stimuli of a base neuron.
    """

    run: TrainedRun
    title: str
    placed: dict[Epoch, Embedding]
    alignments: dict[Epoch, Alignment]
    steps_per_epoch: int
    base_images: Bool[np.ndarray, " i"]

    @property
    def epochs(self) -> list[Epoch]:
        """Its snapshots in order."""
        return list(self.placed)

    def snapshot(self, epoch: Epoch) -> str:
        """`run@epoch`."""
        return str(SnapshotId(self.run.name, epoch))

    def epochs_of_training(self, epoch: Epoch) -> float:
        """Amount of training before a snapshot, in epochs."""
        return progress(epoch, self.steps_per_epoch)

    def stimuli(self, epoch: Epoch) -> Stimuli:
        """Stimuli of one snapshot."""
        return self.run.observations[epoch].stimuli

    def coverage(self, epoch: Epoch) -> float:
        """Mean coverage of the live neurons; NaN if there are none."""
        live = ~self.stimuli(epoch).dead
        covered = self.placed[epoch].coverage[live]
        return float(covered.mean()) if live.any() else float("nan")

    def share_in_base(self, epoch: Epoch) -> float:
        """Share of the live neurons' stimuli that are also stimuli of base neurons.

        The paper's Step 2.2 can use only these; independent of the coverage policy.
        """
        rows = self.stimuli(epoch).image_ids
        used = rows[rows >= 0]
        return float(self.base_images[used].mean()) if used.size else float("nan")


def join_space(
    run: TrainedRun, title: str, vectors: dict[Epoch, Embedding], space: Space
) -> ProjectedRun:
    """A run in a space, with the steps per epoch from its table.

    Args:
      run: The run, observed.
      title: Its title in figures.
      vectors: Its neurons' vectors, by epoch.
      space: The space.
    """
    first_epoch_ends = [row.step for row in run.rows if row.epoch == 0]
    return ProjectedRun(
        run=run,
        title=title,
        placed=vectors,
        alignments={},
        # Before the end of the first epoch only `init` is shown, which does not use it.
        steps_per_epoch=first_epoch_ends[0] if first_epoch_ends else 1,
        base_images=space.covered,
    )


def snapshot_rows(projected_runs: Sequence[ProjectedRun]) -> list[dict[str, Any]]:
    """One row per snapshot: accuracy, dead neurons, coverage, alignment."""
    return [
        _snapshot_row(projected_run, epoch)
        for projected_run in projected_runs
        for epoch in projected_run.epochs
    ]


def _snapshot_row(projected_run: ProjectedRun, epoch: Epoch) -> dict[str, Any]:
    stimuli, table = projected_run.stimuli(epoch), projected_run.run.row(epoch)
    row: dict[str, Any] = {
        "run": projected_run.run.name,
        "epoch": epoch,
        "progress": projected_run.epochs_of_training(epoch),
        "train_top1": table.train_top1,
        "train_top5": table.train_top5,
        "test_top1": table.test_top1,
        "test_top5": table.test_top5,
        "neurons": len(stimuli.dead),
        "dead_share": float(stimuli.dead.mean()),
        "nonfinite_share": float(stimuli.nonfinite.mean()),
        "tied_share": float(stimuli.tied.mean()),
        "coverage": finite(projected_run.coverage(epoch)),
        "shared_with_base": finite(projected_run.share_in_base(epoch)),
        "placed_share": float(projected_run.placed[epoch].placed.mean()),
    }
    judged = projected_run.alignments.get(epoch)
    for name in AGREEMENTS if judged else ():
        agreement: Agreement = getattr(judged, name)
        row[f"auc_{name}"] = agreement.overall.auc
        row[f"null_{name}"] = agreement.null_high
        row[f"above_null_{name}"] = agreement.above_null
    return row


def epoch_rows(projected_runs: Sequence[ProjectedRun]) -> list[dict[str, Any]]:
    """The training tables of all runs, joined, without their times."""
    rows = []
    for projected_run in projected_runs:
        for row in projected_run.run.rows:
            values = {"run": projected_run.run.name, **dataclasses.asdict(row)}
            del values["seconds"]
            rows.append(values)
    return rows


def alignment_rows(projected_runs: Sequence[ProjectedRun]) -> list[dict[str, Any]]:
    """Every measure and control, one row per snapshot and definition of agreement."""
    rows = []
    for projected_run in projected_runs:
        for epoch, judged in projected_run.alignments.items():
            for name in AGREEMENTS:
                pair = {
                    "run": projected_run.run.name,
                    "epoch": epoch,
                    "against": judged.b,
                }
                rows.append(pair | verdict_row(judged, name))
    return rows


def verdict_row(judged: Alignment, name: str) -> dict[str, Any]:
    """Every measure and control of a pair of snapshots for one definition of agreement.

    Args:
      judged: The alignment of two snapshots.
      name: One of `AGREEMENTS`, or `planted`.
    """
    agreement: Agreement = getattr(judged, name)
    low, high = agreement.interval or (None, None)
    nearest_low, nearest_high = judged.nearest.interval or (None, None)
    controls = ("null_mean", "null_high", "above_null", "constant", "random")
    return {
        "agreement": name,
        "live": judged.live_a,
        "images": judged.images,
        "auc": agreement.overall.auc,
        "low": low,
        "high": high,
        "same_site": agreement.same_site.auc,
        "cross_site": agreement.cross_site.auc,
        **{control: getattr(agreement, control) for control in controls},
        "stimuli_overlap": agreement.stimuli,
        "pool_correlation": agreement.pool,
        "nearest": judged.nearest.nearest,
        "nearest_low": nearest_low,
        "nearest_high": nearest_high,
        "nearest_best": judged.nearest.best,
        "nearest_random": judged.nearest.random,
        "reason": judged.reason or agreement.reason,
    }


def loss_rows(fitted_space: BaseSpace) -> list[dict[str, Any]]:
    """The loss of Eq. 1 and its positive-pair term; repeat 0 is the random start."""
    fit = fitted_space.fit
    totals = np.concatenate([[fit.start_total], fit.total])
    positives = np.concatenate([[fit.start_positive], fit.positive])
    return [
        {"repeat": i, "total": float(total), "positive": float(positive)}
        for i, (total, positive) in enumerate(zip(totals, positives, strict=True))
    ]

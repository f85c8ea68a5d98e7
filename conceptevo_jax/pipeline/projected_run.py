"""Runs in the space, and the tables that tell of them."""

import dataclasses
from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Bool

from conceptevo_jax.analysis import Agreement, Alignment, Subject
from conceptevo_jax.pipeline.base_space import BaseSpace
from conceptevo_jax.pipeline.cached_space import align, project_run, refit_base, subject
from conceptevo_jax.pipeline.outcome import finite
from conceptevo_jax.pipeline.runs import TrainedRun
from conceptevo_jax.pipeline.session import Session
from conceptevo_jax.types import (
    Embedding,
    Epoch,
    Observation,
    SnapshotId,
    Space,
    Stimuli,
    progress,
    record,
)

AGREEMENTS = ("correlation", "centred", "overlap")


@record
class Projected:
    """One run in the space: where its neurons lie, and how well they are aligned.

    Attributes:
      run: The run.
      title: How figures call it.
      placed: Its neurons' vectors, by epoch.
      alignments: Each snapshot against the base; none for the base itself.
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

    def at(self, epoch: Epoch) -> float:
        """How much training lies behind a snapshot, in epochs."""
        return progress(epoch, self.steps_per_epoch)

    def stimuli(self, epoch: Epoch) -> Stimuli:
        """Stimuli of one snapshot."""
        return self.run.observations[epoch].stimuli

    def coverage(self, epoch: Epoch) -> float:
        """Mean coverage of the live neurons; NaN where none lives."""
        live = ~self.stimuli(epoch).dead
        covered = self.placed[epoch].coverage[live]
        return float(covered.mean()) if live.any() else float("nan")

    def shared(self, epoch: Epoch) -> float:
        """Share of the live neurons' stimuli that base neurons have too.

        What the paper's Step 2.2 has to go by, whatever the coverage policy.
        """
        rows = self.stimuli(epoch).image_ids
        used = rows[rows >= 0]
        return float(self.base_images[used].mean()) if used.size else float("nan")


def project_all(
    session: Session,
    trained: Mapping[str, TrainedRun],
    base: str,
    fitted_space: BaseSpace,
    key: str,
) -> dict[str, Projected]:
    """Project every run, the base too, and judge all others against the base.

    Args:
      session: Store, images and settings.
      trained: All runs by name, observed.
      base: Name of the base run.
      fitted_space: The space.
      key: Its content key.
    """
    config, store = session.config, session.store
    base_run, epoch = trained[base], next(iter(trained[base].observations))
    with session.stage("project", of=base):
        placed = project_run(store, fitted_space.space, key, base_run)
    covered = fitted_space.space.covered
    projected = {base: _projected(session, base_run, base, placed, {}, covered)}
    with session.stage("refit"):
        refits, refits_key = refit_base(
            store, session.images, base_run, epoch, config.method, config.seed
        )
    keys = {"space": key, "refits": refits_key, "base": base_run.keys[epoch]}
    against = _subject(session, fitted_space.space.base, base_run, epoch, placed[epoch])
    spaces = refits.spaces(fitted_space.space)
    for name in (n for n in config.runs if n != base):
        run = trained[name]
        with session.stage("project", of=name):
            placed = project_run(store, fitted_space.space, key, run)
        with session.stage("align", of=name):
            judged = _judge(session, run, placed, against, spaces, keys)
        projected[name] = _projected(session, run, name, placed, judged, covered)
    return projected


def _judge(
    session: Session,
    run: TrainedRun,
    placed: Mapping[Epoch, Embedding],
    against: tuple[Subject, Observation],
    spaces: Sequence[Space],
    keys: Mapping[str, str],
) -> dict[Epoch, Alignment]:
    """Judge every snapshot of a run against the base."""
    verdicts = {}
    for epoch, vectors in placed.items():
        snapshot = _subject(
            session, str(SnapshotId(run.name, epoch)), run, epoch, vectors
        )
        all_keys = {**keys, "observation": run.keys[epoch]}
        seed = session.config.seed
        verdicts[epoch] = align(
            session.store, snapshot, against, spaces, all_keys, seed
        )
    return verdicts


def _subject(
    session: Session, name: str, run: TrainedRun, epoch: Epoch, vectors: Embedding
) -> tuple[Subject, Observation]:
    observation, sample = run.observations[epoch], session.config.dataset.sample_images
    return subject(name, observation, vectors, session.images.pool, sample), observation


def without_alignment(
    session: Session,
    run: TrainedRun,
    placed: dict[Epoch, Embedding],
    covered: Bool[np.ndarray, " i"],
) -> Projected:
    """A run in the space, not judged.

    Args:
      session: Its settings and images.
      run: The run.
      placed: Its neurons' vectors, by epoch.
      covered: Which images of the pool are stimuli of a base neuron.
    """
    return _projected(session, run, run.name, placed, {}, covered)


def _projected(
    session: Session,
    run: TrainedRun,
    name: str,
    placed: dict[Epoch, Embedding],
    judged: dict[Epoch, Alignment],
    covered: Bool[np.ndarray, " i"],
) -> Projected:
    settings = session.config.runs[name]
    return Projected(
        run=run,
        title=settings.title,
        placed=placed,
        alignments=judged,
        steps_per_epoch=len(session.images.train) // settings.batch_size,
        base_images=covered,
    )


def snapshot_rows(projected_runs: Sequence[Projected]) -> list[dict[str, Any]]:
    """One row per snapshot: accuracy, dead neurons, coverage, alignment."""
    return [
        _snapshot_row(projected, epoch)
        for projected in projected_runs
        for epoch in projected.epochs
    ]


def _snapshot_row(projected: Projected, epoch: Epoch) -> dict[str, Any]:
    stimuli, table = projected.stimuli(epoch), projected.run.row(epoch)
    row: dict[str, Any] = {
        "run": projected.run.name,
        "epoch": epoch,
        "progress": projected.at(epoch),
        "train_top1": table.train_top1,
        "train_top5": table.train_top5,
        "test_top1": table.test_top1,
        "test_top5": table.test_top5,
        "neurons": len(stimuli.dead),
        "dead_share": float(stimuli.dead.mean()),
        "nonfinite_share": float(stimuli.nonfinite.mean()),
        "tied_share": float(stimuli.tied.mean()),
        "coverage": finite(projected.coverage(epoch)),
        "shared_with_base": finite(projected.shared(epoch)),
        "placed_share": float(projected.placed[epoch].placed.mean()),
    }
    judged = projected.alignments.get(epoch)
    for name in AGREEMENTS if judged else ():
        agreement: Agreement = getattr(judged, name)
        row[f"auc_{name}"] = agreement.overall.auc
        row[f"null_{name}"] = agreement.null_high
        row[f"above_null_{name}"] = agreement.above_null
    return row


def epoch_rows(projected_runs: Sequence[Projected]) -> list[dict[str, Any]]:
    """The training tables of all runs, one below the other, without their times."""
    rows = []
    for projected in projected_runs:
        for row in projected.run.rows:
            values = {"run": projected.run.name, **dataclasses.asdict(row)}
            del values["seconds"]
            rows.append(values)
    return rows


def alignment_rows(projected_runs: Sequence[Projected]) -> list[dict[str, Any]]:
    """Every measure and control, one row per snapshot and definition of agreement."""
    rows = []
    for projected in projected_runs:
        for epoch, judged in projected.alignments.items():
            for name in AGREEMENTS:
                pair = {"run": projected.run.name, "epoch": epoch, "against": judged.b}
                rows.append(pair | verdict_row(judged, name))
    return rows


def verdict_row(judged: Alignment, name: str) -> dict[str, Any]:
    """Every measure and control of a pair of snapshots under one agreement.

    Args:
      judged: How two snapshots are aligned.
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

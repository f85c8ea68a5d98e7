"""How well pairs of snapshots are aligned in one space, on held-out images."""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from jaxtyping import Int

from conceptevo_jax.analysis import Alignment, Subject
from conceptevo_jax.analysis.alignment.selectivity import selected_concepts
from conceptevo_jax.data import Pool
from conceptevo_jax.data.shapes import shape_concepts
from conceptevo_jax.epochs import SnapshotId
from conceptevo_jax.pipeline.cached_space import align
from conceptevo_jax.pipeline.runs_in_space import (
    RunsInSpace,
    alignment_subject,
    refit_spaces,
)
from conceptevo_jax.pipeline.session import Session
from conceptevo_jax.types import Observation

PairAlignments = Mapping[tuple[str, str], Alignment]
"""Alignment of pairs of snapshots in one space, by both names."""

AlignedSpaces = Mapping[str, Sequence[tuple[RunsInSpace, PairAlignments]]]
"""By method: the space of every base, and the pairs compared in it."""


def all_snapshots(space: RunsInSpace) -> list[SnapshotId]:
    """Run and epoch of every compared snapshot of a space."""
    return [
        SnapshotId(name, epoch)
        for name, projected in space.runs.items()
        for epoch in projected.epochs
    ]


def base_pairs(space: RunsInSpace) -> list[tuple[SnapshotId, SnapshotId]]:
    """Every snapshot of the other runs, paired with the base snapshot."""
    base = SnapshotId(space.base.run.name, space.base.epochs[-1])
    return [
        (snapshot, base)
        for snapshot in all_snapshots(space)
        if snapshot.run != base.run
    ]


def every_pair(space: RunsInSpace) -> list[tuple[SnapshotId, SnapshotId]]:
    """All pairs of snapshots of a space, including those of the base run."""
    snapshots = all_snapshots(space)
    return [
        (later, earlier)
        for index, earlier in enumerate(snapshots)
        for later in snapshots[index + 1 :]
    ]


def align_with_bases(
    session: Session, placements: Mapping[str, Sequence[RunsInSpace]]
) -> AlignedSpaces:
    """Align every compared snapshot with the base of its space.

    Args:
      session: The store, images and seed.
      placements: By method: the snapshots in each base's space.
    """
    return {
        method: [
            (space, align_pairs(session, space, base_pairs(space)))
            for space in spaces_of_method
        ]
        for method, spaces_of_method in placements.items()
    }


def align_pairs(
    session: Session,
    space: RunsInSpace,
    pairs: Iterable[tuple[SnapshotId, SnapshotId]],
) -> dict[tuple[str, str], Alignment]:
    """Align pairs of snapshots on the held-out test images, or load stored alignments.

    Args:
      session: The store, images and seed.
      space: The snapshots in their space.
      pairs: Run and epoch of both snapshots of each pair.

    Returns:
      By the names of both snapshots.
    """
    refits, refits_key = refit_spaces(session, space)
    subjects: dict[SnapshotId, tuple[Subject, Observation]] = {}
    alignments = {}
    with session.stage("align", subject=space.method.name):
        for a, b in pairs:
            for snapshot in (a, b):
                if snapshot not in subjects:
                    subjects[snapshot] = _subject(session, space, snapshot)
            keys = {
                "space": space.key,
                "refits": refits_key,
                "a": space.runs[a.run].run.keys[a.epoch],
                "b": space.runs[b.run].run.keys[b.epoch],
            }
            alignments[str(a), str(b)] = align(
                session.store,
                subjects[a],
                subjects[b],
                refits,
                keys,
                session.config.seed,
            )
    return alignments


def _subject(
    session: Session, space: RunsInSpace, snapshot: SnapshotId
) -> tuple[Subject, Observation]:
    """A snapshot as input of `align`, with its known concepts if there are any."""
    projected, epoch = space.runs[snapshot.run], snapshot.epoch
    observation = projected.run.observations[epoch]
    concepts = _known_concepts(
        session.config.dataset.name, observation, session.images.judgement
    )
    subject = alignment_subject(session, projected, epoch)
    return dataclasses.replace(subject, concepts=concepts), observation


def _known_concepts(
    dataset: str, observation: Observation, judgement: Pool
) -> Int[np.ndarray, " n"] | None:
    """The known concept that each neuron selects; None for photographs."""
    if dataset != "shapes":
        return None
    return selected_concepts(
        observation.judgement.peaks, shape_concepts(judgement.keys)
    )

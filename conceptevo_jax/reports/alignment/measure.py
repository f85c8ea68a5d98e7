"""How well pairs of snapshots are aligned in one space, on held-out images."""

import dataclasses
from collections.abc import Iterable, Mapping, Sequence

import numpy as np
from jaxtyping import Int

from conceptevo_jax.analysis import Alignment, Subject
from conceptevo_jax.analysis.alignment.selectivity import selected_concepts
from conceptevo_jax.data import Pool
from conceptevo_jax.data.shapes import shape_concepts
from conceptevo_jax.pipeline.cached_space import (
    align,
    subject,
)
from conceptevo_jax.pipeline.session import Session
from conceptevo_jax.reports.alignment.spaces import PlacedSnapshots
from conceptevo_jax.types import Observation, SnapshotId

PairAlignments = Mapping[tuple[str, str], Alignment]
"""Alignment of pairs of snapshots in one space, by both names."""

AlignedSpaces = Mapping[str, Sequence[tuple[PlacedSnapshots, PairAlignments]]]
"""By method: the space of every base, and the pairs compared in it."""


def all_snapshots(placed: PlacedSnapshots) -> list[SnapshotId]:
    """Run and epoch of every compared snapshot of a space."""
    return [
        SnapshotId(name, epoch)
        for name, epochs in placed.vectors.items()
        for epoch in epochs
    ]


def base_pairs(placed: PlacedSnapshots) -> list[tuple[SnapshotId, SnapshotId]]:
    """Every snapshot of the other runs, paired with the base snapshot."""
    base = SnapshotId(placed.base, list(placed.vectors[placed.base])[-1])
    return [
        (snapshot, base)
        for snapshot in all_snapshots(placed)
        if snapshot.run != placed.base
    ]


def every_pair(placed: PlacedSnapshots) -> list[tuple[SnapshotId, SnapshotId]]:
    """All pairs of snapshots of a space, including those of the base run."""
    snapshots = all_snapshots(placed)
    return [
        (later, earlier)
        for index, earlier in enumerate(snapshots)
        for later in snapshots[index + 1 :]
    ]


def align_with_bases(
    session: Session, placements: Mapping[str, Sequence[PlacedSnapshots]]
) -> AlignedSpaces:
    """Align every compared snapshot with the base of its space.

    Args:
      session: The store, images and seed.
      placements: By method: the snapshots in each base's space.
    """
    spaces = {}
    for method, spaces_of_method in placements.items():
        with session.stage("align", of=method):
            spaces[method] = [
                (placed, align_pairs(session, placed, base_pairs(placed)))
                for placed in spaces_of_method
            ]
    return spaces


def align_pairs(
    session: Session,
    placed: PlacedSnapshots,
    pairs: Iterable[tuple[SnapshotId, SnapshotId]],
) -> dict[tuple[str, str], Alignment]:
    """Align pairs of snapshots on the held-out test images, or load stored alignments.

    Args:
      session: The store, images and seed.
      placed: The snapshots in their space.
      pairs: Run and epoch of both snapshots of each pair.

    Returns:
      By the names of both snapshots.
    """
    subjects: dict[SnapshotId, tuple[Subject, Observation]] = {}
    spaces = placed.refits.spaces(placed.base_space.space)
    alignments = {}
    for a, b in pairs:
        for snapshot in (a, b):
            if snapshot not in subjects:
                subjects[snapshot] = _subject(session, placed, snapshot)
        names = subjects[a][0].snapshot, subjects[b][0].snapshot
        keys = {
            "space": placed.key,
            "refits": placed.refits_key,
            "a": placed.runs[a.run].keys[a.epoch],
            "b": placed.runs[b.run].keys[b.epoch],
        }
        seed = session.config.seed
        alignments[names] = align(
            session.store, subjects[a], subjects[b], spaces, keys, seed
        )
    return alignments


def _subject(
    session: Session, placed: PlacedSnapshots, snapshot: SnapshotId
) -> tuple[Subject, Observation]:
    """A snapshot as input of `align`, with its known concepts if there are any."""
    run, epoch = snapshot
    observation, images = placed.runs[run].observations[epoch], session.images
    dataset, vectors = session.config.dataset, placed.vectors[run][epoch]
    plain = subject(
        str(snapshot),
        observation,
        vectors,
        images.pool,
        dataset.sample_images,
    )
    concepts = _known_concepts(dataset.name, observation, images.judgement)
    return dataclasses.replace(plain, concepts=concepts), observation


def _known_concepts(
    dataset: str, observation: Observation, judgement: Pool
) -> Int[np.ndarray, " n"] | None:
    """The known concept that each neuron selects; None for photographs."""
    if dataset != "shapes":
        return None
    return selected_concepts(
        observation.judgement.peaks, shape_concepts(judgement.keys)
    )

"""Snapshots of one run as represented by every compared method (paper, Fig. 9).

ConceptEvo projects them into one space; NeuroCartography fits each snapshot separately;
ACE represents image segments by a snapshot's final layer. The comparison includes
variants that a reader would ask for, and controls that are independent of the
network. All vectors of a method lie on one map.
"""

from collections.abc import Sequence
from functools import partial

import jax
import numpy as np
from jaxtyping import Float, Int

from conceptevo_jax.activations import map_batches
from conceptevo_jax.analysis.dynamics.labelled_vectors import LabelledVectors
from conceptevo_jax.baselines.aligned_maps import align_maps
from conceptevo_jax.baselines.neurocartography import FIGURE_9, FitSettings
from conceptevo_jax.epochs import Epoch
from conceptevo_jax.pipeline.cached_space import lay_out
from conceptevo_jax.pipeline.session import Session
from conceptevo_jax.pipeline.trained_run import TrainedRun
from conceptevo_jax.reports.baseline_comparison.fitted_vectors import (
    DEFAULT_FITTING,
    fit_vectors,
)
from conceptevo_jax.reports.baseline_comparison.followed_segments import (
    FollowedSegments,
)
from conceptevo_jax.store import content_key
from conceptevo_jax.streams import stream
from conceptevo_jax.types import Embedding, record


@record
class Representation:
    """The snapshots of a run by one method.

    Attributes:
      name: The method's name in tables.
      title: The method's name in figures.
      units: The kind of unit with a vector: "neurons" or "segments".
      vectors: Their vectors in each snapshot, in the method's own space; none for a
        method that makes only maps.
      maps: Their places on one map of all snapshots.
      control: Whether the vectors are independent of the network.
    """

    name: str
    title: str
    units: str
    vectors: tuple[LabelledVectors, ...]
    maps: tuple[LabelledVectors, ...]
    control: bool = False


def represent_neurons(
    session: Session,
    wide: TrainedRun,
    epochs: Sequence[Epoch],
    labels: Sequence[Int[np.ndarray, " n"]],
    placed: dict[Epoch, Embedding],
) -> list[Representation]:
    """A run's neurons as represented by ConceptEvo, first, and by NeuroCartography.

    Args:
      session: Settings, images and store.
      wide: The run, from `observe_widely`.
      epochs: Its snapshots that are compared, in order.
      labels: Per snapshot, the class that each neuron responds to.
      placed: The neurons in the space.
    """
    seed = session.config.seed
    seeds, method = range(seed, seed + len(epochs)), session.config.method.name

    def fit_all(settings: FitSettings, seeds: Sequence[int]) -> list[np.ndarray]:
        return [
            fit_vectors(session, wide, epoch, settings, epoch_seed)
            for epoch, epoch_seed in zip(epochs, seeds, strict=True)
        ]

    independent_vectors = fit_all(DEFAULT_FITTING, seeds)
    same_start_vectors = fit_all(DEFAULT_FITTING, [seed] * len(epochs))
    vectors_by_method = {
        (f"conceptevo_{method}", f"ConceptEvo ({method})"): [
            placed[epoch].vectors for epoch in epochs
        ],
        ("neurocartography", "NeuroCartography"): independent_vectors,
        ("neurocartography_figure_9", "NeuroCartography, as in Fig. 9"): fit_all(
            FIGURE_9, seeds
        ),
        (
            "neurocartography_one_start",
            "NeuroCartography, one start",
        ): same_start_vectors,
    }
    representations = [
        _represent(session, name, title, "neurons", vectors, labels)
        for (name, title), vectors in vectors_by_method.items()
    ]
    return [*representations, _represent_aligned(session, independent_vectors, labels)]


def represent_controls(
    session: Session,
    template: Representation,
) -> list[Representation]:
    """Vectors that are independent of the network, constant and random.

    Constant vectors are also random, but the same in every snapshot; random
    vectors are drawn anew for each.

    Args:
      session: Settings and store.
      template: Gives the shapes of the controls' vectors, and the neurons that are NaN.
    """
    rng = stream(session.config.seed, "random vectors")
    placed = [np.isfinite(snapshot.vectors) for snapshot in template.vectors]
    noise = [rng.normal(size=mask.shape).astype(np.float32) for mask in placed]
    constant_vectors = [np.where(mask, noise[0], np.nan) for mask in placed]
    random_vectors = [
        np.where(mask, snapshot_noise, np.nan)
        for mask, snapshot_noise in zip(placed, noise, strict=True)
    ]
    labels = [snapshot.labels for snapshot in template.vectors]
    return [
        _represent(
            session,
            name,
            f"{name} vectors",
            template.units,
            vectors,
            labels,
            control=True,
        )
        for name, vectors in (
            ("constant", constant_vectors),
            ("random", random_vectors),
        )
    ]


def represent_segments(
    session: Session,
    run: TrainedRun,
    epochs: Sequence[Epoch],
    segments: FollowedSegments,
) -> Representation:
    """Image segments represented by the run's final layer, as for ACE in Figure 9c.

    Args:
      session: Settings and store.
      run: The run that is compared.
      epochs: Its snapshots, in order.
      segments: Segments to follow.
    """
    read = jax.jit(run.model.logits)
    vectors = []
    for epoch in epochs:
        snapshot = next(s for s in run.snapshots if s.epoch == epoch)
        logits = partial(read, snapshot.load())
        vectors.append(map_batches(logits, segments.pixels))
    return _represent(
        session,
        "ace",
        "ACE, as in Fig. 9",
        "segments",
        vectors,
        [segments.labels] * len(epochs),
    )


def _represent(
    session: Session,
    name: str,
    title: str,
    units: str,
    vectors: Sequence[Float[np.ndarray, "n d"]],
    labels: Sequence[Int[np.ndarray, " n"]],
    *,
    control: bool = False,
) -> Representation:
    """A method's vectors with their common map, laid out as in the paper."""
    layout, seed = session.config.method.layout, session.config.seed
    with session.stage("layout", subject=name):
        _, points = lay_out(session.store, vectors, layout, seed)
    return Representation(
        name=name,
        title=title,
        units=units,
        vectors=_attach_labels(vectors, labels),
        maps=_attach_labels(points, labels),
        control=control,
    )


@record
class AlignedMaps:
    """Maps of one method's vectors, a map per snapshot.

    Attributes:
      points: NaN for neurons without a vector.
    """

    points: Float[np.ndarray, "e n 2"]


def _represent_aligned(
    session: Session,
    vectors: Sequence[Float[np.ndarray, "n d"]],
    labels: Sequence[Int[np.ndarray, " n"]],
) -> Representation:
    """NeuroCartography's vectors on maps that AlignedUMAP aligns."""
    layout, seed = session.config.method.layout, session.config.seed

    def make_maps() -> AlignedMaps:
        maps = align_maps(
            vectors, neighbors=layout.neighbors, min_dist=layout.min_dist, seed=seed
        )
        return AlignedMaps(points=np.stack(maps))

    joint_vectors = np.stack(vectors)
    with session.stage("layout"):
        aligned_maps, _ = session.store.record(
            "aligned_maps",
            AlignedMaps,
            make_maps,
            config={
                "neighbors": layout.neighbors,
                "min_dist": layout.min_dist,
                "seed": seed,
            },
            inputs={
                "vectors": content_key("vectors", arrays={"vectors": joint_vectors})
            },
            about=f"{joint_vectors.shape[1]} neurons in {len(joint_vectors)} snapshots",
        )
    return Representation(
        name="aligned_umap",
        title="NeuroCartography, AlignedUMAP",
        units="neurons",
        vectors=(),
        maps=_attach_labels(list(aligned_maps.points), labels),
    )


def _attach_labels(
    vectors: Sequence[Float[np.ndarray, "n d"]],
    labels: Sequence[Int[np.ndarray, " n"]],
) -> tuple[LabelledVectors, ...]:
    """The vectors or map points of each snapshot, with their classes."""
    pairs = zip(vectors, labels, strict=True)
    return tuple(
        LabelledVectors(vectors=snapshot_vectors, labels=snapshot_labels)
        for snapshot_vectors, snapshot_labels in pairs
    )

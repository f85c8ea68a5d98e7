"""Snapshots of one run as every compared method represents them (paper, Fig. 9).

ConceptEvo projects them into one space; NeuroCartography fits each anew; ACE takes
image segments as a snapshot's final layer sees them. Beside them stand methods that a
reader would ask for and controls that know nothing. All items of a method lie on one
map.
"""

import dataclasses
from collections.abc import Sequence
from functools import partial

import jax
import numpy as np
from jaxtyping import Float, Int, UInt8

from conceptevo_jax.activations import map_batches
from conceptevo_jax.analysis.dynamics.labelled_vectors import LabelledVectors
from conceptevo_jax.baselines.aligned_maps import align_maps
from conceptevo_jax.baselines.neurocartography import FIGURE_9, Fitting, fit_snapshot
from conceptevo_jax.embedding import FitReport
from conceptevo_jax.pipeline.cached_space import lay_out
from conceptevo_jax.pipeline.observe import images_found
from conceptevo_jax.pipeline.runs import Job, TrainedRun
from conceptevo_jax.pipeline.session import Session
from conceptevo_jax.store import content_key
from conceptevo_jax.streams import stream
from conceptevo_jax.types import Embedding, Epoch, record

OWN = Fitting()
"""NeuroCartography's own settings."""


@record
class Representation:
    """The snapshots of a run by one method.

    Attributes:
      name: The method's, in tables.
      title: The method's, in figures.
      of: What its items are.
      vectors: Its items in each snapshot, in their own space; none for a method that
        makes maps alone.
      maps: The same items on one map of all snapshots.
      control: Whether it knows nothing of the network.
    """

    name: str
    title: str
    of: str
    vectors: tuple[LabelledVectors, ...]
    maps: tuple[LabelledVectors, ...]
    control: bool = False


@record
class Fitted:
    """Vectors that were fitted to one snapshot, with how that went.

    Attributes:
      embedding: The vectors.
      fit: The report.
    """

    embedding: Embedding
    fit: FitReport


@record
class Segmented:
    """Image segments that are followed over the snapshots.

    Attributes:
      pixels: One image each.
      labels: Class of each.
      names: Names of the classes.
    """

    pixels: UInt8[np.ndarray, "s h w 3"]
    labels: Int[np.ndarray, " s"]
    names: tuple[str, ...]


def observe_widely(
    session: Session, run: TrainedRun, epochs: Sequence[Epoch]
) -> TrainedRun:
    """The run observed with as many images per neuron as NeuroCartography takes.

    At most a tenth of the pool: beyond that everything is everyone's stimulus.
    """
    config = session.config
    wanted = max(one.images for one in (OWN, FIGURE_9))
    k = images_found(2, wanted, len(session.images.pool))
    job = Job(
        name=run.name,
        run=config.runs[run.name],
        dataset=config.dataset,
        search=dataclasses.replace(config.method.stimuli, k=k),
        epochs=tuple(epochs),
        sample=config.dataset.sample_images,
    )
    return session.train([job])[run.name]


def represent_neurons(
    session: Session,
    wide: TrainedRun,
    epochs: Sequence[Epoch],
    labels: Sequence[Int[np.ndarray, " n"]],
    placed: dict[Epoch, Embedding],
) -> list[Representation]:
    """A run's neurons by ConceptEvo, the first, and by NeuroCartography.

    Args:
      session: Settings, images and store.
      wide: The run, from `observe_widely`.
      epochs: Its snapshots that are compared, in order.
      labels: Per snapshot, the class that each neuron responds to.
      placed: The neurons in the space.
    """
    seed = session.config.seed
    seeds, method = range(seed, seed + len(epochs)), session.config.method.name

    def fitted(settings: Fitting, seeds: Sequence[int]) -> list[np.ndarray]:
        shots = zip(epochs, seeds, strict=True)
        return [_fitted(session, wide, e, settings, s) for e, s in shots]

    apart = fitted(OWN, seeds)
    one_start = fitted(OWN, [seed] * len(epochs))
    told = {
        (f"conceptevo_{method}", f"ConceptEvo ({method})"): [
            placed[epoch].vectors for epoch in epochs
        ],
        ("neurocartography", "NeuroCartography"): apart,
        ("neurocartography_figure_9", "NeuroCartography, as in Fig. 9"): fitted(
            FIGURE_9, seeds
        ),
        ("neurocartography_one_start", "NeuroCartography, one start"): one_start,
    }
    found = [
        _on_map(session, name, title, "neurons", vectors, labels)
        for (name, title), vectors in told.items()
    ]
    return [*found, _aligned(session, apart, labels)]


def represent_controls(
    session: Session,
    like: Representation,
) -> list[Representation]:
    """Vectors that know nothing, of the neurons that `like` has a vector for.

    Random ones that never change, and random ones that are drawn anew.
    """
    rng = stream(session.config.seed, "random vectors")
    placed = [np.isfinite(one.vectors) for one in like.vectors]
    drawn = [rng.normal(size=own.shape).astype(np.float32) for own in placed]
    still = [np.where(own, drawn[0], np.nan) for own in placed]
    fresh = [np.where(own, new, np.nan) for own, new in zip(placed, drawn, strict=True)]
    labels = [one.labels for one in like.vectors]
    return [
        _on_map(
            session, name, f"{name} vectors", like.of, vectors, labels, control=True
        )
        for name, vectors in (("constant", still), ("random", fresh))
    ]


def represent_segments(
    session: Session,
    run: TrainedRun,
    epochs: Sequence[Epoch],
    segments: Segmented,
) -> Representation:
    """Image segments by the run's final layer, the form of ACE in Figure 9c."""
    read = jax.jit(run.model.logits)
    vectors = []
    for epoch in epochs:
        shot = next(s for s in run.snapshots if s.epoch == epoch)
        logits = partial(read, shot.load())
        vectors.append(map_batches(logits, segments.pixels))
    return _on_map(
        session,
        "ace",
        "ACE, as in Fig. 9",
        "segments",
        vectors,
        [segments.labels] * len(epochs),
    )


def _fitted(
    session: Session, run: TrainedRun, epoch: Epoch, settings: Fitting, seed: int
) -> Float[np.ndarray, "n d"]:
    """A snapshot's neurons by NeuroCartography."""
    stimuli = run.observations[epoch].stimuli
    most = stimuli.image_ids.shape[1]
    limited = dataclasses.replace(settings, images=min(settings.images, most))

    def make() -> Fitted:
        embedding, fit = fit_snapshot(stimuli, limited, seed=seed)
        return Fitted(embedding=embedding, fit=fit)

    found, _ = session.store.record(
        "neurocartography",
        Fitted,
        make,
        config={"settings": limited, "seed": seed},
        inputs={"observation": run.keys[epoch]},
        about=f"{run.name}@{epoch}",
    )
    return found.embedding.vectors


def _on_map(
    session: Session,
    name: str,
    title: str,
    of: str,
    vectors: Sequence[Float[np.ndarray, "n d"]],
    labels: Sequence[Int[np.ndarray, " n"]],
    *,
    control: bool = False,
) -> Representation:
    """A method's vectors with their common map, as the paper lays them out."""
    layout, seed = session.config.method.layout, session.config.seed
    with session.stage("layout", of=name):
        _, points = lay_out(session.store, vectors, layout, seed)
    return Representation(
        name=name,
        title=title,
        of=of,
        vectors=_items(vectors, labels),
        maps=_items(points, labels),
        control=control,
    )


@record
class AlignedMaps:
    """Maps of one method's items, a map per snapshot.

    Attributes:
      points: NaN for items without a vector.
    """

    points: Float[np.ndarray, "e n 2"]


def _aligned(
    session: Session,
    vectors: Sequence[Float[np.ndarray, "n d"]],
    labels: Sequence[Int[np.ndarray, " n"]],
) -> Representation:
    """NeuroCartography's vectors on maps that AlignedUMAP keeps alike."""
    layout, seed = session.config.method.layout, session.config.seed

    def make() -> AlignedMaps:
        maps = align_maps(
            vectors, neighbors=layout.neighbors, min_dist=layout.min_dist, seed=seed
        )
        return AlignedMaps(points=np.stack(maps))

    joint = np.stack(vectors)
    with session.stage("layout"):
        aligned, _ = session.store.record(
            "aligned_maps",
            AlignedMaps,
            make,
            config={
                "neighbors": layout.neighbors,
                "min_dist": layout.min_dist,
                "seed": seed,
            },
            inputs={"vectors": content_key("vectors", arrays={"vectors": joint})},
            about=f"{joint.shape[1]} neurons in {len(joint)} snapshots",
        )
    return Representation(
        name="aligned_umap",
        title="NeuroCartography, AlignedUMAP",
        of="neurons",
        vectors=(),
        maps=_items(list(aligned.points), labels),
    )


def _items(
    vectors: Sequence[Float[np.ndarray, "n d"]],
    labels: Sequence[Int[np.ndarray, " n"]],
) -> tuple[LabelledVectors, ...]:
    pairs = zip(vectors, labels, strict=True)
    return tuple(LabelledVectors(vectors=own, labels=of) for own, of in pairs)

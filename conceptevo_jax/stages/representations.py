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

from conceptevo_jax.activations import read_activations
from conceptevo_jax.analysis.drift import Items
from conceptevo_jax.baselines.aligned_maps import align_maps
from conceptevo_jax.baselines.neurocartography import FIGURE_9, Fitting, fit_snapshot
from conceptevo_jax.config import plain
from conceptevo_jax.embedding import FitReport
from conceptevo_jax.stages.runs import Job, TrainedRun
from conceptevo_jax.stages.session import Session
from conceptevo_jax.stages.space import lay_out
from conceptevo_jax.store import content_key
from conceptevo_jax.types import Embedding, Epoch, record

_BATCH = 250
"""Images whose logits are read at a time."""


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
    vectors: tuple[Items, ...]
    maps: tuple[Items, ...]
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


def represent_neurons(
    session: Session,
    run: TrainedRun,
    epochs: Sequence[Epoch],
    labels: Sequence[Int[np.ndarray, " n"]],
    placed: dict[Epoch, Embedding],
) -> list[Representation]:
    """The run's neurons by ConceptEvo, by NeuroCartography, and by the controls.

    Args:
      session: Settings, images and store.
      run: The run.
      epochs: Its snapshots that are compared, in order.
      labels: Per snapshot, the class that each neuron responds to.
      placed: The neurons in the space.
    """
    own = Fitting(**plain(session.config.baselines.neurocartography))
    wide = _with_stimuli(session, run, epochs, [own, FIGURE_9])
    seed = session.config.seed
    seeds = range(seed, seed + len(epochs))

    def fitted(settings: Fitting, seeds: Sequence[int]) -> list[np.ndarray]:
        shots = zip(epochs, seeds, strict=True)
        return [_fitted(session, wide, e, settings, s) for e, s in shots]

    space = [placed[epoch].vectors for epoch in epochs]
    apart, figure = fitted(own, seeds), fitted(FIGURE_9, seeds)
    together = fitted(own, [seed] * len(epochs))
    rng = np.random.default_rng(seed)
    drawn = [rng.normal(size=one.shape).astype(np.float32) for one in space]
    still = [np.where(np.isfinite(one), drawn[0], np.nan) for one in space]
    pairs = zip(space, drawn, strict=True)
    noise = [np.where(np.isfinite(one), own, np.nan) for one, own in pairs]
    method = session.config.method.name
    told: list[tuple[str, str, list[np.ndarray], bool]] = [
        (f"conceptevo_{method}", f"ConceptEvo ({method})", space, False),
        ("neurocartography", "NeuroCartography", apart, False),
        ("neurocartography_figure_9", "NeuroCartography, as in Fig. 9", figure, False),
        ("neurocartography_one_start", "NeuroCartography, one start", together, False),
        ("constant", "constant vectors", still, True),
        ("random", "random vectors", noise, True),
    ]
    found = [
        _on_map(session, name, title, "neurons", vectors, labels, control=control)
        for name, title, vectors, control in told
    ]
    return [*found, _aligned(session, apart, labels)]


def represent_segments(
    session: Session,
    run: TrainedRun,
    epochs: Sequence[Epoch],
    segments: Segmented,
) -> Representation:
    """Image segments by the run's final layer, the form of ACE in Figure 9c."""
    read = jax.jit(read_activations(run.model, []))
    vectors = []
    for epoch in epochs:
        shot = next(s for s in run.snapshots if s.epoch == epoch)
        variables = shot.load()
        parts = []
        for start in range(0, len(segments.pixels), _BATCH):
            batch = segments.pixels[start : start + _BATCH]
            rows = np.resize(np.arange(len(batch)), min(_BATCH, len(segments.pixels)))
            parts.append(np.asarray(read(variables, batch[rows])[0])[: len(batch)])
        vectors.append(np.concatenate(parts))
    return _on_map(
        session,
        "ace",
        "ACE, as in Fig. 9",
        "segments",
        vectors,
        [segments.labels] * len(epochs),
    )


def _with_stimuli(
    session: Session,
    run: TrainedRun,
    epochs: Sequence[Epoch],
    settings: Sequence[Fitting],
) -> TrainedRun:
    """The run observed with as many images per neuron as the settings need.

    At most a tenth of the pool: beyond that everything is everyone's stimulus.
    """
    config = session.config
    most = max(len(session.images.pool) // 10, 2)
    k = min(max(one.images for one in settings), most)
    search = dataclasses.replace(config.method.stimuli, k=k)
    job = Job(
        name=run.name,
        run=config.runs[run.name],
        dataset=config.dataset,
        search=search,
        epochs=tuple(epochs),
        sample=config.dataset.sample_images,
    )
    return session.train([job])[run.name]


def _fitted(
    session: Session, run: TrainedRun, epoch: Epoch, settings: Fitting, seed: int
) -> Float[np.ndarray, "n d"]:
    """A snapshot's neurons by NeuroCartography; all NaN where there is no pair."""
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
    _, points = session.timed("layout", lay_out, session.store, vectors, layout, seed)
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
    found, _ = session.timed(
        "layout",
        partial(
            session.store.record,
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
        ),
    )
    return Representation(
        name="aligned_umap",
        title="NeuroCartography, AlignedUMAP",
        of="neurons",
        vectors=(),
        maps=_items(list(found.points), labels),
    )


def _items(
    vectors: Sequence[Float[np.ndarray, "n d"]],
    labels: Sequence[Int[np.ndarray, " n"]],
) -> tuple[Items, ...]:
    pairs = zip(vectors, labels, strict=True)
    return tuple(Items(vectors=own, labels=of) for own, of in pairs)

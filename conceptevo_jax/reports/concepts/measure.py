"""Concepts of a base with names, and how many neurons of each run hold them."""

import numpy as np
from jaxtyping import Bool, Int

from conceptevo_jax.analysis.alignment.subjects import MIN_NEURONS
from conceptevo_jax.analysis.dynamics.concept_flow import ConceptFlow, concept_flow
from conceptevo_jax.analysis.dynamics.concept_names import (
    MIXED,
    NAMED_SHARE,
    Look,
    look_of,
    number_doubles,
    shared_look,
)
from conceptevo_jax.analysis.dynamics.concepts import (
    Concepts,
    cluster_base,
    concept_members,
    nearest_concept,
    no_concepts,
)
from conceptevo_jax.analysis.dynamics.lifetimes import Lifetimes, lifetimes
from conceptevo_jax.pipeline.images import Images
from conceptevo_jax.pipeline.projected_run import ProjectedRun
from conceptevo_jax.stimuli import neuron_patches, patch_windows
from conceptevo_jax.streams import stream
from conceptevo_jax.types import record

CONCEPT_COUNT = 8
"""Concepts of a base, unless an experiment sets another number."""

_LOOKED_AT = 40
"""Neurons of a concept, and five times as many of all, whose patches are looked at."""

_PATCHES = 5
"""Patches of each."""


@record
class NamedConcepts:
    """Concepts of a base and what people call them.

    Attributes:
      concepts: The concepts.
      names: The class of at least half of the stimuli; else the colour or texture that
        at least half of the patches share; else `mixed`. Doubles have numbers.
    """

    concepts: Concepts
    names: tuple[str, ...]

    @property
    def count(self) -> int:
        """Number of concepts."""
        return len(self.names)

    def is_named(self, concept: int) -> bool:
        """Whether a class, colour or texture names the concept: it is not mixed.

        Args:
          concept: Its number.
        """
        of_class = self.concepts.share[concept] >= NAMED_SHARE
        return bool(of_class) or not self.names[concept].startswith(MIXED)


def find_concepts(
    images: Images, base: ProjectedRun, *, count: int = CONCEPT_COUNT, seed: int = 0
) -> NamedConcepts:
    """Cluster the base's neurons and name the clusters.

    Args:
      images: The pool, whose classes and patches give names.
      base: The base; its last snapshot is clustered.
      count: Number of concepts; fewer if the base has fewer different neurons, and none
        if fewer than 20 live.
      seed: Of K-means, and of the choice of patches.
    """
    epoch = base.epochs[-1]
    embedding, stimuli = base.placed[epoch], base.stimuli(epoch)
    live = embedding.placed & ~stimuli.dead
    if live.sum() < MIN_NEURONS:
        return NamedConcepts(concepts=no_concepts(embedding.vectors.shape[1]), names=())
    # A collapsed base may have fewer different vectors than concepts.
    distinct = len(np.unique(embedding.vectors[live], axis=0))
    concepts = cluster_base(
        embedding, stimuli, images.pool.labels, count=min(count, distinct), seed=seed
    )
    names = _names(images, base, concepts, live, seed)
    return NamedConcepts(concepts=concepts, names=names)


def _names(
    images: Images,
    base: ProjectedRun,
    concepts: Concepts,
    live: Bool[np.ndarray, " n"],
    seed: int,
) -> tuple[str, ...]:
    rng = stream(seed, "patches that names of concepts are made from")
    vectors = base.placed[base.epochs[-1]].vectors
    members = np.where(live, nearest_concept(vectors, concepts.centers), -1)
    reference: list[Look] | None = None
    names = []
    for concept, (label, share) in enumerate(
        zip(concepts.label, concepts.share, strict=True)
    ):
        if share >= NAMED_SHARE:
            names.append(images.classes[label])
            continue
        if reference is None:
            reference = _looks(images, base, np.flatnonzero(live), 5 * _LOOKED_AT, rng)
        neurons = np.flatnonzero(members == concept)
        looks = _looks(images, base, neurons, _LOOKED_AT, rng)
        names.append(shared_look(looks, reference) or MIXED)
    return number_doubles(names)


def _looks(
    images: Images,
    base: ProjectedRun,
    neurons: Int[np.ndarray, " _"],
    count: int,
    rng: np.random.Generator,
) -> list[Look]:
    """Looks of the strongest patches of at most `count` of the neurons."""
    stimuli, pixels = base.stimuli(base.epochs[-1]), images.pool_pixels
    windows = patch_windows(stimuli, side=pixels.side, input_size=base.run.model.size)
    chosen = rng.choice(neurons, min(count, len(neurons)), replace=False)
    return [
        look_of(patch)
        for neuron in np.sort(chosen).tolist()
        for patch in neuron_patches(
            stimuli, windows, neuron, pixels.pixels, count=_PATCHES
        )
    ]


def run_members(
    projected_run: ProjectedRun, concepts: Concepts
) -> Int[np.ndarray, "e n"]:
    """The concept of each neuron of a run at every snapshot; -1 for none.

    Args:
      projected_run: The run in the space.
      concepts: The concepts.
    """
    epochs = projected_run.epochs
    embeddings = [projected_run.placed[epoch] for epoch in epochs]
    return concept_members(concepts, embeddings, dead_neurons(projected_run))


def dead_neurons(projected_run: ProjectedRun) -> Bool[np.ndarray, "e n"]:
    """Which neurons of a run are dead, by snapshot."""
    return np.stack([projected_run.stimuli(e).dead for e in projected_run.epochs])


def run_flow(projected_run: ProjectedRun, concepts: Concepts) -> ConceptFlow:
    """How many neurons of a run hold each concept over its snapshots.

    Args:
      projected_run: The run in the space.
      concepts: The concepts.
    """
    members = run_members(projected_run, concepts)
    return concept_flow(members, dead_neurons(projected_run), len(concepts.centers))


def run_lifetimes(
    projected_run: ProjectedRun, concepts: Concepts, labels: Int[np.ndarray, " i"]
) -> Lifetimes:
    """When the neurons of a run take on, leave and lose their concepts.

    Args:
      projected_run: The run in the space.
      concepts: The concepts, whose radius tells which places are alike.
      labels: Classes of the pool's images.
    """
    epochs = projected_run.epochs
    return lifetimes(
        [projected_run.placed[epoch] for epoch in epochs],
        [projected_run.stimuli(epoch) for epoch in epochs],
        labels,
        radius=concepts.radius,
    )

"""ACE on a snapshot: the concepts of some classes, and which of them the class needs.

What cannot be done, for want of segments, images or channels, is said and left out; the
rest goes on.
"""

from collections.abc import Callable, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float, UInt8

from conceptevo_jax.baselines.ace import Clustering, Concepts, discover_concepts
from conceptevo_jax.baselines.broden import read_broden
from conceptevo_jax.baselines.segments import Segments, segment_images
from conceptevo_jax.baselines.tcav import (
    Tested,
    check_concept,
    class_gradients,
    pooled_activations,
)
from conceptevo_jax.config import BaselinesConfig
from conceptevo_jax.data import Decoded
from conceptevo_jax.errors import DataError, UsageError
from conceptevo_jax.models import Model, Variables
from conceptevo_jax.pipeline.runs import TrainedRun
from conceptevo_jax.pipeline.session import Session
from conceptevo_jax.places import typed_place
from conceptevo_jax.reports.baseline_comparison.measure import Segmented
from conceptevo_jax.reports.importance.evolutions import class_of
from conceptevo_jax.streams import stream
from conceptevo_jax.types import Epoch, record

_LEAST_SEGMENTS = 4
"""Segments that any concept has more than, where few images are to be had."""


@record
class ClassConcepts:
    """ACE's result for one class.

    Attributes:
      name: The class.
      images: Images that concepts were looked for in.
      segments: Their segments.
      concepts: The concepts.
      tests: What the test says of each.
      notes: What was not as asked.
    """

    name: str
    images: int
    segments: Segments
    concepts: Concepts
    tests: tuple[Tested, ...]
    notes: tuple[str, ...]


def follow_segments(session: Session) -> Segmented:
    """The image segments that are followed over the snapshots.

    Those of a Broden-style folder where one is named, whole images without what is no
    object; else the segments of some images per class of the pool.
    """
    of, images = session.config.baselines, session.images
    seed = session.config.seed
    if of.broden is not None:
        found = read_broden(
            typed_place(of.broden, "baselines.broden"),
            side=session.config.dataset.side,
            limit=of.segments,
            seed=seed,
        )
        return Segmented(pixels=found.pixels, labels=found.labels, names=found.names)
    rng = stream(seed, "segments of the pool")
    labels = images.pool.labels
    rows = [
        rng.permutation(np.flatnonzero(labels == label))[: of.images]
        for label in range(len(images.classes))
    ]
    chosen = np.concatenate(rows)
    cut = segment_images(np.asarray(images.pool_pixels.pixels[chosen]))
    kept = np.sort(rng.permutation(len(cut.image))[: of.segments])
    return Segmented(
        pixels=cut.patches[kept],
        labels=labels[chosen][cut.image[kept]].astype(int),
        names=images.classes,
    )


def find_concepts(
    session: Session, run: TrainedRun, epoch: Epoch, names: Sequence[str]
) -> tuple[list[ClassConcepts], list[str]]:
    """ACE for each of the classes so named.

    Returns:
      What was found, and why a class is missing.
    """
    snapshot = f"{run.name}@{epoch}"
    try:
        look = _look(session, run, epoch)
    except (DataError, UsageError) as error:
        return [], [f"ACE in {snapshot}: {error}"]
    found, missing = [], []
    for name in names:
        try:
            found.append(_find(session, look, name))
        except (DataError, UsageError) as error:
            missing.append(f"ACE of {name} in {snapshot}: {error}")
    return found, missing


def concept_rows(found: Sequence[ClassConcepts]) -> list[dict[str, Any]]:
    """A row per concept, those that the class needs first."""
    rows = [
        {
            "class": one.name,
            "concept": number,
            "segments": int(one.concepts.sizes[number]),
            "images": int(one.concepts.images[number]),
            "of_images": one.images,
            "tcav": float(test.scores.mean()),
            "tcav_of_random": float(test.random.mean()),
            "p": test.p,
            "significant": test.significant,
            "cav_accuracy": float(test.accuracies.mean()),
        }
        for one in found
        for number, test in enumerate(one.tests)
    ]
    return sorted(rows, key=lambda row: (row["class"], row["p"]))


def concept_patches(
    one: ClassConcepts, *, concepts: int, shown: int
) -> list[tuple[str, list[UInt8[np.ndarray, "h w 3"]]]]:
    """Patches of a class's concepts, the most certain first, and what is said of it."""
    order = sorted(range(len(one.tests)), key=lambda number: one.tests[number].p)
    found = []
    for number in order[:concepts]:
        test, members = one.tests[number], one.concepts.members[number]
        told = (
            f"concept {number}: TCAV {test.scores.mean():.2f} (random segments "
            f"{test.random.mean():.2f}), p {test.p:.2g}"
        )
        found.append((told, [one.segments.patches[m] for m in members[:shown]]))
    return found


@record
class _Look:
    """What all classes have in common.

    Attributes:
      model: The network.
      variables: Of the snapshot.
      site: Where concepts are looked for.
      read: Reads that site's activations, averaged over space.
      others: Those of the random sets.
    """

    model: Model
    variables: Variables
    site: str
    read: Callable[[np.ndarray], np.ndarray]
    others: tuple[Float[np.ndarray, "_ c"], ...]


def _look(session: Session, run: TrainedRun, epoch: Epoch) -> _Look:
    of, train = session.config.baselines, session.images.train
    site = of.site or run.model.sites[-1].name
    shot = next(s for s in run.snapshots if s.epoch == epoch)
    variables = shot.load()
    read = pooled_activations(run.model, variables, site)
    rng = stream(session.config.seed, "random sets of ACE")
    others = [read(_drawn(train, of.discovery, rng)) for _ in range(of.random_sets)]
    return _Look(
        model=run.model,
        variables=variables,
        site=site,
        read=read,
        others=tuple(others),
    )


def _find(session: Session, look: _Look, name: str) -> ClassConcepts:
    of, images, seed = session.config.baselines, session.images, session.config.seed
    label = class_of(name, images)
    rng = stream(seed, "images of ACE", label)
    own, tested, notes = _images_of(images.train, label, of, name, rng)
    segments = segment_images(own)
    activations = look.read(segments.patches)
    concepts = discover_concepts(
        activations,
        segments,
        images=len(own),
        settings=_clustering(of, len(own)),
        seed=seed,
    )
    gradients = class_gradients(look.model, look.variables, look.site, tested, label)
    tests = []
    for members in concepts.members:
        controls = [
            activations[rng.permutation(len(activations))[: len(members)]]
            for _ in range(of.random_sets)
        ]
        tests.append(
            check_concept(
                activations[members], controls, look.others, gradients, seed=seed
            )
        )
    return ClassConcepts(
        name=name,
        images=len(own),
        segments=segments,
        concepts=concepts,
        tests=tuple(tests),
        notes=tuple(notes),
    )


def _images_of(
    train: Decoded, label: int, of: BaselinesConfig, name: str, rng: np.random.Generator
) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Images to find concepts in, others to test them on, and what there was less of.

    Raises:
      DataError: for a class with too few images for both.
    """
    rows = rng.permutation(np.flatnonzero(np.asarray(train.labels) == label))
    asked = of.discovery + of.tested_images
    if len(rows) < 2:
        raise DataError(
            f"{name} has {len(rows)} training images; concepts are found in some and "
            "tested on others."
        )
    notes = []
    split = of.discovery
    if len(rows) < asked:
        split = len(rows) * of.discovery // asked
        notes.append(
            f"{name} has {len(rows)} training images where {asked} were asked for: "
            f"concepts are found in {split} and tested on the others"
        )
    own, tested = rows[:split], rows[split:asked]
    pixels = [np.asarray(train.pixels[np.sort(part)]) for part in (own, tested)]
    return pixels[0], pixels[1], notes


def _clustering(of: BaselinesConfig, images: int) -> Clustering:
    """ACE's own settings, in proportion where there are fewer than its forty images."""
    reference = Clustering()
    share = min(1.0, images / reference.shown)
    least = max(_LEAST_SEGMENTS, round(share * reference.least))
    return Clustering(clusters=of.clusters, least=least, shown=reference.shown)


def _drawn(train: Decoded, count: int, rng: np.random.Generator) -> np.ndarray:
    rows = np.sort(rng.permutation(len(train))[:count])
    return np.asarray(train.pixels[rows])

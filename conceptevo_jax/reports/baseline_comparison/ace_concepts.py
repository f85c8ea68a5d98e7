"""ACE's concepts of some classes in a snapshot, and which of them matter for the class.

A class with too few segments, images or channels is left out, and the reason is
reported; the other classes are still analysed.
"""

from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Float

from conceptevo_jax.baselines.ace import ClusteringSettings, Concepts, discover_concepts
from conceptevo_jax.baselines.pooled_activations import (
    class_gradients,
    pooled_activations,
)
from conceptevo_jax.baselines.segments import Segments, segment_images
from conceptevo_jax.baselines.tcav import ConceptTest, check_concept
from conceptevo_jax.data import DecodedImages
from conceptevo_jax.epochs import Epoch, snapshot_label
from conceptevo_jax.errors import DataError, UsageError
from conceptevo_jax.models import Model, Variables
from conceptevo_jax.pipeline.session import Session
from conceptevo_jax.pipeline.trained_run import TrainedRun
from conceptevo_jax.reports.baseline_comparison.settings import BaselinesSettings
from conceptevo_jax.reports.importance.evolutions import class_of
from conceptevo_jax.streams import stream
from conceptevo_jax.types import record

_MIN_SEGMENTS = 4
"""Every concept has more segments than this, even with few images."""


@record
class ClassConcepts:
    """ACE's concepts of one class.

    Attributes:
      name: The class.
      images: Number of images that concepts were discovered in.
      segments: Their segments.
      concepts: The concepts.
      tests: Whether the class depends on each concept.
      notes: Deviations from the configuration.
    """

    name: str
    images: int
    segments: Segments
    concepts: Concepts
    tests: tuple[ConceptTest, ...]
    notes: tuple[str, ...]


def find_concepts(
    session: Session, run: TrainedRun, epoch: Epoch, names: Sequence[str]
) -> tuple[list[ClassConcepts], list[str]]:
    """ACE's concepts of several classes in one snapshot.

    Args:
      session: Images and settings.
      run: The run that is compared.
      epoch: Which snapshot.
      names: The classes.

    Returns:
      The concepts by class, and why a class is missing.
    """
    snapshot = snapshot_label(run.name, epoch)
    try:
        reader = _site_reader(session, run, epoch)
    except (DataError, UsageError) as error:
        return [], [f"ACE in {snapshot}: {error}"]
    class_concepts, missing = [], []
    for name in names:
        try:
            class_concepts.append(_explain_class(session, reader, name))
        except (DataError, UsageError) as error:
            missing.append(f"ACE of {name} in {snapshot}: {error}")
    return class_concepts, missing


@record
class _SiteReader:
    """What all classes share: a site of a snapshot, and the random sets.

    Attributes:
      model: The network.
      variables: The snapshot's variables.
      site: Name of the site whose concepts are discovered.
      read: Reads that site's activations, averaged over space.
      random_sets: Activations of sets of random images.
    """

    model: Model
    variables: Variables
    site: str
    read: Callable[[np.ndarray], np.ndarray]
    random_sets: tuple[Float[np.ndarray, "_ c"], ...]


def _site_reader(session: Session, run: TrainedRun, epoch: Epoch) -> _SiteReader:
    settings, train = BaselinesSettings.of(session.config), session.images.train
    site = settings.site or run.model.sites[-1].name
    snapshot = next(s for s in run.snapshots if s.epoch == epoch)
    variables = snapshot.load()
    read_site = pooled_activations(run.model, variables, site)
    rng = stream(session.config.seed, "random sets of ACE")
    random_sets = [
        read_site(_sample_pixels(train, settings.discovery, rng))
        for _ in range(settings.random_sets)
    ]
    return _SiteReader(
        model=run.model,
        variables=variables,
        site=site,
        read=read_site,
        random_sets=tuple(random_sets),
    )


def _explain_class(session: Session, reader: _SiteReader, name: str) -> ClassConcepts:
    """The class's concepts, each tested against random segments in its place."""
    settings, images = BaselinesSettings.of(session.config), session.images
    seed = session.config.seed
    label = class_of(name, images)
    rng = stream(seed, "images of ACE", label)
    discovery_images, test_images, notes = _split_images(
        images.train, label, settings, name, rng
    )
    segments = segment_images(discovery_images)
    activations = reader.read(segments.patches)
    concepts = discover_concepts(
        activations,
        segments,
        images=len(discovery_images),
        settings=_scaled_clustering(settings, len(discovery_images)),
        seed=seed,
    )
    gradients = class_gradients(
        reader.model, reader.variables, reader.site, test_images, label
    )
    tests = []
    for members in concepts.members:
        controls = [
            activations[rng.permutation(len(activations))[: len(members)]]
            for _ in range(settings.random_sets)
        ]
        tests.append(
            check_concept(
                activations[members],
                controls,
                reader.random_sets,
                gradients,
                seed=seed,
            )
        )
    return ClassConcepts(
        name=name,
        images=len(discovery_images),
        segments=segments,
        concepts=concepts,
        tests=tuple(tests),
        notes=tuple(notes),
    )


def _split_images(
    train: DecodedImages,
    label: int,
    settings: BaselinesSettings,
    name: str,
    rng: np.random.Generator,
) -> tuple[np.ndarray, np.ndarray, list[str]]:
    """Images to discover concepts in, others to test them on, and what is missing.

    Raises:
      DataError: for a class with too few images for both.
    """
    rows = rng.permutation(np.flatnonzero(np.asarray(train.labels) == label))
    requested_count = settings.discovery + settings.tested_images
    if len(rows) < 2:
        raise DataError(
            f"{name} has {len(rows)} training images; concepts are found in some and "
            "tested on others."
        )
    notes = []
    split = settings.discovery
    if len(rows) < requested_count:
        # Both parts shrink in the same proportion.
        split = len(rows) * settings.discovery // requested_count
        notes.append(
            f"{name} has {len(rows)} training images instead of the {requested_count} "
            f"requested: concepts are found in {split} and tested on the others"
        )
    discovery_images, test_images = (
        np.asarray(train.pixels[np.sort(row_part)])
        for row_part in (rows[:split], rows[split:requested_count])
    )
    return discovery_images, test_images, notes


def _scaled_clustering(settings: BaselinesSettings, images: int) -> ClusteringSettings:
    """ACE's own settings, reduced in proportion for fewer than its forty images."""
    reference = ClusteringSettings()
    share = min(1.0, images / reference.max_members)
    return ClusteringSettings(
        clusters=settings.clusters,
        min_segments=max(_MIN_SEGMENTS, round(share * reference.min_segments)),
        max_members=reference.max_members,
    )


def _sample_pixels(
    train: DecodedImages, count: int, rng: np.random.Generator
) -> np.ndarray:
    rows = np.sort(rng.permutation(len(train))[:count])
    return np.asarray(train.pixels[rows])

"""Image segments that ACE follows over the snapshots, each with a class."""

import numpy as np
from jaxtyping import Int, UInt8

from conceptevo_jax.baselines.broden import read_broden
from conceptevo_jax.baselines.segments import segment_images
from conceptevo_jax.pipeline.session import Session
from conceptevo_jax.places import typed_place
from conceptevo_jax.reports.baseline_comparison.settings import BaselinesSettings
from conceptevo_jax.streams import stream
from conceptevo_jax.types import record


@record
class FollowedSegments:
    """Image segments that are followed over the snapshots.

    Attributes:
      pixels: One image each.
      labels: Class of each.
      names: Names of the classes.
    """

    pixels: UInt8[np.ndarray, "s h w 3"]
    labels: Int[np.ndarray, " s"]
    names: tuple[str, ...]


def follow_segments(session: Session) -> FollowedSegments:
    """The image segments that are followed over the snapshots.

    If a Broden-style folder is configured, these are its images with everything but the
    objects black; otherwise the segments of some images per class of the pool.
    """
    settings, images = BaselinesSettings.of(session.config), session.images
    seed = session.config.seed
    if settings.broden is not None:
        side = session.config.dataset.side
        return _broden_segments(settings.broden, side, settings.segments, seed)
    rng = stream(seed, "segments of the pool")
    labels = images.pool.labels
    class_rows = [
        rng.permutation(np.flatnonzero(labels == label))[: settings.images]
        for label in range(len(images.classes))
    ]
    rows = np.concatenate(class_rows)
    segments = segment_images(np.asarray(images.pool_pixels.pixels[rows]))
    segment_rows = np.sort(rng.permutation(len(segments.image))[: settings.segments])
    return FollowedSegments(
        pixels=segments.patches[segment_rows],
        labels=labels[rows][segments.image[segment_rows]].astype(int),
        names=images.classes,
    )


def _broden_segments(folder: str, side: int, limit: int, seed: int) -> FollowedSegments:
    """The images of a Broden-style folder with everything but the objects black."""
    broden = read_broden(
        typed_place(folder, "baselines.broden"), side=side, limit=limit, seed=seed
    )
    return FollowedSegments(
        pixels=broden.pixels, labels=broden.labels, names=broden.names
    )

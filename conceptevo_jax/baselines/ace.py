"""Automatic concept-based explanations: which segments of a class form concepts.

Ghorbani et al., 2019, https://arxiv.org/abs/1902.03129. Segments of a class's images
are clustered by their activations at one site; clusters that are frequent or spread
over many images are concepts, each represented by the segments nearest to its centre.
Whether the class depends on them is tested by `conceptevo_jax.baselines.tcav`.

Departures from the authors' code: settings hold for all images and sites, while it
changes them after the first; the last label of a segmentation is a segment; everything
is seeded; and scores use the logit's gradient (see `tcav`). Costs a forward pass of all
segments, nearly a hundred per image.
"""

import dataclasses
import warnings

import numpy as np
from jaxtyping import Float, Int

from conceptevo_jax.baselines.segments import Segments
from conceptevo_jax.errors import DataError, UsageError
from conceptevo_jax.types import record


@dataclasses.dataclass(frozen=True, kw_only=True)
class ClusteringSettings:
    """How segments become concepts; the defaults are ACE's own.

    Attributes:
      clusters: Number of clusters that K-means looks for.
      min_segments: A concept has more segments than this.
      max_members: Maximum number of segments, nearest to its centre first, that
        represent a concept.
    """

    clusters: int = 25
    min_segments: int = 40
    max_members: int = 40

    def __post_init__(self) -> None:
        if self.clusters < 2 or self.min_segments < 0 or self.max_members < 1:
            raise UsageError(
                f"clusters={self.clusters}, min_segments={self.min_segments}, "
                f"max_members={self.max_members} are out of range: at least 2, 0 and 1."
            )


@record
class Concepts:
    """Concepts of one class at one site, those with most segments first.

    Attributes:
      members: Segments that represent each concept, nearest to its centre first; at
        most `ClusteringSettings.max_members`.
      sizes: Number of segments in the whole cluster.
      images: Number of different images that these segments are from.
      clusters: Number of clusters before the selection.
    """

    members: tuple[Int[np.ndarray, " _"], ...]
    sizes: Int[np.ndarray, " c"]
    images: Int[np.ndarray, " c"]
    clusters: int


def discover_concepts(
    activations: Float[np.ndarray, "s c"],
    segments: Segments,
    *,
    images: int,
    settings: ClusteringSettings | None = None,
    seed: int = 0,
) -> Concepts:
    """Cluster a class's segments and keep the clusters that are concepts.

    A cluster is kept if it is large enough and comes from many images for its size
    (over half of it), or from a quarter of its size and of the images, or from a tenth
    of its size and half of the images.

    Args:
      activations: Of the segments' patches, averaged over space; a row per segment.
      segments: The segments, in the same order.
      images: Number of images they were cut from.
      settings: See `ClusteringSettings`.
      seed: Seed of K-means.

    Raises:
      DataError: if there are too few segments for the clusters, too few different
        ones, or any activation is not finite.
    """
    settings = settings or ClusteringSettings()
    if len(activations) <= settings.clusters:
        raise DataError(
            f"{len(activations)} segments of {images} images are too few for "
            f"{settings.clusters} clusters: give more images, or fewer clusters."
        )
    if not np.isfinite(activations).all():
        raise DataError(
            "some activations of segments are not finite: the snapshot has diverged; "
            "choose an earlier one."
        )
    labels, distances = _cluster(activations, settings.clusters, seed)
    concepts: list[tuple[int, int, np.ndarray]] = []
    for cluster in range(settings.clusters):
        rows = np.flatnonzero(labels == cluster)
        size, image_count = len(rows), len(np.unique(segments.image[rows]))
        if size > settings.min_segments and _is_concept(size, image_count, images):
            nearest = rows[np.argsort(distances[rows], kind="stable")]
            concepts.append((size, image_count, nearest[: settings.max_members]))
    concepts.sort(key=lambda concept: -concept[0])
    return Concepts(
        members=tuple(nearest for _, _, nearest in concepts),
        sizes=np.array([size for size, _, _ in concepts], int),
        images=np.array([image_count for _, image_count, _ in concepts], int),
        clusters=settings.clusters,
    )


def _cluster(
    activations: Float[np.ndarray, "s c"], count: int, seed: int
) -> tuple[Int[np.ndarray, " s"], Float[np.ndarray, " s"]]:
    """Each segment's cluster, and its distance to that cluster's centre."""
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        # That there are too few different points is an error below.
        warnings.simplefilter("ignore", ConvergenceWarning)
        kmeans = KMeans(count, n_init=10, random_state=seed).fit(activations)
    distinct_count = len(np.unique(kmeans.labels_))
    if distinct_count < count:
        raise DataError(
            f"{len(activations)} segments have only {distinct_count} different "
            "activations, "
            f"too few for {count} clusters: the snapshot distinguishes little. Choose "
            "another snapshot or site, or fewer clusters."
        )
    centres = kmeans.cluster_centers_[kmeans.labels_]
    return kmeans.labels_, np.linalg.norm(activations - centres, axis=1)


def _is_concept(size: int, image_count: int, images: int) -> bool:
    """ACE's three rules: common, or common enough and frequent, or very frequent."""
    common = image_count > 0.5 * size
    frequent = image_count > 0.25 * size and image_count > 0.25 * images
    is_widespread = image_count > 0.1 * size and image_count > 0.5 * images
    return common or frequent or is_widespread

"""Automatic concept-based explanations: which segments of a class form concepts.

Ghorbani et al., 2019, https://arxiv.org/abs/1902.03129. Segments of a class's images
are clustered by their activations at one site; clusters that are frequent or spread
over many images are concepts, each shown by the segments nearest to its centre. Whether
the class depends on them is a matter of `conceptevo_jax.baselines.tcav`.

Departures from the authors' code: settings hold for all images and sites, where it
changes them after the first; the last label of a division is a segment; everything is
seeded; and scores go by the logit's gradient (see `tcav`). Costs a forward pass of all
segments, nearly a hundred an image.
"""

import dataclasses
import warnings

import numpy as np
from jaxtyping import Float, Int

from conceptevo_jax.baselines.segments import Segments
from conceptevo_jax.errors import DataError, UsageError
from conceptevo_jax.types import record


@dataclasses.dataclass(frozen=True, kw_only=True)
class Clustering:
    """How segments become concepts; the defaults are ACE's own.

    Attributes:
      clusters: Number of clusters that K-means looks for.
      least: A concept has more segments than this.
      shown: Segments nearest to its centre that stand for a concept, at most.
    """

    clusters: int = 25
    least: int = 40
    shown: int = 40

    def __post_init__(self) -> None:
        if self.clusters < 2 or self.least < 0 or self.shown < 1:
            raise UsageError(
                f"clusters={self.clusters}, least={self.least}, shown={self.shown} are "
                "out of range: at least 2, 0 and 1."
            )


@record
class Concepts:
    """Concepts of one class at one site, those with most segments first.

    Attributes:
      members: Segments of each, nearest to its centre first, at most so many as shown.
      sizes: Segments of the whole cluster.
      images: Different images that these are of.
      clusters: Clusters there were.
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
    settings: Clustering | None = None,
    seed: int = 0,
) -> Concepts:
    """Cluster a class's segments and keep the clusters that are concepts.

    A cluster is kept if it is large enough and comes from many images for its size
    (over half of it), or from a quarter of its size and of the images, or from a tenth
    of its size and half of the images.

    Args:
      activations: Of the segments' patches, averaged over space.
      segments: The segments.
      images: Number of images they were cut from.
      settings: See `Clustering`.
      seed: Of K-means.

    Raises:
      DataError: if there are too few segments for the clusters, too few different
        ones, or any activation is not finite.
    """

    settings = settings or Clustering()
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
    labels, apart = _cluster(activations, settings.clusters, seed)
    kept = []
    for cluster in range(settings.clusters):
        own = np.flatnonzero(labels == cluster)
        shown_in = len(np.unique(segments.image[own]))
        if len(own) > settings.least and _is_concept(len(own), shown_in, images):
            nearest = own[np.argsort(apart[own], kind="stable")]
            kept.append((len(own), shown_in, nearest[: settings.shown]))
    kept.sort(key=lambda one: -one[0])
    return Concepts(
        members=tuple(nearest for _, _, nearest in kept),
        sizes=np.array([size for size, _, _ in kept], int),
        images=np.array([shown for _, shown, _ in kept], int),
        clusters=settings.clusters,
    )


def _cluster(
    activations: Float[np.ndarray, "s c"], count: int, seed: int
) -> tuple[Int[np.ndarray, " s"], Float[np.ndarray, " s"]]:
    """The cluster of each segment, and how far it lies from its centre."""
    from sklearn.cluster import KMeans
    from sklearn.exceptions import ConvergenceWarning

    with warnings.catch_warnings():
        # That there are too few different points is an error below.
        warnings.simplefilter("ignore", ConvergenceWarning)
        found = KMeans(count, n_init=10, random_state=seed).fit(activations)
    different = len(np.unique(found.labels_))
    if different < count:
        raise DataError(
            f"{len(activations)} segments have only {different} different activations, "
            f"too few for {count} clusters: the snapshot tells little apart. Choose "
            "another snapshot or site, or fewer clusters."
        )
    apart = np.linalg.norm(activations - found.cluster_centers_[found.labels_], axis=1)
    return found.labels_, apart


def _is_concept(size: int, shown_in: int, images: int) -> bool:
    """ACE's three rules: common, or common enough and frequent, or very frequent."""
    common = shown_in > 0.5 * size
    frequent = shown_in > 0.25 * size and shown_in > 0.25 * images
    everywhere = shown_in > 0.1 * size and shown_in > 0.5 * images
    return common or frequent or everywhere

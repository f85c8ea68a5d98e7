"""Frozen, keyword-only records of arrays that stages pass on.

Axis letters, everywhere in the package: `b` batch, `h w` space, `c` channels of a
site, `n` neurons of all sites in order, `i` images, `k` stimuli per neuron, `d`
embedding, `e` epochs, `m` classes, `s` sites, `q` quantiles, `r` repeats, `g` groups of
images.

A *site* is a layer that is observed, a *snapshot* one epoch's weights of one run.
Neurons are numbered 0..n-1 over the sites of a model in forward order; a neuron's id
reads `run@epoch/site/index`. An *image id* is a row of the image pool whose id the
record holds; the pool's manifest maps it to a name that is stable across machines.

This module holds no behaviour beyond shape checks and names, and costs nothing.
"""

import dataclasses
from collections.abc import Callable, Mapping, Sequence
from typing import Any, TypeVar, dataclass_transform

import numpy as np
from jaxtyping import Bool, Float, Int

from conceptevo_jax.epochs import Epoch, SnapshotId
from conceptevo_jax.errors import DataError

T = TypeVar("T")


@dataclass_transform(kw_only_default=True, frozen_default=True, eq_default=False)
def record(cls: type[T]) -> type[T]:
    """Make `cls` a frozen, keyword-only dataclass without array-valued equality."""
    return dataclasses.dataclass(frozen=True, kw_only=True, eq=False)(cls)


def _expect(condition: bool, owner: object, what: str) -> None:
    if not condition:
        raise DataError(f"{type(owner).__name__}: {what}")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Site:
    """A layer that is observed, as described by its model.

    Attributes:
      name: The layer's module path in torchvision, without `/`.
      channels: Number of neurons.
      rectified: Whether a ReLU precedes or follows it, so that only positive peaks
        count as a response.
      receptive_field: Side of the input square, in pixels, that one cell sees.
      stride: Input pixels between two neighbouring cells.
      pre: Name of the tap before the nonlinearity, if there is one.
      copies: Channels that repeat a channel of an earlier site, cell for cell or after
        max pooling, so that the peaks of both are equal.

    Example:
      >>> ce.Site(
      ...     name="conv1", channels=64, rectified=True, receptive_field=7, stride=2
      ... ).channels
      64
    """

    name: str
    channels: int
    rectified: bool
    receptive_field: int
    stride: int
    pre: str | None = None
    copies: tuple[int, ...] = ()


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Snapshot:
    """One epoch's weights of one run, loaded when first asked for.

    Attributes:
      run: Name of the run.
      epoch: See `Epoch`.
      load: Returns the model's variables, a mapping of Flax collections.

    Example:
      >>> ce.Snapshot(run="mine", epoch=3, load=lambda: variables).name
      'mine@3'
    """

    run: str
    epoch: Epoch
    load: Callable[[], Mapping[str, Any]]

    @property
    def name(self) -> str:
        """`run@epoch`."""
        return str(SnapshotId(self.run, self.epoch))


@record
class Stimuli:
    """Each neuron's strongest images in one pool (paper, Sec. 3.2, Step 1.1).

    Attributes:
      image_ids: Rows of the pool, strongest first; unused slots are -1.
      peaks: The spatial maximum of the neuron's map on that image; unused slots NaN.
      positions: Row and column of that maximum in the site's map; unused slots -1.
      count: Number of used slots.
      tied: Whether the value at rank k also occurs at rank k+1.
      dead: No positive, only constant, or any non-finite response: no stimuli.
      nonfinite: Any response that was NaN or infinite.
      grids: Height and width of each site's map, in cells.
      sites: The model's sites in forward order.
      pool_id: The pool that `image_ids` refers to.
    """

    image_ids: Int[np.ndarray, "n k"]
    peaks: Float[np.ndarray, "n k"]
    positions: Int[np.ndarray, "n k 2"]
    count: Int[np.ndarray, " n"]
    tied: Bool[np.ndarray, " n"]
    dead: Bool[np.ndarray, " n"]
    nonfinite: Bool[np.ndarray, " n"]
    grids: Int[np.ndarray, "s 2"]
    sites: tuple[Site, ...]
    pool_id: str

    def __post_init__(self) -> None:
        n, k = self.image_ids.shape
        _expect(n == neuron_count(self.sites), self, f"{n} rows for other sites")
        for name in ("peaks", "positions"):
            shape = getattr(self, name).shape[:2]
            _expect(shape == (n, k), self, f"{name} is {shape}, not {(n, k)}")
        for name in ("count", "tied", "dead", "nonfinite"):
            shape = getattr(self, name).shape
            _expect(shape == (n,), self, f"{name} is {shape}, not {(n,)}")

    def strongest(self, k: int) -> "Stimuli":
        """The same with k images per neuron, as if only k had been searched for.

        Args:
          k: At most the number of images per neuron.
        """
        if k == self.image_ids.shape[1]:
            return self
        # An unused slot's peak is NaN, which equals nothing.
        tied = self.peaks[:, k - 1] == self.peaks[:, k]
        return dataclasses.replace(
            self,
            image_ids=self.image_ids[:, :k],
            peaks=self.peaks[:, :k],
            positions=self.positions[:, :k],
            count=np.minimum(self.count, k),
            tied=tied,
        )


@record
class Responses:
    """Every neuron's peak response to every image of one set.

    Attributes:
      peaks: Spatial maximum of the neuron's map on the image.
      sites: The model's sites in forward order.
      images_id: Content key of the image set, in row order.
    """

    peaks: Float[np.ndarray, "i n"]
    sites: tuple[Site, ...]
    images_id: str


@record
class Observation:
    """The results of one sweep over a snapshot that later stages need.

    Attributes:
      found: Each neuron's strongest images in the pool, from which it is projected.
      k: How many of them are its stimuli.
      sample: Responses to a seeded sample of the pool.
      judgement: Responses to the held-out test images, on which nothing was chosen.
    """

    found: Stimuli
    k: int
    sample: Responses
    judgement: Responses

    @property
    def stimuli(self) -> Stimuli:
        """Each neuron's k strongest images."""
        return self.found.strongest(self.k)


@record
class Embedding:
    """Vectors of neurons or of images in one space.

    Attributes:
      vectors: One row each; NaN if no image could place it.
      coverage: Share of a neuron's stimuli (or 0/1: of an image) that had a vector.
    """

    vectors: Float[np.ndarray, "n d"]
    coverage: Float[np.ndarray, " n"]

    def __post_init__(self) -> None:
        _expect(
            self.coverage.shape == self.vectors.shape[:1],
            self,
            f"{self.coverage.shape} coverages for {self.vectors.shape} vectors",
        )

    @property
    def placed(self) -> Bool[np.ndarray, " n"]:
        """Which rows have a vector."""
        placed: Bool[np.ndarray, " n"] = np.isfinite(self.vectors).all(axis=1)
        return placed


@record
class Layout:
    """A 2-D map of vectors, which further vectors can be placed on.

    Attributes:
      points: Where each fitted vector lies.
      vectors: The fitted vectors themselves, in the same fixed order.
      stability: Mean overlap of 2-D neighbourhoods between two seeds, 0 to 1.
      seed: The seed of the shown map.
    """

    points: Float[np.ndarray, "n 2"]
    vectors: Float[np.ndarray, "n d"]
    stability: float
    seed: int


@record
class Space:
    """The unified semantic space: all that Step 2.2 needs to add another model.

    Attributes:
      base: Name of the base snapshot, `run@epoch`.
      pool_id: The pool whose images carry the vectors.
      method: The resolved settings of the space.
      sites: The base model's sites.
      neurons: The base neurons' vectors as learned in Step 1.
      images: One vector per image of the pool, from Step 2.1.
      covered: Which images are a stimulus of a live base neuron.
      quantiles: Per base neuron, ascending quantiles of its peak responses, by which
        an image outside the pool can be ranked.
      residual: RMS of (mean stimulus vector - learned vector) over base neurons.
    """

    base: str
    pool_id: str
    method: Mapping[str, Any]
    sites: tuple[Site, ...]
    neurons: Embedding
    images: Embedding
    covered: Bool[np.ndarray, " i"]
    quantiles: Float[np.ndarray, "n q"]
    residual: float


@record
class Importance:
    """How much the evolutions between two snapshots matter for a class (Sec. 3.3).

    For a score's interval see `share_intervals` in `analysis.statistics.intervals`.

    Attributes:
      before: Name of the earlier snapshot, `run@epoch`.
      after: Name of the later one.
      label: The class.
      images: The images of the class, as rows of the set they were taken from.
      sensitivity: Derivative of the class logit along a neuron's evolution (Eq. 3).
      score: Share of the images for which the sensitivity is positive (Eq. 4).
      changed: Whether the neuron's map differs on any of the images.
      halves: Per site, the split-half reliability of the ranking: the Spearman
        correlation of its neurons' scores on two halves of the images, mean over
        several divisions; NaN with fewer than three changed neurons.
      checked: Neurons compared with finite differences, a few images each.
      difference: The largest difference from forward differences in float64 (along
        the evolution), as a share of the largest sensitivity among them; NaN if the
        network cannot compute in float64.
      sites: The sites whose neurons these are, in forward order.
    """

    before: str
    after: str
    label: int
    images: Int[np.ndarray, " i"]
    sensitivity: Float[np.ndarray, "i n"]
    score: Float[np.ndarray, " n"]
    changed: Bool[np.ndarray, " n"]
    halves: Float[np.ndarray, " s"]
    checked: Int[np.ndarray, " _"]
    difference: float
    sites: tuple[Site, ...]


@record
class Reversion:
    """How reverting evolutions changes accuracy (paper, Sec. 4.4, Fig. 7).

    The groups of images are those of `analysis.reversion.GROUPS`; the last axis is
    top-1 and top-5 accuracy; NaN if a group has no image. The last quantile is a
    random draw as large as the first.

    Attributes:
      before: Name of the earlier snapshot, `run@epoch`.
      after: Name of the later one.
      label: The class.
      at_before: Accuracy of the unchanged earlier snapshot.
      at_after: Accuracy of the unchanged later snapshot.
      reverted: Accuracy of the later snapshot with the quantile's channels at the site
        patched in from the earlier one; the most important quantile first.
      transplanted: Accuracy of the earlier snapshot with those channels patched in from
        the later one.
      images: Number of images.
      sites: The sites, in forward order.
    """

    before: str
    after: str
    label: int
    at_before: Float[np.ndarray, "r g 2"]
    at_after: Float[np.ndarray, "r g 2"]
    reverted: Float[np.ndarray, "r s q g 2"]
    transplanted: Float[np.ndarray, "r s q g 2"]
    images: Int[np.ndarray, "r g"]
    sites: tuple[Site, ...]


def neuron_count(sites: Sequence[Site]) -> int:
    """Number of neurons at all `sites` together."""
    return sum(site.channels for site in sites)


def copied_neurons(sites: Sequence[Site]) -> Bool[np.ndarray, " n"]:
    """Which neurons are copies of a neuron of an earlier site, and hold nothing new."""
    copied = np.zeros(neuron_count(sites), bool)
    for site, site_slice in zip(sites, site_slices(sites).values(), strict=True):
        copied[site_slice][list(site.copies)] = True
    return copied


def site_slices(sites: Sequence[Site]) -> dict[str, slice]:
    """The range of each site's neurons on the `n` axis, by site name."""
    slices, start = {}, 0
    for site in sites:
        slices[site.name] = slice(start, start + site.channels)
        start += site.channels
    return slices


def neurons_among(
    selected_sites: Sequence[Site], sites: Sequence[Site]
) -> Int[np.ndarray, " _"]:
    """The positions of some sites' neurons among those of all sites.

    Args:
      selected_sites: Some of the sites, in any order.
      sites: All of them, in forward order.
    """
    slices = site_slices(sites)
    parts = [
        np.arange(slices[s.name].start, slices[s.name].stop) for s in selected_sites
    ]
    return np.concatenate(parts)


def neuron_ids(snapshot: str, sites: Sequence[Site]) -> list[str]:
    """Ids `run@epoch/site/index` of all neurons of a snapshot.

    Args:
      snapshot: Its name, `run@epoch`.
      sites: Of its model, in forward order.
    """
    return [f"{snapshot}/{s.name}/{c}" for s in sites for c in range(s.channels)]

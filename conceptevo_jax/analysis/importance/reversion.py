"""How reverting evolutions changes accuracy (paper, Sec. 4.4, Fig. 7).

Per repeat: sample images of the class, rank the neurons of every site by importance on
them, divide the ranking into percentile bins, replace a bin's channels of `after` by
those of `before`, and measure the accuracy. The comparisons are the same number of
random channels, and the reverse: a bin's channels of `after` patched into `before`.

The paper measures on training images. Here the sampled images, which made the ranking,
are kept apart from other training images and from test images, which did not; and
images of the other classes show whether a bin matters for this class or for all.
"""

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Bool

from conceptevo_jax.analysis.importance.activation_patching import (
    Correctness,
    Revert,
    revert_evolutions,
)
from conceptevo_jax.analysis.importance.class_images import ClassImages
from conceptevo_jax.analysis.importance.endpoints import load_endpoint
from conceptevo_jax.analysis.importance.group_accuracies import (
    accuracies,
    patched_accuracies,
)
from conceptevo_jax.analysis.importance.percentile_bins import channel_masks
from conceptevo_jax.analysis.importance.scores import require_images, select_sites
from conceptevo_jax.errors import (
    DataError,
    UsageError,
    require_count,
    require_seed,
    require_type,
)
from conceptevo_jax.models import Model
from conceptevo_jax.streams import stream
from conceptevo_jax.types import Importance, Reversion, Site, Snapshot

GROUPS = ("sampled", "other", "test", "elsewhere")
"""Training images that made the ranking, other training images of the class, its test
images, and test images of the other classes."""

METRICS = ("top1", "top5")

DIRECTIONS = ("reverted", "transplanted")
"""Channels of `before` patched into `after`, and the other way round."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class ReversionOptions:
    """How evolutions are reverted.

    Attributes:
      bins: Percentile bins per site.
      repeats: Independent samples of images, and random draws.
      images: Sampled images of the class per repeat; at most half of its images, so
        that others are left.
      train_images: Largest number of training images, sampled ones included.
      test_images: Largest number of test images of the class.
      elsewhere_images: Largest number of test images of the other classes.
      batch_size: Images per call; a call for bins takes this number for each bin.
    """

    bins: int = 4
    repeats: int = 5
    images: int = 128
    train_images: int | None = None
    test_images: int | None = None
    elsewhere_images: int | None = 100
    batch_size: int = 64

    def __post_init__(self) -> None:
        require_count("bins", self.bins, minimum=2)
        for name in ("repeats", "images", "batch_size"):
            require_count(name, getattr(self, name))
        for name in ("train_images", "test_images", "elsewhere_images"):
            if getattr(self, name) is not None:
                require_count(name, getattr(self, name))


Measure = Callable[[Snapshot, Snapshot, Importance, ClassImages], Reversion]
"""`measure(before, after, importance, images)`; importance of `images.train`."""


def measure_reversion(
    model: Model,
    sites: Sequence[Site],
    settings: ReversionOptions | None = None,
    *,
    seed: int = 0,
) -> Measure:
    """Prepare to measure reversions (paper, Sec. 4.4, Fig. 7).

    Compiled once for any snapshots and classes.

    Args:
      model: The architecture of both snapshots of the evolution.
      sites: The sites where evolutions are reverted.
      settings: How evolutions are reverted; by default `ReversionOptions()`.
      seed: Seed of the samples and the random draws.

    Returns:
      The measure. It raises `UsageError` for an unknown class or one with fewer than
      two training images, `DataError` for the importance of another evolution, class,
      site or of other images, and the errors of `load_endpoint`.

    Raises:
      UsageError: for no site, an unknown one, or one with fewer neurons than bins.

    Example:
      >>> revert = ce.measure_reversion(model, model.sites[-1:])
      >>> reversion = revert(before, after, importance, class_images)
      >>> reversion.reverted.shape  # of 5 repeats, 1 site, 4 bins and random, ...
      (5, 1, 5, 4, 2)
    """
    require_seed(seed)
    settings = settings or ReversionOptions()
    _require_sites(model, sites, settings.bins)
    return _ReversionMeasure(
        model=model,
        sites=tuple(sites),
        settings=settings,
        seed=seed,
        revert=revert_evolutions(model, sites, settings.batch_size),
    )


@dataclasses.dataclass(frozen=True, kw_only=True)
class _ReversionMeasure:
    """A `Measure`, compiled once and called for each evolution and class."""

    model: Model
    sites: tuple[Site, ...]
    settings: ReversionOptions
    seed: int
    revert: Revert

    def __call__(
        self,
        before: Snapshot,
        after: Snapshot,
        importance: Importance,
        images: ClassImages,
    ) -> Reversion:
        self._require_images(images)
        names = before.name, after.name
        _require_matching_importance(importance, names, images, self.sites)
        endpoints = load_endpoint(self.model, before), load_endpoint(self.model, after)
        sampled = _sample_images(images, self.settings, self.seed)
        masks = channel_masks(
            importance, self.sites, sampled, self.settings.bins, self.seed
        )
        correctness = self.revert(*endpoints, *images.pixels_and_labels(), masks)
        members = _group_members(images, sampled)
        return Reversion(
            before=before.name,
            after=after.name,
            label=images.label,
            **_group_accuracies(correctness, members),
            images=members.sum(axis=-1),
            sites=self.sites,
        )

    def _require_images(self, images: ClassImages) -> None:
        require_images(images.train, images.label, self.model)
        self.model.require_labels(images.elsewhere_labels)


def _group_accuracies(
    correctness: Correctness, members: Bool[np.ndarray, "r g j"]
) -> dict[str, np.ndarray]:
    """The fields of `Reversion` that hold accuracies over the groups of images."""
    return {
        "at_before": accuracies(correctness.before, members),
        "at_after": accuracies(correctness.after, members),
        "reverted": patched_accuracies(correctness.reverted, members),
        "transplanted": patched_accuracies(correctness.transplanted, members),
    }


def _require_sites(model: Model, sites: Sequence[Site], bins: int) -> None:
    if not sites:
        raise UsageError(f"no site of {model.name} is named for reverting evolutions.")
    for site in sites:
        require_type(site, Site, "a site", "Take some of model.sites.")
    for site in select_sites(model, [site.name for site in sites]):
        if site.channels < bins:
            raise UsageError(
                f"site {site.name} of {model.name} has {site.channels} neurons, fewer "
                f"than {bins} bins: leave it out, or take fewer bins."
            )


def _require_matching_importance(
    importance: Importance,
    names: tuple[str, str],
    images: ClassImages,
    sites: Sequence[Site],
) -> None:
    site_names = {site.name for site in importance.sites}
    matches = {
        "evolution": (importance.before, importance.after) == names,
        "class": importance.label == images.label,
        "images": np.array_equal(importance.images, images.rows),
        "sites": all(site.name in site_names for site in sites),
    }
    mismatches = [name for name, same in matches.items() if not same]
    if mismatches:
        raise DataError(
            f"{names[0]} to {names[1]}, class {images.label}: this is the importance "
            f"of other {' and '.join(mismatches)} than those to be reverted. Measure "
            "it on the same ones."
        )


def _sample_images(
    images: ClassImages, settings: ReversionOptions, seed: int
) -> Bool[np.ndarray, "r i"]:
    count = len(images.train)
    if count < 2:
        raise UsageError(
            f"class {images.label} has {count} training images, but two are needed: "
            "one to rank evolutions by and another to judge them on."
        )
    masks = np.zeros((settings.repeats, count), bool)
    for repeat, mask in enumerate(masks):
        rng = stream(seed, "images of a reversion", images.label, repeat)
        mask[rng.permutation(count)[: min(settings.images, count // 2)]] = True
    return masks


def _group_members(
    images: ClassImages, is_sampled: Bool[np.ndarray, "r i"]
) -> Bool[np.ndarray, "r g j"]:
    """Which images belong to which group, `GROUPS` in order."""
    sizes = [len(images.train), len(images.test), len(images.elsewhere)]
    members = np.zeros((len(is_sampled), len(GROUPS), sum(sizes)), bool)
    members[:, 0, : sizes[0]], members[:, 1, : sizes[0]] = is_sampled, ~is_sampled
    members[:, 2, sizes[0] : sizes[0] + sizes[1]] = True
    members[:, 3, sizes[0] + sizes[1] :] = True
    return members

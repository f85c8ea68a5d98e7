"""What reverting evolutions does to accuracy (paper, Sec. 4.4, Fig. 7).

Per repeat: sample images of the class, rank the neurons of every site by importance on
them, divide the ranking into percentile bins, take a bin's channels of `after` from
`before`, and see what becomes of the accuracy. Beside it, as many random channels; and
the reverse, a bin's channels of `after` brought into `before`.

The paper measures on training images. Here the sampled ones, which made the ranking,
are told apart from other training images and from test images, which did not; and
images of the other classes tell whether a bin matters for this class or for all.
"""

import dataclasses
from collections.abc import Callable, Sequence

import numpy as np
from jaxtyping import Bool, Float, Int, UInt8

from conceptevo_jax.analysis.importance.activation_patching import revert_evolutions
from conceptevo_jax.analysis.importance.endpoints import load_end
from conceptevo_jax.analysis.importance.scores import (
    chosen_sites,
    rank_neurons,
    require_images,
)
from conceptevo_jax.data import checked_labels, require_pixels, require_rows
from conceptevo_jax.errors import (
    DataError,
    UsageError,
    require_count,
    require_seed,
    require_type,
)
from conceptevo_jax.models import Model
from conceptevo_jax.streams import stream
from conceptevo_jax.types import (
    Importance,
    Reversion,
    Site,
    Snapshot,
    record,
    site_slices,
)

GROUPS = ("sampled", "other", "test", "elsewhere")
"""Training images that made the ranking, other training images of the class, its test
images, and test images of the other classes."""

METRICS = ("top1", "top5")

DIRECTIONS = ("reverted", "transplanted")
"""Channels of `before` put into `after`, and the other way round."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Reverting:
    """How evolutions are reverted.

    Attributes:
      bins: Percentile bins per site.
      repeats: Independent samples of images, and random draws.
      images: Sampled images of the class per repeat; at most half of those it has, so
        that others are left.
      train_images: Training images of the class at most, sampled ones included.
      test_images: Test images of the class at most.
      elsewhere_images: Test images of the other classes at most.
      batch_size: Images per call; of the bins' calls each takes so many per bin.
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


@record
class ClassImages:
    """The images on which a class's evolutions are reverted.

    `UsageError` refuses what are no uint8 pixels `[i side side 3]` of one size, or
    labels and rows of other images.

    Attributes:
      label: The class.
      train: Training images of the class.
      rows: Which ones, rows of the set they were taken from.
      test: Test images of the class.
      elsewhere: Test images of other classes.
      elsewhere_labels: Their classes.
    """

    label: int
    train: UInt8[np.ndarray, "i h w 3"]
    rows: Int[np.ndarray, " i"]
    test: UInt8[np.ndarray, "_ h w 3"]
    elsewhere: UInt8[np.ndarray, "_ h w 3"]
    elsewhere_labels: Int[np.ndarray, " _"]

    def __post_init__(self) -> None:
        require_count("the class", self.label, minimum=0)
        for name in ("train", "test", "elsewhere"):
            require_pixels(getattr(self, name), name)
        sides = {getattr(self, n).shape[1] for n in ("train", "test", "elsewhere")}
        if len(sides) > 1:
            raise UsageError(
                f"train, test and elsewhere are images of {sorted(sides)} pixels, but "
                "one size is needed: resize them."
            )
        require_rows(self.rows, len(self.train))
        labels = checked_labels(
            self.elsewhere_labels, len(self.elsewhere), "elsewhere_labels"
        )
        if (labels == self.label).any():
            raise UsageError(
                f"elsewhere_labels hold class {self.label} itself: elsewhere are "
                "images of the other classes."
            )

    def together(self) -> tuple[np.ndarray, np.ndarray]:
        """All pixels and labels: training, test, elsewhere."""
        own = np.full(len(self.train) + len(self.test), self.label)
        pixels = np.concatenate([self.train, self.test, self.elsewhere])
        labels = np.concatenate([own, self.elsewhere_labels])
        return pixels, labels.astype(np.int32)


Measure = Callable[[Snapshot, Snapshot, Importance, ClassImages], Reversion]
"""`measure(before, after, importance, images)`; importance of `images.train`."""


def measure_reversion(
    model: Model,
    sites: Sequence[Site],
    settings: Reverting | None = None,
    *,
    seed: int = 0,
) -> Measure:
    """Prepare to measure reversions; compiled once for any snapshots and classes.

    Args:
      model: The architecture of both ends of the evolution.
      sites: Where evolutions are reverted.
      settings: How.
      seed: Of the samples and the random draws.

    Returns:
      The measure. It raises `UsageError` for an unknown class or one with fewer than
      two training images, `DataError` for the importance of another evolution, class,
      site or of other images, and what `load_end` does.

    Raises:
      UsageError: for no site, an unknown one, or one with fewer neurons than bins.
    """
    require_seed(seed)
    how = settings or Reverting()
    if not sites:
        raise UsageError(f"no site of {model.name} is named to revert evolutions at.")
    for site in sites:
        require_type(site, Site, "a site", "Take some of model.sites.")
    for site in chosen_sites(model, [site.name for site in sites]):
        if site.channels < how.bins:
            raise UsageError(
                f"site {site.name} of {model.name} has {site.channels} neurons, fewer "
                f"than {how.bins} bins: leave it out, or take fewer bins."
            )
    revert = revert_evolutions(model, sites, how.batch_size)

    def measure(
        before: Snapshot, after: Snapshot, importance: Importance, images: ClassImages
    ) -> Reversion:
        require_images(images.train, images.label, model)
        model.require_labels(images.elsewhere_labels)
        _require_importance_of(importance, (before.name, after.name), images, sites)
        ends = load_end(model, before), load_end(model, after)
        sampled = _sampled(images, how, seed)
        masks = _masks(importance, sites, sampled, how.bins, seed)
        found = revert(*ends, *images.together(), masks)
        members = _members(images, sampled)
        return Reversion(
            before=before.name,
            after=after.name,
            label=images.label,
            at_before=_accuracy(found.before, members),
            at_after=_accuracy(found.after, members),
            reverted=_accuracies(found.reverted, members),
            transplanted=_accuracies(found.transplanted, members),
            images=members.sum(axis=-1),
            sites=tuple(sites),
        )

    return measure


def _require_importance_of(
    importance: Importance,
    ends: tuple[str, str],
    images: ClassImages,
    sites: Sequence[Site],
) -> None:
    known = {site.name for site in importance.sites}
    found = {
        "evolution": (importance.before, importance.after) == ends,
        "class": importance.label == images.label,
        "images": np.array_equal(importance.images, images.rows),
        "sites": all(site.name in known for site in sites),
    }
    other = [name for name, same in found.items() if not same]
    if other:
        raise DataError(
            f"{ends[0]} to {ends[1]}, class {images.label}: this is the importance of "
            f"other {' and '.join(other)} than those to be reverted. Measure it on "
            "the same ones."
        )


def _sampled(images: ClassImages, how: Reverting, seed: int) -> Bool[np.ndarray, "r i"]:
    count = len(images.train)
    if count < 2:
        raise UsageError(
            f"class {images.label} has {count} training images, but two are needed: "
            "one to rank evolutions by and another to judge them on."
        )
    found = np.zeros((how.repeats, count), bool)
    for repeat, chosen in enumerate(found):
        rng = stream(seed, "images of a reversion", images.label, repeat)
        chosen[rng.permutation(count)[: min(how.images, count // 2)]] = True
    return found


def _masks(
    importance: Importance,
    sites: Sequence[Site],
    sampled: Bool[np.ndarray, "r i"],
    bins: int,
    seed: int,
) -> dict[str, np.ndarray]:
    """Per site: the bins, the most important first, and a random draw."""
    where, masks = site_slices(importance.sites), {}
    for at, site in enumerate(sites):
        sensitivity = importance.sensitivity[:, where[site.name]]
        draws = ((seed, importance.label, repeat, at) for repeat in range(len(sampled)))
        parts = zip(sampled, draws, strict=True)
        masks[site.name] = np.stack(
            [_bins(sensitivity[own], bins, draw) for own, draw in parts]
        )
    return masks


def _bins(
    sensitivity: Float[np.ndarray, "i c"], bins: int, draw: tuple[int, ...]
) -> Bool[np.ndarray, "q c"]:
    score = (sensitivity > 0).mean(axis=0)
    order = rank_neurons(score, sensitivity, *draw)
    parts = np.array_split(order, bins)
    rng = stream(draw[0], "random neurons of a reversion", *draw[1:])
    parts.append(rng.permutation(len(order))[: len(parts[0])])
    masks = np.zeros((len(parts), len(order)), bool)
    for mask, part in zip(masks, parts, strict=True):
        mask[part] = True
    return masks


def _members(
    images: ClassImages, sampled: Bool[np.ndarray, "r i"]
) -> Bool[np.ndarray, "r g j"]:
    """Which images are of which group, `GROUPS` in order."""
    sizes = [len(images.train), len(images.test), len(images.elsewhere)]
    members = np.zeros((len(sampled), len(GROUPS), sum(sizes)), bool)
    members[:, 0, : sizes[0]], members[:, 1, : sizes[0]] = sampled, ~sampled
    members[:, 2, sizes[0] : sizes[0] + sizes[1]] = True
    members[:, 3, sizes[0] + sizes[1] :] = True
    return members


def _accuracy(
    found: Bool[np.ndarray, "i 2"], members: Bool[np.ndarray, "r g i"]
) -> Float[np.ndarray, "r g 2"]:
    right = np.einsum("im,rgi->rgm", found.astype(float), members.astype(float))
    return _share(right, members.sum(axis=-1))


def _accuracies(
    found: Bool[np.ndarray, "r s q i 2"], members: Bool[np.ndarray, "r g i"]
) -> Float[np.ndarray, "r s q g 2"]:
    right = np.einsum(
        "rsqim,rgi->rsqgm", found.astype(float), members.astype(float), optimize=True
    )
    return _share(right, members.sum(axis=-1)[:, None, None])


def _share(right: np.ndarray, of: Int[np.ndarray, "... g"]) -> np.ndarray:
    """Right ones per image; NaN where there is none."""
    return (
        np.where(of > 0, 1.0, np.nan)[..., None] * right / np.maximum(of, 1)[..., None]
    )

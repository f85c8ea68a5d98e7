"""Image segments as candidates for concepts: SLIC at several resolutions.

As ACE has them (Ghorbani et al., 2019, https://arxiv.org/abs/1902.03129, Sec. 3): every
image is divided coarsely and finely, tiny segments and near duplicates of coarser ones
are left out, and each of the others becomes an image of its own. The last label of a
division is a segment, too, which the authors' code leaves out. Costs about 20 ms an
image of 32 pixels.
"""

import dataclasses

import numpy as np
from jaxtyping import Bool, Int, UInt8
from PIL import Image

from conceptevo_jax.errors import UsageError
from conceptevo_jax.types import record

GREY = 117
"""Colour of what is not in the segment."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Segmenting:
    """How images are divided; the defaults are ACE's own.

    Attributes:
      counts: Segments that SLIC aims at, coarse to fine.
      compactness: SLIC's; high for squarer segments.
      sigma: Of the Gaussian that smooths the image first, in pixels.
      least: Share of the image above which a segment is kept.
      same: Jaccard index with a kept segment of a coarser division above which it is
        a duplicate.
    """

    counts: tuple[int, ...] = (15, 50, 80)
    compactness: float = 20.0
    sigma: float = 1.0
    least: float = 0.001
    same: float = 0.5

    def __post_init__(self) -> None:
        if not self.counts or min(self.counts) < 2:
            raise UsageError(
                f"segment counts {list(self.counts)} are out of range: 2 or more each, "
                "coarse to fine."
            )
        if self.compactness <= 0 or self.sigma < 0:
            raise UsageError(
                f"compactness={self.compactness}, sigma={self.sigma} are out of range: "
                "above 0, and 0 or more."
            )
        if not (0 <= self.least < 1 and 0 <= self.same <= 1):
            raise UsageError(
                f"least={self.least}, same={self.same} are out of range: shares, "
                "from 0 to 1."
            )


@record
class Segments:
    """Segments of several images.

    Attributes:
      image: Which image each is of.
      masks: Which pixels of it.
      patches: Each one cut out: grey around it, its bounding box enlarged to the
        image's side.
    """

    image: Int[np.ndarray, " s"]
    masks: Bool[np.ndarray, "s h w"]
    patches: UInt8[np.ndarray, "s h w 3"]


def segment_images(
    pixels: UInt8[np.ndarray, "i h w 3"], settings: Segmenting | None = None
) -> Segments:
    """Cut the segments of some images out.

    Args:
      pixels: The images.
      settings: See `Segmenting`.
    """
    settings = settings or Segmenting()
    found = [image_masks(one, settings) for one in pixels]
    side = pixels.shape[1:3]
    image = np.repeat(np.arange(len(pixels)), list(map(len, found)))
    masks = np.concatenate([np.zeros((0, *side), bool), *found])
    cut = [_patch(pixels[i], mask) for i, mask in zip(image, masks, strict=True)]
    patches = np.array(cut, np.uint8).reshape(-1, *side, 3)
    return Segments(image=image, masks=masks, patches=patches)


def image_masks(
    image: UInt8[np.ndarray, "h w 3"], settings: Segmenting
) -> Bool[np.ndarray, "s h w"]:
    """The segments of one image that are kept, coarse to fine."""
    # Takes a second to import.
    from skimage.segmentation import slic

    kept = np.zeros((0, *image.shape[:2]), bool)
    for count in settings.counts:
        labels = slic(
            image,
            n_segments=count,
            compactness=settings.compactness,
            sigma=settings.sigma,
            start_label=0,
        )
        level = labels[None] == np.unique(labels)[:, None, None]
        large = level.mean(axis=(1, 2)) > settings.least
        fresh = _jaccard(level, kept).max(axis=1, initial=0) <= settings.same
        kept = np.concatenate([kept, level[large & fresh]])
    return kept


def _jaccard(
    first: Bool[np.ndarray, "a h w"], second: Bool[np.ndarray, "b h w"]
) -> np.ndarray:
    """Intersection over union of all pairs of masks, `[a b]`."""
    rows = [
        one.reshape(len(one), first[0].size).astype(float) for one in (first, second)
    ]
    common = rows[0] @ rows[1].T
    sizes = [own.sum(axis=1) for own in rows]
    return common / (sizes[0][:, None] + sizes[1] - common)


def _patch(
    image: UInt8[np.ndarray, "h w 3"], mask: Bool[np.ndarray, "h w"]
) -> UInt8[np.ndarray, "h w 3"]:
    shown = np.where(mask[:, :, None], image, np.uint8(GREY))
    down, right = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    box = (right[0], down[0], right[-1] + 1, down[-1] + 1)
    cut = Image.fromarray(shown).crop(tuple(int(edge) for edge in box))
    size = (image.shape[1], image.shape[0])
    return np.asarray(cut.resize(size, Image.Resampling.BICUBIC))

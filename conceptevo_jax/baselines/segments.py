"""Image segments as candidates for concepts: SLIC at several resolutions.

As in ACE (Ghorbani et al., 2019, https://arxiv.org/abs/1902.03129, Sec. 3): every
image is divided coarsely and finely, tiny segments and near duplicates of coarser ones
are left out, and each remaining segment becomes a separate image. The last label of
a segmentation is also a segment, which the authors' code leaves out. Costs about 20 ms
per image of 32 pixels.
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
class SegmentationSettings:
    """How images are divided; the defaults are ACE's own.

    Attributes:
      counts: Segments that SLIC aims at, coarse to fine.
      compactness: SLIC's; high for squarer segments.
      sigma: Of the Gaussian that smooths the image first, in pixels.
      min_area: Share of the image above which a segment is kept.
      max_overlap: Jaccard index with a kept segment of a coarser division above which
        a segment is a duplicate.
    """

    counts: tuple[int, ...] = (15, 50, 80)
    compactness: float = 20.0
    sigma: float = 1.0
    min_area: float = 0.001
    max_overlap: float = 0.5

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
        if not (0 <= self.min_area < 1 and 0 <= self.max_overlap <= 1):
            raise UsageError(
                f"min_area={self.min_area}, max_overlap={self.max_overlap} are out of "
                "range: shares, from 0 to 1."
            )


@record
class Segments:
    """Segments of several images.

    Attributes:
      image: Index of the image that each segment is from.
      masks: Which pixels of that image belong to it.
      patches: Each segment cut out: grey around it, its bounding box enlarged to the
        image's side.
    """

    image: Int[np.ndarray, " s"]
    masks: Bool[np.ndarray, "s h w"]
    patches: UInt8[np.ndarray, "s h w 3"]


def segment_images(
    pixels: UInt8[np.ndarray, "i h w 3"], settings: SegmentationSettings | None = None
) -> Segments:
    """Cut out the segments of several images.

    Args:
      pixels: The images.
      settings: See `SegmentationSettings`.
    """
    settings = settings or SegmentationSettings()
    masks_by_image = [image_masks(image, settings) for image in pixels]
    side = pixels.shape[1:3]
    image_index = np.repeat(np.arange(len(pixels)), list(map(len, masks_by_image)))
    masks = np.concatenate([np.zeros((0, *side), bool), *masks_by_image])
    patches = [
        _patch(pixels[index], mask)
        for index, mask in zip(image_index, masks, strict=True)
    ]
    return Segments(
        image=image_index,
        masks=masks,
        patches=np.array(patches, np.uint8).reshape(-1, *side, 3),
    )


def image_masks(
    image: UInt8[np.ndarray, "h w 3"], settings: SegmentationSettings
) -> Bool[np.ndarray, "s h w"]:
    """The segments of one image that are kept, coarse to fine.

    Args:
      image: The image.
      settings: See `SegmentationSettings`.
    """
    # Takes a second to import.
    from skimage.segmentation import slic

    masks = np.zeros((0, *image.shape[:2]), bool)
    for count in settings.counts:
        labels = slic(
            image,
            n_segments=count,
            compactness=settings.compactness,
            sigma=settings.sigma,
            start_label=0,
        )
        division = labels[None] == np.unique(labels)[:, None, None]
        large = division.mean(axis=(1, 2)) > settings.min_area
        overlap = _jaccard(division, masks).max(axis=1, initial=0)
        masks = np.concatenate(
            [masks, division[large & (overlap <= settings.max_overlap)]]
        )
    return masks


def _jaccard(
    first: Bool[np.ndarray, "a h w"], second: Bool[np.ndarray, "b h w"]
) -> np.ndarray:
    """Intersection over union of all pairs of masks, `[a b]`."""
    flat_masks = [
        masks.reshape(len(masks), first[0].size).astype(float)
        for masks in (first, second)
    ]
    intersection = flat_masks[0] @ flat_masks[1].T
    areas = [masks.sum(axis=1) for masks in flat_masks]
    return intersection / (areas[0][:, None] + areas[1] - intersection)


def _patch(
    image: UInt8[np.ndarray, "h w 3"], mask: Bool[np.ndarray, "h w"]
) -> UInt8[np.ndarray, "h w 3"]:
    """The mask's bounding box on grey, enlarged to the image's size."""
    image_on_grey = np.where(mask[:, :, None], image, np.uint8(GREY))
    rows, columns = np.flatnonzero(mask.any(axis=1)), np.flatnonzero(mask.any(axis=0))
    box = (columns[0], rows[0], columns[-1] + 1, rows[-1] + 1)
    cropped_image = Image.fromarray(image_on_grey).crop(
        tuple(int(edge) for edge in box)
    )
    size = (image.shape[1], image.shape[0])
    return np.asarray(cropped_image.resize(size, Image.Resampling.BICUBIC))

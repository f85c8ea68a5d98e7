"""Segments: laws of SLIC's divisions and of what is kept of them."""

import numpy as np
import pytest
from PIL import Image

from conceptevo_jax.baselines.segments import (
    GREY,
    SegmentationSettings,
    _patch,
    image_masks,
    segment_images,
)
from conceptevo_jax.data.shapes import draw, factors
from conceptevo_jax.errors import UsageError


@pytest.fixture(scope="module")
def images():
    return draw(factors(0, "train", np.arange(6)))


def of_image(segments, number):
    return segments.masks[segments.image == number]


def test_a_single_division_covers_every_pixel_once(images):
    """Every label is a segment, the last one, too."""
    segments = segment_images(images, SegmentationSettings(counts=(30,)))
    for number in range(len(images)):
        np.testing.assert_array_equal(of_image(segments, number).sum(axis=0), 1)


def test_finer_divisions_add_no_near_duplicates(images):
    segments = segment_images(images)
    coarse = segment_images(images, SegmentationSettings(counts=(15,)))
    assert len(segments.image) > len(coarse.image)
    for number in range(len(images)):
        masks = of_image(segments, number)
        first = len(of_image(coarse, number))
        np.testing.assert_array_equal(masks[:first], of_image(coarse, number))
        rows = masks.reshape(len(masks), -1).astype(float)
        common = rows @ rows.T
        union = rows.sum(axis=1)[:, None] + rows.sum(axis=1) - common
        assert (common / union)[first:, :first].max() <= 0.5


def test_tiny_segments_are_left_out(images):
    min_area = 0.02
    segments = segment_images(images, SegmentationSettings(min_area=min_area))
    unfiltered = segment_images(images)
    assert (segments.masks.mean(axis=(1, 2)) > min_area).all()
    assert len(segments.image) < len(unfiltered.image)


def test_patches_are_the_segment_on_grey(images):
    segments = segment_images(images[:1], SegmentationSettings(counts=(15,)))
    largest = int(segments.masks.sum(axis=(1, 2)).argmax())
    mask, patch = segments.masks[largest], segments.patches[largest]
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    box = np.full((*mask.shape, 3), GREY, np.uint8)
    box[mask] = images[0][mask]
    box = box[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    assert patch.shape == images[0].shape
    size = mask.shape[::-1]
    whole = Image.fromarray(box).resize(size, Image.Resampling.BICUBIC)
    np.testing.assert_array_equal(patch, np.asarray(whole))


def test_nothing_of_what_surrounds_a_segment_is_in_its_patch(images):
    segments = segment_images(images[:2])
    for image, mask, patch in zip(
        segments.image, segments.masks, segments.patches, strict=True
    ):
        changed_around = images[image].copy()
        changed_around[~mask] = 255 - changed_around[~mask]
        np.testing.assert_array_equal(_patch(changed_around, mask), patch)


def test_no_image_has_no_segment():
    segments = segment_images(np.zeros((0, 32, 32, 3), np.uint8))
    assert segments.patches.shape == (0, 32, 32, 3)


def test_no_two_divisions_have_near_duplicates(images):
    """Of any two of the three, not only with the coarsest."""
    settings = SegmentationSettings()
    for image in images:
        upto = [
            len(
                image_masks(
                    image, SegmentationSettings(counts=settings.counts[: n + 1])
                )
            )
            for n in range(len(settings.counts))
        ]
        level = np.repeat(np.arange(len(upto)), np.diff([0, *upto]))
        rows = image_masks(image, settings).reshape(len(level), -1).astype(float)
        common, sizes = rows @ rows.T, rows.sum(axis=1)
        overlap = common / (sizes[:, None] + sizes - common)
        assert overlap[level[:, None] != level].max() <= settings.max_overlap
        assert (
            common[(level[:, None] == level) & ~np.eye(len(level), dtype=bool)].max()
            == 0
        )


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"compactness": 0.0}, "compactness=0.0, sigma=1.0 are out of range"),
        ({"sigma": -1.0}, "sigma=-1.0 are out of range"),
        ({"min_area": 1.0}, "min_area=1.0, max_overlap=0.5 are out of range"),
        ({"max_overlap": 1.5}, "max_overlap=1.5 are out of range"),
    ],
)
def test_impossible_divisions_are_refused(settings, message):
    with pytest.raises(UsageError, match=message):
        SegmentationSettings(**settings)


def test_a_division_into_one_is_refused():
    with pytest.raises(UsageError, match=r"\[1\]"):
        SegmentationSettings(counts=(1,))

"""Segments: laws of SLIC's divisions and of what is kept of them."""

import numpy as np
import pytest

from conceptevo_jax.baselines.segments import GREY, Segmenting, segment_images
from conceptevo_jax.data.shapes import draw, factors
from conceptevo_jax.errors import UsageError


@pytest.fixture(scope="module")
def images():
    return draw(factors(0, "train", np.arange(6)))


def of_image(found, number):
    return found.masks[found.image == number]


def test_a_single_division_covers_every_pixel_once(images):
    """Every label is a segment, the last one, too."""
    found = segment_images(images, Segmenting(counts=(30,)))
    for number in range(len(images)):
        np.testing.assert_array_equal(of_image(found, number).sum(axis=0), 1)


def test_finer_divisions_add_no_near_duplicates(images):
    found = segment_images(images)
    coarse = segment_images(images, Segmenting(counts=(15,)))
    assert len(found.image) > len(coarse.image)
    for number in range(len(images)):
        masks = of_image(found, number)
        first = len(of_image(coarse, number))
        np.testing.assert_array_equal(masks[:first], of_image(coarse, number))
        rows = masks.reshape(len(masks), -1).astype(float)
        common = rows @ rows.T
        union = rows.sum(axis=1)[:, None] + rows.sum(axis=1) - common
        assert (common / union)[first:, :first].max() <= 0.5


def test_tiny_segments_are_left_out(images):
    least = 0.02
    found = segment_images(images, Segmenting(least=least))
    everything = segment_images(images)
    assert (found.masks.mean(axis=(1, 2)) > least).all()
    assert len(found.image) < len(everything.image)


def test_patches_are_the_segment_on_grey(images):
    found = segment_images(images[:1], Segmenting(counts=(15,)))
    largest = int(found.masks.sum(axis=(1, 2)).argmax())
    mask, patch = found.masks[largest], found.patches[largest]
    inside = images[0][mask].astype(float)
    rows, columns = np.flatnonzero(mask.any(1)), np.flatnonzero(mask.any(0))
    box = np.full((*mask.shape, 3), GREY, np.uint8)
    box[mask] = images[0][mask]
    box = box[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    assert patch.shape == images[0].shape
    # Enlarging keeps the mean, but for what bicubic filters overshoot at edges.
    assert abs(patch.mean() - box.mean()) < 4
    assert abs(inside.mean() - 255) > 0


def test_no_image_has_no_segment():
    found = segment_images(np.zeros((0, 32, 32, 3), np.uint8))
    assert found.patches.shape == (0, 32, 32, 3)


def test_a_division_into_one_is_refused():
    with pytest.raises(UsageError, match=r"\[1\]"):
        Segmenting(counts=(1,))

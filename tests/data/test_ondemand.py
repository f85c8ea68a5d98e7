"""Pixels decoded on demand are those that would have been kept."""

import numpy as np
import pytest

from conceptevo_jax.data import (
    decode_images,
    decode_on_demand,
    sequential_batches,
    train_batches,
)

ROWS = np.array([5, 2, 3, 17, 0])


@pytest.fixture
def both(image_set, tmp_path):
    images = image_set(24)
    return decode_images(images, ROWS, tmp_path), decode_on_demand(images, ROWS)


@pytest.mark.parametrize(
    "chosen",
    [3, -1, slice(1, 4), slice(0, 0), np.array([4, 0, 0]), np.array([], int)],
    ids=str,
)
def test_every_way_of_indexing_gives_what_the_array_gives(both, chosen):
    kept, found = (decoded.pixels[chosen] for decoded in both)
    np.testing.assert_array_equal(found, kept)
    assert found.shape == kept.shape
    assert found.dtype == np.uint8


def test_it_looks_like_the_array_and_has_its_id(both):
    kept, found = both
    assert found.pixels.shape == kept.pixels.shape
    assert found.pixels.dtype == kept.pixels.dtype
    assert (len(found), found.side, found.keys) == (5, 4, kept.keys)
    assert found.images_id == kept.images_id
    np.testing.assert_array_equal(found.labels, kept.labels)


def test_batches_of_both_are_the_same(both):
    one, other = (train_batches(d, batch_size=2, seed=1).batch(3) for d in both)
    np.testing.assert_array_equal(one["image"], other["image"])
    for rows, _ in sequential_batches(5, 2):
        kept, found = (np.asarray(decoded.pixels[rows]) for decoded in both)
        np.testing.assert_array_equal(found, kept)

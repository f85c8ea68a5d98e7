"""Pixels kept on disk equal those of the image set, or are refused."""

import numpy as np
import pytest

from conceptevo_jax.data import (
    Decoded,
    decode_images,
    images_id,
    open_decoded,
    select_pool,
)
from conceptevo_jax.errors import DataError


def test_pixels_equal_the_image_sets(image_set, tmp_path):
    images = image_set(700)
    rows = np.random.default_rng(1).permutation(700)[:600]
    decoded = decode_images(images, rows, tmp_path / "pixels")
    expected = np.stack([images.image(row) for row in rows])
    np.testing.assert_array_equal(decoded.pixels, expected)
    np.testing.assert_array_equal(decoded.labels, images.labels[rows])
    assert decoded.keys == tuple(images.keys[row] for row in rows)
    assert (len(decoded), decoded.side) == (600, 4)


def test_opening_maps_the_file_and_forbids_writing(image_set, tmp_path):
    decode_images(image_set(5), np.arange(5), tmp_path)
    pixels = open_decoded(tmp_path).pixels
    assert isinstance(pixels, np.memmap)
    with pytest.raises(ValueError, match="read-only"):
        pixels[0] = 0


def test_its_id_is_the_pools(image_set, tmp_path):
    images = image_set(24)
    pool = select_pool(images, size=7, seed=2)
    decoded = decode_images(images, pool.rows, tmp_path)
    assert decoded.images_id == pool.pool_id == images_id(pool.keys, 4)


def test_decoding_again_replaces_what_is_there(image_set, tmp_path):
    images = image_set(12)
    decode_images(images, np.arange(12), tmp_path)
    assert decode_images(images, np.array([3]), tmp_path).keys == (images.keys[3],)


def test_an_unreadable_image_is_named_and_nothing_can_be_opened(image_set, tmp_path):
    good = image_set(600)
    pixels = [good.image(row) for row in range(600)]
    images = image_set(600, images=[*pixels[:400], b"broken", *pixels[401:]])
    decode_images(good, np.arange(600), tmp_path)
    with pytest.raises(DataError, match="'planted/train/0400' of /data/planted"):
        decode_images(images, np.arange(600), tmp_path)
    with pytest.raises(DataError, match=r"keys\.json"):
        open_decoded(tmp_path)


@pytest.mark.parametrize("name", ["images.npy", "labels.npy", "keys.json"])
@pytest.mark.parametrize("keep", [None, 0.0, 0.5, 0.99])
def test_a_missing_or_truncated_file_is_refused(image_set, tmp_path, name, keep):
    decode_images(image_set(50), np.arange(50), tmp_path)
    path = tmp_path / name
    content = path.read_bytes()
    path.unlink()
    if keep is not None:
        path.write_bytes(content[: int(keep * len(content))])
    with pytest.raises(DataError, match=f"{tmp_path} holds no complete decoded"):
        open_decoded(tmp_path)


def test_files_of_different_images_are_refused(image_set, tmp_path):
    decode_images(image_set(50), np.arange(50), tmp_path)
    np.save(tmp_path / "labels.npy", np.zeros(49, np.int32))
    with pytest.raises(DataError, match="50 keys, 49 labels, 50 images"):
        open_decoded(tmp_path)


def test_arrays_in_memory_do_as_well():
    pixels = np.zeros((2, 8, 8, 3), np.uint8)
    decoded = Decoded(pixels=pixels, labels=np.zeros(2, np.int32), keys=("a", "b"))
    assert decoded.side == 8

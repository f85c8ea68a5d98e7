"""Pixels kept on disk equal those of the image set, or are refused."""

import dataclasses
import errno
import os

import numpy as np
import pytest

from conceptevo_jax.data import (
    DecodedImages,
    decode_images,
    images_id,
    open_decoded,
    select_pool,
)
from conceptevo_jax.data import decoded as decoded_module
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
    assert decoded.images_id == pool.pool_id == images_id(pool.keys, pool.labels, 4)


def test_decoding_again_replaces_the_files_but_no_pixels_that_somebody_holds(
    image_set, tmp_path
):
    images = image_set(12)
    first = decode_images(images, np.arange(12), tmp_path)
    before = np.array(first.pixels)
    second = decode_images(images, np.array([3]), tmp_path)
    assert second.keys == (images.keys[3],)
    np.testing.assert_array_equal(second.pixels, before[3:4])
    np.testing.assert_array_equal(first.pixels, before)


def test_an_unreadable_image_is_named_and_what_was_there_stays(image_set, tmp_path):
    good = image_set(600)
    pixels = [good.image(row) for row in range(600)]
    images = image_set(600, images=[*pixels[:400], b"broken", *pixels[401:]])
    decode_images(good, np.arange(600), tmp_path)
    with pytest.raises(DataError, match="'planted/train/0400' of /data/planted"):
        decode_images(images, np.arange(600), tmp_path)
    assert open_decoded(tmp_path).keys == good.keys
    assert len(list(tmp_path.iterdir())) == 3


def test_a_full_disk_is_named_and_leaves_nothing(image_set, tmp_path, monkeypatch):
    """Written, so that the system can refuse: a mapped file is a signal's end."""

    def full(*_):
        raise OSError(errno.ENOSPC, os.strerror(errno.ENOSPC))

    monkeypatch.setattr(decoded_module, "_write_chunks", full)
    with pytest.raises(DataError, match=r"images\.npy: .*The disk is full"):
        decode_images(image_set(5), np.arange(5), tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_every_changed_byte_is_noticed(image_set, tmp_path):
    """Ids, classes, pixels: but for what means the same, such as white space."""
    intact = decode_images(image_set(6), np.arange(6), tmp_path).content_id
    named = []
    for name in ("images.npy", "labels.npy", "keys.json"):
        path, whole = tmp_path / name, (tmp_path / name).read_bytes()
        for at in range(0, len(whole), 7):
            damaged = bytes([whole[at] ^ 1])
            path.write_bytes(whole[:at] + damaged + whole[at + 1 :])
            try:
                assert open_decoded(tmp_path).content_id == intact
            except DataError as error:
                named.append(name in str(error) and "delete it" in str(error))
        path.write_bytes(whole)
    assert all(named)
    assert len(named) > 80


def test_its_content_is_that_of_the_arrays_wherever_they_lie(image_set, tmp_path):
    kept = decode_images(image_set(8), np.arange(8), tmp_path)
    fields = {"labels": kept.labels, "keys": kept.keys}
    pixels = np.array(kept.pixels)
    assert DecodedImages(pixels=pixels, **fields).content_id == kept.content_id
    assert DecodedImages(pixels=255 - pixels, **fields).content_id != kept.content_id
    others = dataclasses.replace(kept, labels=kept.labels[::-1].copy())
    assert others.content_id != kept.content_id


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
    np.save(tmp_path / "images.npy", np.zeros((49, 4, 4, 3), np.uint8))
    with pytest.raises(DataError, match=r"images\.npy is damaged .*\(49, 4, 4, 3\)"):
        open_decoded(tmp_path)


def test_arrays_in_memory_do_as_well():
    pixels = np.zeros((2, 8, 8, 3), np.uint8)
    decoded = DecodedImages(
        pixels=pixels, labels=np.zeros(2, np.int32), keys=("a", "b")
    )
    assert decoded.side == 8

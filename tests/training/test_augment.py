"""Crops and flips: what they may do to an image, and how often."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from conceptevo_jax.training.augment import augment

SIDE, PAD = 6, 2


@pytest.fixture
def pixels(rng):
    return jnp.asarray(rng.integers(1, 256, (400, SIDE, SIDE, 3), np.uint8))


def cut_out(image: np.ndarray) -> list[bytes]:
    """All squares that a crop of the padded image may give."""
    padded = np.pad(image, ((PAD, PAD), (PAD, PAD), (0, 0)))
    corners = range(2 * PAD + 1)
    return [
        padded[i : i + SIDE, j : j + SIDE].tobytes() for i in corners for j in corners
    ]


def test_nothing_is_changed_where_nothing_is_asked_for(pixels):
    assert augment(pixels, jax.random.key(0)) is pixels


@pytest.mark.slow
def test_a_crop_is_one_of_the_squares_and_all_of_them_occur(pixels):
    found = np.asarray(augment(pixels, jax.random.key(0), random_crop=PAD))
    assert found.dtype == np.uint8
    places = [
        cut_out(before).index(after.tobytes())
        for before, after in zip(np.asarray(pixels), found, strict=True)
    ]
    counts = np.bincount(places, minlength=(2 * PAD + 1) ** 2)
    assert counts.min() > 0
    assert counts.max() < 5 * 400 / counts.size


def test_half_of_the_images_are_mirrored_left_to_right(pixels):
    found = np.asarray(augment(pixels, jax.random.key(0), flip=True))
    before = np.asarray(pixels)
    same = (found == before).all(axis=(1, 2, 3))
    mirrored = (found == before[:, :, ::-1]).all(axis=(1, 2, 3))
    assert (same ^ mirrored).all()
    assert abs(mirrored.mean() - 0.5) < 4 * 0.5 / np.sqrt(400)


def test_the_key_alone_decides(pixels):
    def both(seed):
        key = jax.random.key(seed)
        return np.asarray(augment(pixels, key, random_crop=PAD, flip=True))

    np.testing.assert_array_equal(both(3), both(3))
    assert not np.array_equal(both(3), both(4))

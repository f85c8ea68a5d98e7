"""Image sets: decoding, fitting to a side, and naming what cannot be read."""

import io

import grain
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from conceptevo_jax.data import images_id
from conceptevo_jax.errors import DataError

COLOUR = np.array([[[10, 200, 30], [0, 0, 255]], [[255, 0, 0], [7, 8, 9]]], np.uint8)


def encoded(image: Image.Image, kind: str) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind)
    return buffer.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "BMP", "GIF", "TIFF"])
def test_every_lossless_format_gives_the_same_rgb(image_set, kind):
    image = Image.fromarray(COLOUR)
    images = image_set(keys=["a"], images=[encoded(image, kind)], side=2)
    np.testing.assert_array_equal(images.image(0), COLOUR)


def test_grey_becomes_three_equal_channels(image_set, png):
    grey = np.arange(16, dtype=np.uint8).reshape(4, 4)
    image = image_set(keys=["a"], images=[png(grey)]).image(0)
    np.testing.assert_array_equal(image, np.repeat(grey[..., None], 3, axis=2))


def test_transparency_is_dropped_not_blended(image_set, png):
    see_through = np.concatenate([COLOUR, np.zeros((2, 2, 1), np.uint8)], axis=2)
    image = image_set(keys=["a"], images=[png(see_through)], side=2).image(0)
    np.testing.assert_array_equal(image, COLOUR)


def test_a_border_keeps_the_real_pixels(image_set):
    image = image_set(keys=["a"], images=[COLOUR], side=6, border=2).image(0)
    np.testing.assert_array_equal(image[2:4, 2:4], COLOUR)
    assert image.sum() == COLOUR.sum()


def test_shrinking_averages_instead_of_dropping_pixels(image_set):
    checks = (np.indices((64, 64)).sum(0) % 2 * 255).astype(np.uint8)
    image = image_set(
        keys=["a"], images=[np.repeat(checks[..., None], 3, axis=2)], side=8
    ).image(0)
    assert np.abs(image.astype(int) - 127).max() <= 2


@given(
    height=st.integers(1, 20),
    width=st.integers(1, 20),
    side=st.integers(1, 20),
    value=st.integers(0, 255),
)
def test_a_plain_image_stays_plain_at_any_size(image_set, height, width, side, value):
    plain = np.full((height, width, 3), value, np.uint8)
    image = image_set(keys=["a"], images=[plain], side=side).image(0)
    assert image.shape == (side, side, 3)
    assert (image == value).all()


@given(data=st.data())
def test_broken_bytes_are_named_or_still_decode(image_set, data):
    whole = encoded(Image.fromarray(np.tile(COLOUR, (8, 8, 1))), "PNG")
    cut = data.draw(st.integers(0, len(whole)))
    at = data.draw(st.integers(0, len(whole) - 1))
    flipped = bytes([whole[at] ^ data.draw(st.integers(1, 255))])
    broken = (whole[:at] + flipped + whole[at + 1 :])[:cut]
    images = image_set(keys=["planted/train/0007"], images=[broken])
    try:
        outcome = str(images.image(0).shape)
    except DataError as error:
        outcome = str(error)
    named = "image 'planted/train/0007' of /data/planted"
    assert outcome.startswith(("(4, 4, 3)", named))


def test_truncated_image_is_named(image_set, png):
    whole = png(np.tile(COLOUR, (8, 8, 1)))
    images = image_set(keys=["x/0", "x/1"], images=[whole, whole[:40]])
    images.image(0)
    with pytest.raises(DataError, match=r"'x/1' of /data/planted cannot be decoded"):
        images.image(1)


def test_two_images_of_one_id_are_refused(image_set):
    with pytest.raises(DataError, match="1 different ids for 2 images"):
        image_set(keys=["same", "same"])


def test_grain_reads_it_as_a_source(image_set):
    images = image_set(12)
    batches = grain.MapDataset.source(images).seed(3).shuffle().batch(4)
    seen = np.concatenate([batches[i]["image"] for i in range(len(batches))])
    expected = np.stack([images.image(row) for row in range(12)])
    assert sorted(map(bytes, seen)) == sorted(map(bytes, expected))


def test_iteration_ends(image_set):
    assert [int(example["label"]) for example in image_set(5)] == [0, 1, 2, 0, 1]


def test_images_id_depends_on_ids_order_and_side():
    ids = {
        images_id(("a", "b"), 32),
        images_id(("b", "a"), 32),
        images_id(("a", "b"), 64),
        images_id(("a",), 32),
    }
    assert len(ids) == 4
    assert images_id(("a", "b"), 32) == images_id(("a", "b"), 32)

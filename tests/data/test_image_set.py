"""Image sets: decoding, fitting to a side, and naming what cannot be read."""

import io
from typing import Any

import grain
import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st
from PIL import Image

from conceptevo_jax.data import drop_images, find_bad, images_id
from conceptevo_jax.data.decoding import DecodingSettings
from conceptevo_jax.errors import DataError

COLOUR = np.array([[[10, 200, 30], [0, 0, 255]], [[255, 0, 0], [7, 8, 9]]], np.uint8)


def encoded(image: Image.Image, kind: str, **options: Any) -> bytes:
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


@pytest.mark.parametrize("kind", ["PNG", "BMP", "GIF", "TIFF"])
def test_every_lossless_format_gives_the_same_rgb(image_set, kind):
    file = encoded(Image.fromarray(COLOUR), kind)
    decoding = DecodingSettings(formats=[kind.lower()])
    images = image_set(keys=["a"], images=[file], side=2, decoding=decoding)
    np.testing.assert_array_equal(images.image(0), COLOUR)


def test_grey_becomes_three_equal_channels(image_set, png):
    grey = np.arange(16, dtype=np.uint8).reshape(4, 4)
    image = image_set(keys=["a"], images=[png(grey)]).image(0)
    np.testing.assert_array_equal(image, np.repeat(grey[..., None], 3, axis=2))


def shown(image_set, image, kind="PNG", **options):
    """The image as it comes out after being written to a file."""
    file = encoded(image, kind, **options)
    return image_set(keys=["a"], images=[file], side=image.width).image(0)


GREY = np.array([[0, 40], [130, 255]], np.uint8)


def test_sixteen_bits_are_scaled_not_clipped(image_set):
    deep = Image.fromarray(GREY.astype(np.uint16) * 257)
    assert deep.mode == "I;16"
    found = shown(image_set, deep)
    np.testing.assert_array_equal(found, np.repeat(GREY[..., None], 3, axis=2))


@pytest.mark.parametrize("opaque", [0, 255])
def test_what_is_transparent_becomes_white(image_set, opaque):
    """Whatever colour lies hidden below."""
    layer = np.full((2, 2, 1), opaque, np.uint8)
    found = shown(image_set, Image.fromarray(np.concatenate([COLOUR, layer], axis=2)))
    np.testing.assert_array_equal(
        found, COLOUR if opaque else np.full_like(COLOUR, 255)
    )


def test_half_transparent_grey_is_half_white(image_set):
    half = np.stack([GREY, np.full_like(GREY, 128)], axis=2)
    found = shown(image_set, Image.fromarray(half, "LA")).astype(int)
    expected = (GREY.astype(int) + 255) / 2
    assert np.abs(found - expected[..., None]).max() <= 1.01


def test_a_palette_is_looked_up_and_its_transparent_colour_is_white(image_set):
    image = Image.new("P", (2, 2))
    image.putpalette([10, 20, 30, 200, 100, 0])
    image.putdata([0, 1, 1, 0])
    found = shown(image_set, image)
    np.testing.assert_array_equal(found[0], [[10, 20, 30], [200, 100, 0]])
    found = shown(image_set, image, transparency=1)
    np.testing.assert_array_equal(found[0], [[10, 20, 30], [255, 255, 255]])


def test_printing_colours_become_screen_colours(image_set):
    """A JPEG of cyan ink, and of black; within what JPEG loses."""
    inks = {(255, 0, 0, 0): (0, 255, 255), (0, 0, 0, 255): (0, 0, 0)}
    for ink, colour in inks.items():
        found = shown(image_set, Image.new("CMYK", (8, 8), ink), "JPEG")
        assert np.abs(found.astype(int) - colour).max() <= 3


def test_a_photograph_taken_sideways_is_turned_upright(image_set):
    exif = Image.Exif()
    exif[0x0112] = 6  # Turn by 90 degrees clockwise to view.
    found = shown(image_set, Image.fromarray(COLOUR), exif=exif)
    np.testing.assert_array_equal(found, np.rot90(COLOUR, -1))


def test_what_cannot_be_decoded_is_found_with_a_reason(image_set, png):
    whole = png(np.tile(COLOUR, (40, 40, 1)))
    files = [whole, whole[:-40], b"no image", whole]
    images = image_set(keys=["a", "b", "c", "d"], images=files, side=2)
    bad = find_bad(images)
    assert set(bad) == {"b", "c"}
    assert "truncated" in bad["b"]
    assert bad["c"].startswith("it is not an image of an opened format (jpeg,")


def test_the_rest_goes_on_without_it(image_set, png):
    files = [png(COLOUR), b"", png(COLOUR), png(COLOUR // 2)]
    named = {"keys": ["a", "b", "c", "d"], "labels": [0, 1, 2, 1]}
    images = image_set(**named, images=files, side=2)
    rest = drop_images(images, {"b": "empty"})
    assert rest.keys == ("a", "c", "d")
    assert rest.labels.tolist() == [0, 2, 1]
    np.testing.assert_array_equal(rest.image(2), COLOUR // 2)
    assert drop_images(images, {}) is images


def test_a_class_of_which_nothing_is_left_is_named(image_set):
    images = image_set(keys=["a", "b"], images=[COLOUR, COLOUR], side=2)
    with pytest.raises(DataError, match=f"class {images.classes[0]!r}"):
        drop_images(images, {"a": "", "b": ""})


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
        images_id(("a", "b"), np.array([0, 1]), 32),
        images_id(("b", "a"), np.array([0, 1]), 32),
        images_id(("a", "b"), np.array([0, 1]), 64),
        images_id(("a", "b"), np.array([1, 0]), 32),
        images_id(("a",), np.array([0]), 32),
    }
    assert len(ids) == 5
    again = images_id(("a", "b"), np.array([0, 1], np.int32), 32)
    assert images_id(("a", "b"), np.array([0, 1]), 32) == again

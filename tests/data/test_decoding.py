"""Bytes become pixels by allowed decoders alone, within bounds, or say why not."""

import io
import warnings
import zlib

import numpy as np
import pytest
from PIL import Image

from conceptevo_jax.data import find_bad
from conceptevo_jax.data.decoding import FORMATS, DecodingSettings, decode, reason_of
from conceptevo_jax.errors import DataError, UsageError

RAMP = np.linspace(0, 255, 16).astype(np.uint8).reshape(4, 4)


PNG = b"\x89PNG\r\n\x1a\n"


def chunk(kind, content):
    """A part of a PNG file."""
    length, body = len(content).to_bytes(4, "big"), kind + content
    return length + body + zlib.crc32(body).to_bytes(4, "big")


def encoded(image, kind, **options):
    buffer = io.BytesIO()
    image.save(buffer, kind, **options)
    return buffer.getvalue()


def refused(content, **settings):
    with pytest.raises(DataError) as told:
        decode(content, DecodingSettings(**settings))
    return str(told.value)


def test_bytes_choose_the_decoder_and_only_among_what_is_allowed():
    picture = Image.fromarray(RAMP)
    assert refused(encoded(picture, "GIF")) == (
        "it is GIF: allow that by dataset.options.formats=[jpeg,png,webp,gif]"
    )
    assert refused(encoded(picture, "EPS")) == "it is EPS, which is not opened"
    assert refused(encoded(picture, "PNG"), formats=["jpeg"]).startswith("it is PNG")
    assert decode(encoded(picture, "GIF"), DecodingSettings(formats="gif")).shape == (
        4,
        4,
        3,
    )


def test_what_is_no_image_says_so():
    assert refused(b"") == "it is empty"
    assert refused(b"\n").startswith("it is ")
    assert refused(b"no image") == (
        "it is not an image of an opened format (jpeg, png, webp)"
    )
    broken = b"RIFF\x10\0\0\0WEBPVP8 "
    with pytest.raises(Exception, match=r".") as told:
        decode(broken, DecodingSettings())
    assert " at 0x" not in reason_of(told.value)


def test_a_reason_has_no_memory_address_and_is_never_empty():
    assert reason_of(OSError("bad <_io.BytesIO object at 0x7f3a>")) == (
        "bad <_io.BytesIO object>"
    )
    assert reason_of(MemoryError()) == "MemoryError"


@pytest.mark.parametrize("name", FORMATS)
def test_every_format_that_may_be_allowed_has_suffixes_of_its_own(name):
    others = [FORMATS[other] for other in FORMATS if other != name]
    assert DecodingSettings(formats=[name]).suffixes == set(FORMATS[name])
    assert not DecodingSettings(formats=[name]).suffixes & {
        s for some in others for s in some
    }


@pytest.mark.parametrize("formats", ["jpg", ["jpeg", "tif"], ["eps"]])
def test_unknown_formats_are_refused_with_the_valid_ones(formats):
    with pytest.raises(UsageError, match=r"unknown image format .*jpeg.*tiff, webp"):
        DecodingSettings(formats=formats)


def test_no_format_at_all_is_refused_with_what_to_say():
    with pytest.raises(UsageError, match=r"formats is empty: name what is opened"):
        DecodingSettings(formats=[])


def test_too_many_pixels_are_refused_before_they_are_decoded():
    """By the header alone: the rest of the file is not there."""
    header = encoded(Image.new("L", (2000, 1000)), "PNG")[:60]
    assert refused(header, max_pixels=1_999_999) == (
        "it has 2000 x 1000 pixels, but 1999999 are decoded at most: allow more by "
        "dataset.options.max_pixels=2000000"
    )


@pytest.mark.parametrize("side", [10_000, 14_000])
def test_pillows_own_bound_is_not_heard_of(side):
    """It warns from 90 million pixels on and refuses from 179 million on."""
    size = side.to_bytes(4, "big") * 2
    header = PNG + chunk(b"IHDR", size + b"\1\0\0\0\0") + chunk(b"IDAT", b"")
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        told = refused(header, max_pixels=99_999_999)
    assert told.startswith(f"it has {side} x {side} pixels, but 99999999 are decoded")


def twelve_bits(values):
    return encoded(Image.fromarray(np.array(values, np.uint16)), "PNG")


def test_twelve_bits_are_scaled_by_the_declared_range():
    values = np.array([[0, 4095], [2048, 16]])
    found = decode(twelve_bits(values), DecodingSettings(value_range=4095))
    np.testing.assert_array_equal(found[..., 0], values * 255 // 4095)
    dark = decode(twelve_bits(values), DecodingSettings())
    np.testing.assert_array_equal(dark[..., 0], values // 257)


def test_a_value_above_the_declared_range_is_named(image_set):
    file = twelve_bits([[0, 60_000], [1, 2]])
    settings = {"keys": ["x/0"], "images": [file], "side": 2}
    images = image_set(**settings, decoding=DecodingSettings(value_range=4095))
    with pytest.raises(
        DataError, match=r"'x/0' of .*60000, above dataset\.options\.value_range=4095"
    ):
        images.image(0)


def test_files_of_eight_bits_have_no_range():
    file = encoded(Image.fromarray(RAMP), "PNG")
    found = decode(file, DecodingSettings(value_range=4095))
    np.testing.assert_array_equal(found[..., 0], RAMP)


def test_colours_of_16_bits_are_refused_where_a_range_is_declared():
    """Pillow gives their upper 8 bits alone."""
    size = (2).to_bytes(4, "big") * 2
    rows = b"".join(b"\0" + b"\x0f\xff" * 6 for _ in range(2))
    file = (
        PNG
        + chunk(b"IHDR", size + b"\x10\2\0\0\0")
        + chunk(b"IDAT", zlib.compress(rows))
        + chunk(b"IEND", b"")
    )
    assert decode(file, DecodingSettings())[0, 0].tolist() == [15, 15, 15]
    assert "only the upper 8 are read" in refused(file, value_range=4095)


def test_an_image_of_a_declared_range_is_another_image():
    plain, declared, other = (
        DecodingSettings(value_range=number).ids(["aa", "bb", "aa"])
        for number in (None, 4095, 1023)
    )
    assert plain == ["aa", "bb", "aa"]
    assert declared[0] == declared[2]
    assert len({*plain, *declared, *other}) == 6


@pytest.mark.parametrize("name", ["max_pixels", "value_range"])
@pytest.mark.parametrize("value", [0, True])
def test_bounds_are_whole_numbers(name, value):
    with pytest.raises(UsageError, match=f"{name} must be a whole number, 1 or more"):
        DecodingSettings(**{name: value})


def test_reasons_are_those_of_the_next_run(image_set):
    files = [b"", b"x", encoded(Image.fromarray(RAMP), "GIF"), b"\x89PNG\r\n\x1a\n?"]
    images = image_set(keys=list("abcd"), images=files, labels=[0, 1, 2, 0])
    first = find_bad(images)
    assert list(first) == list("abcd")
    assert find_bad(images) == first

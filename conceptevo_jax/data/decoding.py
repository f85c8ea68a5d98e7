"""From a file's bytes to RGB pixels: by allowed decoders, within bounds.

The bytes choose the decoder, never a file's name, and only among allowed
formats. The number of pixels is read from the header, before memory is allocated.
Messages about files that cannot be decoded are the same in each run and on each
machine.
"""

import io
import re
import struct
from collections.abc import Iterable, Sequence

import numpy as np
from jaxtyping import UInt8
from PIL import Image, ImageOps

from conceptevo_jax.errors import DataError, UsageError, require_count, unknown_name
from conceptevo_jax.store import checksum
from conceptevo_jax.types import record

FORMATS = {
    "jpeg": ("jpg", "jpeg", "jpe", "jfif"),
    "png": ("png",),
    "webp": ("webp",),
    "avif": ("avif",),
    "bmp": ("bmp",),
    "gif": ("gif",),
    "jpeg2000": ("jp2", "j2k", "jpf", "jpx"),
    "pcx": ("pcx",),
    "ppm": ("ppm", "pgm", "pbm", "pnm"),
    "qoi": ("qoi",),
    "tga": ("tga",),
    "tiff": ("tif", "tiff"),
}
"""Formats that may be allowed, by Pillow's names, with the suffixes of their files.

Formats that run other programs or hold no pixels, such as EPS, are excluded."""

DEFAULT_FORMATS = ("jpeg", "png", "webp")

MAX_PIXELS = 100_000_000
"""Default largest number of pixels of an image: 300 MB decoded."""

SIXTEEN_BITS = 65535


@record
class DecodingSettings:
    """How files become pixels.

    Unknown formats and anything except whole numbers from 1 are refused with
    `UsageError`.

    Attributes:
      formats: Names of `FORMATS` that are opened.
      max_pixels: Height times width of the largest image that is decoded.
      value_range: The value of white in files of more than 8 bits: 4095 for 12 bits in
        16-bit files. None means 65535. Larger values are clipped.
    """

    formats: Sequence[str] = DEFAULT_FORMATS
    max_pixels: int = MAX_PIXELS
    value_range: int | None = None

    def __post_init__(self) -> None:
        settings = self.formats
        formats = tuple(settings) if isinstance(settings, list | tuple) else (settings,)
        if not formats:
            raise UsageError(
                "dataset.options.formats is empty: name what is opened, such as "
                "formats=[jpeg,png,webp]."
            )
        for name in formats:
            if not isinstance(name, str) or name not in FORMATS:
                raise unknown_name("image format", name, FORMATS)
            if name not in DEFAULT_FORMATS and not _can_open(name):
                raise UsageError(
                    f"image format {name!r} is not part of this installation's Pillow: "
                    "install another build of it, or convert the files."
                )
        require_count("max_pixels", self.max_pixels)
        if self.value_range is not None:
            require_count("value_range", self.value_range)
        object.__setattr__(self, "formats", formats)

    @property
    def suffixes(self) -> frozenset[str]:
        """Suffixes of files that are opened, in lower case and without the dot."""
        return frozenset(suffix for name in self.formats for suffix in FORMATS[name])

    def ids(self, content_ids: Iterable[str]) -> list[str]:
        """Ids of images from those of their files; they include a declared range."""
        if self.value_range is None:
            return list(content_ids)
        suffix = f":value_range={self.value_range}"
        return [
            checksum(f"{content_id}{suffix}".encode()) for content_id in content_ids
        ]

    def setting_to_allow(self, name: str) -> str:
        """The setting that opens files of one more format."""
        return f"dataset.options.formats=[{','.join((*self.formats, name))}]"


def decode(content: bytes, decoding: DecodingSettings) -> UInt8[np.ndarray, "h w 3"]:
    """RGB pixels of an encoded image, upright, with transparency made white.

    Args:
      content: The file's bytes.
      decoding: Allowed formats and bounds.

    Raises:
      DataError: saying why it is not decoded.
      Exception: of about eight types, by Pillow on broken bytes; see `reason_of`.
    """
    with _open_image(content, decoding) as encoded_image:
        _require_allowed(encoded_image, decoding)
        upright_image = ImageOps.exif_transpose(encoded_image)
        if upright_image.mode.startswith("I"):
            grey = _scale_to_bytes(
                np.asarray(upright_image).astype(np.int64), decoding.value_range
            )
            return np.repeat(grey[..., None], 3, axis=2)
        if upright_image.has_transparency_data:
            layers = upright_image.convert("RGBA")
            white_image = Image.new("RGBA", layers.size, (255, 255, 255, 255))
            return np.asarray(Image.alpha_composite(white_image, layers).convert("RGB"))
        return np.asarray(upright_image.convert("RGB"))


def _require_allowed(opened: Image.Image, decoding: DecodingSettings) -> None:
    width, height = opened.size
    if width * height > decoding.max_pixels:
        raise DataError(
            f"it has {width} x {height} pixels, but {decoding.max_pixels} are "
            "decoded at most: allow more by dataset.options.max_pixels="
            f"{width * height}"
        )
    if decoding.value_range is not None and _loses_bits(opened):
        raise DataError(
            "it has 16 bits a colour, of which only the upper 8 are read, so that "
            "dataset.options.value_range cannot be kept: convert it to 8 bits"
        )


def reason_of(error: BaseException) -> str:
    """An error's text without memory addresses, which differ from run to run."""
    text = re.sub(r" at 0x[0-9A-Fa-f]+", "", str(error))
    return text or type(error).__name__


def _can_open(name: str) -> bool:
    """Whether Pillow was built with the format."""
    Image.init()
    return name.upper() in Image.OPEN


def _open_image(content: bytes, decoding: DecodingSettings) -> Image.Image:
    """The image, with only its header read.

    Pillow's `open` has its own limit on the number of pixels for the
    whole process, and warns about it; our limit is checked by the caller.
    """
    if not content:
        raise DataError("it is empty")
    Image.init()
    for name in decoding.formats:
        factory, accepts = Image.OPEN[name.upper()]
        if accepts is None or accepts(_leading_bytes(content)) is True:
            try:
                return factory(io.BytesIO(content), "")
            # What Pillow takes for "another format".
            except (SyntaxError, IndexError, TypeError, struct.error):
                continue
    raise DataError(_describe_format(content, decoding))


def _leading_bytes(content: bytes) -> bytes:
    """What Pillow knows formats by; some of its tests take no fewer bytes."""
    return content[:16].ljust(16, b"\0")


def _describe_format(content: bytes, decoding: DecodingSettings) -> str:
    """A description of bytes that no allowed decoder accepts."""
    for pillow_name, (_, accepts) in Image.OPEN.items():
        name = pillow_name.lower()
        if accepts is None or accepts(_leading_bytes(content)) is not True:
            continue
        if name in decoding.formats:
            return f"it begins as {pillow_name}, but its header is broken"
        if name in FORMATS:
            return (
                f"it is {pillow_name}: allow that by {decoding.setting_to_allow(name)}"
            )
        return f"it is {pillow_name}, which is not opened"
    return f"it is not an image of an opened format ({', '.join(decoding.formats)})"


def _loses_bits(encoded_image: Image.Image) -> bool:
    """Whether Pillow reads only the upper 8 of 16 bits, as of colours."""
    has_16_bits = any(
        ";16" in str(tile[3]) for tile in getattr(encoded_image, "tile", ())
    )
    return has_16_bits and not encoded_image.mode.startswith("I")


def _scale_to_bytes(
    values: np.ndarray, value_range: int | None
) -> UInt8[np.ndarray, "h w"]:
    """Grey values of more than 8 bits, which Pillow would clip to 8, not scale."""
    largest_value = int(values.max())
    if value_range is not None and largest_value > value_range:
        raise DataError(
            f"its largest value is {largest_value}, above dataset.options.value_range="
            f"{value_range}: give the largest that such files can hold"
        )
    white_value = SIXTEEN_BITS if value_range is None else value_range
    return (np.clip(values, 0, white_value) * 255 // white_value).astype(np.uint8)

"""One split of a data set: images at random access, each with a stable id.

An `ImageSet` decodes an image when it is accessed, so it holds only keys
and labels in memory, and can be passed to grain as a random-access source. To
read the same images repeatedly, see `decoded`. Decoding costs about 170 µs
for 28×28 pixels.
"""

import dataclasses
from collections.abc import Callable, Collection, Mapping
from concurrent.futures import ThreadPoolExecutor
from typing import Any, SupportsIndex

import numpy as np
from jaxtyping import Int, Int32, Integer, UInt8
from PIL import Image

from conceptevo_jax.data.decoding import DecodingSettings, decode, reason_of
from conceptevo_jax.errors import DataError
from conceptevo_jax.printable import printable_name
from conceptevo_jax.store import content_key
from conceptevo_jax.types import record


@record
class ImageSet:
    """One split of a data set.

    Attributes:
      name: The data set's name in the registry.
      split: `train` or `test`.
      keys: Each image's id: its content (see `conceptevo_jax.data.content`), or, in a
        set that ships with the package, its number: `fashion_mnist/train/012345`.
        Equal on every machine.
      labels: Each image's class.
      classes: Names of the classes, in the order of their labels, as text: see
        `conceptevo_jax.printable_name`.
      side: Height and width of the returned images, in pixels.
      border: Black pixels added around each image before it is resized: if the border
        alone reaches `side`, original pixels are not changed.
      origin: File or folder the images come from, for messages.
      read: Returns the image at a row as encoded bytes or as RGB pixels [h w 3].
      names: A readable name of each image, its path below a folder or its name in TFDS;
        none if ids are names.
      notes: Whole sentences about the files that a user should read.
      decoding: How encoded bytes are decoded.
      unreadable_reasons: Why files could not be read, by the ids of their images.
    """

    name: str
    split: str
    keys: tuple[str, ...]
    labels: Int32[np.ndarray, " i"]
    classes: tuple[str, ...]
    side: int
    border: int
    origin: str
    read: Callable[[int], bytes | np.ndarray]
    names: tuple[str, ...] = ()
    notes: tuple[str, ...] = ()
    decoding: DecodingSettings = dataclasses.field(default_factory=DecodingSettings)
    unreadable_reasons: Mapping[str, str] = dataclasses.field(default_factory=dict)

    def __post_init__(self) -> None:
        classes = tuple(
            printable_name(name) if name.strip() else f'"{name}"'
            for name in self.classes
        )
        object.__setattr__(self, "classes", classes)
        if len(set(self.keys)) != len(self.labels):
            raise DataError(
                f"{self.name} ({self.split}) from {self.origin} has "
                f"{len(set(self.keys))} different ids for {len(self.labels)} images: "
                "every image needs an id of its own."
            )
        labels, count = self.labels, len(self.classes)
        if len(labels) and not 0 <= labels.min() <= labels.max() < count:
            raise DataError(
                f"{self.name} ({self.split}) from {self.origin} has labels from "
                f"{labels.min()} to {labels.max()}, but {count} classes: labels are "
                f"from 0 to {count - 1}."
            )

    def __len__(self) -> int:
        return len(self.keys)

    def __getitem__(self, row: SupportsIndex) -> dict[str, Any]:
        """`{"image": uint8 [side side 3], "label": int32}`, for grain."""
        return {"image": self.image(row), "label": self.labels[row]}

    def name_of(self, row: int) -> str:
        """The readable name of the image at `row`."""
        return self.names[row] if self.names else self.keys[row]

    def image(self, row: SupportsIndex) -> UInt8[np.ndarray, "side side 3"]:
        """The image at `row`, decoded, grey made RGB, bordered and resized.

        Raises:
          DataError: naming the image and where it comes from, if it is unreadable.
        """
        index = range(len(self))[row]
        try:
            content = self.read(index)
            if isinstance(content, bytes):
                content = decode(content, self.decoding)
            return _fit_to_side(content, self.side, self.border)
        # Image decoders raise some eight types of error on broken bytes.
        except Exception as error:
            raise DataError(
                f"image {self.name_of(index)!r} of {self.origin} cannot be decoded "
                f"({reason_of(error)}). Replace it or prepare the data set again, or "
                "leave such images out: dataset.on_bad_image=skip, in Python "
                "without(images, find_bad(images))."
            ) from error


def find_bad(images: ImageSet) -> dict[str, str]:
    """Try to decode every image, on all processors.

    Returns:
      Why, by the id of each image that cannot be decoded.
    """

    def reason(row: int) -> str | None:
        try:
            images.image(row)
        except DataError as error:
            return reason_of(error.__cause__ or error)
        return None

    with ThreadPoolExecutor() as threads:
        reasons = threads.map(reason, range(len(images)), chunksize=64)
        keyed_reasons = zip(images.keys, reasons, strict=True)
        return {key: why for key, why in keyed_reasons if why is not None}


def drop_images(images: ImageSet, bad: Collection[str]) -> ImageSet:
    """The same images without those with the given ids.

    Args:
      images: The image set.
      bad: Ids of the images to leave out.

    Raises:
      DataError: if no image of a class is left.
    """
    if not bad:
        return images
    rows = np.array([row for row, key in enumerate(images.keys) if key not in bad], int)
    labels = images.labels[rows]
    for label, name in enumerate(images.classes):
        if not (labels == label).any():
            raise DataError(
                f"no image of class {name!r} of {images.origin} ({images.split}) can "
                f"be decoded: replace its files."
            )
    return subset(images, rows)


def subset(images: ImageSet, rows: Int[np.ndarray, " _"]) -> ImageSet:
    """The images at `rows`, in that order.

    Args:
      images: The whole set.
      rows: Rows of the images to keep, `[j]`.
    """
    selected_rows = rows.tolist()
    return dataclasses.replace(
        images,
        keys=tuple(images.keys[row] for row in selected_rows),
        names=tuple(images.name_of(row) for row in selected_rows),
        labels=images.labels[rows],
        read=lambda row: images.read(selected_rows[row]),
    )


def images_id(
    keys: tuple[str, ...], labels: Integer[np.ndarray, " i"], side: int
) -> str:
    """Content key of images in order, with their classes, at one size in pixels.

    Args:
      keys: Ids, in order.
      labels: Classes, `[i]`.
      side: Height and width, in pixels.
    """
    return content_key("images", keys, labels.tolist(), side)


def _fit_to_side(pixels: np.ndarray, side: int, border: int) -> np.ndarray:
    if border:
        height, width, channels = pixels.shape
        bordered = np.zeros((height + 2 * border, width + 2 * border, channels), "u1")
        bordered[border:-border, border:-border] = pixels
        pixels = bordered
    if pixels.shape[:2] == (side, side):
        return pixels
    # Pillow widens the filter when it shrinks an image, which is the antialiasing.
    resized = Image.fromarray(pixels).resize((side, side), Image.Resampling.BILINEAR)
    return np.asarray(resized)

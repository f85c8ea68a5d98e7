"""Decoded pixels kept on disk, so that many snapshots read images decoded once.

`decode_images` writes plain uint8 pixels as fast as the processors decode, in memory
that does not grow with their number; `open_decoded` maps them back read-only. The disk
holds 3 × side² bytes an image: 3 kB at 32 pixels, 150 kB at 224.
"""

import json
import os
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Int, Int32

from conceptevo_jax.data.checks import (
    checked_keys,
    checked_labels,
    checked_rows,
    require_pixels,
)
from conceptevo_jax.data.images import ImageSet, images_id
from conceptevo_jax.errors import DataError, require_type
from conceptevo_jax.store.records import write_json
from conceptevo_jax.types import record

_CHUNK = 256


@runtime_checkable
class Pixels(Protocol):
    """RGB values `[i side side 3]`: an array, a memory map, or decoded on demand."""

    shape: tuple[int, ...]
    dtype: np.dtype

    def __getitem__(self, chosen: Any) -> np.ndarray: ...


@record
class Decoded:
    """Decoded images.

    Anything else than uint8 `[i side side 3]`, one class number from 0 and one id per
    image is refused by `UsageError`.

    Attributes:
      pixels: RGB values; mapped from disk, read-only, when opened by `open_decoded`.
      labels: Their classes; other integers become int32.
      keys: Their stable ids.
    """

    pixels: Pixels
    labels: Int32[np.ndarray, " i"]
    keys: tuple[str, ...]

    def __post_init__(self) -> None:
        require_pixels(self.pixels)
        count = self.pixels.shape[0]
        object.__setattr__(self, "labels", checked_labels(self.labels, count))
        object.__setattr__(self, "keys", checked_keys(self.keys, count))

    def __len__(self) -> int:
        return len(self.keys)

    @property
    def side(self) -> int:
        """Height and width in pixels."""
        return self.pixels.shape[1]

    @property
    def images_id(self) -> str:
        """Content key: equals the `pool_id` of the pool whose rows were decoded."""
        return images_id(self.keys, self.side)


def require_decoded(images: object, what: str) -> None:
    """Refuse anything but decoded images, such as a bare array.

    Raises:
      UsageError: naming the argument.
    """
    hint = (
        "Take what `decode_images` gives, or make it of arrays: "
        "conceptevo_jax.data.Decoded(pixels=…, labels=…, keys=…)."
    )
    require_type(images, Decoded, what, hint)


def decode_images(
    images: ImageSet, rows: Int[np.ndarray, " i"], folder: str | os.PathLike[str]
) -> Decoded:
    """Decode the images at `rows` into `folder`, on all processors.

    Args:
      images: Where to read.
      rows: Which images, in the order wanted.
      folder: Gets `images.npy`, `labels.npy` and, when all is done, `keys.json`.

    Returns:
      The images, opened from the folder.

    Raises:
      UsageError: for rows that are none of the images', or that occur twice.
      DataError: naming the first image that cannot be decoded.
    """
    rows, folder = checked_rows(rows, len(images)), Path(folder)
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "keys.json").unlink(missing_ok=True)
    _write_pixels(images, rows, folder / "images.npy")
    np.save(folder / "labels.npy", images.labels[rows])
    write_json(folder / "keys.json", [images.keys[row] for row in rows])
    return open_decoded(folder)


def open_decoded(folder: str | os.PathLike[str]) -> Decoded:
    """Open what `decode_images` wrote, mapping the pixels read-only.

    Raises:
      DataError: if a file is missing or truncated, or decoding was not finished.
    """
    folder = Path(folder)
    try:
        keys = tuple(json.loads((folder / "keys.json").read_text()))
        labels = np.load(folder / "labels.npy", allow_pickle=False)
        pixels = np.load(folder / "images.npy", mmap_mode="r", allow_pickle=False)
        if not len(keys) == len(labels) == len(pixels):
            raise ValueError(
                f"{len(keys)} keys, {len(labels)} labels, {len(pixels)} images"
            )
    except (OSError, ValueError, EOFError) as error:
        raise DataError(
            f"{folder} holds no complete decoded images ({error}). "
            "Delete it and run the experiment again."
        ) from error
    return Decoded(pixels=pixels, labels=labels, keys=keys)


def _write_pixels(images: ImageSet, rows: np.ndarray, path: Path) -> None:
    shape = (len(rows), images.side, images.side, 3)
    pixels = np.lib.format.open_memmap(path, "w+", np.uint8, shape)

    def decode(start: int) -> None:
        for at, row in enumerate(rows[start : start + _CHUNK].tolist(), start):
            pixels[at] = images.image(row)

    with ThreadPoolExecutor() as threads:
        chunks = [threads.submit(decode, at) for at in range(0, len(rows), _CHUNK)]
        try:
            for chunk in chunks:
                chunk.result()
        finally:
            threads.shutdown(cancel_futures=True)
    pixels.flush()

"""Decoded pixels kept on disk, so that many snapshots read images decoded once.

`decode_images` writes plain uint8 pixels as fast as the processors decode, in memory
that does not grow with their number; `open_decoded` maps them back read-only. The disk
holds 3 × side² bytes an image: 3 kB at 32 pixels, 150 kB at 224.
"""

import json
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Int, Int32

from conceptevo_jax.data.images import ImageSet, images_id
from conceptevo_jax.errors import DataError
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

    Attributes:
      pixels: RGB values; mapped from disk, read-only, when opened by `open_decoded`.
      labels: Their classes.
      keys: Their stable ids.
    """

    pixels: Pixels
    labels: Int32[np.ndarray, " i"]
    keys: tuple[str, ...]

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


def decode_images(
    images: ImageSet, rows: Int[np.ndarray, " i"], folder: Path
) -> Decoded:
    """Decode the images at `rows` into `folder`, on all processors.

    Args:
      images: Where to read.
      rows: Which images, in the order wanted.
      folder: Gets `images.npy`, `labels.npy` and, when all is done, `keys.json`.

    Returns:
      The images, opened from the folder.

    Raises:
      DataError: naming the first image that cannot be decoded.
    """
    folder.mkdir(parents=True, exist_ok=True)
    (folder / "keys.json").unlink(missing_ok=True)
    _write_pixels(images, rows, folder / "images.npy")
    np.save(folder / "labels.npy", images.labels[rows])
    write_json(folder / "keys.json", [images.keys[row] for row in rows])
    return open_decoded(folder)


def open_decoded(folder: Path) -> Decoded:
    """Open what `decode_images` wrote, mapping the pixels read-only.

    Raises:
      DataError: if a file is missing or truncated, or decoding was not finished.
    """
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

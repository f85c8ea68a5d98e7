"""Decoded pixels on disk, so that images are decoded once for many snapshots.

`decode_images` writes plain uint8 pixels as fast as the processors decode, with memory
that does not grow with their number; `open_decoded` compares their checksum, about 1 GB
a second, and maps them read-only. The disk holds 3 × side² bytes per image: 3 kB at
32 pixels, 150 kB at 224.
"""

import os
from collections import deque
from collections.abc import Iterator
from concurrent.futures import Future, ThreadPoolExecutor
from pathlib import Path
from typing import Any, Protocol, runtime_checkable

import numpy as np
from jaxtyping import Int, Int32, UInt8

from conceptevo_jax.data.checks import (
    checked_keys,
    checked_labels,
    checked_rows,
    require_pixels,
)
from conceptevo_jax.data.image_set import ImageSet, images_id
from conceptevo_jax.errors import DataError, require_type
from conceptevo_jax.store import (
    checksum,
    checksum_of,
    content_key,
    open_replacement,
    read_sealed,
    write_sealed,
)
from conceptevo_jax.types import record

PIXELS, LABELS, KEYS = "images.npy", "labels.npy", "keys.json"
"""The pixels; the classes; the ids and the checksums of both, written last."""

_CHUNK = 64


@runtime_checkable
class Pixels(Protocol):
    """RGB values `[i side side 3]`: an array, a memory map, or decoded on demand."""

    shape: tuple[int, ...]
    dtype: np.dtype

    def __getitem__(self, indices: Any) -> np.ndarray: ...


@record
class DecodedImages:
    """Decoded images.

    Anything except uint8 `[i side side 3]`, one class number from 0 and one id per
    image is refused with `UsageError`.

    Attributes:
      pixels: RGB values; mapped from disk, read-only, when opened by `open_decoded`.
      labels: Their classes; other integers become int32.
      keys: Their stable ids.
      pixels_checksum: Checksum of the pixels, if known: for pixels on disk.
    """

    pixels: Pixels
    labels: Int32[np.ndarray, " i"]
    keys: tuple[str, ...]
    pixels_checksum: str | None = None

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
        return images_id(self.keys, self.labels, self.side)

    @property
    def content_id(self) -> str:
        """Content key of ids, classes and pixels.

        Images that are decoded on demand are identified only by their ids.
        """
        pixels = self.pixels_checksum
        if pixels is None and isinstance(self.pixels, np.ndarray):
            pixels = _checksum(self.pixels)
        return content_key("decoded", self.images_id, pixels)


def require_decoded(images: object, noun: str) -> None:
    """Refuse anything except decoded images, such as a bare array.

    Args:
      images: The value to check.
      noun: Name of the argument in the message.

    Raises:
      UsageError: naming the argument.
    """
    hint = (
        "Take what `decode_images` gives, or make it of arrays: "
        "conceptevo_jax.data.DecodedImages(pixels=…, labels=…, keys=…)."
    )
    require_type(images, DecodedImages, noun, hint)


def decode_images(
    images: ImageSet, rows: Int[np.ndarray, " i"], folder: str | os.PathLike[str]
) -> DecodedImages:
    """Decode the images at `rows` into `folder`, on all processors.

    Earlier decoded images there are replaced; code that has opened them keeps their
    pixels.

    Args:
      images: The image set.
      rows: Rows of the images, in the wanted order.
      folder: Gets `images.npy`, `labels.npy` and, at the end, `keys.json`.

    Returns:
      The images, opened from the folder.

    Raises:
      UsageError: for rows out of range, or that occur twice.
      DataError: naming the first image that cannot be decoded, or a full disk;
        earlier images stay.

    Example:
      >>> pixels = ce.decode_images(images, pool.rows, "data/pool")
      >>> test_pixels = ce.decode_images(test_images, test_pool.rows, "data/test")
      >>> pixels.pixels.shape, pixels.images_id == pool.pool_id
      ((200, 32, 32, 3), True)
    """
    rows, folder = checked_rows(rows, len(images)), Path(folder)
    shape = (len(rows), images.side, images.side, 3)
    header = {"descr": "|u1", "fortran_order": False, "shape": shape}
    # Written, not mapped: on a full disk a mapped file ends the process by a signal.
    with open_replacement(folder / PIXELS) as pixels_file:
        np.lib.format.write_array_header_1_0(pixels_file, header)
        chunks = _decoded_chunks(images, rows)
        pixels_checksum = checksum_of(_write_chunks(pixels_file, chunks))
        (folder / KEYS).unlink(missing_ok=True)
    labels = images.labels[rows]
    with open_replacement(folder / LABELS) as pixels_file:
        np.save(pixels_file, labels)
    write_sealed(
        folder / KEYS,
        {
            "keys": [images.keys[row] for row in rows.tolist()],
            "shape": shape,
            "pixels": pixels_checksum,
            "labels": _checksum(labels),
        },
    )
    return open_decoded(folder)


def open_decoded(folder: str | os.PathLike[str]) -> DecodedImages:
    """Open images that `decode_images` wrote, with pixels mapped read-only.

    Raises:
      DataError: naming a file that is missing or damaged, or an unfinished folder.
    """
    folder = Path(folder)
    remedy = (
        f"{folder} holds no complete decoded images: delete it and run the experiment "
        "again."
    )
    sealed_keys = read_sealed(folder / KEYS, remedy)
    pixels = _open_array(
        folder / PIXELS, sealed_keys["shape"], sealed_keys["pixels"], remedy
    )
    labels = _open_array(
        folder / LABELS, sealed_keys["shape"][:1], sealed_keys["labels"], remedy
    )
    return DecodedImages(
        pixels=pixels,
        labels=np.array(labels),
        keys=tuple(sealed_keys["keys"]),
        pixels_checksum=sealed_keys["pixels"],
    )


def _open_array(
    path: Path, shape: list[int], expected_checksum: str, remedy: str
) -> Any:
    """Map an array of this shape and checksum."""
    try:
        array = np.load(path, mmap_mode="r", allow_pickle=False)
        if list(array.shape) != shape:
            raise ValueError(f"it is of shape {array.shape}")
        if _checksum(array) != expected_checksum:
            raise ValueError("its checksum does not fit")
    # NumPy raises some ten types of error on a damaged header.
    except Exception as error:
        raise DataError(f"{path} is damaged ({error}). {remedy}") from error
    return array


def _checksum(array: np.ndarray) -> str:
    content = np.ascontiguousarray(array).reshape(-1).view(np.uint8)
    return checksum(array.dtype.str.encode(), content.data)


def _write_chunks(
    file: Any, chunks: Iterator[UInt8[np.ndarray, "i h w 3"]]
) -> Iterator[memoryview]:
    """Write chunks as they arrive, and pass on the bytes for a checksum."""
    yield memoryview(np.dtype(np.uint8).str.encode())
    for chunk in chunks:
        file.write(chunk.data)
        yield chunk.reshape(-1).data


def _decoded_chunks(
    images: ImageSet, rows: np.ndarray
) -> Iterator[UInt8[np.ndarray, "i h w 3"]]:
    """Decoded images in order, with one chunk per thread decoded ahead."""

    def decode(start: int) -> np.ndarray:
        chunk_rows = rows[start : start + _CHUNK].tolist()
        return np.stack([images.image(row) for row in chunk_rows])

    thread_count = min(32, (os.cpu_count() or 1) + 4)
    with ThreadPoolExecutor(thread_count) as threads:
        waiting: deque[Future[np.ndarray]] = deque()
        try:
            for start in range(0, len(rows), _CHUNK):
                waiting.append(threads.submit(decode, start))
                if len(waiting) > thread_count:
                    yield waiting.popleft().result()
            while waiting:
                yield waiting.popleft().result()
        finally:
            threads.shutdown(cancel_futures=True)

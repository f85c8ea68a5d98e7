"""Pixels decoded when they are accessed, for sets that would fill the disk.

ImageNet at 299 pixels would take 343 GB decoded. An `OnDemand` replaces the array
of decoded pixels: indexing it with rows reads and decodes these images on all
processors. Each access decodes again, so stored pixels are faster if
there is room for them.
"""

import os
from concurrent.futures import ThreadPoolExecutor
from typing import Any

import numpy as np
from jaxtyping import Int, UInt8

from conceptevo_jax.data.checks import checked_rows
from conceptevo_jax.data.decoded import DecodedImages
from conceptevo_jax.data.image_set import ImageSet


class OnDemand:
    """Behaves like the array `[i side side 3]` of the images' pixels, but holds none.

    Attributes:
      shape: Shape of the array that it replaces.
      dtype: Type of its values.
    """

    dtype = np.dtype(np.uint8)

    def __init__(self, images: ImageSet, rows: Int[np.ndarray, " i"]) -> None:
        self.images, self.rows = images, np.asarray(rows)
        self.shape: tuple[int, ...] = (len(self.rows), images.side, images.side, 3)
        self._threads = ThreadPoolExecutor(os.cpu_count())

    def __len__(self) -> int:
        return len(self.rows)

    def __getitem__(self, indices: Any) -> UInt8[np.ndarray, "..."]:
        """Decode the chosen images: one by its number, several by numbers or slice."""
        rows = self.rows[indices]
        if np.ndim(rows) == 0:
            return self.images.image(int(rows))
        decoded = list(self._threads.map(self.images.image, rows.tolist()))
        return np.stack(decoded) if decoded else np.empty((0, *self.shape[1:]), "u1")


def decode_on_demand(images: ImageSet, rows: Int[np.ndarray, " i"]) -> DecodedImages:
    """The images at `rows`, in that order, without keeping any of them decoded.

    Args:
      images: The image set.
      rows: Rows of the images, in order, `[j]`.

    Raises:
      UsageError: for rows out of range, or that occur twice.
    """
    rows = checked_rows(rows, len(images))
    return DecodedImages(
        pixels=OnDemand(images, rows),
        labels=images.labels[rows],
        keys=tuple(images.keys[row] for row in rows.tolist()),
    )

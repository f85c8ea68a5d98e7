"""Which images of a folder without splits are held out for testing."""

from collections.abc import Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Bool

from conceptevo_jax.data.content import (
    number_duplicates,
)
from conceptevo_jax.data.listing import File
from conceptevo_jax.data.passed_over import listed_names
from conceptevo_jax.errors import DataError
from conceptevo_jax.printable import printable_name
from conceptevo_jax.store import checksum


def require_two_of_each(
    root: Path, files: Sequence[File], classes: Sequence[str]
) -> list[int]:
    """Number of readable files by class; every class needs two.

    Args:
      root: The folder, for the message.
      files: All its files.
      classes: Names of its classes.

    Raises:
      DataError: naming the classes that have fewer, with their number.
    """
    labels = [file.label for file in files if file.is_readable]
    counts: list[int] = np.bincount(labels, minlength=len(classes)).tolist()
    small_classes = [
        name for name, count in zip(classes, counts, strict=True) if count < 2
    ]
    if small_classes:
        raise DataError(
            f"{len(small_classes)} of {len(classes)} classes of "
            f"{printable_name(str(root))} "
            "have fewer than two images that can be read, and cannot be both trained "
            f"on and held out: {listed_names(small_classes)}. Add images, or give the "
            "folder train/ and test/ of its own."
        )
    return counts


def held_out_count(distinct_count: int, share: float) -> int:
    """Number of a class's distinct images that are held out: at least one, never all.

    Args:
      distinct_count: Number of distinct images, two or more.
      share: The share to hold out, between 0 and 1.
    """
    return min(max(round(share * distinct_count), 1), distinct_count - 1)


def held_out_images(
    ids: Sequence[str], files: Sequence[File], classes: Sequence[str], share: float
) -> tuple[Bool[np.ndarray, " i"], list[int]]:
    """Which images are held out: in every class those with the smallest hashes.

    Copies of one image stay on one side, unless a class has no other images;
    unreadable files are not held out.

    Args:
      ids: Content id of each file.
      files: The files, with their classes.
      classes: Names of the classes.
      share: Share of each class's distinct images to hold out.

    Returns:
      By image, and the classes that are copies of one image.
    """
    labels = np.array([file.label if file.is_readable else -1 for file in files])
    is_held_out = np.zeros(len(files), bool)
    single_image_classes = []
    for label in range(len(classes)):
        rows = np.flatnonzero(labels == label)
        units = [ids[row] for row in rows.tolist()]
        if len(set(units)) < 2:
            single_image_classes.append(label)
            units = list(number_duplicates(units))
        is_held_out[rows] = _have_smallest_hashes(units, share)
    return is_held_out, single_image_classes


def _have_smallest_hashes(units: list[str], share: float) -> list[bool]:
    """Which images of a class are held out, as a share of the distinct images."""
    ranked = sorted(set(units), key=lambda unit: checksum(f"test:{unit}".encode()))
    held_out_units = set(ranked[: held_out_count(len(ranked), share)])
    return [unit in held_out_units for unit in units]

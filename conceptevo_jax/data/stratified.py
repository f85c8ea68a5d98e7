"""Seeded choices of images by the hashes of their ids, each class in proportion."""

import hashlib
from collections.abc import Sequence

import numpy as np
from jaxtyping import Float, Int, Integer


def stratified_rows(
    keys: Sequence[str],
    labels: Integer[np.ndarray, " i"],
    *,
    size: int,
    seed: int,
    purpose: str = "pool",
) -> Int[np.ndarray, " chosen"]:
    """Rows of `size` images, each class in proportion to its share.

    Every image gets the position (rank + 1/2) / class size among the hashes of its
    class; the smallest positions are chosen, equal ones by hash.

    Args:
      keys: Stable ids.
      labels: Classes.
      size: Number of images to choose.
      seed: Part of the hash.
      purpose: Part of the hash: choices for two purposes are independent.

    Returns:
      The chosen rows, in no particular order.
    """
    hashes = id_hashes(keys, f"{purpose}:{seed}", 8)
    by_class = np.lexsort((hashes, labels))
    places = _places_in_class(labels[by_class])
    return by_class[np.lexsort((hashes[by_class], places))[:size]]


def _places_in_class(
    sorted_labels: Integer[np.ndarray, " i"],
) -> Float[np.ndarray, " i"]:
    """The position (rank + 1/2) / class size of every image, sorted by class."""
    sizes = np.bincount(sorted_labels)
    starts = np.cumsum(sizes) - sizes
    ranks = np.arange(len(sorted_labels)) - starts[sorted_labels]
    return (ranks + 0.5) / sizes[sorted_labels]


def id_hashes(keys: Sequence[str], salt: str, size: int) -> np.ndarray:
    """A hash of each id as an unsigned integer, `[i]`, equal on every machine.

    Args:
      keys: Stable ids.
      salt: Makes hashes for different purposes independent.
      size: Bytes of a hash: 1, 2, 4 or 8.
    """

    def digest(key: str) -> bytes:
        return hashlib.blake2b(f"{salt}:{key}".encode(), digest_size=size).digest()

    # Little-endian, so that the numbers are equal on every machine.
    hashes = np.frombuffer(b"".join(map(digest, keys)), f"<u{size}")
    return hashes.astype(f"u{size}")

"""Pools of images: seeded, stratified, the same on every machine.

A pool is chosen by hashing the images' stable ids, so it depends neither on the order
of the rows nor on the machine, and a smaller pool is a subset of a larger one with the
same seed. Every result records the `pool_id` of its pool. A pool holds no pixels.
Choosing among a million images takes about five seconds.
"""

import dataclasses
import itertools
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int, Int32, UInt32

from conceptevo_jax.data.decoded import DecodedImages
from conceptevo_jax.data.image_set import ImageSet, images_id
from conceptevo_jax.data.stratified import id_hashes, stratified_rows
from conceptevo_jax.errors import DataError, UsageError, is_whole, require_seed
from conceptevo_jax.store import read_sealed, write_sealed
from conceptevo_jax.types import record


@record
class Pool:
    """Chosen images of one image set, in the order of their ids.

    Attributes:
      keys: Stable ids, ascending.
      names: A readable name of each image.
      rows: Their rows in the image set.
      labels: Their classes.
      side: Height and width of the images, in pixels.
      seed: The seed of the choice.
      order: A seeded hash of each id, for breaking ties independently of rows.
      pool_id: Content key of the ids, the classes and the side.
    """

    keys: tuple[str, ...]
    names: tuple[str, ...]
    rows: Int32[np.ndarray, " i"]
    labels: Int32[np.ndarray, " i"]
    side: int
    seed: int
    order: UInt32[np.ndarray, " i"]
    pool_id: str

    def __len__(self) -> int:
        return len(self.keys)


def select_pool(images: ImageSet, *, size: int | None = None, seed: int) -> Pool:
    """Choose `size` images, each class in proportion to its share of the set.

    Args:
      images: The image set.
      size: Number of images; all if None.
      seed: Seed of the choice.

    Returns:
      The pool, independent of the order of the set's rows.

    Raises:
      UsageError: if the set has fewer images than requested, or a number is out of
        range.

    Example:
      >>> pool = ce.select_pool(images, size=200, seed=0)
      >>> test_pool = ce.select_pool(test_images, seed=0)
      >>> len(pool), len(test_pool)
      (200, 60)
    """
    require_seed(seed)
    size = len(images) if size is None else size
    _require_enough(images, size, "size")
    rows = stratified_rows(images.keys, images.labels, size=size, seed=seed)
    return _pool(images, rows, seed)


def heldout_pools(
    images: ImageSet, *, selection: int, judgement: int, seed: int
) -> tuple[Pool, Pool]:
    """Choose two disjoint pools: one for choosing settings, one for testing them.

    Args:
      images: The image set: the test split.
      selection: Number of validation images.
      judgement: Number of held-out test images.
      seed: Seed of the choice.

    Returns:
      The validation pool and the held-out test pool, both stratified by class.

    Raises:
      UsageError: if the set has fewer images than both need together.
    """
    require_seed(seed)
    _require_enough(images, min(selection, judgement), "smaller held-out set")
    _require_enough(images, selection + judgement, "selection + judgement")
    rows = stratified_rows(
        images.keys, images.labels, size=selection + judgement, seed=seed
    )
    held_out_pool = _pool(images, rows, seed)
    first = stratified_rows(
        held_out_pool.keys,
        held_out_pool.labels,
        size=selection,
        seed=seed,
        purpose="selection",
    )
    second = np.setdiff1d(np.arange(len(held_out_pool)), first)
    selection_pool = _pool(images, held_out_pool.rows[first], seed)
    return selection_pool, _pool(images, held_out_pool.rows[second], seed)


def select_part(
    images: DecodedImages, *, size: int, seed: int
) -> tuple[Pool, DecodedImages]:
    """Choose `size` of decoded images, each class in proportion; for probes.

    Args:
      images: The decoded images.
      size: Number of images; all if there are fewer.
      seed: Seed of the choice.

    Returns:
      The pool, whose rows are those of `images`, and its pixels, in memory.
    """
    size = min(size, len(images))
    selected_rows = stratified_rows(
        images.keys, images.labels, size=size, seed=seed, purpose="probe"
    )
    rows = np.sort(selected_rows).astype(np.int32)
    keys = tuple(images.keys[row] for row in rows)
    pixels: Any = np.asarray(images.pixels[rows])
    part = DecodedImages(pixels=pixels, labels=images.labels[rows], keys=keys)
    return _pool_of_part(part, rows, seed), part


def pool_part(pool: Pool, rows: Int[np.ndarray, " j"]) -> Pool:
    """Some images of a pool as a pool of their own.

    Args:
      pool: The pool.
      rows: Their rows in the pool, ascending.
    """
    keys, labels = tuple(pool.keys[row] for row in rows), pool.labels[rows]
    return dataclasses.replace(
        pool,
        keys=keys,
        names=tuple(pool.names[row] for row in rows),
        rows=pool.rows[rows],
        labels=labels,
        order=pool.order[rows],
        pool_id=images_id(keys, labels, pool.side),
    )


def _pool_of_part(
    part: DecodedImages, rows: Int32[np.ndarray, " i"], seed: int
) -> Pool:
    """The pool of the decoded images at these rows, named by their ids."""
    keys = tuple(part.keys)
    return Pool(
        keys=keys,
        names=keys,
        rows=rows,
        labels=part.labels,
        side=part.side,
        seed=seed,
        order=id_hashes(keys, str(seed), 4),
        pool_id=part.images_id,
    )


def require_disjoint(*pools: Pool) -> None:
    """Refuse pools that share an image.

    Raises:
      DataError: naming both pools and an image they share.
    """
    for first, second in itertools.combinations(pools, 2):
        shared = sorted(set(first.keys) & set(second.keys))
        if shared:
            raise DataError(
                f"pools {first.pool_id} and {second.pool_id} share {len(shared)} "
                f"images, such as {shared[0]!r}, but must be disjoint. Take them from "
                "different splits, or together by heldout_pools."
            )


def require_same_pool(expected_id: str, found_id: str, what: str) -> None:
    """Refuse a record that was made on another pool.

    Args:
      expected_id: Id of the pool in use.
      found_id: Id of the pool that `what` was made on.
      what: A description of the record: `"stimuli of vgg16@3"`.

    Raises:
      DataError: naming both pools.
    """
    if expected_id != found_id:
        raise DataError(
            f"{what}: made on pool {found_id}, but pool {expected_id} is needed. "
            f"Make it again on pool {expected_id}, or use pool {found_id} throughout."
        )


def save_pool(path: Path, pool: Pool) -> None:
    """Write the pool as a sealed JSON manifest.

    Args:
      path: The file.
      pool: The pool.
    """
    manifest = {"pool_id": pool.pool_id, "seed": pool.seed, "side": pool.side}
    manifest |= {"labels": pool.labels.tolist(), "rows": pool.rows.tolist()}
    write_sealed(path, {**manifest, "keys": pool.keys, "names": pool.names})


def load_pool(path: Path) -> Pool:
    """Read a pool that `save_pool` wrote.

    Raises:
      DataError: if the file is missing or damaged.
    """
    remedy = "Delete it and select the pool again."
    manifest = read_sealed(path, remedy)
    try:
        return _from_manifest(manifest)
    except (ValueError, KeyError, TypeError) as error:
        raise DataError(
            f"{path} is not a readable pool manifest ({error!r}). {remedy}"
        ) from error


def _from_manifest(manifest: dict[str, Any]) -> Pool:
    keys, seed = tuple(manifest["keys"]), manifest["seed"]
    rows = np.array(manifest["rows"], np.int32)
    labels = np.array(manifest["labels"], np.int32)
    if not len(keys) == len(rows) == len(labels):
        raise ValueError(f"{len(keys)} keys, {len(rows)} rows, {len(labels)} labels")
    return Pool(
        keys=keys,
        names=tuple(manifest["names"]),
        rows=rows,
        labels=labels,
        side=manifest["side"],
        seed=seed,
        order=id_hashes(keys, str(seed), 4),
        pool_id=manifest["pool_id"],
    )


def _pool(images: ImageSet, rows: np.ndarray, seed: int) -> Pool:
    rows = np.array(sorted(rows, key=images.keys.__getitem__), np.int32)
    keys = tuple(images.keys[row] for row in rows)
    labels = images.labels[rows]
    return Pool(
        keys=keys,
        names=tuple(images.name_of(row) for row in rows.tolist()),
        rows=rows,
        labels=labels,
        side=images.side,
        seed=seed,
        order=id_hashes(keys, str(seed), 4),
        pool_id=images_id(keys, labels, images.side),
    )


def _require_enough(images: ImageSet, size: int, what: str) -> None:
    if not is_whole(size) or not 1 <= size <= len(images):
        raise UsageError(
            f"{what} is {size!r}, but must be a whole number from 1 to {len(images)}, "
            f"the number of images in {images.name} ({images.split})."
        )

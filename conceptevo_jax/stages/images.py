"""The images of an experiment: decoded once, in disjoint sets with stable ids."""

import dataclasses
import json
from collections.abc import Mapping
from functools import partial
from pathlib import Path

from conceptevo_jax.config import DatasetConfig
from conceptevo_jax.data import (
    Decoded,
    ImageSet,
    Pool,
    Sizes,
    dataset_sizes,
    decode_images,
    decode_on_demand,
    find_bad,
    heldout_pools,
    images_id,
    load_images,
    open_decoded,
    require_disjoint,
    save_pool,
    select_pool,
    without,
)
from conceptevo_jax.devices import in_turn
from conceptevo_jax.errors import unknown_name
from conceptevo_jax.store import Store
from conceptevo_jax.store.records import write_json


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Images:
    """All image sets of an experiment.

    Attributes:
      classes: Names of the classes.
      train: Training images.
      test: Test images.
      pool: The images that carry the space, among the training images.
      pool_pixels: Their pixels.
      selection: Test images for choosing settings.
      judgement: Test images for reporting numbers.
      selection_pixels: Pixels of the former.
      judgement_pixels: Pixels of the latter.
      skipped: Why an image was left out, by its id.
    """

    classes: tuple[str, ...]
    train: Decoded
    test: Decoded
    pool: Pool
    pool_pixels: Decoded
    selection: Pool
    judgement: Pool
    selection_pixels: Decoded
    judgement_pixels: Decoded
    skipped: Mapping[str, str]


HELD_OUT = 1000
"""Selection and judgement images at most, where no number is given."""

ON_BAD_IMAGE = ("stop", "skip")


def dataset_facts(settings: DatasetConfig) -> Sizes:
    """Sizes of the data set: as configured, or else as found, without any decoding.

    Raises:
      UsageError, DataError: if it has to be looked at and is not there.
    """
    told = settings.facts
    if told.train is not None and told.test is not None and told.classes is not None:
        return Sizes(told.train, told.test, told.classes)
    return dataset_sizes(
        settings.name, data_dir=_own_folder(settings), **settings.options
    )


def heldout_sizes(settings: DatasetConfig, test: int) -> tuple[int, int]:
    """Number of selection and judgement images where there are so many test images."""
    half = min(test // 2, HELD_OUT)
    chosen = (settings.selection_images, settings.judgement_images)
    selection, judgement = (half if size is None else size for size in chosen)
    return selection, judgement


def prepare_images(store: Store, settings: DatasetConfig) -> Images:
    """Choose and decode all image sets, or open what is stored.

    The pool and the training images are chosen by one hash, so that the pool is a part
    of the training images; selection and judgement come from the test split.

    Raises:
      UsageError: for unknown names or sizes the data set does not have.
      DataError: for images that cannot be read, unless they are to be skipped.
    """
    if settings.on_bad_image not in ON_BAD_IMAGE:
        raise unknown_name("on_bad_image", settings.on_bad_image, ON_BAD_IMAGE)
    # Some data sets are prepared on disk when they are first asked for.
    train_set, test_set = in_turn(
        lambda: tuple(_load(store, settings, split) for split in ("train", "test"))
    )
    skipped: dict[str, str] = {}
    if settings.on_bad_image == "skip":
        skipped = _bad(store, train_set) | _bad(store, test_set)
        train_set, test_set = (without(s, skipped) for s in (train_set, test_set))
    seed = settings.seed
    train = select_pool(train_set, size=settings.train_images, seed=seed)
    size = settings.pool_images or len(train)
    pool = select_pool(train_set, size=size, seed=seed) if size < len(train) else train
    test = select_pool(test_set, size=settings.test_images, seed=seed)
    sizes = heldout_sizes(settings, len(test_set))
    selection, judgement = heldout_pools(
        test_set, selection=sizes[0], judgement=sizes[1], seed=seed
    )
    require_disjoint(pool, selection, judgement)
    pixels = partial(_decoded, store, kept=settings.keep_decoded)
    return Images(
        classes=train_set.classes,
        train=pixels(train_set, train),
        test=pixels(test_set, test),
        pool=pool,
        pool_pixels=pixels(train_set, pool),
        selection=selection,
        judgement=judgement,
        selection_pixels=pixels(test_set, selection),
        judgement_pixels=pixels(test_set, judgement),
        skipped=skipped,
    )


def _own_folder(settings: DatasetConfig) -> Path | None:
    return Path(settings.data_dir) if settings.data_dir else None


def _load(store: Store, settings: DatasetConfig, split: str) -> ImageSet:
    folder = _own_folder(settings)
    if folder is None and not settings.name.startswith("tfds:"):
        folder = store.root / "tfds"
    return load_images(
        settings.name,
        split,
        data_dir=folder,
        side=settings.side,
        cache=store.root / "tfds",
        **settings.options,
    )


def _bad(store: Store, images: ImageSet) -> dict[str, str]:
    """Images that cannot be decoded; every image is tried once and never again."""

    def make(folder: Path) -> None:
        write_json(folder / "bad.json", find_bad(images))

    folder, _ = store.folder(
        "check",
        make,
        config={"origin": images.origin},
        inputs={"images": images_id(images.keys, images.side)},
        about=f"{images.name} {images.split}, {len(images)} images",
    )
    return json.loads((folder / "bad.json").read_text())


def _decoded(store: Store, images: ImageSet, pool: Pool, *, kept: bool) -> Decoded:
    if not kept:
        return decode_on_demand(images, pool.rows)

    def make(folder: Path) -> None:
        decode_images(images, pool.rows, folder)
        save_pool(folder / "pool.json", pool)

    folder, _ = store.folder(
        "images",
        make,
        config={"name": images.name, "split": images.split, "border": images.border},
        inputs={"pool": pool.pool_id},
        about=f"{images.name} {images.split}, {len(pool)} images",
    )
    return open_decoded(folder)

"""The images of an experiment: decoded once, in disjoint sets with stable ids."""

import dataclasses
from collections.abc import Mapping, Sequence
from functools import partial
from pathlib import Path

import numpy as np

from conceptevo_jax.config import DatasetConfig, DatasetFacts
from conceptevo_jax.data import (
    DecodedImages,
    ImageSet,
    Pool,
    Sizes,
    content_of,
    dataset_sizes,
    decode_images,
    decode_on_demand,
    drop_images,
    find_bad,
    heldout_pools,
    images_id,
    load_images,
    open_decoded,
    require_dataset,
    require_disjoint,
    save_pool,
    select_pool,
    subset,
)
from conceptevo_jax.devices import call_in_turn
from conceptevo_jax.errors import DataError, UsageError, unknown_name
from conceptevo_jax.figures import undrawable_note
from conceptevo_jax.places import typed_place
from conceptevo_jax.store import Store, content_key, read_sealed, write_sealed


@dataclasses.dataclass(frozen=True, kw_only=True, eq=False)
class Images:
    """All image sets of an experiment.

    Attributes:
      classes: Names of the classes.
      train: Training images.
      test: Test images.
      pool: The images that carry the space, among the training images.
      pool_pixels: Their pixels.
      selection: The validation set: images of the test split for choosing settings.
      judgement: The held-out test set: images of the test split for reported numbers.
      selection_pixels: Pixels of the validation set.
      judgement_pixels: Pixels of the held-out test set.
      skipped: The reason why an image was left out, by its name.
      notes: Whole sentences about the images that a user should read.
    """

    classes: tuple[str, ...]
    train: DecodedImages
    test: DecodedImages
    pool: Pool
    pool_pixels: DecodedImages
    selection: Pool
    judgement: Pool
    selection_pixels: DecodedImages
    judgement_pixels: DecodedImages
    skipped: Mapping[str, str]
    notes: Sequence[str]

    @property
    def content_key(self) -> str:
        """Content key of all image sets, independent of their names."""
        ids = (self.train.images_id, self.test.images_id, self.pool.pool_id)
        return content_key(*ids, self.selection.pool_id, self.judgement.pool_id)


HELD_OUT = 1000
"""Default limit on the number of validation and of held-out test images."""

ON_BAD_IMAGE = ("stop", "skip")


def dataset_facts(settings: DatasetConfig) -> Sizes:
    """Sizes of the data set: as configured, or else as counted, without decoding.

    Raises:
      UsageError, DataError: if it has to be read and is missing.
    """
    is_folder = settings.name.startswith("folder:")
    try:
        require_dataset(settings.name, settings.options)
    except UsageError as error:
        if not is_folder:
            raise
        raise UsageError(
            f"{error} Those of a folder come with the word dataset=folder."
        ) from None
    facts = settings.facts
    if is_folder:
        # Configured sizes belong to another data set; those of a folder are unknown.
        facts = DatasetFacts()
    if facts.train is not None and facts.test is not None and facts.classes is not None:
        return Sizes(facts.train, facts.test, facts.classes)
    return dataset_sizes(
        settings.name, data_dir=_own_folder(settings), **settings.options
    )


def heldout_sizes(settings: DatasetConfig, test: int) -> tuple[int, int]:
    """Number of validation and of held-out test images for a number of test images.

    Args:
      settings: Settings of the data set; configured sizes have precedence.
      test: Number of test images.
    """
    half = min(test // 2, HELD_OUT)
    configured_sizes = (settings.selection_images, settings.judgement_images)
    selection, judgement = (half if size is None else size for size in configured_sizes)
    return selection, judgement


def prepare_images(store: Store, settings: DatasetConfig) -> Images:
    """Choose and decode all image sets, or open what is stored.

    The pool and the training images are chosen by one hash, so that the pool is a part
    of the training images; validation and held-out test images come from the test
    split.

    Args:
      store: The store of decoded images.
      settings: Settings of the data set.

    Raises:
      UsageError: for unknown names, or sizes larger than the data set.
      DataError: for images that cannot be read, unless they are to be skipped.
    """
    if settings.on_bad_image not in ON_BAD_IMAGE:
        raise unknown_name("on_bad_image", settings.on_bad_image, ON_BAD_IMAGE)
    # Some data sets are prepared on disk when they are first asked for.
    train_set, test_set = call_in_turn(
        lambda: tuple(_load(store, settings, split) for split in ("train", "test"))
    )
    skipped: dict[str, str] = {}
    if settings.on_bad_image == "skip":
        train_set, bad_train = _drop_undecodable(store, train_set)
        test_set, bad_test = _drop_undecodable(store, test_set)
        skipped = bad_train | bad_test
    else:
        _require_readable(train_set, test_set)
    seed = settings.seed
    train = select_pool(train_set, size=settings.train_images, seed=seed)
    size = settings.pool_images or len(train)
    pool = select_pool(train_set, size=size, seed=seed) if size < len(train) else train
    test = select_pool(test_set, size=settings.test_images, seed=seed)
    held_out_set, shared_note = _drop_training_images(test_set, train)
    sizes = heldout_sizes(settings, len(held_out_set))
    selection, judgement = heldout_pools(
        held_out_set, selection=sizes[0], judgement=sizes[1], seed=seed
    )
    require_disjoint(pool, selection, judgement)
    pixels = partial(_decode_pool, store, keep_decoded=settings.keep_decoded)
    notes = (*train_set.notes, *test_set.notes, *shared_note)
    glyph_note = undrawable_note(train_set.classes)
    return Images(
        classes=train_set.classes,
        train=pixels(train_set, train),
        test=pixels(test_set, test),
        pool=pool,
        pool_pixels=pixels(train_set, pool),
        selection=selection,
        judgement=judgement,
        selection_pixels=pixels(held_out_set, selection),
        judgement_pixels=pixels(held_out_set, judgement),
        skipped=skipped,
        notes=tuple(dict.fromkeys((*notes, *glyph_note))),
    )


def _drop_training_images(
    test_set: ImageSet, train: Pool
) -> tuple[ImageSet, tuple[str, ...]]:
    """Test images that are not also training images, and a note on those left out."""
    trained_contents = {content_of(key) for key in train.keys}
    shared_keys = [key for key in test_set.keys if content_of(key) in trained_contents]
    if not shared_keys:
        return test_set, ()
    note = (
        f"{len(shared_keys)} of {len(test_set)} test images are also training images, "
        "by "
        "content: validation and held-out test sets leave them out, test accuracy "
        "counts them."
    )
    if len(shared_keys) == len(test_set):
        raise DataError(
            f"all {len(shared_keys)} test images of {test_set.origin} are training "
            "images, "
            "by content: no held-out images are left. Add a separate test split."
        )
    held_out_rows = np.flatnonzero(
        ~np.isin(np.array(test_set.keys), np.array(shared_keys))
    )
    return subset(test_set, held_out_rows), (note,)


def _own_folder(settings: DatasetConfig) -> Path | None:
    if settings.data_dir is None:
        return None
    return typed_place(settings.data_dir, "dataset.data_dir")


def _load(store: Store, settings: DatasetConfig, split: str) -> ImageSet:
    folder = _own_folder(settings)
    if folder is None and not settings.name.startswith("tfds:"):
        folder = store.root / "tfds"
    return load_images(
        settings.name,
        split,
        data_dir=folder,
        side=settings.side,
        cache=store.root / "indexed",
        **settings.options,
    )


def _require_readable(*image_sets: ImageSet) -> None:
    """Refuse files that cannot be read, before any is decoded."""
    unreadable = {
        images.name_of(row): images.unreadable_reasons[key]
        for images in image_sets
        if images.unreadable_reasons
        for row, key in enumerate(images.keys)
        if key in images.unreadable_reasons
    }
    for name, reason in unreadable.items():
        raise DataError(
            f"{len(unreadable)} files or folders of {image_sets[0].origin} cannot be "
            "read, "
            f"the first of them {name!r}: {reason}. Repair or remove them, or leave "
            "them "
            "out by dataset.on_bad_image=skip."
        )


def _drop_undecodable(
    store: Store, images: ImageSet
) -> tuple[ImageSet, dict[str, str]]:
    """The images that can be decoded, and why the others cannot, by name.

    Every image is tried only once.
    """

    def write_undecodable(folder: Path) -> None:
        write_sealed(folder / "bad.json", {"bad": find_bad(images)})

    folder, _ = store.folder(
        "check",
        write_undecodable,
        config={
            "origin": images.origin,
            "formats": images.decoding.formats,
            "max_pixels": images.decoding.max_pixels,
        },
        inputs={"images": images_id(images.keys, images.labels, images.side)},
        about=f"{images.name} {images.split}, {len(images)} images",
    )
    remedy = f"Delete {folder} and run again."
    undecodable_reasons: dict[str, str] = read_sealed(folder / "bad.json", remedy)[
        "bad"
    ]
    # The current reason why a file could not be read takes precedence.
    undecodable_reasons |= images.unreadable_reasons
    names = dict(zip(images.keys, map(images.name_of, range(len(images))), strict=True))
    return drop_images(images, undecodable_reasons), {
        names[key]: reason for key, reason in undecodable_reasons.items()
    }


def _decode_pool(
    store: Store, images: ImageSet, pool: Pool, *, keep_decoded: bool
) -> DecodedImages:
    if not keep_decoded:
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

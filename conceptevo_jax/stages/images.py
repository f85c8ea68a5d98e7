"""The images of an experiment: decoded once, in disjoint sets with stable ids."""

import dataclasses
from pathlib import Path

from conceptevo_jax.config import DatasetConfig
from conceptevo_jax.data import (
    Decoded,
    ImageSet,
    Pool,
    decode_images,
    heldout_pools,
    load_images,
    open_decoded,
    require_disjoint,
    save_pool,
    select_pool,
)
from conceptevo_jax.store import Store


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


def prepare_images(store: Store, settings: DatasetConfig) -> Images:
    """Choose and decode all image sets, or open what is stored.

    The pool and the training images are chosen by one hash, so that the pool is a part
    of the training images; selection and judgement come from the test split.

    Raises:
      UsageError: for unknown names or sizes the data set does not have.
      DataError: for images that cannot be read.
    """
    folder = Path(settings.data_dir) if settings.data_dir else store.root / "tfds"
    train_set, test_set = (
        load_images(
            settings.name,
            split,
            data_dir=folder,
            side=settings.side,
            **settings.options,
        )
        for split in ("train", "test")
    )
    seed = settings.seed
    train = select_pool(train_set, size=settings.train_images, seed=seed)
    size = settings.pool_images or len(train)
    pool = select_pool(train_set, size=size, seed=seed) if size < len(train) else train
    test = select_pool(test_set, size=settings.test_images, seed=seed)
    selection, judgement = heldout_pools(
        test_set,
        selection=settings.selection_images,
        judgement=settings.judgement_images,
        seed=seed,
    )
    require_disjoint(pool, selection, judgement)
    return Images(
        classes=train_set.classes,
        train=_decoded(store, train_set, train),
        test=_decoded(store, test_set, test),
        pool=pool,
        pool_pixels=_decoded(store, train_set, pool),
        selection=selection,
        judgement=judgement,
        selection_pixels=_decoded(store, test_set, selection),
        judgement_pixels=_decoded(store, test_set, judgement),
    )


def _decoded(store: Store, images: ImageSet, pool: Pool) -> Decoded:
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

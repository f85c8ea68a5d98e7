"""Data sets with stable image ids, seeded pools, decoded pixels and batches."""

from conceptevo_jax.data.checks import checked_labels, require_pixels, require_rows
from conceptevo_jax.data.content import content_of
from conceptevo_jax.data.decoded import (
    DecodedImages,
    Pixels,
    decode_images,
    open_decoded,
    require_decoded,
)
from conceptevo_jax.data.image_set import (
    ImageSet,
    drop_images,
    find_bad,
    images_id,
    subset,
)
from conceptevo_jax.data.loader import (
    TrainBatches,
    read_ahead,
    sequential_batches,
    train_batches,
)
from conceptevo_jax.data.ondemand import OnDemand, decode_on_demand
from conceptevo_jax.data.pool import (
    Pool,
    heldout_pools,
    load_pool,
    pool_part,
    require_disjoint,
    require_same_pool,
    save_pool,
    select_part,
    select_pool,
)
from conceptevo_jax.data.registry import (
    DATASETS,
    SOURCES,
    Sizes,
    dataset_sizes,
    dataset_title,
    load_images,
    require_dataset,
)
from conceptevo_jax.data.shapes import CONCEPTS, shape_concepts

__all__ = [
    "CONCEPTS",
    "DATASETS",
    "SOURCES",
    "DecodedImages",
    "ImageSet",
    "OnDemand",
    "Pixels",
    "Pool",
    "Sizes",
    "TrainBatches",
    "checked_labels",
    "content_of",
    "dataset_sizes",
    "dataset_title",
    "decode_images",
    "decode_on_demand",
    "drop_images",
    "find_bad",
    "heldout_pools",
    "images_id",
    "load_images",
    "load_pool",
    "open_decoded",
    "pool_part",
    "read_ahead",
    "require_dataset",
    "require_decoded",
    "require_disjoint",
    "require_pixels",
    "require_rows",
    "require_same_pool",
    "save_pool",
    "select_part",
    "select_pool",
    "sequential_batches",
    "shape_concepts",
    "subset",
    "train_batches",
]

"""Data sets with stable image ids, seeded pools, decoded pixels and batches."""

from conceptevo_jax.data.decoded import Decoded, decode_images, open_decoded
from conceptevo_jax.data.images import ImageSet, images_id
from conceptevo_jax.data.loader import (
    TrainBatches,
    sequential_batches,
    train_batches,
)
from conceptevo_jax.data.pool import (
    Pool,
    heldout_pools,
    load_pool,
    require_disjoint,
    require_same_pool,
    save_pool,
    select_pool,
)
from conceptevo_jax.data.registry import DATASETS, load_images
from conceptevo_jax.data.shapes import CONCEPTS, shape_concepts

__all__ = [
    "CONCEPTS",
    "DATASETS",
    "Decoded",
    "ImageSet",
    "Pool",
    "TrainBatches",
    "decode_images",
    "heldout_pools",
    "images_id",
    "load_images",
    "load_pool",
    "open_decoded",
    "require_disjoint",
    "require_same_pool",
    "save_pool",
    "select_pool",
    "sequential_batches",
    "shape_concepts",
    "train_batches",
]

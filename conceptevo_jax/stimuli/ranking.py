"""The rules by which images rank for a neuron, and the record of the best ones.

They hold for peaks from any source: a sweep over images, or arrays.
"""

import dataclasses
from collections.abc import Sequence

import numpy as np
from jaxtyping import Bool, Int

from conceptevo_jax.activations import Fold
from conceptevo_jax.data import Pool
from conceptevo_jax.errors import UsageError, require_count, unknown_name
from conceptevo_jax.models import DTYPES
from conceptevo_jax.stimuli.topk import TopK, top_k_fold
from conceptevo_jax.types import Site, Stimuli

PROJECTION_IMAGES = 60
"""Images that a neuron is projected from, unless the pool is small."""

TIES = ("hash", "order")
DEAD = ("exclude", "keep")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Search:
    """How stimuli are chosen (paper, Sec. 3.2, Step 1.1).

    The defaults are those of `method=default`. Values are checked when it is made:
    `UsageError` names what is unknown or out of range.

    Attributes:
      k: Stimuli per neuron.
      ties: `hash` breaks ties by a seeded hash of the image's id; `order` keeps the
        earliest image, as in the authors' code.
      dead: `exclude` gives no stimuli to neurons that are silent, constant or not
        finite, and counts only positive peaks at rectified sites; `keep` gives
        every neuron k images, as in the authors' code.
      before_relu: Read VGG before its ReLU, as in the authors' code.
      compute: `bfloat16` runs the network over the pool in that type to retrieve twice
        as many candidates as needed, and re-ranks the candidates of all neurons in
        float32. It is worthwhile if these are a small part of the pool's images.

    Example:
      >>> ce.Search(k=20).ties
      'hash'
      >>> ce.Search(ties="random")
      Traceback (most recent call last):
      conceptevo_jax.errors.UsageError: unknown ties 'random'. Valid: hash, order.
    """

    k: int = 10
    ties: str = "hash"
    dead: str = "exclude"
    before_relu: bool = False
    compute: str = "float32"

    def __post_init__(self) -> None:
        if self.ties not in TIES:
            raise unknown_name("ties", self.ties, TIES)
        if self.dead not in DEAD:
            raise unknown_name("dead", self.dead, DEAD)
        if self.compute not in DTYPES:
            raise unknown_name("compute type", self.compute, DTYPES)
        require_count("k", self.k)


def top_images_needed(k: int, projection_images: int | None, pool: int) -> int:
    """Number of a neuron's top images that a search has to keep.

    Args:
      k: Stimuli per neuron.
      projection_images: Images that it is projected from, at most a tenth of the pool;
        None, or fewer than k, for its stimuli.
      pool: Number of images in the pool.
    """
    return max(k, min(projection_images or 0, pool // 10))


def ranking_fold(sites: Sequence[Site], pool: Pool, search: Search) -> Fold:
    """The top-k fold that follows the rules of `search`.

    Args:
      sites: The sites of the neurons, in forward order.
      pool: The images.
      search: How stimuli are chosen.

    Raises:
      UsageError: if the pool has fewer images than a neuron needs stimuli.
    """
    count, keep = len(pool), search.dead == "keep"
    if count <= search.k:
        raise UsageError(
            f"k={search.k} stimuli need a pool of more than {search.k} images; "
            f"this one has {count}."
        )
    hashed = search.ties == "hash"
    order = pool.order if hashed else np.arange(count, dtype=np.uint32)
    positive = [site.rectified and not keep for site in sites]
    floor = np.where(positive, np.float32(0), np.float32(-np.inf))
    floors = np.repeat(floor, [site.channels for site in sites])
    return top_k_fold(len(floors), search.k, order, floors, rank_nonfinite=keep)


def _dead_neurons(top: TopK, search: Search) -> Bool[np.ndarray, " n"]:
    """Which neurons have only zero, constant or non-finite responses."""
    rows, nonfinite = np.asarray(top.rows), np.asarray(top.nonfinite)
    constant = ~(np.asarray(top.highest) > np.asarray(top.lowest))
    dead = (rows[:, 0] < 0) | constant | nonfinite
    return np.zeros_like(dead) if search.dead == "keep" else dead


def stimuli_record(
    top: TopK,
    sites: Sequence[Site],
    cells: Int[np.ndarray, "s 2"],
    pool_id: str,
    search: Search,
) -> Stimuli:
    """The stimuli that a fold's final state holds.

    Args:
      top: The state of `ranking_fold`.
      sites: The sites of the neurons, in forward order.
      cells: Height and width of each site's map.
      pool_id: Id of the images.
      search: As for `ranking_fold`.
    """
    values, rows = np.asarray(top.values), np.asarray(top.rows)
    k = search.k
    dead = _dead_neurons(top, search)
    used = (rows[:, :k] >= 0) & ~dead[:, None]
    width = np.repeat(cells[:, 1], [site.channels for site in sites])[:, None]
    peak_cells = np.asarray(top.cells)[:, :k]
    positions = np.stack([peak_cells // width, peak_cells % width], axis=-1)
    tied = (values[:, k - 1] == values[:, k]) & (rows[:, k] >= 0) & ~dead
    return Stimuli(
        image_ids=np.where(used, rows[:, :k], -1).astype(np.int32),
        peaks=np.where(used, values[:, :k], np.nan).astype(np.float32),
        positions=np.where(used[..., None], positions, -1).astype(np.int32),
        count=used.sum(axis=1).astype(np.int32),
        tied=tied,
        dead=dead,
        nonfinite=np.asarray(top.nonfinite),
        grids=np.asarray(cells),
        sites=tuple(sites),
        pool_id=pool_id,
    )

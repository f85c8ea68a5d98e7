"""Find every neuron's stimuli, and its responses to a sample, in one pass (Step 1.1).

Cost: one forward pass over the pool per snapshot; several snapshots read its images
once. Memory: one batch of activations, and per snapshot its weights, k+1 images per
neuron, and the sample's responses.
"""

import dataclasses
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import jax.numpy as jnp
import numpy as np
from jaxtyping import Bool, Float, Int

from conceptevo_jax.activations import (
    Fold,
    Peaks,
    Reader,
    ScreenedSweep,
    Sweep,
    grids,
    read_peaks,
)
from conceptevo_jax.data import Pool
from conceptevo_jax.errors import (
    DataError,
    UsageError,
    require_count,
    require_type,
    unknown_name,
)
from conceptevo_jax.models import DTYPES, Model, Variables
from conceptevo_jax.stimuli.samples import collect_fold, sample_id, sample_rows
from conceptevo_jax.stimuli.topk import TopK, top_k_fold
from conceptevo_jax.types import Responses, Site, Stimuli, neuron_count

CANDIDATE_FACTOR = 2
"""Over-retrieval factor of the candidate pass in a narrower type, whose errors move an
image by fewer ranks."""

TIES = ("hash", "order")
DEAD = ("exclude", "keep")


@dataclasses.dataclass(frozen=True, kw_only=True)
class Search:
    """How stimuli are chosen.

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


Observe = Sweep[tuple[Stimuli, Responses]]
"""From a snapshot's variables and the decoded pool to stimuli and responses."""


def observe(
    reader: Reader,
    sites: Sequence[Site],
    cells: Int[np.ndarray, "s 2"],
    pool: Pool,
    search: Search,
    *,
    sample: Int[np.ndarray, " j"],
    narrow: Reader | None = None,
    require_variables: Callable[[Variables], None] | None = None,
) -> Observe:
    """Compile one pass that finds stimuli in a pool.

    Args:
      reader: Reads the peaks of a batch, see `activations.read_peaks`.
      sites: The model's sites in forward order.
      cells: Height and width of each site's map.
      pool: The images of the pass, in this order.
      search: How stimuli are chosen.
      sample: Image ids whose responses are kept.
      narrow: A reader in a narrower type, to retrieve candidates; see
        `Search.compute`, which has no effect here.
      require_variables: Refuses variables of another model, see `Sweep`.

    Returns:
      The sweep, which takes a snapshot's variables and the decoded pool, or several
      snapshots', and raises `DataError` for the images of another pool.

    Raises:
      UsageError: if the pool has fewer images than a neuron needs stimuli.
    """
    n, count = neuron_count(sites), len(pool)
    sampled_id = sample_id(pool, sample)

    def finish(states: tuple[Any, ...]) -> tuple[Stimuli, Responses]:
        top, responses = states
        stimuli = _stimuli(top, sites, cells, pool.pool_id, search)
        peaks = np.asarray(responses)
        return stimuli, Responses(peaks=peaks, sites=tuple(sites), images_id=sampled_id)

    folds = (_ranking(sites, pool, search), collect_fold(n, sample, count))
    build = partial(Sweep, images_id=pool.pool_id, require_variables=require_variables)
    if narrow is None:
        return build(reader, folds, finish)
    wider = dataclasses.replace(search, k=min(CANDIDATE_FACTOR * search.k, count - 1))

    def candidates(states: tuple[Any, ...]) -> Int[np.ndarray, " j"]:
        rows = np.asarray(states[0].rows)
        return np.union1d(rows[rows >= 0], sample)

    ranking = (_ranking(sites, pool, wider),)
    first = build(narrow, ranking, candidates)
    return ScreenedSweep(first, reader, folds, finish, images_id=pool.pool_id)


def find_stimuli(
    model: Model, pool: Pool, search: Search | None = None, *, sample: int = 1000
) -> Observe:
    """`observe` for a Flax model, keeping responses to `sample` images of the pool.

    The sample is seeded with the pool, and a larger one begins with a smaller one.

    Args:
      model: The model whose stimuli are searched.
      pool: Images to search.
      search: How stimuli are chosen; by default `Search()`.
      sample: Number of images whose responses are kept.

    Raises:
      UsageError: for anything except a pool, for images smaller than the model's input,
        or fewer images than stimuli per neuron; and by the sweep, before it compiles,
        for variables of another model.
    """
    search = search or Search()
    require_type(pool, Pool, "the pool", "Choose one by ce.select_pool.")
    model.require_size(pool.side)
    require_count("sample", sample, minimum=0)
    read = partial(read_peaks, before_relu=search.before_relu)
    exact = search.compute == "float32"
    return observe(
        read(model),
        model.sites,
        np.asarray(grids(model)),
        pool,
        search,
        sample=sample_rows(pool, sample),
        narrow=None if exact else read(model.in_dtype(search.compute)),
        require_variables=model.require_variables,
    )


def stimuli_of_arrays(
    peaks: Float[np.ndarray, "i n"],
    sites: Sequence[Site],
    pool: Pool,
    search: Search,
    *,
    batch_size: int = 1000,
) -> Stimuli:
    """Stimuli from responses computed elsewhere, by any framework.

    Args:
      peaks: Spatial maximum of every neuron on every image of the pool, in order.
      sites: The sites of the neurons; positions are unknown and set to cell 0.
      pool: The images.
      search: How stimuli are chosen; `before_relu` has no effect.
      batch_size: Images merged at a time.

    Raises:
      UsageError: if the pool has fewer images than stimuli per neuron.
      DataError: if the responses do not belong to these images and neurons.
    """
    expected = len(pool), neuron_count(sites)
    if peaks.shape != expected:
        raise DataError(
            f"peaks are {peaks.shape}, but the pool's images and the sites' neurons "
            f"are {expected}: give one row per image and one column per neuron."
        )
    fold = _ranking(sites, pool, search)
    state = fold.empty()
    for start in range(0, len(peaks), batch_size):
        values = jnp.asarray(peaks[start : start + batch_size], jnp.float32)
        rows = jnp.arange(start, start + len(values), dtype=jnp.int32)
        batch = Peaks(values, jnp.zeros(values.shape, jnp.int32))
        state = fold.add(state, batch, rows, jnp.ones(len(values), bool))
    cells = np.ones((len(sites), 2), np.int32)
    return _stimuli(state, sites, cells, pool.pool_id, search)


def _ranking(sites: Sequence[Site], pool: Pool, search: Search) -> Fold:
    """The top-k fold that follows the rules of `search`."""
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


def _stimuli(
    top: TopK,
    sites: Sequence[Site],
    cells: Int[np.ndarray, "s 2"],
    pool_id: str,
    search: Search,
) -> Stimuli:
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

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
from jaxtyping import Float, Int

from conceptevo_jax.activations import (
    Peaks,
    Reader,
    ScreenedSweep,
    Sweep,
    grids,
    read_peaks,
)
from conceptevo_jax.data import Pool
from conceptevo_jax.errors import DataError, require_count, require_type
from conceptevo_jax.models import Model, Variables
from conceptevo_jax.stimuli.ranking import (
    PROJECTION_IMAGES,
    Search,
    ranking_fold,
    stimuli_record,
    top_images_needed,
)
from conceptevo_jax.stimuli.samples import (
    BASE_SAMPLE,
    collect_fold,
    sample_id,
    sample_rows,
)
from conceptevo_jax.types import Responses, Site, Stimuli, neuron_count

CANDIDATE_FACTOR = 2
"""Over-retrieval factor of the candidate pass in a narrower type, whose errors move an
image by fewer ranks."""

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
        stimuli = stimuli_record(top, sites, cells, pool.pool_id, search)
        peaks = np.asarray(responses)
        return stimuli, Responses(peaks=peaks, sites=tuple(sites), images_id=sampled_id)

    folds = (ranking_fold(sites, pool, search), collect_fold(n, sample, count))
    build = partial(Sweep, images_id=pool.pool_id, require_variables=require_variables)
    if narrow is None:
        return build(reader, folds, finish)
    wider = dataclasses.replace(search, k=min(CANDIDATE_FACTOR * search.k, count - 1))

    def candidates(states: tuple[Any, ...]) -> Int[np.ndarray, " j"]:
        rows = np.asarray(states[0].rows)
        return np.union1d(rows[rows >= 0], sample)

    ranking = (ranking_fold(sites, pool, wider),)
    first = build(narrow, ranking, candidates)
    return ScreenedSweep(first, reader, folds, finish, images_id=pool.pool_id)


def find_stimuli(
    model: Model,
    pool: Pool,
    search: Search | None = None,
    *,
    projection_images: int | None = PROJECTION_IMAGES,
    sample: int = BASE_SAMPLE,
) -> Observe:
    """Compile the search for a model's stimuli (paper, Sec. 3.2, Step 1.1).

    The defaults are those of `method=default`: ten stimuli represent a neuron's concept
    and make the space, sixty top images place it there. Both are in one record, the
    strongest first; `base_space` reads the first `search.k` only.

    Args:
      model: The model whose stimuli are searched.
      pool: Images to search.
      search: How stimuli are chosen; by default `Search()`.
      projection_images: Top images that a neuron is projected from, at most a tenth
        of the pool; None, or fewer than `search.k`, for its stimuli alone.
      sample: Number of the pool's images to which all responses are kept, for
        `base_space`. It is seeded with the pool, and a larger sample begins with a
        smaller one.

    Returns:
      `find(variables, pixels)`, which gives `Stimuli` and the sample's `Responses`;
      `find.sweep_all(loads, pixels)` gives them for any number of snapshots.

    Raises:
      UsageError: for anything except a pool, for images smaller than the model's input,
        or fewer images than stimuli per neuron; and by the sweep, before it compiles,
        for variables of another model.

    Example:
      >>> find = ce.find_stimuli(model, pool)
      >>> stimuli, sample = find(variables, pixels)
      >>> stimuli.image_ids.shape, sample.peaks.shape  # a tenth of 200 images
      ((164, 20), (200, 164))
    """
    search = search or Search()
    require_type(pool, Pool, "the pool", "Choose one by ce.select_pool.")
    model.require_size(pool.side)
    require_count("sample", sample, minimum=0)
    read = partial(read_peaks, before_relu=search.before_relu)
    exact = search.compute == "float32"
    k = top_images_needed(search.k, projection_images, len(pool))
    return observe(
        read(model),
        model.sites,
        np.asarray(grids(model)),
        pool,
        dataclasses.replace(search, k=k),
        sample=sample_rows(pool, sample),
        narrow=None if exact else read(model.in_dtype(search.compute)),
        require_variables=model.require_variables,
    )


def stimuli_of_arrays(
    peaks: Float[np.ndarray, "i n"],
    sites: Sequence[Site],
    pool: Pool,
    search: Search | None = None,
    *,
    projection_images: int | None = PROJECTION_IMAGES,
    batch_size: int = 1000,
) -> Stimuli:
    """Stimuli from responses computed elsewhere, by any framework (Step 1.1).

    The rules and the ties are those of `find_stimuli`, which finds the same images
    for the same peaks.

    Args:
      peaks: Spatial maximum of every neuron on every image of the pool, in order, in
        the units of the network's activations.
      sites: The sites of the neurons; positions are unknown and set to cell 0.
      pool: The images.
      search: How stimuli are chosen; by default `Search()`. `before_relu` and
        `compute` have no effect.
      projection_images: As for `find_stimuli`.
      batch_size: Images merged at a time.

    Returns:
      One record, which `project_neurons` places in a space of the same pool.

    Raises:
      UsageError: if the pool has fewer images than stimuli per neuron, or is no pool.
      DataError: if the responses do not belong to these images and neurons.

    Example:
      >>> site = ce.Site(
      ...     name="conv1", channels=2, rectified=True, receptive_field=3, stride=1
      ... )
      >>> brightness = pixels.pixels.mean(axis=(1, 2))[:, :2]  # of red and green
      >>> bright = ce.stimuli_of_arrays(brightness, [site], pool)
      >>> bool(bright.image_ids[0, 0] == brightness[:, 0].argmax())
      True
    """
    require_type(pool, Pool, "the pool", "Choose one by ce.select_pool.")
    require_count("batch_size", batch_size)
    search = search or Search()
    k = top_images_needed(search.k, projection_images, len(pool))
    search = dataclasses.replace(search, k=k)
    expected = len(pool), neuron_count(sites)
    if peaks.shape != expected:
        raise DataError(
            f"peaks are {peaks.shape}, but the pool's images and the sites' neurons "
            f"are {expected}: give one row per image and one column per neuron."
        )
    fold = ranking_fold(sites, pool, search)
    state = fold.empty()
    for start in range(0, len(peaks), batch_size):
        values = jnp.asarray(peaks[start : start + batch_size], jnp.float32)
        rows = jnp.arange(start, start + len(values), dtype=jnp.int32)
        batch = Peaks(values, jnp.zeros(values.shape, jnp.int32))
        state = fold.add(state, batch, rows, jnp.ones(len(values), bool))
    cells = np.ones((len(sites), 2), np.int32)
    return stimuli_record(state, sites, cells, pool.pool_id, search)

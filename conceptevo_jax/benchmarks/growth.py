"""How time and memory grow with images, neurons, snapshots and classes.

Each is measured at several sizes with everything else fixed, compiled beforehand. The
exponent is that of the power law through the last two sizes, where constant costs have
the smallest weight: 1 is linear, 2 quadratic.
"""

import gc
from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from conceptevo_jax.activations import Peaks
from conceptevo_jax.analysis.importance.vjp_sweep import compile_vjp_sweep
from conceptevo_jax.benchmarks.planted import IMAGES, planted_stimuli, random_space
from conceptevo_jax.benchmarks.rows import BYTES, EXPONENT, SECONDS, Row
from conceptevo_jax.benchmarks.timing import fastest_seconds, numpy_memory
from conceptevo_jax.embedding import fit_neurons
from conceptevo_jax.models import Model
from conceptevo_jax.projection import project_neurons
from conceptevo_jax.stimuli import top_k_fold

MAX_LINEAR_EXPONENT = 1.3
"""Exponent up to which growth counts as linear, caches and start-up included."""

STIMULI, REPEATS, DIM = 10, 20, 30

BATCH = 1_000
"""Synthetic images merged at a time."""

PER_GROUP = 32
"""Neurons of a planted concept."""

FOLD_NEURONS = 256

TEN_MINUTES = 600


def power_law_exponent(
    sizes: Sequence[int], costs: Sequence[int | float]
) -> float | None:
    """Of the power law through the last two points; None of fewer, or of no cost.

    Args:
      sizes: Ascending.
      costs: Seconds or bytes at each size.
    """
    if len(sizes) < 2 or not min(costs[-2:]) > 0:
        return None
    steps = np.diff(np.log(costs[-2:])) / np.diff(np.log(sizes[-2:]))
    return float(steps[0])


def time_call(call: Callable[[], Any]) -> float:
    """Seconds of the faster of two calls after a first one, which compiles."""
    return fastest_seconds({"": call}, turns=2)[""]


def fold_images(count: int) -> int:
    """Merge synthetic responses to `count` images into each neuron's strongest.

    Returns:
      Bytes that live on the device at the end.
    """
    gc.collect()
    before = sum(array.nbytes for array in jax.live_arrays())
    order = np.random.default_rng(0).permutation(count).astype(np.uint32)
    fold = top_k_fold(FOLD_NEURONS, STIMULI, order, np.zeros(FOLD_NEURONS, np.float32))
    key, state = jax.random.key(0), fold.empty()
    valid = jnp.ones(BATCH, bool)
    cells = jnp.zeros((BATCH, FOLD_NEURONS), jnp.int32)
    for start in range(0, count, BATCH):
        values = jax.random.uniform(jax.random.fold_in(key, start), cells.shape)
        rows = jnp.arange(start, start + BATCH, dtype=jnp.int32)
        state = fold.add(state, Peaks(values, cells), rows, valid)
    jax.block_until_ready(state)
    del values, rows, valid, cells
    return sum(array.nbytes for array in jax.live_arrays()) - before


def grow_images(sizes: Sequence[int]) -> list[Row]:
    """The top-k fold over ever more synthetic images, a multiple of `BATCH` each."""
    # The programs of one merge do not depend on the number of images but for its ranks.
    seconds, memory = [], []
    for size in sizes:
        memory.append(fold_images(size))
        seconds.append(time_call(partial(fold_images, size)))
    rows = _sizes("images", sizes, seconds, memory)
    bytes_per_image = (memory[-1] - memory[0]) / max(sizes[-1] - sizes[0], 1)
    return [
        *rows,
        _exponent_row("images", "fold", "time", sizes, seconds),
        Row(
            part="growth",
            what="memory of fold per further image",
            bytes=memory[-1],
            value=bytes_per_image,
            measure=BYTES,
            bound="<= 4.1",
            claim="memory_of_fold_by_images",
            why="a rank of four bytes among equals; alive on the device in the end",
        ),
    ]


def grow_neurons(sizes: Sequence[int]) -> list[Row]:
    """The neuron embedding of ever more neurons, ten stimuli each."""
    seconds, memory = [], []
    for size in sizes:
        stimuli, _ = planted_stimuli(size, max(size // PER_GROUP, 1))
        fit = partial(fit_neurons, stimuli, repeats=REPEATS)
        seconds.append(time_call(fit))
        memory.append(numpy_memory(fit))
    largest_fit = Row(
        part="growth",
        what=f"embedding of {sizes[-1]:,} neurons",
        seconds=seconds[-1],
        value=seconds[-1],
        measure=SECONDS,
        bound=f"<= {TEN_MINUTES}" if sizes[-1] >= 100_000 else "",
        claim="embedding_of_many_neurons",
        why=f"{STIMULI} stimuli each, E = {REPEATS}",
    )
    return [
        *_sizes("neurons", sizes, seconds, memory),
        _exponent_row("neurons", "embedding", "time", sizes, seconds),
        _exponent_row("neurons", "embedding", "memory", sizes, memory),
        largest_fit,
    ]


def grow_snapshots(sizes: Sequence[int], neurons: int) -> list[Row]:
    """The projection of more and more snapshots.

    Args:
      sizes: Numbers of snapshots.
      neurons: Of each snapshot.
    """
    stimuli, _ = planted_stimuli(neurons, max(neurons // PER_GROUP, 1))
    images = int(stimuli.image_ids.max()) + IMAGES
    space = random_space(stimuli.sites, stimuli.pool_id, images, DIM)
    seconds, memory = [], []
    for size in sizes:

        def project(size: int = size) -> list[np.ndarray]:
            return [project_neurons(stimuli, space).vectors for _ in range(size)]

        seconds.append(time_call(project))
        memory.append(numpy_memory(project))
    return [
        *_sizes("snapshots", sizes, seconds, memory),
        _exponent_row("snapshots", "projection", "time", sizes, seconds),
        _exponent_row("snapshots", "projection", "memory", sizes, memory),
    ]


def grow_classes(model: Model, sizes: Sequence[int], images: int) -> list[Row]:
    """The importance of all neurons for more and more classes.

    Args:
      model: Whose neurons are scored.
      sizes: Numbers of classes.
      images: Of each class.
    """
    ends = model.init(seed=0), model.init(seed=1)
    sweep = compile_vjp_sweep(model, model.sites)
    shape = (images, model.size, model.size, 3)
    pixels = jnp.asarray(np.random.default_rng(0).integers(0, 256, shape, np.uint8))
    seconds = []
    for size in sizes:

        def score(size: int = size) -> list[np.ndarray]:
            sensitivities = (sweep(*ends, pixels, label)[0] for label in range(size))
            return [
                np.asarray((sensitivity > 0).mean(axis=0))
                for sensitivity in sensitivities
            ]

        seconds.append(time_call(score))
    return [
        *_sizes("classes", sizes, seconds, [None] * len(sizes)),
        _exponent_row("classes", "importance", "time", sizes, seconds),
    ]


def _sizes(
    unit: str,
    sizes: Sequence[int],
    seconds: Sequence[float],
    memory: Sequence[int | None],
) -> list[Row]:
    return [
        Row(
            part="growth",
            what=f"{size:,} {unit}",
            seconds=spent,
            rate=size / spent,
            unit=unit,
            bytes=bytes_used,
        )
        for size, spent, bytes_used in zip(sizes, seconds, memory, strict=True)
    ]


def _exponent_row(
    unit: str,
    what: str,
    measure: str,
    sizes: Sequence[int],
    costs: Sequence[int | float],
) -> Row:
    """How `measure`, time or memory, of `what` grows with the number of `of`."""
    span = " to ".join(f"{size:,}" for size in sizes[-2:])
    growth_exponent = power_law_exponent(sizes, costs)
    return Row(
        part="growth",
        what=f"{measure} of {what} by {unit}",
        value=growth_exponent,
        measure=EXPONENT,
        bound=f"<= {MAX_LINEAR_EXPONENT}",
        claim=f"{measure}_of_{what}_by_{unit}",
        why=f"from {span} {unit}"
        if growth_exponent is not None
        else "not run: needs two sizes",
    )

"""One pass over an image set, reduced on the device as it goes.

Memory is one batch of activations plus the fold's own state, whatever the number of
images. The compiled pass is built once per model and reused for every snapshot.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Bool, Float, Int, UInt8

from conceptevo_jax.activations.taps import Peaks, Reader
from conceptevo_jax.data import Decoded, sequential_batches
from conceptevo_jax.models import Variables

BATCH = 250


class Fold(NamedTuple):
    """A streaming reduction over the batches of a sweep.

    `empty()` makes the state; `add(state, peaks, rows, valid)` is traced into the
    sweep: `rows` are image ids, `valid` is False for the padding of the last batch.
    """

    empty: Callable[[], Any]
    add: Callable[[Any, Peaks, Int[Array, " b"], Bool[Array, " b"]], Any]


def map_batches(
    call: Callable[[Array], Array],
    pixels: UInt8[np.ndarray, "i h w 3"],
    *,
    batch_size: int = BATCH,
) -> Float[np.ndarray, "i c"]:
    """What a compiled call gives of some images, batch by batch; one image at least.

    For images that are few enough to keep a row of each; all else is for `sweep`.
    """
    size = min(batch_size, len(pixels))
    parts = [
        np.asarray(call(jnp.asarray(pixels[rows])))[valid]
        for rows, valid in sequential_batches(len(pixels), size)
    ]
    return np.concatenate(parts)


def sweep(
    reader: Reader, folds: tuple[Fold, ...], *, batch_size: int = BATCH
) -> Callable[[Variables, Decoded], tuple[Any, ...]]:
    """Compile a pass that feeds every image's peaks to all `folds`.

    Args:
      reader: See `read_peaks`.
      folds: Reductions that share the pass.
      batch_size: Images per call of the model.

    Returns:
      `run(variables, images) -> states`, one final state per fold.
    """

    # Compiled apart from the folds, the network is the same program in every sweep,
    # and found again in the compilation cache.
    read = jax.jit(reader)

    @jax.jit
    def merge(
        states: tuple[Any, ...], peaks: Peaks, rows: Array, valid: Array
    ) -> tuple[Any, ...]:
        return tuple(
            fold.add(state, peaks, rows, valid)
            for fold, state in zip(folds, states, strict=True)
        )

    def run(variables: Variables, images: Decoded) -> tuple[Any, ...]:
        states = tuple(fold.empty() for fold in folds)
        size = min(batch_size, len(images))
        for rows, valid in sequential_batches(len(images), size):
            pixels = np.asarray(images.pixels[rows])
            peaks = read(variables, pixels)
            states = merge(states, peaks, rows.astype(np.int32), valid)
        return states

    return run

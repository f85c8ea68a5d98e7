"""Read images batch by batch, and keep a row for each."""

from collections.abc import Callable, Iterator

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh
from jaxtyping import Array, Float, UInt8

from conceptevo_jax.activations.taps import Peaks, Reader
from conceptevo_jax.data import DecodedImages, read_ahead, sequential_batches
from conceptevo_jax.devices import (
    REPLICATED,
    SHARDED,
    data_mesh,
    gather_rows,
    per_device,
    process_rows,
    replicate,
    shard,
)
from conceptevo_jax.models import Variables

BATCH = 125
"""Images per call: enough for two cores, and few enough that a CPU's working memory for
a narrow network is reused from call to call, not released and cleared again."""


def map_batches(
    call: Callable[[Array], Array],
    pixels: UInt8[np.ndarray, "i h w 3"],
    *,
    batch_size: int = BATCH,
) -> Float[np.ndarray, "i c"]:
    """The results of a compiled call on images, batch by batch, for at least one image.

    For few images, of which a row each fits in memory; otherwise use `sweep`.

    Args:
      call: From a batch's pixels to one row per image.
      pixels: The images.
      batch_size: Images per call, at most.
    """
    size = min(batch_size, len(pixels))
    parts = [
        np.asarray(call(jnp.asarray(pixels[rows])))[valid]
        for rows, valid in sequential_batches(len(pixels), size)
    ]
    return np.concatenate(parts)


def read_all_peaks(
    reader: Reader,
    variables: Variables,
    images: DecodedImages,
    *,
    batch_size: int = BATCH,
) -> Iterator[Float[np.ndarray, "b n"]]:
    """Every neuron's peak on every image, in order, batch by batch, in every process.

    The last batch is padded with its last image.

    Args:
      reader: See `read_peaks`.
      variables: A snapshot's variables.
      images: At least one image.
      batch_size: Images per call of the model, on each device.
    """
    mesh = data_mesh()
    read = jax.jit(_read_by_all(mesh, reader))
    replicated_variables = replicate(mesh, variables)
    size = min(batch_size, -(-len(images) // mesh.size)) * mesh.size
    local_rows = process_rows(mesh, size)
    batches = (rows[local_rows] for rows, _ in sequential_batches(len(images), size))
    for batch in read_ahead(lambda rows: np.asarray(images.pixels[rows]), batches):
        yield np.asarray(read(replicated_variables, shard(mesh, batch, size)).values)


def _read_by_all(mesh: Mesh, reader: Reader) -> Reader:
    """The reader itself on one device, whose program a sweep has compiled already."""
    if mesh.size == 1:
        return reader

    def read(variables: Variables, pixels: UInt8[Array, "b h w 3"]) -> Peaks:
        return gather_rows(mesh, reader(variables, pixels))

    return per_device(mesh, read, (REPLICATED, SHARDED), REPLICATED)

"""Loss and accuracy over an image set, in evaluation mode."""

from collections.abc import Callable

import numpy as np
from jax.sharding import Mesh

from conceptevo_jax.data import DecodedImages, read_ahead, sequential_batches
from conceptevo_jax.devices import data_mesh, process_rows, replicate, shard
from conceptevo_jax.models import Model, Variables
from conceptevo_jax.training.step import Tally, make_eval_step

EVAL_BATCH = 125
"""Images per call in evaluation, as in sweeps."""


def evaluate(model: Model, variables: Variables, data: DecodedImages) -> Tally:
    """Loss and top-1/top-5 counts over all images, in evaluation mode.

    Args:
      model: The architecture.
      variables: A snapshot's weights.
      data: The images, with their labels.
    """
    mesh, rows = data_mesh(), np.arange(len(data))
    replicated_variables = replicate(mesh, variables)
    return evaluate_rows(mesh, make_eval_step(model), replicated_variables, data, rows)


def evaluate_rows(
    mesh: Mesh,
    step: Callable[..., Tally],
    variables: Variables,
    images: DecodedImages,
    rows: np.ndarray,
) -> Tally:
    """Evaluate some of the images.

    Args:
      mesh: From `data_mesh`.
      step: From `make_eval_step`.
      variables: Replicated on all devices.
      images: The images, with their labels.
      rows: Rows of the images, `[j]`.
    """
    tally = replicate(mesh, Tally.zero())
    size = -(-min(EVAL_BATCH, len(rows)) // mesh.size) * mesh.size
    local_rows = process_rows(mesh, size)

    def read_batch(batch: tuple[np.ndarray, np.ndarray]) -> tuple[np.ndarray, ...]:
        positions, valid = batch
        picked = rows[positions[local_rows]]
        return (
            np.asarray(images.pixels[picked]),
            images.labels[picked],
            valid[local_rows],
        )

    for batch in read_ahead(read_batch, sequential_batches(len(rows), size)):
        tally = step(variables, tally, *shard(mesh, batch, size))
    return tally

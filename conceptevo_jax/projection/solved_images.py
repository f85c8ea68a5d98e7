"""One vector per image of the pool, solved from the base neurons' (Step 2.1).

For the policies `covered` and `random`, which solve only for images that are a stimulus
of a live base neuron. Memory is a few times `covered images × d` doubles; the rest of
the pool appears only in the result.
"""

import numpy as np
from scipy import sparse

from conceptevo_jax.embedding.pairs import stimulus_entries
from conceptevo_jax.errors import DataError
from conceptevo_jax.projection.solvers import (
    SolveReport,
    SolveSettings,
    initial_images,
    solve,
)
from conceptevo_jax.types import Embedding, Stimuli


def stimulus_matrix(stimuli: Stimuli, pool_size: int) -> sparse.csr_array:
    """A, `[n i]`: 1 / count[n] on the stimuli of live neurons; dead rows are empty.

    Args:
      stimuli: Stimuli of one snapshot.
      pool_size: Number of images in the pool.

    Raises:
      DataError: if a stimulus is not a row of the pool.
    """
    neurons, images = stimulus_entries(stimuli)
    if images.size and images.max() >= pool_size:
        raise DataError(
            f"the stimuli name image {images.max()} of pool {stimuli.pool_id}, which "
            f"is said to have {pool_size} images; give that pool's size."
        )
    shares = 1.0 / stimuli.count[neurons]
    shape = (len(stimuli.count), pool_size)
    return sparse.csr_array((shares, (neurons, images)), shape=shape)


def solved_images(
    stimuli: Stimuli,
    neurons: Embedding,
    *,
    pool_size: int,
    settings: SolveSettings,
    seed: int,
    keep_start: bool,
) -> tuple[Embedding, SolveReport]:
    """Solve for the vectors of all images that are stimuli of base neurons.

    Args:
      stimuli: The base snapshot's stimuli.
      neurons: Its neurons' learned vectors.
      pool_size: Images in the pool.
      settings: The solver and its settings.
      seed: Seed of E₀ if it is random.
      keep_start: Whether the other images keep their row of E₀ instead of NaN.

    Returns:
      Image vectors with coverage 1 if solved for and 0 otherwise, and the report.
    """
    rows = np.flatnonzero(neurons.placed)
    matrix = stimulus_matrix(stimuli, pool_size)[rows]
    columns = np.unique(matrix.indices)
    dim = neurons.vectors.shape[1]
    start = initial_images(pool_size, dim, settings.initial, seed)
    solved, report = solve(
        matrix[:, columns], neurons.vectors[rows], start[columns], settings
    )
    vectors = start if keep_start else np.full_like(start, np.nan)
    vectors[columns] = solved
    coverage = np.zeros(pool_size, np.float32)
    coverage[columns] = 1
    return Embedding(vectors=vectors.astype(np.float32), coverage=coverage), report

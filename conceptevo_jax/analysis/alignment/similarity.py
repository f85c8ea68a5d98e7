"""Similarity of two neurons by an embedding, or by a control.

A similarity is one number per pair of neurons of two snapshots. For the embedding it is
the cosine after centring each snapshot's vectors. The controls use no information
(constant and random vectors), the stimuli without an embedding (shared stimuli), or the
responses themselves (correlation over the pool: the ceiling).

Similarities do not decide which pairs agree. Each costs one matrix product.
"""

import numpy as np
import scipy.sparse
from jaxtyping import Float, Float32, Float64

from conceptevo_jax.analysis.alignment.response_rows import unit_rows
from conceptevo_jax.types import Stimuli


def directions(vectors: Float[np.ndarray, "n d"]) -> Float64[np.ndarray, "n d"]:
    """Directions of vectors from their mean; the product of two rows is a cosine.

    Args:
      vectors: Finite vectors of the live neurons of one snapshot.

    Returns:
      Rows of length 1; all zero if a vector differs from the mean only by
      rounding, so that pairs of equal vectors tie.
    """
    exact = vectors.astype(np.float64)
    size = np.sqrt((exact**2).sum(axis=1).mean())
    return unit_rows(exact - exact.mean(axis=0), np.full(len(exact), size))


def stimulus_rows(stimuli: Stimuli) -> scipy.sparse.csr_array:
    """Each neuron's stimuli as a sparse row of zeros and ones over the pool."""
    neurons, slots = np.nonzero(stimuli.image_ids >= 0)
    images = stimuli.image_ids[neurons, slots]
    shape = (len(stimuli.image_ids), int(stimuli.image_ids.max(initial=0)) + 1)
    return scipy.sparse.csr_array(
        (np.ones(images.size, np.float32), (neurons, images)), shape=shape
    )


def shared_stimuli(
    rows_a: scipy.sparse.csr_array, rows_b: scipy.sparse.csr_array
) -> Float32[np.ndarray, "na nb"]:
    """Share of two neurons' stimuli that they have in common: |A and B| / |A or B|.

    Args:
      rows_a: Rows of `stimulus_rows`, every neuron with at least one stimulus.
      rows_b: The same of the other snapshot, on the same pool.

    Returns:
      The Jaccard index of every pair.
    """
    width = max(rows_a.shape[1], rows_b.shape[1])
    wide = [
        scipy.sparse.csr_array(
            (rows.data, rows.indices, rows.indptr), shape=(rows.shape[0], width)
        )
        for rows in (rows_a, rows_b)
    ]
    common = (wide[0] @ wide[1].T).toarray()
    sizes = [rows.sum(axis=1) for rows in wide]
    return (common / (sizes[0][:, None] + sizes[1] - common)).astype(np.float32)

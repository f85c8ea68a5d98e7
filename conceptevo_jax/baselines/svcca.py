"""Singular vector canonical correlation analysis of two snapshots' responses.

Raghu et al., 2017, https://arxiv.org/abs/1706.05806: keep the directions that hold most
of each snapshot's variance, and average the correlations of the best matching linear
combinations. Like linear CKA it measures how similarly two snapshots represent the same
images, but not which neuron holds which concept. Costs two singular value
decompositions.
"""

import numpy as np
from jaxtyping import Float

from conceptevo_jax.errors import DataError

KEPT_VARIANCE = 0.99
"""Share of the variance that the kept directions explain."""


def svcca(first: Float[np.ndarray, "i n"], second: Float[np.ndarray, "j m"]) -> float:
    """Mean canonical correlation of two sets of responses to the same images, 0 to 1.

    Args:
      first: Responses of one snapshot; a neuron with any response that is not finite
        is left out.
      second: Responses of the other snapshot; the number of neurons may differ.

    Returns:
      The mean over the smaller number of kept directions; NaN where either snapshot's
      responses are constant. Meaningful only with more images than directions.

    Raises:
      DataError: if the numbers of images differ.
    """
    if len(first) != len(second):
        raise DataError(
            f"responses to {len(first)} and to {len(second)} images cannot be "
            "compared: observe both snapshots on the same images."
        )
    bases = [_principal_directions(responses) for responses in (first, second)]
    if not min(basis.shape[1] for basis in bases):
        return float("nan")
    # Of orthonormal bases the canonical correlations are these singular values.
    correlations = np.linalg.svd(bases[0].T @ bases[1], compute_uv=False)
    return float(np.clip(correlations, 0, 1).mean())


def _principal_directions(
    peaks: Float[np.ndarray, "i n"],
) -> Float[np.ndarray, "i r"]:
    """Orthonormal directions over the images that explain most of the variance."""
    centred = peaks[:, np.isfinite(peaks).all(axis=0)].astype(np.float64)
    centred = centred - centred.mean(axis=0)
    left_vectors, singular_values, _ = np.linalg.svd(centred, full_matrices=False)
    variance = np.cumsum(singular_values**2)
    if not variance.size or not variance[-1] > 0:
        return left_vectors[:, :0]
    return left_vectors[
        :, : int(np.searchsorted(variance, KEPT_VARIANCE * variance[-1])) + 1
    ]

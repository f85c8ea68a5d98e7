"""Singular vector canonical correlation analysis of two snapshots' responses.

Raghu et al., 2017, https://arxiv.org/abs/1706.05806: keep the directions that hold most
of each snapshot's variance, and average the correlations of the best matching linear
combinations. Like linear CKA it says how alike two snapshots represent the same images
and not which neuron holds which concept. Costs two singular value decompositions.
"""

import numpy as np
from jaxtyping import Float

from conceptevo_jax.errors import DataError

KEPT = 0.99
"""Share of the variance that the kept directions hold."""


def svcca(first: Float[np.ndarray, "i n"], second: Float[np.ndarray, "j m"]) -> float:
    """Mean canonical correlation of two sets of responses to the same images, 0 to 1.

    Args:
      first: Responses of one snapshot; neurons that are anywhere not finite are left
        out.
      second: Those of the other, of as many neurons or not.

    Returns:
      The mean over the smaller number of kept directions; NaN where one of both is
      constant. Meaningful with more images than directions only.

    Raises:
      DataError: if the numbers of images differ.
    """
    if len(first) != len(second):
        raise DataError(
            f"responses to {len(first)} and to {len(second)} images cannot be "
            "compared: observe both snapshots on the same images."
        )
    axes = [_principal(one) for one in (first, second)]
    if not min(one.shape[1] for one in axes):
        return float("nan")
    # Of orthonormal bases the canonical correlations are these singular values.
    found = np.linalg.svd(axes[0].T @ axes[1], compute_uv=False)
    return float(np.clip(found, 0, 1).mean())


def _principal(peaks: Float[np.ndarray, "i n"]) -> Float[np.ndarray, "i r"]:
    """Orthonormal directions over the images that hold most of the variance."""
    rows = peaks[:, np.isfinite(peaks).all(axis=0)].astype(np.float64)
    rows = rows - rows.mean(axis=0)
    left, values, _ = np.linalg.svd(rows, full_matrices=False)
    energy = np.cumsum(values**2)
    if not energy.size or not energy[-1] > 0:
        return left[:, :0]
    return left[:, : int(np.searchsorted(energy, KEPT * energy[-1])) + 1]

"""Accuracy over groups of images, before and after channels are patched."""

import numpy as np
from jaxtyping import Bool, Float, Int


def accuracies(
    correctness: Bool[np.ndarray, "i 2"], members: Bool[np.ndarray, "r g i"]
) -> Float[np.ndarray, "r g 2"]:
    """Accuracy of one network over each group of images.

    Args:
      correctness: Top-1 and top-5 correctness of each image.
      members: Which images are in which group, by repeat.
    """
    correct_counts = np.einsum(
        "im,rgi->rgm", correctness.astype(float), members.astype(float)
    )
    return _shares(correct_counts, members.sum(axis=-1))


def patched_accuracies(
    correctness: Bool[np.ndarray, "r s q i 2"], members: Bool[np.ndarray, "r g i"]
) -> Float[np.ndarray, "r s q g 2"]:
    """Accuracy of patched networks over each group of images.

    Args:
      correctness: As for `accuracies`, by repeat, site and quantile.
      members: Which images are in which group, by repeat.
    """
    correct_counts = np.einsum(
        "rsqim,rgi->rsqgm",
        correctness.astype(float),
        members.astype(float),
        optimize=True,
    )
    return _shares(correct_counts, members.sum(axis=-1)[:, None, None])


def _shares(correct_counts: np.ndarray, counts: Int[np.ndarray, "... g"]) -> np.ndarray:
    """Share of the images that are correct; NaN for a group without images."""
    counts = counts[..., None]
    return np.where(counts > 0, correct_counts / np.maximum(counts, 1), np.nan)

"""How far neurons move between two snapshots.

Movement is measured on the vectors of one space. A projected vector is a mean, so it
is short if the stimuli have little in common: lengths, and with them movements,
shrink and grow with a snapshot's coverage and agreement. Movement is therefore also
given relative to the spread of the snapshot.
"""

import numpy as np
from jaxtyping import Bool, Float
from scipy.spatial.distance import pdist

from conceptevo_jax.analysis.statistics.estimates import (
    DRAWS,
    Estimate,
    estimate_from_halves,
    halves,
)
from conceptevo_jax.errors import DataError
from conceptevo_jax.types import Responses, Stimuli

_CONSTANT = "all neurons of one of the two snapshots are constant or not finite"


def movement(
    before: Float[np.ndarray, "n d"], after: Float[np.ndarray, "n d"]
) -> Float[np.ndarray, " n"]:
    """Euclidean distance that each neuron has moved.

    Args:
      before: Vectors in the earlier snapshot.
      after: Vectors of the same neurons in the later one, in the same space.

    Returns:
      One distance per neuron; NaN without a place in either.
    """
    return np.linalg.norm(after.astype(np.float64) - before.astype(np.float64), axis=1)


def spread(vectors: Float[np.ndarray, "n d"]) -> float:
    """Mean distance of all pairs of placed neurons; NaN with fewer than two."""
    placed = vectors[np.isfinite(vectors).all(axis=1)].astype(np.float64)
    return float(pdist(placed).mean()) if len(placed) > 1 else float("nan")


def linear_cka(
    first: Responses, second: Responses, *, draws: int = DRAWS, seed: int = 0
) -> Estimate:
    """How similarly two snapshots of a run represent the same images: 0 to 1.

        ‖Yᵀ X‖² / (‖Xᵀ X‖ ‖Yᵀ Y‖), Frobenius norms of centred responses

    (Kornblith et al., 2019, Eq. 5, https://arxiv.org/abs/1905.00414). The interval
    comes from halves of the neurons, the same in both. Neurons that are not finite are
    left out; there is no value if all are constant. Takes `n²` numbers of memory.

    Args:
      first: Responses of one snapshot.
      second: Responses of the other to the same images.
      draws: Number of random halves of the neurons; 0 gives no interval.
      seed: Seed of the halves.

    Raises:
      DataError: if the responses are to different images or of different neurons.
    """
    _require_same_images(first, second)
    x, y = (_centre_columns(responses.peaks) for responses in (first, second))
    n = x.shape[1]
    cka = _cka_of_members(x, y, halves(n, draws, seed))
    if cka is None:
        return Estimate(value=None, low=None, high=None, n=n, why=_CONSTANT)
    return estimate_from_halves(float(cka[0]), cka[1:], n)


def _require_same_images(first: Responses, second: Responses) -> None:
    if first.images_id != second.images_id or first.sites != second.sites:
        raise DataError(
            f"responses of {first.peaks.shape[1]} neurons to images "
            f"{first.images_id} and of {second.peaks.shape[1]} to {second.images_id} "
            "cannot be compared: observe two snapshots of a run on the same images."
        )


def _centre_columns(peaks: Float[np.ndarray, "i n"]) -> Float[np.ndarray, "i n"]:
    rows = np.where(np.isfinite(peaks).all(axis=0), peaks, 0).astype(np.float64)
    # One scale for all: that of a whole snapshot cancels, and squares stay finite.
    rows /= max(float(np.abs(rows).max(initial=0)), 1e-300)
    return rows - rows.mean(axis=0)


def _cka_of_members(
    x: Float[np.ndarray, "i n"], y: Float[np.ndarray, "i n"], members: np.ndarray
) -> np.ndarray | None:
    """CKA of all neurons, then of each set of members; None if nothing varies."""
    cross_products, first_products, second_products = (
        _squared_products(a, b, members) for a, b in ((x, y), (x, x), (y, y))
    )
    if not first_products[0] * second_products[0] > 0:
        return None
    return cross_products / np.maximum(
        np.sqrt(first_products * second_products), 1e-300
    )


def _squared_products(
    x: Float[np.ndarray, "i n"],
    y: Float[np.ndarray, "i n"],
    members: Bool[np.ndarray, "_ n"],
) -> Float[np.ndarray, " _"]:
    """‖Yᵀ X‖² of all neurons, then of each set of members."""
    squares = (x.T @ y) ** 2
    member_weights = members.astype(np.float64)
    return np.append(
        squares.sum(), ((member_weights @ squares) * member_weights).sum(axis=1)
    )


def stimulus_overlap(first: Stimuli, second: Stimuli) -> Float[np.ndarray, " n"]:
    """Share of each neuron's stimuli that two snapshots have in common.

    |A ∩ B| / |A ∪ B| of its stimuli before and after; 0 where it is dead in either.

    Args:
      first: Stimuli of one snapshot.
      second: Stimuli of the other, of the same pool.

    Raises:
      DataError: if the snapshots are of other pools or have other neurons.
    """
    _require_comparable(first, second)
    a, b = first.image_ids, second.image_ids
    same = (a[:, :, None] == b[:, None, :]) & (a >= 0)[:, :, None]
    common = same.any(axis=2).sum(axis=1)
    union = first.count + second.count - common
    return np.where(union > 0, common / np.maximum(union, 1), 0.0)


def _require_comparable(first: Stimuli, second: Stimuli) -> None:
    if first.pool_id != second.pool_id:
        raise DataError(
            f"stimuli of pool {first.pool_id} and of pool {second.pool_id} cannot be "
            "compared: find both on the same pool."
        )
    if len(first.count) != len(second.count):
        raise DataError(
            f"{len(first.count)} and {len(second.count)} neurons are not those of one "
            "architecture: neurons evolve within a run."
        )

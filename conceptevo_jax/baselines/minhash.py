"""MinHash: sets that share many members are likely to have a hash in common.

Broder, 1997, https://doi.org/10.1109/SEQUEN.1997.666900. A set's hash is its first
member in a random order of everything that sets may hold; the chance that two sets have
the same hash is their Jaccard index. Several hashes together are a band: two sets are
candidates for a comparison if they have one whole band in common.
"""

import numpy as np
from jaxtyping import Bool, Int

from conceptevo_jax.streams import stream


def random_orders(
    universe: int, *, bands: int, band_size: int, seed: int
) -> Int[np.ndarray, "bands r x"]:
    """Random orders of all possible members, `band_size` orders for each band.

    Args:
      universe: Number of possible members x.
      bands: Number of bands.
      band_size: Hashes, and so orders, per band.
      seed: Decides the orders.
    """
    rng = stream(seed, "orders of MinHash", bands, band_size)
    ascending_numbers = np.arange(universe, dtype=np.int32)
    return rng.permuted(np.tile(ascending_numbers, (bands, band_size, 1)), axis=2)


def hash_bands(
    sets: Bool[np.ndarray, "n x"], orders: Int[np.ndarray, "bands r x"]
) -> Int[np.ndarray, "n bands"]:
    """MinHash of several sets, one number per band; -1 for an empty set.

    Args:
      sets: Which of x possible members each set holds.
      orders: From `random_orders`, the same for all sets.
    """
    # 63 bits of a band's hashes together: two different bands hardly ever collide.
    weights = np.random.default_rng(0).integers(1 << 62, size=orders.shape[1])
    codes = np.empty((len(sets), len(orders)), np.int64)
    for band, band_orders in enumerate(orders):
        hashes = sets[:, band_orders].argmax(axis=2)
        codes[:, band] = (hashes @ weights) & np.iinfo(np.int64).max
    codes[~sets.any(axis=1)] = -1
    return codes


def bucket_links(codes: Int[np.ndarray, "n bands"]) -> Int[np.ndarray, "_ 2"]:
    """Links that connect all sets with a band in common.

    Each set of a bucket is linked to the bucket's first one, which takes fewer links
    than all pairs and connects the same sets.
    """
    links = [np.zeros((0, 2), int)]
    for band in codes.T:
        filled_rows = np.flatnonzero(band >= 0)
        _, first, bucket = np.unique(
            band[filled_rows], return_index=True, return_inverse=True
        )
        links.append(np.stack([filled_rows[first[bucket]], filled_rows], axis=1))
    return np.concatenate(links)

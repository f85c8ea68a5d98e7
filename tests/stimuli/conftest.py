"""A pool of planted images, and the same search done by a full sort."""

from collections.abc import Callable

import numpy as np
import pytest

from conceptevo_jax.data import DecodedImages, ImageSet, Pool, select_pool
from conceptevo_jax.types import Site, neuron_count, site_slices

SITES = (
    Site(name="one", channels=3, rectified=True, receptive_field=3, stride=1),
    Site(name="two", channels=2, rectified=False, receptive_field=5, stride=1),
)


def image_set(keys: list[str]) -> ImageSet:
    """Images of one pixel that tells their place among `keys`."""
    rows = np.arange(len(keys))
    pixels = np.stack([rows % 256, rows // 256, 0 * rows], axis=-1).astype(np.uint8)
    return ImageSet(
        name="planted",
        split="train",
        keys=tuple(keys),
        labels=np.zeros(len(keys), np.int32),
        classes=("a",),
        side=1,
        border=0,
        origin="/data/planted",
        read=lambda row: pixels[row][None, None],
    )


def full_sort(peaks: np.ndarray, order: np.ndarray, k: int) -> dict[str, np.ndarray]:
    """Ids, peaks, count, tied, dead and nonfinite of `SITES`, one neuron at a time."""
    n = neuron_count(SITES)
    found = {
        "image_ids": np.full((n, k), -1),
        "peaks": np.full((n, k), np.nan),
        "count": np.zeros(n, int),
        "tied": np.zeros(n, bool),
        "dead": np.ones(n, bool),
        "nonfinite": ~np.isfinite(peaks).all(axis=0),
    }
    rectified = [site.rectified for site in SITES for _ in range(site.channels)]
    for j, column in enumerate(peaks.T):
        if found["nonfinite"][j] or column.min() == column.max():
            continue
        ranked = np.lexsort((order, -column))
        if rectified[j]:
            ranked = ranked[column[ranked] > 0]
        count = min(k, len(ranked))
        found["dead"][j], found["count"][j] = count == 0, count
        found["image_ids"][j, :count] = ranked[:count]
        found["peaks"][j, :count] = column[ranked[:count]]
        if len(ranked) > k:
            found["tied"][j] = column[ranked[k - 1]] == column[ranked[k]]
    return found


@pytest.fixture(scope="session")
def sites() -> tuple[Site, ...]:
    assert site_slices(SITES)["two"] == slice(3, 5)
    return SITES


@pytest.fixture(scope="session")
def make_pool() -> Callable[..., Pool]:
    def build(count: int, seed: int = 3) -> Pool:
        return select_pool(
            image_set([f"planted/{i:05d}" for i in range(count)]), seed=seed
        )

    return build


@pytest.fixture(scope="session")
def decode() -> Callable[[Pool], DecodedImages]:
    def build(pool: Pool) -> DecodedImages:
        images = image_set(list(pool.keys))
        pixels = np.stack([images.image(row) for row in range(len(pool))])
        return DecodedImages(pixels=pixels, labels=pool.labels, keys=pool.keys)

    return build


@pytest.fixture(scope="session")
def sort_all() -> Callable[..., dict[str, np.ndarray]]:
    return full_sort

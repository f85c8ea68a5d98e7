"""A sweep shows every image once to every fold, whatever the batches."""

import dataclasses

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from conceptevo_jax.activations import Fold, Peaks, Sweep
from conceptevo_jax.data import DecodedImages
from conceptevo_jax.errors import DataError

NEURONS = 3


def planted(count: int) -> DecodedImages:
    """Images of one pixel that tells their row."""
    rows = np.arange(count)
    pixels = np.stack([rows % 256, rows // 256, 0 * rows], axis=-1).astype(np.uint8)
    return DecodedImages(
        pixels=pixels[:, None, None],
        labels=np.zeros(count, np.int32),
        keys=tuple(f"planted/{row}" for row in rows),
    )


def reader(variables, pixels):
    """Neuron `n` responds to image `row` by row + n."""
    pair = pixels[:, 0, 0, :2].astype(jnp.int32)
    row = pair[:, 0] + 256 * pair[:, 1]
    values = row[:, None] + jnp.arange(NEURONS, dtype=jnp.int32)[None]
    return Peaks(values.astype(jnp.float32) * variables["scale"], values)


def scaled(factor: int) -> dict:
    return {"scale": jnp.float32(factor)}


def counting(count: int) -> Fold:
    """How often each row was seen as valid."""

    def add(state, peaks, rows, valid):
        return state.at[rows].add(valid.astype(jnp.int32))

    return Fold(lambda: jnp.zeros(count, jnp.int32), add, jax.lax.psum)


def summing() -> Fold:
    def add(state, peaks, rows, valid):
        return state + jnp.where(valid[:, None], peaks.values, 0).sum(axis=0)

    return Fold(lambda: jnp.zeros(NEURONS, jnp.float32), add, jax.lax.psum)


@pytest.mark.parametrize("batch_size", [1, 7, 23, 24, 300])
def test_every_image_is_seen_once_by_every_fold(batch_size):
    count = 23
    run = Sweep(reader, (counting(count), summing()), tuple, batch_size=batch_size)
    seen, total = run(scaled(2), planted(count))
    np.testing.assert_array_equal(seen, np.ones(count))
    expected = 2 * (np.arange(count).sum() + count * np.arange(NEURONS))
    np.testing.assert_array_equal(total, expected)


def test_rows_belong_to_the_pixels():
    def add(state, peaks, rows, valid):
        matches = (peaks.values[:, 0] == rows.astype(jnp.float32)).all()
        return state & matches

    fold = Fold(lambda: jnp.array(True), add, jax.lax.pmin)
    run = Sweep(reader, (fold,), tuple, batch_size=100)
    assert run(scaled(1), planted(777)) == (True,)


def test_a_sweep_compiles_once_for_all_snapshots_and_batches():
    traces = []

    def traced(variables, pixels):
        traces.append(pixels.shape)
        return reader(variables, pixels)

    run = Sweep(traced, (summing(),), tuple, batch_size=10)
    run.footprint(scaled(1), planted(45))
    for factor in (1, 2, 3):
        run(scaled(factor), planted(45))
    assert traces == [(10, 1, 1, 3)]


def test_a_fold_starts_empty_in_every_run():
    run = Sweep(reader, (summing(),), tuple, batch_size=5)
    first, again = (run(scaled(1), planted(12)) for _ in range(2))
    np.testing.assert_array_equal(first, again)


def test_what_a_sweep_carries_is_a_fold_and_not_the_images():
    run = Sweep(reader, (summing(),), tuple, batch_size=5)
    small, large = (run(scaled(1), planted(count)) for count in (10, 400))
    shapes = [jax.tree.map(jnp.shape, states) for states in (small, large)]
    assert shapes[0] == shapes[1] == ((NEURONS,),)


class Counted:
    """Pixels that count how often each image is read."""

    def __init__(self, pixels):
        self.pixels, self.read = pixels, np.zeros(len(pixels), int)
        self.shape, self.dtype = pixels.shape, pixels.dtype

    def __getitem__(self, chosen):
        np.add.at(self.read, np.unique(chosen), 1)
        return self.pixels[chosen]


def test_many_snapshots_read_each_image_once_and_end_as_each_alone():
    images = planted(23)
    counted = dataclasses.replace(images, pixels=Counted(images.pixels))
    run = Sweep(reader, (counting(23), summing()), tuple, batch_size=5)
    together = run.sweep_together([scaled(factor) for factor in (1, 2, 3)], counted)
    assert (counted.pixels.read == 1).all()
    for factor, found in zip((1, 2, 3), together, strict=True):
        jax.tree.map(np.testing.assert_array_equal, found, run(scaled(factor), images))


def test_images_of_another_pool_are_refused():
    run = Sweep(reader, (summing(),), tuple, images_id=planted(5).images_id)
    run(scaled(1), planted(5))
    with pytest.raises(DataError, match="the images to be swept"):
        run(scaled(1), planted(6))


def test_the_footprint_counts_a_snapshot_and_a_batch():
    run = Sweep(reader, (counting(40),), tuple, batch_size=8)
    found = run.footprint({"scale": jnp.zeros((), jnp.float32)}, planted(40))
    assert found.each == 4 + 4 * 40
    peaks, pixels = 8 * NEURONS * 2 * 4, 8 * 3
    assert found.once >= 2 * peaks + pixels
    assert found.fits(found.once + 3 * found.each) == 3
    assert found.fits(0) == 1

"""A sweep shows every image once to every fold, whatever the batches."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from conceptevo_jax.activations import Fold, Peaks, sweep
from conceptevo_jax.data import Decoded

NEURONS = 3


def planted(count: int) -> Decoded:
    """Images of one pixel that tells their row."""
    rows = np.arange(count)
    pixels = np.stack([rows % 256, rows // 256, 0 * rows], axis=-1).astype(np.uint8)
    return Decoded(
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

    return Fold(lambda: jnp.zeros(count, jnp.int32), add)


def summing() -> Fold:
    def add(state, peaks, rows, valid):
        return state + jnp.where(valid[:, None], peaks.values, 0).sum(axis=0)

    return Fold(lambda: jnp.zeros(NEURONS, jnp.float32), add)


@pytest.mark.parametrize("batch_size", [1, 7, 23, 24, 300])
def test_every_image_is_seen_once_by_every_fold(batch_size):
    count = 23
    run = sweep(reader, (counting(count), summing()), batch_size=batch_size)
    seen, total = run(scaled(2), planted(count))
    np.testing.assert_array_equal(seen, np.ones(count))
    expected = 2 * (np.arange(count).sum() + count * np.arange(NEURONS))
    np.testing.assert_array_equal(total, expected)


def test_rows_belong_to_the_pixels():
    def add(state, peaks, rows, valid):
        matches = (peaks.values[:, 0] == rows.astype(jnp.float32)).all()
        return state & matches

    run = sweep(reader, (Fold(lambda: jnp.array(True), add),), batch_size=100)
    assert run(scaled(1), planted(777)) == (True,)


def test_a_sweep_compiles_once_for_all_snapshots_and_batches():
    traces = []

    def traced(variables, pixels):
        traces.append(pixels.shape)
        return reader(variables, pixels)

    run = sweep(traced, (summing(),), batch_size=10)
    for factor in (1, 2, 3):
        run(scaled(factor), planted(45))
    assert traces == [(10, 1, 1, 3)]


def test_a_fold_starts_empty_in_every_run():
    run = sweep(reader, (summing(),), batch_size=5)
    first, again = (run(scaled(1), planted(12)) for _ in range(2))
    np.testing.assert_array_equal(first, again)


def test_what_a_sweep_carries_is_a_fold_and_not_the_images():
    run = sweep(reader, (summing(),), batch_size=5)
    small, large = (run(scaled(1), planted(count)) for count in (10, 400))
    shapes = [jax.tree.map(jnp.shape, states) for states in (small, large)]
    assert shapes[0] == shapes[1] == ((NEURONS,),)

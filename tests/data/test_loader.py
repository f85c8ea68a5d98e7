"""Batches are a function of (seed, step), cover each epoch once, and are shared out."""

import threading

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conceptevo_jax.data import (
    DecodedImages,
    read_ahead,
    sequential_batches,
    train_batches,
)
from conceptevo_jax.errors import UsageError


def planted(count: int) -> DecodedImages:
    """Images whose every pixel tells their row, as does their label."""
    labels = np.arange(count, dtype=np.int32)
    pixels = np.zeros((count, 2, 2, 3), np.uint8)
    pixels[..., 0], pixels[..., 1] = (labels % 256)[:, None, None], 1
    pixels[..., 2] = (labels // 256)[:, None, None]
    keys = tuple(f"planted/{i}" for i in range(count))
    return DecodedImages(pixels=pixels, labels=labels, keys=keys)


def epoch(batches, number: int) -> np.ndarray:
    steps = batches.steps_per_epoch
    return np.concatenate([batches.rows(number * steps + s) for s in range(steps)])


@pytest.mark.slow
@given(
    count=st.integers(1, 60),
    seed=st.integers(0, 2**32 - 1),
    number=st.integers(0, 1000),
    data=st.data(),
)
def test_each_epoch_shows_each_image_once(count, seed, number, data):
    batch_size = data.draw(st.integers(1, count))
    batches = train_batches(planted(count), batch_size=batch_size, seed=seed)
    rows = epoch(batches, number)
    assert len(rows) == count // batch_size * batch_size
    assert len(set(rows.tolist())) == len(rows)
    assert rows.min() >= 0
    assert rows.max() < count


def test_dropped_images_differ_between_epochs():
    batches = train_batches(planted(100), batch_size=64, seed=0)
    seen = {row for number in range(20) for row in epoch(batches, number).tolist()}
    assert seen == set(range(100))


def test_two_loaders_of_one_seed_agree_at_any_step_in_any_order():
    one = train_batches(planted(50), batch_size=8, seed=5)
    expected = [one.rows(step) for step in range(30)]
    other = train_batches(planted(50), batch_size=8, seed=5)
    for step in (29, 0, 17, 6, 17):
        np.testing.assert_array_equal(other.rows(step), expected[step])


def test_epochs_and_seeds_give_unrelated_orders():
    orders = [
        epoch(train_batches(planted(500), batch_size=10, seed=seed), number)
        for seed in range(3)
        for number in range(4)
    ]
    agreement = np.corrcoef(np.stack(orders))[~np.eye(len(orders), dtype=bool)]
    assert np.abs(agreement).max() < 0.2


def test_pixels_and_labels_belong_together():
    batches = train_batches(planted(700), batch_size=32, seed=0)
    batch = batches.batch(9)
    assert (batch["image"].dtype, batch["image"].shape) == (np.uint8, (32, 2, 2, 3))
    assert (batch["label"].dtype, batch["label"].shape) == (np.int32, (32,))
    pixel = batch["image"].astype(np.int32)[:, 0, 1]
    np.testing.assert_array_equal(pixel[:, 0] + 256 * pixel[:, 2], batch["label"])
    np.testing.assert_array_equal(batch["label"], batches.rows(9))


@pytest.mark.parametrize("count", [1, 2, 4])
def test_processes_share_each_batch_of_a_single_process(count):
    whole = train_batches(planted(50), batch_size=12, seed=1)
    shares = [
        train_batches(planted(50), batch_size=12, seed=1, share=share)
        for share in np.split(np.arange(12), count)
    ]
    for step in (0, 3, 11):
        rows = [share.rows(step) for share in shares]
        np.testing.assert_array_equal(np.concatenate(rows), whole.rows(step))


@pytest.mark.parametrize("batch_size", [0, 51])
def test_impossible_batch_sizes_are_refused(batch_size):
    with pytest.raises(UsageError, match=f"batch_size is {batch_size}.*1 to 50"):
        train_batches(planted(50), batch_size=batch_size, seed=0)


@given(count=st.integers(0, 70), batch_size=st.integers(1, 20))
def test_sequential_batches_cover_every_row_once_at_one_size(count, batch_size):
    batches = list(sequential_batches(count, batch_size))
    assert all(rows.shape == valid.shape == (batch_size,) for rows, valid in batches)
    assert all((rows < count).all() for rows, _ in batches)
    kept = [row for rows, valid in batches for row in rows[valid].tolist()]
    assert kept == list(range(count))
    assert all(valid.any() for _, valid in batches)


def test_items_come_in_order_and_the_next_are_read_before_they_are_asked_for():
    later = threading.Event()

    def read(item):
        if item > 0:
            later.set()
        return 2 * item

    found = read_ahead(read, range(20))
    assert next(found) == 0
    assert later.wait(timeout=60)
    assert list(found) == list(range(2, 40, 2))


def test_what_goes_wrong_is_told_at_its_item():
    def read(item):
        if item == 3:
            raise ValueError("broken")
        return item

    found = read_ahead(read, range(20))
    assert [next(found) for _ in range(3)] == [0, 1, 2]
    with pytest.raises(ValueError, match="broken"):
        next(found)


def test_who_stops_early_reads_no_more_than_a_few():
    seen = []
    found = read_ahead(lambda item: seen.append(item) or item, iter(range(10_000)))
    assert next(found) == 0
    found.close()
    count = len(seen)
    assert count < 100
    assert list(found) == []
    assert len(seen) == count

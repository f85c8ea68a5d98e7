"""Pools: seeded, stratified, disjoint, and the same whatever the order of rows."""

import dataclasses
import hashlib
import json

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conceptevo_jax.data import (
    heldout_pools,
    images_id,
    load_pool,
    pool_part,
    require_disjoint,
    require_same_pool,
    save_pool,
    select_pool,
)
from conceptevo_jax.data.stratified import stratified_rows
from conceptevo_jax.errors import DataError, UsageError
from conceptevo_jax.store import read_sealed, write_sealed
from conceptevo_jax.store.bounded_reading import LARGEST_TEXT


def test_a_pool_of_all_of_imagenet_can_be_read_again(image_set, tmp_path):
    """Its file is bounded, since it may be somebody else's."""
    count, imagenet = 1000, 1_281_167
    keys = [f"{i:032x}" for i in range(count)]
    pool = select_pool(image_set(keys=keys, labels=[0] * count), size=count, seed=0)
    name, row = "train/n01440764/n01440764_10026.JPEG", imagenet
    names, rows = (name,) * count, np.full(count, row, np.int32)
    labels = np.full(count, 999, np.int32)
    large = dataclasses.replace(pool, names=names, rows=rows, labels=labels)
    save_pool(tmp_path / "pool.json", large)
    size = (tmp_path / "pool.json").stat().st_size
    assert size * imagenet / count < LARGEST_TEXT / 2


@given(
    labels=st.lists(st.integers(0, 2), min_size=1, max_size=40),
    seed=st.integers(0, 5),
    data=st.data(),
)
def test_a_pool_does_not_depend_on_the_order_of_rows(image_set, labels, seed, data):
    keys = [f"k/{i}" for i in range(len(labels))]
    size = data.draw(st.integers(1, len(keys)))
    moved = data.draw(st.permutations(range(len(keys))))
    pool = select_pool(image_set(keys=keys, labels=labels), size=size, seed=seed)
    shuffled = image_set(
        keys=[keys[i] for i in moved], labels=[labels[i] for i in moved]
    )
    again = select_pool(shuffled, size=size, seed=seed)
    assert len(pool) == size
    assert (again.keys, again.pool_id) == (pool.keys, pool.pool_id)
    np.testing.assert_array_equal(again.labels, pool.labels)
    np.testing.assert_array_equal(again.order, pool.order)
    assert tuple(shuffled.keys[row] for row in again.rows) == again.keys


@given(
    labels=st.lists(st.integers(0, 2), min_size=2, max_size=60),
    seed=st.integers(0, 3),
    data=st.data(),
)
def test_a_smaller_pool_lies_inside_a_larger_one(image_set, labels, seed, data):
    images = image_set(keys=[f"k/{i}" for i in range(len(labels))], labels=labels)
    large = data.draw(st.integers(2, len(labels)))
    small = data.draw(st.integers(1, large - 1))
    inner = select_pool(images, size=small, seed=seed)
    assert set(inner.keys) <= set(select_pool(images, size=large, seed=seed).keys)


@given(size=st.integers(1, 300), seed=st.integers(0, 3))
def test_balanced_classes_stay_balanced_to_one_image(size, seed):
    labels = np.repeat(np.arange(10), 30)
    keys = [f"k/{i}" for i in range(300)]
    chosen = stratified_rows(keys, labels, size=size, seed=seed)
    counts = np.bincount(labels[chosen], minlength=10)
    assert counts.sum() == size == len(set(chosen.tolist()))
    assert counts.max() - counts.min() <= 1


def test_unequal_classes_keep_their_shares():
    labels = np.repeat([0, 1, 3], [700, 200, 100])
    keys = [f"k/{i}" for i in range(1000)]
    chosen = stratified_rows(keys, labels, size=100, seed=0)
    assert np.bincount(labels[chosen]).tolist() == [70, 20, 0, 10]


def test_all_images_is_the_default(image_set):
    images = image_set(9)
    assert select_pool(images, seed=0).keys == images.keys


def test_another_seed_gives_other_images(image_set):
    images = image_set(300)
    one, other = (select_pool(images, size=60, seed=seed) for seed in (0, 1))
    assert one.pool_id != other.pool_id
    assert len(set(one.keys) & set(other.keys)) < 40


def test_choice_and_id_are_pinned(image_set):
    pool = select_pool(image_set(24), size=4, seed=0)
    assert pool.keys == PINNED_KEYS
    assert pool.pool_id == PINNED_ID


def test_order_is_a_hash_of_seed_and_id_alone(image_set):
    pool = select_pool(image_set(24), size=10, seed=7)
    for key, value in zip(pool.keys, pool.order.tolist(), strict=True):
        digest = hashlib.blake2b(f"7:{key}".encode(), digest_size=4).digest()
        assert value == int.from_bytes(digest, "little")


def test_order_is_unrelated_to_rows_and_to_being_chosen(image_set):
    images = image_set(3000)
    pool = select_pool(images, size=1000, seed=0)
    ranks = np.argsort(np.argsort(pool.order))
    assert abs(np.corrcoef(ranks, pool.rows)[0, 1]) < 0.1
    assert abs(pool.order.mean() / 2**32 - 0.5) < 0.05


@given(
    selection=st.integers(1, 45), judgement=st.integers(1, 45), seed=st.integers(0, 3)
)
def test_heldout_pools_are_disjoint_and_stratified(
    image_set, selection, judgement, seed
):
    first, second = heldout_pools(
        image_set(90), selection=selection, judgement=judgement, seed=seed
    )
    require_disjoint(first, second)
    assert (len(first), len(second)) == (selection, judgement)
    for pool, spread in ((first, 1), (second, 2)):
        counts = np.bincount(pool.labels, minlength=3)
        assert counts.max() - counts.min() <= spread


@pytest.mark.parametrize("size", [0, -1, 25])
def test_impossible_sizes_are_refused(image_set, size):
    with pytest.raises(UsageError, match=f"size is {size}, but .* from 1 to 24"):
        select_pool(image_set(24), size=size, seed=0)


@pytest.mark.parametrize(("selection", "judgement"), [(20, 5), (0, 5), (5, 0)])
def test_impossible_heldout_sizes_are_refused(image_set, selection, judgement):
    with pytest.raises(UsageError, match="must be a whole number from 1 to 24"):
        heldout_pools(image_set(24), selection=selection, judgement=judgement, seed=0)


def test_overlap_is_refused_by_name(image_set):
    images = image_set(24)
    pools = [select_pool(images, size=size, seed=0) for size in (3, 6)]
    with pytest.raises(DataError, match="share 3 images") as refusal:
        require_disjoint(*pools)
    assert all(pool.pool_id in str(refusal.value) for pool in pools)


def test_another_pool_is_refused_by_name():
    require_same_pool("aaa", "aaa", "stimuli")
    with pytest.raises(DataError, match=r"stimuli of vgg16@3: made on pool bbb.*aaa"):
        require_same_pool("aaa", "bbb", "stimuli of vgg16@3")


def test_a_pool_survives_its_manifest(image_set, tmp_path):
    pool = select_pool(image_set(24), size=10, seed=3)
    save_pool(tmp_path / "pool.json", pool)
    again = load_pool(tmp_path / "pool.json")
    for name in ("rows", "labels", "order"):
        found = getattr(again, name)
        assert found.dtype == getattr(pool, name).dtype
        np.testing.assert_array_equal(found, getattr(pool, name))
    for name in ("keys", "side", "seed", "pool_id"):
        assert getattr(again, name) == getattr(pool, name)


@pytest.mark.parametrize("change", ["keys", "side", "pool_id"])
def test_an_edited_manifest_is_refused(image_set, tmp_path, change):
    path = tmp_path / "pool.json"
    pool = select_pool(image_set(24), size=10, seed=3)
    save_pool(path, pool)
    manifest = json.loads(path.read_text())
    manifest["keys"][0], other = "planted/train/9999", {"side": 5, "pool_id": "0" * 12}
    if change != "keys":
        manifest |= {"keys": list(pool.keys), change: other[change]}
    path.write_text(json.dumps(manifest))
    with pytest.raises(DataError, match=r"pool\.json cannot be used .*checksum"):
        load_pool(path)


@pytest.mark.parametrize("content", ["", "{", "[]", "{}", '{"keys": ["a"]}'])
def test_a_damaged_manifest_is_named(tmp_path, content):
    path = tmp_path / "pool.json"
    path.write_text(content)
    with pytest.raises(DataError, match=r"pool\.json cannot be used"):
        load_pool(path)


def test_a_missing_manifest_is_named(tmp_path):
    with pytest.raises(DataError, match=r"pool\.json cannot be used"):
        load_pool(tmp_path / "pool.json")


def test_a_manifest_with_a_label_too_few_is_refused(image_set, tmp_path):
    path = tmp_path / "pool.json"
    save_pool(path, select_pool(image_set(24), size=10, seed=3))
    manifest = read_sealed(path, "")
    manifest["labels"].pop()
    write_sealed(path, manifest)
    with pytest.raises(DataError, match="10 keys, 10 rows, 9 labels"):
        load_pool(path)


PINNED_KEYS = (
    "planted/train/0002",
    "planted/train/0010",
    "planted/train/0016",
    "planted/train/0018",
)
PINNED_ID = "7428fc7fd9bb"


def test_a_part_of_a_pool_is_the_pool_of_its_images(image_set):
    keys = [f"{i:03}" for i in range(30)]
    images = image_set(keys=keys, labels=[i % 3 for i in range(30)])
    pool = select_pool(images, seed=0)
    rows = np.arange(0, len(pool), 3)
    part = pool_part(pool, rows)
    assert part.keys == pool.keys[::3]
    assert part.pool_id == images_id(part.keys, part.labels, pool.side)
    for name in ("rows", "labels", "order"):
        np.testing.assert_array_equal(getattr(part, name), getattr(pool, name)[rows])
    assert pool_part(pool, np.arange(len(pool))).pool_id == pool.pool_id

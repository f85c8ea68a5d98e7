"""TFDS sets that are prepared on this machine; nothing is ever fetched."""

import hashlib
import shutil
import socket

import numpy as np
import pytest

from conceptevo_jax.data import dataset_sizes, load_images, tfds_index
from conceptevo_jax.errors import DataError, UsageError

NAME = "conceptevo_fashion_mnist"


@pytest.fixture(autouse=True)
def no_network(monkeypatch):
    """Trying to connect to anything fails at once."""

    def refuse(*_):
        raise AssertionError("the network was asked")

    monkeypatch.setattr(socket.socket, "connect", refuse)


def opened(data_dir, split="test", source=NAME, **options):
    return load_images(f"tfds:{source}", split, data_dir=data_dir, side=28, **options)


def test_a_prepared_set_is_read_with_ids_labels_and_classes(data_dir):
    found = opened(data_dir)
    embedded = load_images("fashion_mnist", "test", data_dir=data_dir)
    assert found.classes == embedded.classes
    np.testing.assert_array_equal(found.labels, embedded.labels)
    assert len(set(found.keys)) == 2000
    ends = [key.rpartition("test/")[2] for key in embedded.keys]
    assert [name.rpartition("test/")[2] for name in found.names] == ends
    image = embedded.read(7)
    assert found.keys[7] == hashlib.blake2b(image, digest_size=16).hexdigest()
    np.testing.assert_array_equal(found.image(3), embedded.image(3)[2:30, 2:30])


def test_the_version_may_be_said(data_dir):
    assert opened(data_dir, source=f"{NAME}:1.0.0").keys == opened(data_dir).keys


def test_a_part_of_a_split_can_stand_for_one(data_dir):
    options = {"train_split": "train[:50%]", "test_split": "train[90%:]"}
    train, test = (opened(data_dir, split, **options) for split in ("train", "test"))
    assert (len(train), len(test)) == (4000, 800)
    assert not set(train.names) & set(test.names)
    assert not set(train.keys) & set(test.keys)
    sizes = dataset_sizes(f"tfds:{NAME}", data_dir=data_dir, **options)
    assert sizes == (4000, 800, 10)


def test_ids_and_labels_are_kept_after_the_first_time(data_dir, tmp_path, monkeypatch):
    monkeypatch.setattr(tfds_index, "RACY_NS", -(10**18))
    first = opened(data_dir, cache=tmp_path)
    monkeypatch.setattr(tfds_index, "_read_index", None)
    again = opened(data_dir, cache=tmp_path)
    assert (again.keys, again.names) == (first.keys, first.names)
    assert again.classes == first.classes
    np.testing.assert_array_equal(again.labels, first.labels)
    np.testing.assert_array_equal(again.image(5), first.image(5))


@pytest.fixture
def prepared(data_dir, tmp_path):
    """A copy that may be damaged: its folder, and a cache that knows it."""
    copied = tmp_path / "data"
    shutil.copytree(data_dir, copied)
    opened(copied, cache=tmp_path / "cache")
    return copied / NAME / "1.0.0"


def test_names_of_classes_that_changed_are_told(prepared, tmp_path):
    """TFDS reads them from a text file, which has no checksum."""
    path = prepared / "label.labels.txt"
    path.write_text(path.read_text().replace("Trouser", "Trousar"))
    with pytest.raises(DataError, match=r"names of classes differ\. Prepare it again"):
        opened(prepared.parents[1], cache=tmp_path / "cache")


def test_damaged_records_are_told(prepared, tmp_path):
    (path,) = prepared.glob("*test.array_record*")
    content = bytearray(path.read_bytes())
    content[len(content) // 2] ^= 1
    path.write_bytes(content)
    with pytest.raises(DataError, match=r"is damaged: record \d+ of test cannot be"):
        opened(prepared.parents[1], cache=tmp_path / "cache")


def test_the_same_records_prepared_anew_are_the_same_set(prepared, tmp_path):
    for path in prepared.iterdir():
        path.write_bytes(path.read_bytes())
    again = opened(prepared.parents[1], cache=tmp_path / "cache")
    assert again.keys == opened(prepared.parents[1]).keys


def test_an_unknown_name_is_told_at_once_with_names_that_are_alike(tmp_path):
    with pytest.raises(UsageError, match=r"no data set 'cifra10'.*cifar10"):
        opened(tmp_path, source="cifra10")


def test_one_that_is_not_prepared_is_told_at_once_with_what_to_do(tmp_path):
    with pytest.raises(
        DataError, match=r"not prepared in .*conceptevo prepare cifar10"
    ):
        opened(tmp_path, source="cifar10")


def test_a_missing_split_is_told_with_those_there_are(data_dir):
    with pytest.raises(DataError, match=r"no split 'dev'; it has: .*test.*train"):
        opened(data_dir, test_split="dev")


def test_a_feature_that_is_not_there_is_told(data_dir):
    with pytest.raises(UsageError, match=r"options.image must name its image.*image"):
        opened(data_dir, image="picture")


def test_options_are_checked(data_dir):
    with pytest.raises(UsageError, match=r"'validation_split'.*test_split"):
        opened(data_dir, validation_split="a")

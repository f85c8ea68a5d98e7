"""TFDS sets that are prepared on this machine; nothing is ever fetched."""

import socket

import numpy as np
import pytest

from conceptevo_jax.data import dataset_sizes, load_images
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
    assert [key.rpartition("test/")[2] for key in found.keys] == ends
    np.testing.assert_array_equal(found.image(3), embedded.image(3)[2:30, 2:30])


def test_the_version_may_be_said(data_dir):
    assert opened(data_dir, source=f"{NAME}:1.0.0").keys == opened(data_dir).keys


def test_a_part_of_a_split_can_stand_for_one(data_dir):
    options = {"train_split": "train[:50%]", "test_split": "train[90%:]"}
    train, test = (opened(data_dir, split, **options) for split in ("train", "test"))
    assert (len(train), len(test)) == (4000, 800)
    names = [{key.rpartition("/")[2] for key in part.keys} for part in (train, test)]
    assert not names[0] & names[1]
    sizes = dataset_sizes(f"tfds:{NAME}", data_dir=data_dir, **options)
    assert sizes == (4000, 800, 10)


def test_ids_and_labels_are_kept_after_the_first_time(data_dir, tmp_path, monkeypatch):
    from conceptevo_jax.data import tfds

    first = opened(data_dir, cache=tmp_path)
    monkeypatch.setattr(tfds, "_read_index", None)
    again = opened(data_dir, cache=tmp_path)
    assert again.keys == first.keys
    np.testing.assert_array_equal(again.labels, first.labels)
    np.testing.assert_array_equal(again.image(5), first.image(5))


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

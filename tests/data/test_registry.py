"""Laws that every registered data set obeys, and refusal of unknown names."""

import numpy as np
import pytest

from conceptevo_jax.data import DATASETS, dataset_title, load_images
from conceptevo_jax.errors import UsageError


@pytest.fixture(params=sorted(DATASETS))
def name(request):
    return request.param


@pytest.mark.parametrize("split", ["train", "test"])
def test_a_split_is_well_formed(name, split, data_dir):
    images = load_images(name, split, data_dir=data_dir)
    assert (images.name, images.split, images.side) == (name, split, 32)
    assert len(images) == len(images.labels) > 0
    assert sorted(set(images.labels.tolist())) == list(range(len(images.classes)))
    assert images.image(len(images) - 1).shape == (32, 32, 3)


def test_splits_share_no_id(name, data_dir):
    train, test = (load_images(name, s, data_dir=data_dir) for s in ("train", "test"))
    assert not set(train.keys) & set(test.keys)


def test_loading_again_gives_the_same(name, data_dir):
    one, other = (load_images(name, "test", data_dir=data_dir) for _ in range(2))
    assert one.keys == other.keys
    np.testing.assert_array_equal(one.labels, other.labels)
    np.testing.assert_array_equal(one.image(7), other.image(7))


@pytest.mark.parametrize("side", [16, 48])
def test_another_side_resizes(name, side, data_dir):
    small = load_images(name, "test", data_dir=data_dir, side=side).image(3)
    native = load_images(name, "test", data_dir=data_dir).image(3)
    assert small.shape == (side, side, 3)
    assert abs(small.mean() - native.mean()) < 3


def test_unknown_names_are_refused_with_the_valid_ones(tmp_path):
    with pytest.raises(UsageError, match=r"'fashion_mnits'.*'fashion_mnist'.*shapes"):
        load_images("fashion_mnits", "train", data_dir=tmp_path)
    with pytest.raises(UsageError, match=r"unknown split 'tset'.*'test'.*test, train"):
        load_images("shapes", "tset", data_dir=tmp_path)
    with pytest.raises(UsageError, match="option of data set shapes 'train_image'"):
        load_images("shapes", "train", data_dir=tmp_path, train_image=5)
    with pytest.raises(UsageError, match=r"side must be .* 1 or more, not 0"):
        load_images("shapes", "train", data_dir=tmp_path, side=0)


@pytest.mark.parametrize(
    ("name", "title"),
    [
        ("fashion_mnist", "Fashion-MNIST"),
        ("tfds:imagenette/320px-v2", "Imagenette"),
        ("tfds:flowers102", "flowers102"),
        ("folder:/data/private/leaves", "the images of leaves"),
        ("folder:/data/private/leaves/", "the images of leaves"),
    ],
)
def test_a_data_set_has_a_title_that_names_no_path(name, title):
    assert dataset_title(name) == title

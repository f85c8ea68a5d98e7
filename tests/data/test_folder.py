"""Folders of images: which layouts are read, and what is wrong with the others."""

import shutil

import numpy as np
import pytest
from PIL import Image

from conceptevo_jax.data import dataset_sizes, load_images
from conceptevo_jax.errors import DataError, UsageError


def fill(folder, count, *, colour=(9, 9, 9), suffix=".png"):
    folder.mkdir(parents=True, exist_ok=True)
    for number in range(count):
        size = (5 + number % 7, 4 + number % 5)
        Image.new("RGB", size, colour).save(folder / f"{number:03d}{suffix}")


@pytest.fixture
def root(tmp_path):
    """Two classes in two splits."""
    for split, count in (("train", 6), ("test", 3)):
        fill(tmp_path / split / "cat", count, colour=(200, 0, 0))
        fill(tmp_path / split / "dog", count, colour=(0, 0, 200), suffix=".webp")
    return tmp_path


def opened(root, split="train", **options):
    return load_images(f"folder:{root}", split, data_dir=None, side=8, **options)


def paths(images):
    """The images' ids without their sizes."""
    return [key.rpartition(":")[0] for key in images.keys]


def test_a_replaced_file_is_another_image(root):
    before = opened(root).keys
    path = root / "train/cat/001.png"
    Image.new("RGB", (50, 40), (1, 2, 3)).save(path)
    after = opened(root).keys
    assert [a == b for a, b in zip(after, before, strict=True)].count(False) == 1
    assert after[1] == f"train/cat/001.png:{path.stat().st_size}"


def test_folders_are_classes_and_paths_are_ids(root):
    images = opened(root)
    assert images.classes == ("cat", "dog")
    assert images.labels.tolist() == [0] * 6 + [1] * 6
    assert paths(images)[:2] == ["train/cat/000.png", "train/cat/001.png"]
    assert paths(images)[-1] == "train/dog/005.webp"
    assert images.image(0).shape == (8, 8, 3)
    assert images.image(0)[0, 0, 0] == 200
    assert images.image(11)[0, 0, 2] > 150


def test_ids_do_not_depend_on_where_the_folder_lies(root, tmp_path_factory):
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "copy"
    shutil.copytree(root, elsewhere)
    assert opened(root).keys == opened(elsewhere).keys


@pytest.mark.parametrize("name", ["validation", "val"])
def test_validation_may_stand_for_test(root, name):
    (root / "test").rename(root / name)
    images = opened(root, "test")
    assert len(images) == 6
    assert paths(images)[0] == f"{name}/cat/000.png"


def test_suffixes_may_be_large_and_other_files_are_passed_over(root):
    (root / "train/cat/000.png").rename(root / "train/cat/000.PNG")
    (root / "train/cat/notes.txt").write_text("mine")
    (root / "train/cat/.hidden.png").write_bytes(b"")
    (root / "train/.cache").mkdir()
    assert paths(opened(root))[0] == "train/cat/000.PNG"
    assert len(opened(root)) == 12


def test_without_splits_a_share_of_every_class_is_held_out(tmp_path):
    for name in ("cat", "dog", "emu"):
        fill(tmp_path / name, 200)
    train, test = (opened(tmp_path, split) for split in ("train", "test"))
    assert not set(train.keys) & set(test.keys)
    assert len(train) + len(test) == 600
    for label in range(3):
        assert 25 <= (test.labels == label).sum() <= 55
    more = opened(tmp_path, "test", test_share=0.5)
    assert set(test.keys) < set(more.keys)
    np.testing.assert_array_equal(opened(tmp_path, "test").labels, test.labels)


def test_sizes_are_counted_without_decoding(root):
    for file in root.rglob("*.png"):
        file.write_bytes(b"")
    assert dataset_sizes(f"folder:{root}") == (12, 6, 2)


def test_what_is_missing_is_named(root, tmp_path):
    with pytest.raises(DataError, match=r"nowhere is not a folder"):
        opened(root / "nowhere")
    shutil.rmtree(root / "test/dog")
    with pytest.raises(DataError, match="only one of them has: dog"):
        opened(root)
    (root / "test/dog").mkdir()
    with pytest.raises(DataError, match=r"class folder .*test/dog holds no images"):
        opened(root)
    shutil.rmtree(root / "test")
    with pytest.raises(DataError, match=r"no folder test or validation or val"):
        opened(root)
    shutil.rmtree(root / "train")
    with pytest.raises(DataError, match=r"holds no folders: it needs one per class"):
        opened(root)


def test_options_are_checked(root):
    with pytest.raises(UsageError, match=r"test_share must be between 0 and 1, not 1"):
        opened(root, test_share=1.0)
    with pytest.raises(UsageError, match=r"option of data set folder.*'share'"):
        opened(root, share=1)
    with pytest.raises(UsageError, match=r"'folders:x'.*folder:PATH"):
        load_images("folders:x", "train", data_dir=None)


def test_a_broken_file_is_named(root):
    path = root / "train/cat/002.png"
    path.write_bytes(path.read_bytes()[:50])
    with pytest.raises(
        DataError, match=r"train/cat/002.png.*cannot be decoded"
    ) as told:
        opened(root).image(2)
    assert str(root) in str(told.value)

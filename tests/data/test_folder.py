"""Folders of images: which layouts are read, and what is wrong with the others."""

import hashlib
import os
import shutil

import numpy as np
import pytest
from PIL import Image

from conceptevo_jax.data import (
    content,
    content_of,
    dataset_sizes,
    load_images,
    select_pool,
)
from conceptevo_jax.errors import DataError, UsageError
from conceptevo_jax.store import checksum


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


def stamped(path, change):
    """Change a file behind its back: size and times stay as they were."""
    before = path.stat()
    change(path)
    assert path.stat().st_size == before.st_size
    os.utime(path, ns=(before.st_atime_ns, before.st_mtime_ns))


def turn(path):
    """Another picture of the same size in bytes, as uncompressed ones are."""
    pixels = 255 - np.asarray(Image.open(path))
    Image.fromarray(pixels).save(path, compress_level=0)


@pytest.mark.parametrize("cached", [False, True])
def test_a_replaced_file_is_another_image_whatever_its_size_and_times(
    root, tmp_path_factory, cached
):
    cache = tmp_path_factory.mktemp("cache") if cached else None
    path = root / "train/cat/001.png"
    Image.new("RGB", (50, 40), (1, 2, 3)).save(path, compress_level=0)
    before = opened(root, cache=cache)
    stamped(path, turn)
    after = opened(root, cache=cache)
    pairs = zip(after.keys, before.keys, strict=True)
    assert [a == b for a, b in pairs] == [row != 1 for row in range(12)]
    assert after.image(1)[0, 0].tolist() == [254, 253, 252]


def test_a_file_that_changes_under_a_call_is_named(root):
    images = opened(root)
    path = root / "train/cat/001.png"
    Image.new("RGB", (50, 40), (1, 2, 3)).save(path)
    with pytest.raises(DataError, match=r"cat/001\.png.*changed after it was listed"):
        images.image(1)


def test_a_turned_photograph_is_another_image(tmp_path):
    pixels = np.zeros((64, 64, 3), np.uint8)
    pixels[:32] = 255

    def save(orientation):
        exif = Image.Exif()
        exif[0x0112] = orientation
        for split in ("train", "test"):
            path = tmp_path / split / "a" / "0.jpg"
            path.parent.mkdir(parents=True, exist_ok=True)
            Image.fromarray(pixels).save(path, exif=exif)
        images = opened(tmp_path)
        return images.keys, images.image(0)[[0, -1], 0, 0].tolist()

    (upright, pixels), (turned, after) = save(1), save(6)
    assert upright != turned
    assert pixels[0] > 200 > 50 > pixels[1]
    assert after[0] == after[1]


def test_the_cache_spares_hashing_and_changes_nothing(root, tmp_path_factory):
    cache = tmp_path_factory.mktemp("cache")
    for path in root.rglob("*.*"):
        os.utime(path, ns=(10**18, 10**18))
    hashed = []

    def counted(content):
        hashed.append(content)
        return checksum(content)

    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(content, "checksum", counted)
        patched.setattr(content, "RACY_NS", -(10**18))
        first = opened(root, cache=cache)
        assert len(hashed) == 12 + 1  # the cache's own name
        hashed.clear()
        second = opened(root, cache=cache)
        assert len(hashed) == 1
    assert first.keys == second.keys == opened(root).keys
    assert second.notes == ()


def test_what_changed_since_the_last_call_is_told(root, tmp_path_factory):
    cache = tmp_path_factory.mktemp("cache")
    with pytest.MonkeyPatch.context() as patched:
        patched.setattr(content, "RACY_NS", -(10**18))
        opened(root, cache=cache)
    turn(root / "train/cat/001.png")
    (note,) = opened(root, cache=cache).notes
    assert "1 images of" in note
    assert "cat/001.png" in note


def test_a_damaged_cache_is_made_anew(root, tmp_path_factory):
    cache = tmp_path_factory.mktemp("cache")
    keys = opened(root, cache=cache).keys
    (path,) = cache.iterdir()
    whole = path.read_bytes()
    for at in range(0, len(whole), 11):
        path.write_bytes(whole[:at] + bytes([whole[at] ^ 1]) + whole[at + 1 :])
        assert opened(root, cache=cache).keys == keys


def test_folders_are_classes_and_contents_are_ids(root):
    images = opened(root)
    assert images.classes == ("cat", "dog")
    assert images.labels.tolist() == [0] * 6 + [1] * 6
    assert images.names[:2] == ("train/cat/000.png", "train/cat/001.png")
    assert images.names[-1] == "train/dog/005.webp"
    file = (root / "train/cat/001.png").read_bytes()
    assert images.keys[1] == hashlib.blake2b(file, digest_size=16).hexdigest()
    assert images.image(0).shape == (8, 8, 3)
    assert images.image(0)[0, 0, 0] == 200
    assert images.image(11)[0, 0, 2] > 150


def test_ids_depend_neither_on_where_the_folder_lies_nor_on_names(
    root, tmp_path_factory
):
    elsewhere = tmp_path_factory.mktemp("elsewhere") / "copy"
    shutil.copytree(root, elsewhere)
    for path in [*elsewhere.rglob("cat/*.png")]:
        path.rename(path.with_name(f"a-{path.name}"))
    assert opened(root).keys == opened(elsewhere).keys


def test_equal_images_have_ids_of_their_own(root):
    shutil.copy(root / "train/cat/000.png", root / "train/cat/0000.png")
    shutil.copy(root / "train/cat/000.png", root / "train/dog/000.png")
    keys = opened(root).keys
    equal = [key for key in keys if key.startswith(keys[0][:32])]
    assert equal == [keys[0], f"{keys[0]}~2", f"{keys[0]}~3"]
    assert {content_of(key) for key in equal} == {keys[0]}


def test_the_class_of_an_image_belongs_to_what_is_made_of_it(root):
    """The same files in the other class are other training data."""
    before = opened(root)
    (root / "train/cat").rename(root / "train/x")
    (root / "train/dog").rename(root / "train/cat")
    (root / "train/x").rename(root / "train/dog")
    after = opened(root)
    assert sorted(before.keys) == sorted(after.keys)
    pools = [select_pool(images, seed=0).pool_id for images in (before, after)]
    assert pools[0] != pools[1]


@pytest.mark.parametrize("name", ["validation", "val"])
def test_validation_may_stand_for_test(root, name):
    (root / "test").rename(root / name)
    images = opened(root, "test")
    assert len(images) == 6
    assert images.names[0] == f"{name}/cat/000.png"


def test_suffixes_may_be_large_and_other_files_are_passed_over(root):
    (root / "train/cat/000.png").rename(root / "train/cat/000.PNG")
    (root / "train/cat/notes.txt").write_text("mine")
    (root / "train/cat/.hidden.png").write_bytes(b"")
    (root / "train/.cache").mkdir()
    assert opened(root).names[0] == "train/cat/000.PNG"
    assert len(opened(root)) == 12


def fill_distinct(folder, count, seed=0):
    folder.mkdir(parents=True)
    generator = np.random.default_rng(seed)
    for number in range(count):
        pixels = generator.integers(0, 256, (4, 4, 3), np.uint8)
        Image.fromarray(pixels).save(folder / f"{number:03d}.png")


def test_without_splits_a_fifth_of_every_class_is_held_out(tmp_path):
    counts = {"cat": 200, "dog": 10, "emu": 2}
    for seed, (name, count) in enumerate(counts.items()):
        fill_distinct(tmp_path / name, count, seed)
    train, test = (opened(tmp_path, split) for split in ("train", "test"))
    assert not set(train.keys) & set(test.keys)
    assert np.bincount(train.labels).tolist() == [160, 8, 1]
    assert np.bincount(test.labels).tolist() == [40, 2, 1]
    assert dataset_sizes(f"folder:{tmp_path}") == (169, 43, 3)
    more = opened(tmp_path, "test", test_share=0.5)
    assert set(test.keys) < set(more.keys)
    assert opened(tmp_path, "test").keys == test.keys


def test_equal_images_are_held_out_together(tmp_path):
    fill_distinct(tmp_path / "cat", 20)
    for path in [*(tmp_path / "cat").iterdir()]:
        shutil.copy(path, path.with_name(f"copy-{path.name}"))
    sides = [
        {content_of(key) for key in opened(tmp_path, split).keys}
        for split in ("train", "test")
    ]
    assert not sides[0] & sides[1]
    assert [len(side) for side in sides] == [16, 4]


def test_a_class_of_copies_alone_is_split_all_the_same_and_named(tmp_path):
    fill_distinct(tmp_path / "cat", 1)
    for number in range(9):
        shutil.copy(tmp_path / "cat/000.png", tmp_path / f"cat/copy-{number}.png")
    assert [len(opened(tmp_path, split)) for split in ("train", "test")] == [8, 2]
    (note,) = opened(tmp_path).notes
    assert note.startswith("1 classes of")
    assert note.endswith(
        "copies of one image, which is both trained on and held out: cat."
    )


@pytest.mark.parametrize("call", ["load", "sizes"])
def test_classes_that_cannot_be_split_are_named_together(tmp_path, call):
    fill_distinct(tmp_path / "cat", 5)
    for seed in range(7):
        fill_distinct(tmp_path / f"dog{seed}", 1, seed=seed)
    with pytest.raises(DataError, match=r"7 of 8 classes .* two images") as told:
        opened(tmp_path) if call == "load" else dataset_sizes(f"folder:{tmp_path}")
    assert "held out: dog0, dog1, dog2, dog3, dog4 and 2 more. Add" in str(told.value)


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
    with pytest.raises(DataError, match=r"1 folders of .*test hold no image .*: dog"):
        opened(root)
    shutil.rmtree(root / "test")
    with pytest.raises(DataError, match=r"no folder test or testing or validation or"):
        opened(root)
    shutil.rmtree(root / "train")
    with pytest.raises(DataError, match=r"holds no folders: it needs one folder per"):
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

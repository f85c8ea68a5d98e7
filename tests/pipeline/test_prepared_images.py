"""The images of an experiment are those that were asked for, wherever they lie."""

import shutil

import numpy as np
import pytest
from PIL import Image

from conceptevo_jax.config import DatasetConfig
from conceptevo_jax.data import content_of, load_images
from conceptevo_jax.errors import DataError
from conceptevo_jax.pipeline.images import prepare_images
from conceptevo_jax.store import Store


def fill(root, seed, count=30):
    """Uncompressed pictures: all of the same size in bytes."""
    generator = np.random.default_rng(seed)
    for name in "ab":
        (root / name).mkdir(parents=True, exist_ok=True)
        for number in range(count):
            pixels = generator.integers(0, 256, (32, 32, 3), np.uint8)
            path = root / name / f"{number:02d}.png"
            Image.fromarray(pixels).save(path, compress_level=0)


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "store")


def settings(root, **changes):
    return DatasetConfig(**{"name": f"folder:{root}", "side": 32, **changes})


def assert_are_the_files(images, root):
    """Stored pixels, decoded once, are those of the files as they are now."""
    train = load_images(f"folder:{root}", "train", data_dir=None)
    rows = {key: row for row, key in enumerate(train.keys)}
    for place, key in enumerate(images.train.keys):
        now = train.image(rows[key])
        np.testing.assert_array_equal(images.train.pixels[place], now)


def test_pictures_replaced_in_place_are_other_images(store, tmp_path):
    root = tmp_path / "photos"
    keys = []
    for seed in (1, 2):
        fill(root, seed)
        images = prepare_images(store, settings(root))
        assert_are_the_files(images, root)
        keys.append(images.content_key)
    assert keys[0] != keys[1]


def test_another_folder_of_the_same_name_is_another_set(store, tmp_path):
    ids = set()
    for seed, parent in enumerate(("one", "two")):
        fill(tmp_path / parent / "photos", seed)
        images = prepare_images(store, settings(tmp_path / parent / "photos"))
        assert_are_the_files(images, tmp_path / parent / "photos")
        ids.add(images.pool.pool_id)
    assert len(ids) == 2


def test_a_folder_that_was_moved_is_the_same_set(store, tmp_path):
    fill(tmp_path / "photos", 1)
    first = prepare_images(store, settings(tmp_path / "photos"))
    (tmp_path / "photos").rename(tmp_path / "elsewhere")
    second = prepare_images(store, settings(tmp_path / "elsewhere"))
    assert first.content_key == second.content_key


def test_a_repaired_file_is_seen(store, tmp_path):
    root = tmp_path / "photos"
    fill(root, 1)
    path = root / "a" / "03.png"
    whole = path.read_bytes()
    path.write_bytes(whole[:2000])
    skipping = settings(root, on_bad_image="skip")
    (named,) = prepare_images(store, skipping).skipped
    assert named == "a/03.png"
    path.write_bytes(whole)
    assert prepare_images(store, skipping).skipped == {}


def test_what_cannot_be_read_stops_with_its_number_or_is_listed(store, tmp_path):
    root = tmp_path / "photos"
    fill(root, 1)
    for number in range(3):
        (root / "a" / f"gone{number}.png").symlink_to("/nowhere.png")
    with pytest.raises(
        DataError,
        match=r"3 files or folders of .* the first of them 'a/gone0\.png': it is a "
        r"link to a file that is not there\. Repair .*dataset\.on_bad_image=skip",
    ):
        prepare_images(store, settings(root))
    skipped = {
        f"a/gone{number}.png": "it is a link to a file that is not there"
        for number in range(3)
    }
    skipping = settings(root, on_bad_image="skip")
    assert prepare_images(store, skipping).skipped == skipped
    again = prepare_images(Store(tmp_path / "elsewhere"), skipping)
    assert again.skipped == skipped
    assert len(again.train) + len(again.test) == 60


def test_notes_are_told_once_and_name_scripts_without_a_font(store, tmp_path):
    root = tmp_path / "photos"
    fill(root, 1)
    (root / "a").rename(root / "\U000e0100\u16a0")
    (root / "lost+found").mkdir()
    (root / "b" / "labels.csv").write_text("")
    notes = prepare_images(store, settings(root)).notes
    assert [note.partition(" ")[0] for note in notes] == ["1", "lost+found", "1"]
    assert "1 class name is in a script without an installed font" in notes[2]


def test_an_image_that_was_too_large_is_tried_again_where_it_is_allowed(
    store, tmp_path
):
    root = tmp_path / "photos"
    fill(root, 1)
    large = np.random.default_rng(9).integers(0, 256, (40, 50, 3), np.uint8)
    Image.fromarray(large).save(root / "a" / "large.png")
    skipped = [
        prepare_images(
            store, settings(root, on_bad_image="skip", options={"max_pixels": bound})
        ).skipped
        for bound in (1999, 2000)
    ]
    assert list(skipped[0]) == ["a/large.png"]
    assert "it has 50 x 40 pixels, but 1999 are decoded" in skipped[0]["a/large.png"]
    assert skipped[1] == {}


def test_another_declared_range_gives_other_pixels(store, tmp_path):
    """Never those that are stored of the same files."""
    generator = np.random.default_rng(0)
    for name in "ab":
        (tmp_path / "photos" / name).mkdir(parents=True)
        for number in range(10):
            values = generator.integers(0, 4096, (32, 32), np.uint16)
            path = tmp_path / "photos" / name / f"{number}.png"
            Image.fromarray(values).save(path)
    dark, scaled = (
        prepare_images(
            store, settings(tmp_path / "photos", options={"value_range": number})
        )
        for number in (None, 4095)
    )
    assert dark.train.pixels[:].max() == 15
    assert scaled.train.pixels[:].max() == 255
    assert dark.content_key != scaled.content_key


def test_held_out_images_are_no_training_images(store, tmp_path):
    """People put copies of training images into the test folder."""
    fill(tmp_path / "train", 1)
    fill(tmp_path / "test", 2)
    for number in range(5):
        copied = tmp_path / "train" / "a" / f"{number:02d}.png"
        shutil.copy(copied, tmp_path / "test" / "a" / f"copy-{number}.png")
    images = prepare_images(store, settings(tmp_path))
    (note,) = images.notes
    assert note.startswith("5 of 65 test images are also training images")
    trained = set(map(content_of, images.train.keys))
    held_out = (*images.selection.keys, *images.judgement.keys)
    assert not trained & set(map(content_of, held_out))
    assert len(images.test) == 65


def test_a_test_split_of_training_images_alone_is_refused(store, tmp_path):
    fill(tmp_path / "train", 1)
    shutil.copytree(tmp_path / "train", tmp_path / "test")
    with pytest.raises(DataError, match=r"all 60 test images .* are training images"):
        prepare_images(store, settings(tmp_path))


@pytest.mark.parametrize(
    "name", ["images.npy", "labels.npy", "keys.json", "manifest.json"]
)
def test_a_changed_byte_in_decoded_images_is_named(store, tmp_path, name):
    fill(tmp_path / "photos", 1)
    prepare_images(store, settings(tmp_path / "photos"))
    for path in store.root.glob(f"images-*/{name}"):
        content = bytearray(path.read_bytes())
        content[len(content) // 2] ^= 1
        path.write_bytes(content)
    with pytest.raises(DataError, match=name):
        prepare_images(store, settings(tmp_path / "photos"))

"""The embedded images: what they are, how they are prepared, how they were made."""

import gzip
import hashlib
import io
import shutil
from pathlib import Path

import numpy as np
import pytest
import tensorflow_datasets as tfds
from PIL import Image

from conceptevo_jax.data import fashion_mnist, load_images
from conceptevo_jax.data.fashion_mnist.builder import ConceptevoFashionMnist
from conceptevo_jax.data.fashion_mnist.embed import embed, read_embedded, read_idx
from conceptevo_jax.errors import DataError

SIZES = {"train": 8000, "test": 2000}


def digest(*parts: bytes) -> str:
    return hashlib.blake2b(b"".join(parts), digest_size=8).hexdigest()


@pytest.fixture(scope="module", params=["train", "test"])
def images(request, data_dir):
    return load_images("fashion_mnist", request.param, data_dir=data_dir)


@pytest.mark.slow
def test_classes_are_balanced_and_named(images):
    assert np.bincount(images.labels).tolist() == [SIZES[images.split] // 10] * 10
    assert images.classes[0] == "T-shirt/top"
    assert images.classes[9] == "Ankle boot"


@pytest.mark.slow
def test_ids_and_pixels_are_pinned(images):
    rows = np.argsort(images.keys)
    keys = "\n".join(images.keys[row] for row in rows).encode()
    pixels = np.stack([images.image(row) for row in rows])
    found = digest(keys), digest(pixels.tobytes(), images.labels[rows].tobytes())
    assert found == PINNED[images.split]


def test_first_ids_are_pinned(images):
    first = sorted(zip(images.keys, images.labels.tolist(), strict=True))[:3]
    assert first == FIRST[images.split]


def test_real_pixels_are_untouched_and_grey(images):
    image = images.image(5)
    key, label, webp = next(
        e for e in read_embedded(images.split) if e[0] == images.keys[5]
    )
    real = np.asarray(Image.open(io.BytesIO(webp)))
    assert (key, label) == (images.keys[5], images.labels[5])
    assert real.shape == (28, 28, 3)
    np.testing.assert_array_equal(image[2:30, 2:30], real)
    assert image.sum() == real.sum() > 0
    assert (image == image[..., :1]).all()


def test_tfds_reads_what_was_prepared_without_tensorflow(data_dir):
    source = tfds.data_source(
        ConceptevoFashionMnist.name,
        split="test[:10%]",
        data_dir=data_dir,
        download=False,
        builder_kwargs={"file_format": "array_record"},
    )
    features = source.dataset_info.features
    assert len(source) == 200
    example = source[0]
    assert example["image"].shape == (28, 28, 3)
    assert example["id"].startswith(b"fashion_mnist/test/")
    images = load_images("fashion_mnist", "test", data_dir=data_dir)
    label = images.labels[images.keys.index(example["id"].decode())]
    assert features["label"].int2str(example["label"]) == images.classes[label]


def test_preparing_is_quiet_and_leaves_only_the_data_set(data_dir):
    assert [path.name for path in data_dir.iterdir()] == ["conceptevo_fashion_mnist"]


def test_the_second_of_two_preparing_processes_uses_the_first_ones(
    tmp_path, monkeypatch
):
    started = []

    def prepare_slowly(builder, download_dir):
        folder = Path(builder.data_path)
        folder.mkdir(parents=True)
        started.append(folder)
        if len(started) == 1:  # meanwhile another process starts, and is faster
            fashion_mnist.prepare(tmp_path)
        (folder / "made_by").write_text(str(folder))

    monkeypatch.setattr(ConceptevoFashionMnist, "download_and_prepare", prepare_slowly)
    final = fashion_mnist.prepare(tmp_path)
    assert len(started) == 2
    assert (final / "made_by").read_text() == str(started[1])
    assert list(tmp_path.iterdir()) == [final.parent]


def test_an_interrupted_preparation_leaves_nothing_behind(tmp_path, monkeypatch):
    def killed(builder, download_dir):
        Path(builder.data_path).mkdir(parents=True)
        raise KeyboardInterrupt

    monkeypatch.setattr(ConceptevoFashionMnist, "download_and_prepare", killed)
    with pytest.raises(KeyboardInterrupt):
        fashion_mnist.prepare(tmp_path)
    assert not list((tmp_path / "conceptevo_fashion_mnist").iterdir())
    assert not list(tmp_path.glob(".preparing-*"))


@pytest.mark.parametrize(
    "name", ["dataset_info.json", "features.json", "*train.array_record*"]
)
def test_damaged_files_are_named(data_dir, tmp_path, name):
    shutil.copytree(data_dir, tmp_path / "copy")
    path = next((tmp_path / "copy").rglob(name))
    path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(DataError, match=r"1\.0\.0 is damaged .*Delete this folder"):
        load_images("fashion_mnist", "train", data_dir=tmp_path / "copy")


@pytest.fixture
def idx_folder(tmp_path):
    """A small original: 60 + 30 random images in three classes."""
    random = np.random.default_rng(0)
    for stem, count in (("train", 60), ("t10k", 30)):
        images = random.integers(0, 256, (count, 28, 28), np.uint8)
        labels = np.arange(count, dtype=np.uint8) % 3
        for kind, array in (("images-idx3", images), ("labels-idx1", labels)):
            head = bytes([0, 0, 8, array.ndim]) + np.array(array.shape, ">u4").tobytes()
            content = gzip.compress(head + array.tobytes())
            (tmp_path / f"{stem}-{kind}-ubyte.gz").write_bytes(content)
    return tmp_path


@pytest.mark.slow
def test_embedding_is_lossless_balanced_and_repeatable(idx_folder):
    first, second = idx_folder / "first.npz", idx_folder / "second.npz"
    for path in (first, second):
        embed(idx_folder, path, train=30, test=12, seed=0)
    assert first.read_bytes() == second.read_bytes()
    for split, stem, count in (("train", "train", 30), ("test", "t10k", 12)):
        originals = read_idx(idx_folder / f"{stem}-images-idx3-ubyte.gz")
        found = list(read_embedded(split, first))
        labels = [label for _, label, _ in found]
        assert np.bincount(labels).tolist() == [count // 3] * 3
        for key, label, webp in found:
            index = int(key.removeprefix(f"fashion_mnist/{split}/"))
            pixels = np.asarray(Image.open(io.BytesIO(webp)))
            np.testing.assert_array_equal(pixels[..., 0], originals[index])
            assert label == index % 3


@pytest.mark.parametrize(
    "content",
    [b"", b"plain", gzip.compress(b"\0\0\x0d\1"), gzip.compress(b"\0\0\x08")],
    # Compressed bytes hold the time, so as names they would differ between workers.
    ids=["empty", "not compressed", "other type", "cut short"],
)
def test_other_files_than_idx_are_named(tmp_path, content):
    path = tmp_path / "train-images-idx3-ubyte.gz"
    path.write_bytes(content)
    with pytest.raises(DataError, match=f"{path} is not a gzipped IDX file"):
        read_idx(path)


def test_the_licence_lies_beside_the_images():
    notice = Path(fashion_mnist.__file__).with_name("NOTICE").read_text()
    assert "Zalando SE" in notice
    assert "Permission is hereby granted, free of charge" in notice


FIRST = {
    "train": [
        ("fashion_mnist/train/000015", 9),
        ("fashion_mnist/train/000022", 4),
        ("fashion_mnist/train/000026", 0),
    ],
    "test": [
        ("fashion_mnist/test/000001", 2),
        ("fashion_mnist/test/000008", 5),
        ("fashion_mnist/test/000009", 7),
    ],
}
PINNED = {
    "train": ("ca68b3b38c6d8183", "20f17017678956ab"),
    "test": ("210432e5de6fae2e", "9741a2058e741324"),
}

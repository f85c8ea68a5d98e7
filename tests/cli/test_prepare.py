"""Preparing data sets: from tiny archives in ImageNet's real layout, and refusals."""

import importlib.util
import io
import os
import subprocess
import sys
import tarfile

import numpy as np
import pytest
from calling import PROGRAM
from PIL import Image

from conceptevo_jax.cli import prepare as preparing
from conceptevo_jax.data import load_images

CLASSES = ("n01440764", "n02099601", "n04285008")
"""Tench, golden retriever and sports car: the labels 0, 207 and 817."""

LABELS = (0, 207, 817)


def photograph(seed: int) -> bytes:
    pixels = np.random.default_rng(seed).integers(0, 256, (20 + seed, 30, 3), np.uint8)
    file = io.BytesIO()
    Image.fromarray(pixels).save(file, "JPEG")
    return file.getvalue()


def archive(files: dict[str, bytes]) -> bytes:
    buffer = io.BytesIO()
    with tarfile.open(fileobj=buffer, mode="w") as tar:
        for name, content in files.items():
            about = tarfile.TarInfo(name)
            about.size = len(content)
            tar.addfile(about, io.BytesIO(content))
    return buffer.getvalue()


@pytest.fixture(scope="module")
def archives(tmp_path_factory):
    """The two archives of ILSVRC2012 with nine images in all."""
    folder = tmp_path_factory.mktemp("archives")
    inner = {
        f"{name}.tar": archive(
            {f"{name}_{i}.JPEG": photograph(10 * c + i) for i in range(2)}
        )
        for c, name in enumerate(CLASSES)
    }
    (folder / "ILSVRC2012_img_train.tar").write_bytes(archive(inner))
    names = [f"ILSVRC2012_val_{i:08d}.JPEG" for i in (1, 2, 3)]
    val = archive({name: photograph(50 + i) for i, name in enumerate(names)})
    (folder / "ILSVRC2012_img_val.tar").write_bytes(val)
    return folder


@pytest.mark.slow
@pytest.mark.skipif(
    importlib.util.find_spec("tensorflow") is None,
    reason="the extra [prepare] is not installed",
)
def test_imagenet_is_prepared_from_its_archives_and_read_without_tensorflow(
    archives, tmp_path
):
    """In a process of its own, for TensorFlow stays once it is imported."""
    words = ["prepare", "imagenet2012", f"data_dir={tmp_path}", "--manual-dir"]
    done = subprocess.run(
        [sys.executable, "-c", PROGRAM, *words, str(archives)],
        capture_output=True,
        text=True,
        check=False,
        env={**os.environ, "COLUMNS": "200"},
    )
    assert done.returncode == 0, done.stderr
    assert "train 6, validation 3" in done.stdout
    options = {"test_split": "validation", "data_dir": tmp_path, "side": 16}
    train, test = (
        load_images("tfds:imagenet2012", split, **options)
        for split in ("train", "test")
    )
    found = {
        name.rpartition("/")[2]: int(k)
        for name, k in zip(train.names, train.labels, strict=True)
    }
    assert found == {
        f"{name}_{i}.JPEG": label
        for name, label in zip(CLASSES, LABELS, strict=True)
        for i in range(2)
    }
    assert len(train.classes) == 1000
    assert test.names[0].startswith("imagenet2012/")
    assert {name.rpartition("_")[2] for name in test.names} == {
        f"{i:08d}.JPEG" for i in (1, 2, 3)
    }
    assert train.image(0).shape == (16, 16, 3)


@pytest.fixture
def with_tensorflow(monkeypatch):
    """As if TensorFlow were installed; nothing here gets far enough to need it."""
    monkeypatch.setattr(preparing, "_require_tensorflow", lambda: None)


def test_without_tensorflow_the_extra_is_named(call, monkeypatch):
    monkeypatch.setattr(preparing.importlib.util, "find_spec", lambda name: None)
    code, _, err = call("prepare", "cifar10")
    assert code == 2
    assert '"conceptevo-jax[prepare]"' in err


@pytest.mark.parametrize("words", [[], ["data_dir=x"], ["--manual-dir", "x"]])
def test_a_name_is_asked_for(call, words):
    code, _, err = call("prepare", *words)
    assert code == 2
    assert "conceptevo prepare NAME" in err


def test_unknown_names_and_options_are_told_at_once(call, with_tensorflow):
    code, _, err = call("prepare", "imagnette")
    assert code == 2
    assert "similar names: imagenette" in err
    code, _, err = call("prepare", "cifar10", "datadir=x")
    assert code == 2
    assert "unknown option 'datadir'" in err
    assert "data_dir" in err


def test_missing_archives_are_named(call, with_tensorflow, archives, tmp_path):
    where = f"data_dir={tmp_path}"
    code, _, err = call("prepare", "imagenet2012", where)
    assert code == 2
    assert "needs manual_dir=FOLDER" in err
    code, _, err = call("prepare", "imagenet2012", where, "manual_dir=nowhere")
    assert code == 3
    assert "nowhere is not a folder" in err
    (tmp_path / "half").mkdir()
    (tmp_path / "half" / "ILSVRC2012_img_val.tar").write_bytes(b"")
    code, _, err = call("prepare", "imagenet2012", where, f"manual_dir={tmp_path}/half")
    assert code == 3
    assert "lacks ILSVRC2012_img_train.tar." in err


def test_without_a_network_it_says_so_at_once(
    call, with_tensorflow, monkeypatch, tmp_path
):
    import requests

    def refuse(url, **_):
        raise requests.ConnectionError

    monkeypatch.setattr(requests, "head", refuse)
    code, _, err = call("prepare", "cifar10", f"data_dir={tmp_path}")
    assert code == 3
    assert "cannot be reached (ConnectionError)" in err
    assert "Prepare it on a machine with a network and copy" in err
    assert not list(tmp_path.glob("cifar10/*"))

"""Folders as people have them: what is read, and what is said of the rest."""

import os
import socket
import zlib
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

from conceptevo_jax.data import dataset_sizes, drop_images, find_bad, load_images
from conceptevo_jax.errors import DataError, UsageError


def fill(folder, count=10, suffix=".jpg"):
    """Pictures that differ, within a folder and between classes."""
    folder.mkdir(parents=True, exist_ok=True)
    rng = np.random.default_rng(zlib.crc32(os.fsencode(folder.name)))
    for number in range(count):
        colour = tuple(rng.integers(0, 256, 3).tolist())
        Image.new("RGB", (6, 5), colour).save(folder / f"{number}{suffix}")


def made(root, *folders):
    for folder in folders:
        fill(root / folder)
    return root


def opened(root, split="train", **options):
    return load_images(f"folder:{root}", split, data_dir=None, side=8, **options)


def notes_of(root, split="train", **options):
    """All that is said of a folder, its own path left out."""
    return " ".join(opened(root, split, **options).notes).replace(str(root), "D")


def refusal(root, split="train", **options):
    with pytest.raises(DataError) as refused:
        opened(root, split, **options)
    with pytest.raises(DataError) as planned:
        dataset_sizes(f"folder:{root}", **options)
    assert str(planned.value) == str(refused.value)
    return str(refused.value).replace(str(root), "D")


def total(root, **options):
    sizes = dataset_sizes(f"folder:{root}", **options)
    counts = [len(opened(root, split, **options)) for split in ("train", "test")]
    assert counts == [sizes.train, sizes.test]
    return sum(counts)


def test_all_folders_below_a_class_are_read(tmp_path):
    """As Tiny ImageNet and ImageNet-21k lie on disks."""
    made(tmp_path, "a/images", "b", "b/more/and/more")
    assert total(tmp_path) == 30
    assert opened(tmp_path).classes == ("a", "b")
    assert {Path(name).parent.as_posix() for name in opened(tmp_path).names} == {
        "a/images",
        "b",
        "b/more/and/more",
    }
    assert opened(tmp_path).notes == ()


def test_what_has_another_suffix_is_counted_and_told_with_the_mend(tmp_path):
    made(tmp_path, "a", "b")
    fill(tmp_path / "a", 30, ".tif")
    fill(tmp_path / "b", 5, ".TIFF")
    (tmp_path / "a/labels.csv").write_text("")
    (tmp_path / "a/README").write_text("")
    assert notes_of(tmp_path) == (
        "35 of 57 files of D are .tif or .tiff, which is not opened: allow it by "
        "dataset.options.formats=[jpeg,png,webp,tiff]. 2 of 57 files of D cannot be "
        "opened, and are left out: 1 without a suffix, 1 .csv."
    )
    allowed = ["jpeg", "png", "webp", "tiff"]
    assert total(tmp_path, formats=allowed) == 55
    assert find_bad(opened(tmp_path, formats=allowed)) == {}
    assert "tif" not in notes_of(tmp_path, formats=allowed)


def test_where_nothing_can_be_read_the_error_counts(tmp_path):
    for name in "ab":
        fill(tmp_path / name, 3, ".bmp")
    fill(tmp_path, 2)
    assert refusal(tmp_path) == (
        "D holds no images in its folders: it needs one folder per class, with images "
        "(.jpg, .jpeg, .jpe, .jfif, .png, .webp) in it. 6 of 6 files of D are .bmp, "
        "which is not opened: allow it by dataset.options.formats=[jpeg,png,webp,bmp]. "
        "2 images lie in D itself and are left out: put them into the folders of their "
        "classes. 2 folders of D hold no image that is opened, and are no classes: a, "
        "b."
    )


def test_loose_images_and_empty_folders_are_told(tmp_path):
    made(tmp_path, "a", "b", ".hidden", ".git/objects")
    fill(tmp_path, 7)
    (tmp_path / "labels.csv").write_text("")
    (tmp_path / "c/d").mkdir(parents=True)
    assert opened(tmp_path).classes == ("a", "b")
    assert notes_of(tmp_path) == (
        "7 images lie in D itself and are left out: put them into the folders of their "
        "classes. 1 folders of D hold no image that is opened, and are no classes: c."
    )


def test_what_systems_leave_behind_is_no_class_and_no_image(tmp_path):
    made(tmp_path, "a", "b", "lost+found", "a/@eaDir/0.jpg", "__MACOSX/a")
    (tmp_path / "a/Thumbs.db").write_bytes(b"")
    (tmp_path / "a/._0.jpg").write_bytes(b"")
    assert opened(tmp_path).classes == ("a", "b")
    assert total(tmp_path) == 20
    assert notes_of(tmp_path) == (
        "@eaDir, Thumbs.db, __MACOSX, lost+found in D are the system's own, and are "
        "left out."
    )


@pytest.mark.parametrize("name", ["train", "Test", "val"])
def test_a_class_may_be_called_as_a_split_is(tmp_path, name):
    made(tmp_path, "car", "plane", name)
    assert set(opened(tmp_path).classes) == {"car", "plane", name}
    assert total(tmp_path) == 30
    assert f"{name} in D hold images themselves: they are read as classes" in notes_of(
        tmp_path
    )


@pytest.mark.parametrize(
    ("train", "test"),
    [("Training", "Testing"), ("TRAIN", "Valid"), ("train", "validation")],
)
def test_splits_are_known_by_any_of_their_names(tmp_path, train, test):
    made(tmp_path, *(f"{split}/{name}" for split in (train, test) for name in "ab"))
    assert [len(opened(tmp_path, split)) for split in ("train", "test")] == [20, 20]
    assert opened(tmp_path, "test").names[0].startswith(f"{test}/a/")


def test_val_serves_where_test_is_flat_and_that_is_told(tmp_path):
    made(tmp_path, "train/a", "train/b", "val/a", "val/b", "test", "extra/a")
    assert opened(tmp_path, "test").names[0].startswith("val/")
    for split in ("train", "test"):
        assert notes_of(tmp_path, split) == (
            "train and val of D are read, but not test, extra (test without class "
            "folders)."
        )


def test_loose_images_beside_class_folders_of_a_split_change_nothing(tmp_path):
    made(tmp_path, "train", "train/a", "train/b", "val/a", "val/b", "extra")
    fill(tmp_path, 1)
    assert [len(opened(tmp_path, split)) for split in ("train", "test")] == [20, 20]
    assert notes_of(tmp_path) == (
        "train and val of D are read, but not extra. Images that lie in D itself are "
        "left out. 10 images lie in D/train itself and are left out: put them into the "
        "folders of their classes."
    )


@pytest.mark.parametrize(
    ("folders", "says"),
    [
        (["test"], "but test next to it holds none of their names: "),
        (["val/images"], "but val next to it holds none of their names: "),
        ([], "but there is no folder test or testing or validation or val or valid: "),
    ],
)
def test_class_folders_to_train_on_alone_are_refused_with_the_mend(
    tmp_path, folders, says
):
    made(tmp_path, "train/a", "train/b", *folders)
    where = "val" if folders == ["val/images"] else "test"
    assert refusal(tmp_path).startswith(f"D/train holds class folders, {says}")
    assert refusal(tmp_path).endswith(
        f"put class folders of the same names into D/{where}, or name folder:D/train "
        "alone, of which a fifth of every class is held out."
    )
    assert total(tmp_path / "train") == 20


def test_splits_without_class_folders_are_refused(tmp_path):
    made(tmp_path, "train", "test")
    assert refusal(tmp_path) == (
        "D: train, test hold images, but no folders of classes: put the images of each "
        "class into a folder of its name there."
    )
    made(tmp_path, "test/a")
    assert "D has no folder train of class folders, though it has test" in refusal(
        tmp_path
    )


def test_a_class_of_one_split_alone_is_named_with_what_lies_there(tmp_path):
    made(tmp_path, "train/a", "train/b", "test/a")
    fill(tmp_path / "test/b", 3, ".gif")
    assert refusal(tmp_path).startswith(
        "D: train and test need the same classes, but only one of them has: b. 3 of 13 "
        "files of D/test are .gif, which is not opened"
    )


def test_a_single_class_that_looks_like_a_data_set_is_told(tmp_path):
    made(tmp_path, "photos/a", "photos/b")
    assert notes_of(tmp_path) == (
        "D has a single class, photos: if the folders in it are the classes, name "
        "folder:D/photos."
    )


def test_links_to_folders_and_files_are_followed_but_never_in_circles(tmp_path):
    made(tmp_path / "elsewhere", "c")
    root = made(tmp_path / "set", "a", "b")
    (root / "c").symlink_to(tmp_path / "elsewhere/c")
    (root / "a/one.jpg").symlink_to(tmp_path / "elsewhere/c/0.jpg")
    (root / "a/self").symlink_to(root / "a")
    (root / "a/up").symlink_to(tmp_path)
    (root / "b/twice").symlink_to(root / "a")
    (root / "b/again").symlink_to(root / "a")
    assert opened(root).classes == ("a", "b", "c")
    assert total(root) == 11 + 21 + 10
    assert notes_of(root) == (
        "5 links in D lead back to folders that are read already, and are not "
        "followed: a/self, a/up, b/again/self, b/again/up, b/twice."
    )


def odd(root):
    """Everything in a class folder that is no image, though called one."""
    made(root, "a", "b")
    (root / "a/gone.png").symlink_to("/nowhere.png")
    (root / "a/self.png").symlink_to(root / "a/self.png")
    os.mkfifo(root / "a/pipe.png")
    made(root, "a/folder.png")
    (root / "a/device.png").symlink_to("/dev/null")
    (root / os.fsdecode(b"a/caf\xe9.png")).write_bytes(b"")
    with socket.socket(socket.AF_UNIX) as bound:
        bound.bind(os.path.relpath(root / "a/socket.png"))


ODD = {
    "a/gone.png": "it is a link to a file that is not there",
    "a/self.png": "it is a link that leads to itself",
    "a/pipe.png": "it is not a file, but a named pipe",
    "a/device.png": "it is not a file, but a device",
    "a/socket.png": "it is not a file, but a socket",
    r"a/caf\xe9.png": "it is empty",
}


def bad_of(root, **options):
    reasons = {}
    for split in ("train", "test"):
        images = opened(root, split, **options)
        names = dict(zip(images.keys, images.names, strict=True))
        reasons |= {names[key]: why for key, why in find_bad(images).items()}
    return reasons


@pytest.mark.parametrize("split", [False, True])
def test_odd_files_are_listed_with_reasons_that_reproduce(
    tmp_path, tmp_path_factory, monkeypatch, split
):
    roots = [tmp_path / "it", tmp_path_factory.mktemp("other") / "copy"]
    for root in roots:
        root.mkdir()
        monkeypatch.chdir(root)
        odd(root / "train" if split else root)
        if split:
            made(root, "test/a", "test/b")
    below = "train/" if split else ""
    expected = {f"{below}{name}": why for name, why in ODD.items()}
    assert [bad_of(root) for root in roots] == [expected, expected]
    images = opened(roots[0])
    assert len(drop_images(images, find_bad(images)).keys) >= 20


def test_what_cannot_be_read_leaves_the_others_where_they_were(tmp_path):
    made(tmp_path, "a", "b")
    before = set(opened(tmp_path, "test").keys)
    for number in range(10):
        (tmp_path / f"a/{number}-gone.png").symlink_to("/nowhere.png")
    assert set(opened(tmp_path, "test").keys) == before


def test_a_class_of_links_to_nothing_cannot_be_split(tmp_path):
    made(tmp_path, "a")
    (tmp_path / "b").mkdir()
    for number in range(3):
        (tmp_path / f"b/{number}.png").symlink_to("/nowhere.png")
    assert "fewer than two images that can be read" in refusal(tmp_path)


class Locked:
    """The operating system, for somebody who may not read some of the paths."""

    def __init__(self, *paths):
        self.paths = {str(path) for path in paths}
        self.scandir, self.open = os.scandir, os.open

    def use(self, monkeypatch):
        monkeypatch.setattr(os, "scandir", self.guarded(os.scandir))
        monkeypatch.setattr(os, "open", self.guarded(os.open))

    def guarded(self, call):
        def guarded(path, *further, **named):
            if str(path) in self.paths:
                raise PermissionError(13, "Permission denied", str(path))
            return call(path, *further, **named)

        return guarded


def test_files_and_folders_that_may_not_be_read_are_listed(tmp_path, monkeypatch):
    made(tmp_path, "a", "a/inner", "b", "c")
    Locked(tmp_path / "a/3.jpg", tmp_path / "a/inner", tmp_path / "c").use(monkeypatch)
    assert opened(tmp_path).classes == ("a", "b")
    assert bad_of(tmp_path) == {
        "a/3.jpg": "it cannot be read: Permission denied",
        "a/inner/": "it is a folder that cannot be read: Permission denied",
        "c/": "it is a folder that cannot be read: Permission denied",
    }


def test_a_data_set_that_may_not_be_read_is_named(tmp_path, monkeypatch):
    made(tmp_path, "a", "b")
    Locked(tmp_path / "a", tmp_path / "b").use(monkeypatch)
    assert refusal(tmp_path).endswith("2 folders cannot be read: a/, b/.")
    Locked(tmp_path).use(monkeypatch)
    assert refusal(tmp_path).startswith("folder D cannot be read (Permission denied): ")


def test_a_pipe_that_takes_a_files_place_is_not_waited_for(tmp_path):
    made(tmp_path, "a", "b")
    images = opened(tmp_path)
    path = tmp_path / images.names[0]
    path.unlink()
    os.mkfifo(path)
    with pytest.raises(DataError, match="it is not a file, but a named pipe"):
        images.image(0)


def test_class_names_are_text(tmp_path):
    for name in (b"caf\xe9", b"a\nb", b"\x1b[31mred", b" "):
        made(tmp_path, os.fsdecode(name))
    assert opened(tmp_path).classes == (r"\x1b[31mred", '" "', r"a\nb", r"caf\xe9")
    assert "\n" not in "".join(opened(tmp_path).names)


def test_a_declared_range_makes_other_images_of_the_same_split(tmp_path):
    made(tmp_path, "a", "b")
    plain, declared = opened(tmp_path), opened(tmp_path, value_range=4095)
    assert plain.names == declared.names
    assert not set(plain.keys) & set(declared.keys)


@pytest.mark.parametrize(
    ("options", "says"),
    [
        ({"formats": ["tif"]}, r"unknown image format 'tif'.*'tiff'"),
        ({"max_pixels": 0}, "max_pixels must be a whole number"),
        ({"value_range": -1}, "value_range must be a whole number"),
        ({"test_share": 1.0}, "test_share must be between 0 and 1"),
        ({"share": 0.5}, "unknown option of data set folder"),
    ],
)
def test_a_dry_run_refuses_the_options_that_the_run_refuses(tmp_path, options, says):
    made(tmp_path, "a", "b")
    for call in (opened, lambda root, **on: dataset_sizes(f"folder:{root}", **on)):
        with pytest.raises(UsageError, match=says):
            call(tmp_path, **options)

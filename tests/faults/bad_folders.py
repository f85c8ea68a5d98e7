"""Folders of images as they should not be, and places that cannot take results."""

import os
import shutil
import struct
import zipfile
import zlib
from pathlib import Path

import numpy as np
from mistakes import Make, Mistake, data, usage
from PIL import Image

SMOKE = ("experiment=unified_space", "scale=smoke")
FOLDER = (*SMOKE, "dataset=folder", "dataset.name=folder:photos")
TFDS = (*SMOKE, "dataset=cifar10", "dataset.data_dir=tfds")


def photographs(*says: str, make: Make) -> Mistake:
    """A run on photographs of which something is wrong."""
    return data(*FOLDER, says=says, make=make)


def no_folder(here: Path) -> None:
    shutil.rmtree(here / "photos")


def a_file(here: Path) -> None:
    no_folder(here)
    (here / "photos").write_text("photographs")


def an_archive(here: Path) -> None:
    no_folder(here)
    with zipfile.ZipFile(here / "photos", "w") as archive:
        archive.writestr("a/0.png", b"")


def a_link_to_nothing(here: Path) -> None:
    no_folder(here)
    (here / "photos").symlink_to("elsewhere")


def a_link_in_a_circle(here: Path) -> None:
    no_folder(here)
    (here / "photos").symlink_to("photos")


def nothing(here: Path) -> None:
    no_folder(here)
    (here / "photos").mkdir()


def empty_classes(here: Path) -> None:
    for path in (here / "photos").glob("*/*"):
        path.unlink()


def loose_images(here: Path) -> None:
    for path in (here / "photos").glob("*/*"):
        path.rename(here / "photos" / f"{path.parent.name}{path.name}")
    for name in "ab":
        (here / "photos" / name).rmdir()


def other_suffixes(here: Path) -> None:
    for path in (here / "photos").glob("*/*"):
        path.rename(path.with_suffix(".heic"))


def notes_alone(here: Path) -> None:
    for path in (here / "photos").glob("*/*"):
        path.rename(path.with_suffix(".csv"))


def one_image_of_a_class(here: Path) -> None:
    (here / "photos/c").mkdir()
    shutil.copy(here / "photos/a/0.png", here / "photos/c/0.png")


def train_alone(here: Path) -> None:
    shutil.move(here / "photos", here / "all")
    shutil.copytree(here / "all", here / "photos/train")
    (here / "photos/test").mkdir()


def other_classes_in_test(here: Path) -> None:
    shutil.move(here / "photos", here / "all")
    shutil.copytree(here / "all", here / "photos/train")
    for name in "cd":
        shutil.copytree(here / "all/a", here / "photos/test" / name)


def test_is_train(here: Path) -> None:
    shutil.move(here / "photos", here / "all")
    for split in ("train", "test"):
        shutil.copytree(here / "all", here / "photos" / split)


def spoilt(content: bytes, name: str = "3.png") -> Make:
    """One of the photographs is something else."""

    def make(here: Path) -> None:
        (here / "photos/a" / name).write_bytes(content)

    make.__name__ = f"{name} is {content[:12]!r}"
    return make


def a_cut_image(here: Path) -> None:
    path = here / "photos/a/3.png"
    Image.effect_noise((64, 64), 50).save(path)
    path.write_bytes(path.read_bytes()[:500])


def a_huge_image(here: Path) -> None:
    """A header of 60,000 times 60,000 pixels, and next to nothing after it."""
    header = b"IHDR" + struct.pack(">IIBBBBB", 60_000, 60_000, 8, 2, 0, 0, 0)
    check = struct.pack(">I", zlib.crc32(header))
    start = b"\x89PNG\r\n\x1a\n" + struct.pack(">I", 13)
    rest = struct.pack(">I", 4) + b"IDAT" + bytes(8)
    (here / "photos/a/3.png").write_bytes(start + header + check + rest)


def a_bitmap_called_png(here: Path) -> None:
    Image.new("RGB", (8, 8)).save(here / "photos/a/3.png", "BMP")


def a_deep_image(here: Path) -> None:
    pixels = np.full((8, 8), 60_000, np.uint16)
    Image.fromarray(pixels).save(here / "photos/a/3.png")


def a_dangling_link(here: Path) -> None:
    path = here / "photos/a/3.png"
    path.unlink()
    path.symlink_to("/nowhere/3.png")


def a_pipe(here: Path) -> None:
    path = here / "photos/a/3.png"
    path.unlink()
    os.mkfifo(path)


def foreign_letters(here: Path) -> None:
    (here / "photos/a/3.png").rename(here / os.fsdecode(b"photos/a/caf\xe9.png"))
    (here / "photos/a/4.png").write_bytes(b"")


IMAGES = (
    photographs("photos is not a folder", make=no_folder),
    photographs("photos is not a folder", make=a_file),
    photographs("photos is not a folder", make=an_archive),
    photographs("photos is not a folder", make=a_link_to_nothing),
    photographs("photos is not a folder", make=a_link_in_a_circle),
    photographs("holds no folders", "one folder per class", make=nothing),
    photographs("holds no images", "one folder per class", make=empty_classes),
    photographs("20 images lie in", "put them into", make=loose_images),
    photographs(".heic", make=other_suffixes),
    photographs("20 .csv", "one folder per class", make=notes_alone),
    photographs("fewer than two images", "Add images", make=one_image_of_a_class),
    photographs("photos/test", make=train_alone),
    photographs("photos", "c", make=other_classes_in_test),
    photographs("are training images", "separate test split", make=test_is_train),
    photographs("3.png", make=spoilt(b"")),
    photographs("3.png", make=spoilt(b"<html>404 Not Found</html>")),
    photographs("3.png", make=spoilt(b"version https://git-lfs.github.com/spec/v1")),
    photographs("x.jpg", make=spoilt(b"\xff\xd8\xff\xe0 no photograph", "x.jpg")),
    photographs("x.webp", make=spoilt(b"RIFF\0\0\0\0WEBPVP8 ", "x.webp")),
    photographs("3.png", make=spoilt(b"GIF89a\1\0\1\0\0\0\0;")),
    photographs("3.png", make=a_cut_image),
    photographs("3.png", "max_pixels", make=a_huge_image),
    photographs("3.png", "formats=", make=a_bitmap_called_png),
    photographs("3.png", "skip", make=a_dangling_link),
    photographs("3.png", "skip", make=a_pipe),
    photographs("4.png", make=foreign_letters),
    data(
        *FOLDER,
        "dataset.options.value_range=4095",
        says=("3.png", "4095"),
        make=a_deep_image,
    ),
    usage(*FOLDER, "dataset.options.formats=[]", says=("formats", "jpeg")),
    usage(*FOLDER, "dataset.options.formats=[jpg2]", says=("jpg2", "Valid: ")),
    data(*FOLDER, "dataset.options.formats=tiff", says=(".png", "formats=[tiff,png]")),
    usage(*FOLDER, "dataset.options.max_pixels=0", says=("max_pixels", "1 or more")),
    usage(*FOLDER, "dataset.options.value_range=0", says=("value_range",)),
    usage(*FOLDER, "dataset.options.test_share=2.0", says=("test_share", "0 and 1")),
    data(
        *FOLDER, "dataset.options.formats=[webp]", says=(".png", "formats=[webp,png]")
    ),
    usage(*FOLDER, "runs.base.batch_size=64", says=("batch_size=64", "16 training")),
    usage(*FOLDER, "dataset.train_images=500", says=("train_images is 500", "1 to 16")),
    usage(
        *SMOKE,
        "dataset.name=folder:photos",
        says=("option of data set folder:photos", "dataset=folder"),
    ),
)

PREPARED = (
    data(*TFDS, "dataset.name=tfds:cifar10", says=("cifar10 is not prepared", "once")),
    usage(
        *TFDS,
        "dataset.name=tfds:cifar11",
        says=("no data set 'cifar11'", "similar names"),
    ),
    usage(*TFDS, "dataset.name=tfds:", says=("unknown data set 'tfds:'", "tfds:NAME")),
    data(
        *("prepare", "imagenet2012", "data_dir=tfds", "manual_dir=nowhere"),
        says=("nowhere is not a folder",),
    ),
)


def place(run_dir: str, *says: str, make: Make | None = None) -> Mistake:
    """A place that cannot take results."""
    words = (*SMOKE, "dataset=shapes", f"run_dir={run_dir}")
    return data(*words, says=(*says, "choose another run_dir"), make=make)


def store_is_a_file(here: Path) -> None:
    shutil.rmtree(here / "runs/store")
    (here / "runs/store").write_text("mine")


def result_leads_away(here: Path) -> None:
    (here / "runs/one/explorer.html").symlink_to("../../ann.json")
    (here / "runs/one/questionnaire").symlink_to("../../photos")


PLACES = (
    place("ann.json", "ann.json is a file"),
    place("ann.json/below", "ann.json is a file"),
    place("x" * 300, "has 300 bytes"),
    place("/", "/ holds unrelated files"),
    place("/usr", "/usr holds unrelated files"),
    place("~", "holds unrelated files"),
    place("/proc/runs", "lies in the system folder /proc"),
    place("/etc/runs", "lies in the system folder /etc"),
    place("/dev/null", "/dev/null is a file"),
    place("runs/store", "runs/store is, or lies in, a store"),
    place("runs/store/mine", "a store of stages"),
    place("store", "store is, or lies in, a store"),
    place("runs/three", "runs/store is a file, not a store", make=store_is_a_file),
    usage(*SMOKE, "run_dir=", says=("run_dir is empty", "name one")),
    usage(*SMOKE, "run_dir= ", says=("run_dir is empty", "name one")),
    usage(*SMOKE, "run_dir=~nobody-here/x", says=("~nobody-here", "whole path")),
    data("explore", "runs/one", "out=/proc/x.html", says=("/proc",)),
    data("explore", "runs/one", "out=ann.json/x.html", says=("ann.json",)),
    data("explore", "runs/one", f"out={'x' * 300}.html", says=("x.html", "shorter")),
    data("explore", "runs/one", says=("leads to", "Remove"), make=result_leads_away),
    data("explore", "runs/one", "--folder", "out=ann.json/x", says=("ann.json",)),
    data("compare", "runs/one", "runs/two", "out=/sys/x.html", says=("/sys",)),
    data("study", "build", "runs/one", "out=/proc/x", says=("/proc",)),
    data("study", "build", "runs/one", f"out={'x' * 300}", says=("xxx", "shorter")),
    data(
        *("study", "build", "runs/one"),
        says=("leads to", "Remove"),
        make=result_leads_away,
    ),
)

FOLDERS: tuple[Mistake, ...] = (*IMAGES, *PREPARED, *PLACES)

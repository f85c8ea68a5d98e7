"""Folders of images on the command line: what a dry run accepts and refuses."""

import os

import pytest
from PIL import Image


@pytest.fixture
def photographs(tmp_path):
    """Two classes beside what people have in such folders."""
    root = tmp_path / "photographs"
    for label, name in enumerate("ab"):
        (root / name).mkdir(parents=True)
        for number in range(20):
            suffix = "tif" if number % 2 else "png"
            colour = (9 * number, 99 * label, 0)
            Image.new("RGB", (8, 8), colour).save(root / name / f"{number}.{suffix}")
    (root / "a/gone.png").symlink_to("/nowhere.png")
    os.mkfifo(root / "a/pipe.png")
    (root / os.fsdecode(b"a/caf\xe9.png")).write_bytes(b"")
    (root / "lost+found").mkdir()
    return root


def planned(call, root, *words):
    place = f"dataset.name=folder:{root}"
    of = ("experiment=unified_space", "dataset=folder", "preset=tiny", "dry_run=true")
    return call(*of, place, *words)


@pytest.mark.slow
def test_a_folder_with_odd_files_is_planned(photographs, call):
    code, out, err = planned(call, photographs, "dataset.on_bad_image=skip")
    assert (code, err) == (0, "")
    assert "nothing was done" in out


@pytest.mark.parametrize(
    ("word", "says"),
    [
        ("dataset.options.formats=[jpeg,tif]", "Did you mean 'tiff'?"),
        ("dataset.options.max_pixels=0", "max_pixels must be a whole number"),
        ("dataset.options.value_range=0", "value_range must be a whole number"),
        (
            "dataset.options.test_share=1.5",
            "test_share must be between 0 and 1",
        ),
    ],
)
def test_options_of_a_folder_are_known_and_checked(photographs, call, word, says):
    code, _, err = planned(call, photographs, word)
    assert code == 2
    assert says in err


def test_a_folder_without_what_is_opened_is_refused_with_numbers(photographs, call):
    code, _, err = planned(call, photographs, "dataset.options.formats=[webp]")
    assert code == 3
    assert "20 of 43 files" in " ".join(err.split())
    assert "dataset.options.formats=[webp,tiff]" in "".join(err.split())

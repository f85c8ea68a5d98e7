"""A user's own folder of photographs, by the documented command, made small."""

import json
import re
from pathlib import Path

import numpy as np
import pytest
from PIL import Image

PAGE = Path(__file__).parents[2] / "docs" / "own-images.md"
CLASSES = ("ant", "bee", "cat", "dog", "emu", "fox", "gnu", "hen", "ibex", "jay")
TRAINED, HELD_OUT = 30, 25
"""Images per class: as many as the smoke demo has, so that its programs serve here."""


@pytest.fixture
def photographs(tmp_path, rng):
    """550 JPEGs of mixed sizes in ten classes, and one file that is none."""
    root = tmp_path / "my photographs"
    for label, name in enumerate(CLASSES):
        (root / name).mkdir(parents=True)
        for number in range(TRAINED + HELD_OUT):
            height, width = rng.integers(20, 90, 2)
            pixels = rng.integers(0, 80, (height, width, 3))
            pixels[..., label % 3] += 25 * (1 + label // 3) + 60
            image = Image.fromarray(pixels.astype(np.uint8))
            image.save(root / name / f"{number:02d}.jpg")
    (root / "ant" / "broken.jpg").write_bytes(b"\xff\xd8\xff\xe0 no more")
    return root


def command(path: Path) -> list[str]:
    """The page's words, with this folder in place of its own."""
    (line,) = re.findall(r"^conceptevo (.*folder:.*)$", PAGE.read_text(), re.M)
    words = [word.strip("'\"") for word in line.split()]
    place = f"dataset.name='folder:{path}'"
    return [place if word.startswith("dataset.name=") else word for word in words]


SMALL = (
    "scale=smoke",
    f"dataset.options.test_share={HELD_OUT / (TRAINED + HELD_OUT)}",
)


@pytest.mark.usefixtures("demo")  # whose compiled programs it uses
def test_one_command_trains_projects_and_draws(photographs, call, tmp_path):
    words = [*command(photographs), *SMALL]
    code, _, err = call(*words)
    assert code == 3, err
    assert "my photographs" in err
    assert "ant/broken.jpg" in err
    code, out, err = call(*words, "dataset.on_bad_image=skip")
    assert code == 0, err
    assert "1 images cannot be decoded and are skipped: ant/broken.jpg (" in out
    (folder,) = (tmp_path / "runs").glob("unified_space-*")
    found = json.loads((folder / "results.json").read_text())
    (skipped,) = found["skipped_images"]
    assert skipped == "ant/broken.jpg"
    assert (folder / "figures" / "unified_space.png").stat().st_size > 10_000
    assert {one["run"] for one in found["coverage"]} == {
        "base",
        "inception_v3",
        "convnext_tiny",
    }

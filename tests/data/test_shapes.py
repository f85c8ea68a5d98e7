"""The generated images show what their ground truth says, on every machine."""

import hashlib

import numpy as np
import pytest

from conceptevo_jax.data import CONCEPTS, load_images, shape_concepts
from conceptevo_jax.data.shapes import (
    CLASSES,
    COLOURS,
    SHAPES,
    TEXTURES,
    draw,
    factors,
    silhouettes,
)
from conceptevo_jax.errors import DataError

INDEX = np.arange(600)


@pytest.fixture(scope="module")
def what():
    return factors(0, "train", INDEX)


@pytest.fixture(scope="module")
def pixels(what):
    return draw(what).astype(int)


@pytest.fixture(scope="module")
def truth():
    return shape_concepts([f"shapes-0/train/{i:06d}" for i in INDEX])


def group(truth: np.ndarray, kind: str) -> np.ndarray:
    return truth[:, [name.startswith(f"{kind}:") for name in CONCEPTS]]


def saturated(pixels: np.ndarray) -> np.ndarray:
    """Pixels that are no grey: the noise alone spreads channels by 31 at most."""
    return pixels.max(-1) - pixels.min(-1) > 31


def test_pixels_are_pinned():
    digest = hashlib.blake2b(digest_size=8)
    for seed, split in ((0, "train"), (0, "test"), (1, "train")):
        index = np.array([0, 1, 12, 4321, 999_999])
        digest.update(draw(factors(seed, split, index)).tobytes())
    assert digest.hexdigest() == PINNED


def test_an_image_does_not_depend_on_its_company(tmp_path):
    sizes = {"train_images": 60, "test_images": 20}
    images = load_images("shapes", "train", data_dir=tmp_path, **sizes)
    alone = np.stack([images.image(row) for row in range(60)])
    np.testing.assert_array_equal(alone, draw(factors(0, "train", INDEX))[:60])
    assert len(load_images("shapes", "test", data_dir=tmp_path, **sizes)) == 20


def test_splits_and_seeds_give_different_images():
    sets = [draw(factors(s, p, INDEX)) for s, p in ((0, "train"), (0, "test"), (1, ""))]
    assert len({image.tobytes() for images in sets for image in images}) == 1800


def test_every_group_has_exactly_one_concept(truth):
    for kind, names in (("shape", SHAPES), ("colour", COLOURS), ("texture", TEXTURES)):
        shown = group(truth, kind)
        assert shown.shape[1] == len(names)
        assert (shown.sum(1) == 1).all()
        assert (shown.sum(0) > 0.5 * len(INDEX) / len(names)).all()


def test_the_class_is_shape_and_tone_and_balanced(truth, tmp_path):
    images = load_images("shapes", "train", data_dir=tmp_path, train_images=600)
    assert np.bincount(images.labels).tolist() == [60] * len(CLASSES)
    shape = group(truth, "shape").argmax(1)
    cool = group(truth, "colour").argmax(1) >= 3
    for label, s, c in zip(images.labels, shape, cool, strict=True):
        assert CLASSES[label] == f"{'cool' if c else 'warm'} {SHAPES[s]}"


def test_texture_tells_nothing_about_the_class(truth):
    texture = group(truth, "texture").argmax(1)
    counts = np.zeros((len(CLASSES), len(TEXTURES)))
    np.add.at(counts, (INDEX % len(CLASSES), texture), 1)
    assert ((counts - 15) ** 2 / 15).sum() < 60


def test_the_shapes_colour_is_in_the_pixels(pixels, truth):
    palette = np.array(list(COLOURS.values()))
    for image, shown in zip(pixels, group(truth, "colour"), strict=True):
        brightest = image[saturated(image) & (image.max(-1) > 160)].mean(0)
        nearest = np.linalg.norm(palette - brightest, axis=1).argmin()
        assert nearest == shown.argmax()


def test_the_shape_is_where_the_colour_is(pixels, what):
    inside = silhouettes(what)
    assert not saturated(pixels)[~inside].any()
    assert saturated(pixels)[inside].mean() > 0.95


def test_the_shape_is_recognised_by_its_outline(pixels, truth):
    plain = group(truth, "texture")[:, 0]
    for image, shown in zip(pixels[plain], group(truth, "shape")[plain], strict=True):
        assert outline(saturated(image)) == SHAPES[shown.argmax()]


def outline(inside: np.ndarray) -> str:
    """Name of the shape, by the filled share of its box and of the box's parts."""
    rows, columns = np.flatnonzero(inside.any(1)), np.flatnonzero(inside.any(0))
    box = inside[rows[0] : rows[-1] + 1, columns[0] : columns[-1] + 1]
    middle, top = len(box) // 2, box[: len(box) // 3].mean()
    if not box[middle - 1 : middle + 2, middle - 1 : middle + 2].any():
        return "ring"
    if box.mean() > 0.98:
        return "square"
    if box[-1].mean() > 0.9:
        return "triangle"
    return "cross" if top < 0.5 else "disc"


def test_the_texture_is_in_the_pixels(pixels, what, truth):
    """Shares of bright pixels and of brightness changes along rows and columns."""
    bright = pixels.max(-1) > 160
    inside = silhouettes(what)
    for texture in range(len(TEXTURES)):
        chosen = group(truth, "texture")[:, texture]
        share = bright[chosen][inside[chosen]].mean()
        assert abs(share - (1, 0.5, 0.5, 0.25)[texture]) < 0.07
        both = inside[chosen][:, :, 1:] & inside[chosen][:, :, :-1]
        changes = np.diff(bright[chosen], axis=2)[both].mean()
        assert (changes > 0.1) == (TEXTURES[texture] in ("checks", "dots"))


@pytest.mark.parametrize(
    "key", ["fashion_mnist/train/000001", "shapes-0/other/000001", "shapes-0/train/x"]
)
def test_concepts_of_other_images_are_refused(key):
    with pytest.raises(DataError, match=key):
        shape_concepts([key])


PINNED = "3fa12ad9e0602663"

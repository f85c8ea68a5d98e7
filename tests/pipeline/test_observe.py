"""Snapshots are observed together, and stored as if each had been observed alone."""

import dataclasses

import jax
import numpy as np
import pytest

from conceptevo_jax.models import build_model
from conceptevo_jax.pipeline.images import prepare_images
from conceptevo_jax.pipeline.observe import Observer
from conceptevo_jax.stimuli import Search
from conceptevo_jax.store import Store
from conceptevo_jax.types import Snapshot

pytestmark = pytest.mark.slow

EPOCHS = ("init", 0, 1)


@pytest.fixture(scope="module")
def images(tmp_path_factory, make_dataset):
    return prepare_images(Store(tmp_path_factory.mktemp("images")), make_dataset())


@pytest.fixture(scope="module")
def model():
    return build_model("vgg16", preset="tiny", classes=10)


@pytest.fixture
def shots(model):
    """Three snapshots, and which of them were loaded."""
    loaded = []

    def shot(seed, epoch):
        def load():
            loaded.append(epoch)
            return model.init(seed)

        return Snapshot(run="run", epoch=epoch, load=load)

    return [shot(seed, epoch) for seed, epoch in enumerate(EPOCHS)], loaded


class Counted:
    """Pixels that count how often they are asked for."""

    def __init__(self, pixels):
        self.pixels, self.shape, self.dtype = pixels, pixels.shape, pixels.dtype
        self.asked = 0

    def __getitem__(self, chosen):
        self.asked += 1
        return self.pixels[chosen]


def observer(folder, images, model):
    return Observer(Store(folder), images, model, "key", Search(k=3), 5, 15)


def same(one, other):
    assert one[1] == other[1]
    left, right = (dataclasses.asdict(seen[0]) for seen in (one, other))
    jax.tree.map(np.testing.assert_array_equal, left, right)


def test_together_they_end_and_are_stored_as_each_alone(tmp_path, images, model, shots):
    alone, together = (observer(tmp_path / at, images, model) for at in "ab")
    expected = [alone(shot) for shot in shots[0]]
    pixels = Counted(images.pool_pixels.pixels)
    counted = dataclasses.replace(images.pool_pixels, pixels=pixels)
    together.images = dataclasses.replace(images, pool_pixels=counted)
    found = list(together.observe_all(shots[0]))
    assert pixels.asked == 1, "60 images are one batch, read once for all snapshots"
    for one, other in zip(found, expected, strict=True):
        same(one, other)
    again = observer(tmp_path / "b", images, model)
    for one, other in zip(again.observe_all(shots[0]), expected, strict=True):
        same(one, other)


def test_what_is_stored_is_not_loaded_again(tmp_path, images, model, shots):
    look = observer(tmp_path, images, model)
    look(shots[0][1])
    shots[1].clear()
    assert len(list(look.observe_all(shots[0]))) == len(EPOCHS)
    assert shots[1] == ["init", 1]


def test_one_that_another_process_stores_meanwhile_is_not_taken_for_the_next(
    tmp_path, images, model, shots
):
    look, other = (observer(tmp_path, images, model) for _ in range(2))
    looked = look.observe_all(shots[0])
    found = [next(looked)]
    other(shots[0][1])
    found += looked
    expected = [observer(tmp_path / "other", images, model)(s) for s in shots[0]]
    for one, alone in zip(found, expected, strict=True):
        same(one, alone)


def test_with_little_time_one_snapshot_is_observed_at_a_time(
    tmp_path, images, model, shots
):
    looked = observer(tmp_path, images, model).observe_all(shots[0], lambda: 1e-9)
    for epoch in EPOCHS:
        next(looked)
        assert shots[1] == list(EPOCHS[: EPOCHS.index(epoch) + 1])

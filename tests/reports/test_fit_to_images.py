"""Recipes fit themselves to few images; what was typed stays or is refused."""

import itertools

import numpy as np
import pytest
from PIL import Image

from conceptevo_jax.cli.compose import resolve
from conceptevo_jax.cli.experiment import composed_config
from conceptevo_jax.errors import UsageError
from conceptevo_jax.reports.check_config import check_config
from conceptevo_jax.reports.fit_to_images import BATCHES, fit_to_images


@pytest.fixture
def photographs(tmp_path):
    """Makes a folder of three classes with so many images each."""

    def make(count):
        numbers = itertools.count()
        for name in ("cat", "dog", "emu"):
            (tmp_path / name).mkdir()
            for index in range(count):
                pixels = np.full((8, 8, 3), next(numbers), np.uint8)
                Image.fromarray(pixels).save(tmp_path / name / f"{index}.png")
        return f"folder:{tmp_path}"

    return make


def composed(*words):
    return resolve(composed_config(["experiment=unified_space", *words]))


def facts(train, test=200, classes=10):
    settings = {"train": train, "test": test, "classes": classes}
    return [f"dataset.facts.{name}={value}" for name, value in settings.items()]


@pytest.mark.slow
@pytest.mark.parametrize("scale", ["smoke", "demo"])
@pytest.mark.parametrize("count", [20, 60])
def test_twenty_images_a_class_are_enough(photographs, scale, count):
    name = photographs(count)
    config = composed(f"scale={scale}", "dataset=folder", f"dataset.name={name}")
    assert fit_to_images(config, ())
    check_config(config)
    train = 3 * (count - count // 5)
    for run in config.runs.values():
        steps = train // run.batch_size
        assert steps >= BATCHES
        assert run.epochs * steps >= run.least_steps
        assert all(step <= run.epochs * steps for step in run.early_steps)
        assert all(milestone < run.epochs for milestone in run.milestones)


def test_milestones_and_the_schedule_keep_their_parts_of_a_longer_run():
    config = composed("runs.base.optimizer.warmup_epochs=6", *facts(128, 50))
    before = composed()
    fit_to_images(config, ["runs.base.epochs"])
    fit_to_images(before, [])
    inception = config.runs["inception_v3"]
    assert (inception.batch_size, inception.epochs) == (16, 25)
    assert inception.milestones == [2, 5, 11, 18, 24]
    assert before.runs["inception_v3"].milestones == [0, 1, 3, 5, 7]
    assert config.runs["base"].epochs == 12
    assert config.runs["base"].optimizer.warmup_epochs == 6


@pytest.mark.parametrize("scale", ["smoke", "demo", "gpu", "paper"])
def test_sets_that_recipes_are_made_for_change_nothing(scale):
    config, before = composed(f"scale={scale}"), composed(f"scale={scale}")
    assert fit_to_images(config, ()) == []
    assert config == before


@pytest.mark.parametrize(
    ("word", "named"),
    [
        ("runs.base.batch_size=64", r"runs\.base\.batch_size=64 does not fit 48"),
        ("runs.base.early_steps=[999]", r"runs\.base\.early_steps \[999\] are never"),
        ("dataset.train_images=300", "dataset.train_images is 300, .* from 1 to 48"),
        ("dataset.test_images=13", "dataset.test_images is 13, .* from 1 to 12"),
        ("dataset.pool_images=49", "dataset.pool_images is 49, .* from 1 to 48"),
    ],
)
def test_what_was_typed_stays_and_is_refused_in_a_plan_as_in_a_run(word, named):
    config = composed("scale=smoke", word, *facts(48, 12, 3))
    fit_to_images(config, [word.partition("=")[0]])
    with pytest.raises(UsageError, match=named):
        check_config(config)

"""A space fitted again is the space that another seed gives."""

import dataclasses

import numpy as np
import pytest

from conceptevo_jax.data import DecodedImages, select_part
from conceptevo_jax.models import build_model
from conceptevo_jax.pipeline.base_space import Refits
from conceptevo_jax.projection import (
    SolveSettings,
    SpaceSettings,
    base_space,
    refit_space,
)
from conceptevo_jax.stimuli import find_stimuli

FIT = {"dim": 6, "repeats": 2}


@pytest.fixture(scope="module")
def observed():
    """A tiny untrained network, its pool, and its stimuli there."""
    rng = np.random.default_rng(0)
    images = DecodedImages(
        pixels=rng.integers(0, 256, (100, 32, 32, 3), dtype=np.uint8),
        labels=np.arange(100, dtype=np.int32) % 10,
        keys=tuple(f"{i:03}" for i in range(100)),
    )
    model = build_model("vgg16", preset="tiny", classes=10)
    pool, pixels = select_part(images, size=100, seed=0)
    variables = model.init(seed=3)
    stimuli, sample = find_stimuli(model, pool, sample=50)(variables, pixels)
    return model, variables, stimuli, sample, pixels


@pytest.mark.slow
@pytest.mark.parametrize(
    "settings",
    [
        SpaceSettings(policy="responsive"),
        SpaceSettings(policy="random", solve=SolveSettings(initial="uniform")),
    ],
    ids=lambda settings: settings.policy,
)
def test_refits_are_the_spaces_of_other_seeds(observed, settings):
    model, variables, stimuli, _, pixels = observed

    def space(seed):
        changed = dataclasses.replace(settings, seed=seed)
        made, *_ = base_space(*observed, settings=changed, seed=seed, **FIT)
        return made

    first, seeds = space(0), (7, 8)
    images = refit_space(
        model,
        variables,
        first,
        stimuli,
        pixels,
        settings=settings,
        seeds=seeds,
        **FIT,
    )
    refitted = Refits(seeds=seeds, images=images).spaces(first)
    for seed, one in zip(seeds, refitted, strict=True):
        expected = space(seed).images
        np.testing.assert_allclose(one.images.vectors, expected.vectors, atol=1e-6)
        np.testing.assert_array_equal(one.images.coverage, expected.coverage)
        assert not np.allclose(one.images.vectors, first.images.vectors, atol=0.01)

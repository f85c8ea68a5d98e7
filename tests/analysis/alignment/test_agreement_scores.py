"""Intervals of agreement: what they cover, and what refitted spaces add to them."""

import dataclasses

import numpy as np
import pytest

from conceptevo_jax.analysis import compare
from conceptevo_jax.analysis.alignment import agreement_scores
from conceptevo_jax.analysis.alignment.agreement_scores import resample_neurons
from conceptevo_jax.errors import DataError
from conceptevo_jax.types import Embedding


def fitted(world, name, places, n=60):
    """Neurons of random quality, and where each fit of the space places them."""
    concepts = world.rng.integers(len(places[0]), size=n)
    noise = world.rng.uniform(0.3, 1.5, size=n)
    offsets = world.rng.uniform(0.1, 0.6, size=(n, 1)) * world.rng.normal(size=(n, 3))
    fits = [
        Embedding(
            vectors=np.float32(fit_places[concepts] + offsets),
            coverage=np.ones(n, "f4"),
        )
        for fit_places in places
    ]
    subject = world.subject(name, concepts, vectors=fits[0].vectors, noise=noise)
    return dataclasses.replace(subject, refits=tuple(fits[1:]))


@pytest.mark.slow
def test_intervals_cover_the_truth_when_neurons_and_fits_are_drawn(world, monkeypatch):
    """In 95 of 100 worlds or more; without the refits in far fewer."""
    no_null = lambda *_, **__: (0.5, 0.5)  # noqa: E731
    monkeypatch.setattr(agreement_scores, "permutation_null", no_null)
    world = type(world)(concepts=16, images=60, pool=60, dim=3, seed=3)
    shared = world.rng.normal(size=(60, 4)) @ world.rng.normal(size=(4, 16))
    world.judgement = world.judgement + shared
    measured = np.empty((100, 2, 2, 3))
    for seed, world_intervals in enumerate(measured):
        places = world.places + 0.8 * world.rng.normal(size=(5, 16, 3))
        refitted = [fitted(world, name, places) for name in ("vgg@4", "base@9")]
        without_refits = [
            dataclasses.replace(subject, refits=()) for subject in refitted
        ]
        for variant, pair in enumerate((refitted, without_refits)):
            alignment = compare(*pair, seed=seed)
            auc, nearest = alignment.correlation, alignment.nearest
            world_intervals[variant] = (
                (auc.overall.auc, *auc.interval),
                (nearest.nearest, *nearest.interval),
            )
    value, low, high = np.moveaxis(measured, -1, 0)
    truth = value.mean(axis=0)
    covered = ((low <= truth) & (truth <= high)).mean(axis=0)
    assert (covered[0] >= 0.9).all()
    assert (covered[1] <= covered[0] - 0.07).all()


def test_two_snapshots_of_one_run_are_resampled_by_the_same_neurons(world):
    index = [np.array([0, 2, 5, 7]), np.array([2, 3, 5, 9])]
    same_run = resample_neurons(*index, same_run=True, rng=world.rng)
    np.testing.assert_array_equal(same_run.rows[:, [1, 2]], same_run.columns[:, [0, 2]])
    two_runs = resample_neurons(*index, same_run=False, rng=world.rng)
    assert (two_runs.rows[:, [1, 2]] != two_runs.columns[:, [0, 2]]).any()


def test_refits_that_only_one_side_has_are_refused(world):
    a, b = world.pair()
    a = dataclasses.replace(a, refits=(a.embedding,))
    with pytest.raises(DataError, match="vgg@4 is placed in 1 refitted spaces"):
        compare(a, b, seed=0)


def test_refits_that_agree_widen_nothing_and_others_do(world):
    a, b = world.pair()
    without_refits = compare(a, b, seed=0).correlation.interval

    def width(*, shift):
        def refit(embedding):
            noise = world.rng.normal(size=(len(embedding.vectors), 12))
            vectors = embedding.vectors + shift * noise.astype(np.float32)
            return dataclasses.replace(embedding, vectors=vectors)

        refitted = [
            dataclasses.replace(s, refits=tuple(refit(s.embedding) for _ in range(4)))
            for s in (a, b)
        ]
        low, high = compare(*refitted, seed=0).correlation.interval
        return high - low

    assert width(shift=0) == pytest.approx(
        without_refits[1] - without_refits[0], rel=0.05
    )
    assert width(shift=3) > 2 * (without_refits[1] - without_refits[0])

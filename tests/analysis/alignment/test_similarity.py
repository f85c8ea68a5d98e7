"""Similarities by hand."""

import numpy as np
import pytest

from conceptevo_jax.analysis.alignment.response_rows import products
from conceptevo_jax.analysis.alignment.similarity import (
    directions,
    shared_stimuli,
    stimulus_rows,
)


def test_cosine_is_taken_after_centring(rng):
    vectors = rng.normal(size=(9, 4)) + 100
    centred = vectors - vectors.mean(axis=0)
    lengths = np.linalg.norm(centred, axis=1)
    expected = centred @ centred.T / np.outer(lengths, lengths)
    cosines = products(directions(vectors), directions(vectors))
    np.testing.assert_allclose(cosines, expected, atol=1e-6)


@pytest.mark.parametrize("value", [0.0, 1.0, 0.1, -1e20])
def test_equal_vectors_have_no_direction(value):
    vectors = np.full((7, 3), value, np.float32)
    np.testing.assert_array_equal(directions(vectors), 0.0)


def test_shared_stimuli_by_hand(world):
    stimuli = world.subject("run@0", np.arange(3)).stimuli
    stimuli.image_ids[:] = -1
    stimuli.image_ids[0, :3] = [4, 9, 2]
    stimuli.image_ids[1, :2] = [9, 4]
    stimuli.image_ids[2, :1] = [399]
    rows = stimulus_rows(stimuli)
    expected = [[1, 2 / 3, 0], [2 / 3, 1, 0], [0, 0, 1]]
    np.testing.assert_allclose(shared_stimuli(rows, rows), expected, atol=1e-6)


def test_shared_stimuli_of_snapshots_that_reach_different_images(world):
    low, high = (world.subject("run@0", np.arange(3)).stimuli for _ in range(2))
    low.image_ids[:] = np.arange(8)
    high.image_ids[:] = np.arange(4, 12)
    jaccard = shared_stimuli(stimulus_rows(low), stimulus_rows(high))
    np.testing.assert_allclose(jaccard, 4 / 12, atol=1e-6)

"""Movement and likeness on planted histories."""

import dataclasses

import numpy as np
import pytest
from selecting import sites, stimuli

from conceptevo_jax.analysis.dynamics.movement import (
    linear_cka,
    movement,
    spread,
    stimulus_overlap,
)
from conceptevo_jax.errors import DataError
from conceptevo_jax.types import Responses


def responses(peaks, images="judgement"):
    peaks = np.asarray(peaks, np.float32)
    return Responses(peaks=peaks, sites=sites(peaks.shape[1]), images_id=images)


def test_movement_is_distance_and_spread_the_mean_of_all_pairs():
    before = np.array([[0.0, 0], [3, 4], [np.nan, 0]])
    after = np.array([[3.0, 4], [3, 4], [1, 1]])
    np.testing.assert_allclose(movement(before, after), [5, 0, np.nan])
    assert spread(before) == 5
    assert np.isnan(spread(before[1:]))


def test_cka_laws(rng):
    x = rng.normal(size=(200, 12))
    rotation = np.linalg.qr(rng.normal(size=(12, 12)))[0]
    assert linear_cka(responses(x), responses(x)).value == pytest.approx(1)
    turned = linear_cka(responses(x), responses(3 * x @ rotation + 7)).value
    assert turned == pytest.approx(1, abs=1e-5)
    unrelated = linear_cka(responses(x), responses(rng.normal(size=(200, 12)))).value
    assert unrelated < 0.2


def test_cka_is_the_definition_by_gram_matrices(rng):
    x, y = rng.normal(size=(2, 50, 8))
    y[:, :4] += x[:, :4]
    x, y = (v.astype(np.float32) for v in (x, y))
    a, b = (v - v.mean(axis=0) for v in (x.astype(float), y.astype(float)))
    k, m = a @ a.T, b @ b.T
    expected = (k * m).sum() / np.linalg.norm(k) / np.linalg.norm(m)
    cka = linear_cka(responses(x), responses(y))
    assert cka.value == pytest.approx(expected, rel=1e-6)
    assert cka.low < cka.value < cka.high


def test_cka_leaves_out_what_is_not_finite_and_may_have_nothing_left(rng):
    x = rng.normal(size=(50, 6))
    broken = x.copy()
    broken[:, 0] = np.inf
    silenced = x.copy()
    silenced[:, 0] = 0
    values = [linear_cka(responses(x), responses(y)).value for y in (broken, silenced)]
    assert values[0] == pytest.approx(values[1])
    constant = linear_cka(responses(x), responses(np.zeros((50, 6))))
    assert constant.value is None
    assert "constant" in constant.why


def test_cka_of_other_images_is_refused(rng):
    x = rng.normal(size=(20, 3))
    with pytest.raises(DataError, match="same images"):
        linear_cka(responses(x), responses(x, "others"))


def test_overlap_counts_common_stimuli_of_all_and_dead_have_none():
    a = stimuli([[0, 1, 2], [0, 1, 2], [0, 1, 2], [-1, -1, -1]])
    b = stimuli([[2, 1, 0], [2, 3, 4], [7, 8, 9], [-1, -1, -1]])
    np.testing.assert_allclose(stimulus_overlap(a, b), [1, 1 / 5, 0, 0])
    with pytest.raises(DataError, match="same pool"):
        stimulus_overlap(a, dataclasses.replace(b, pool_id="other"))
    with pytest.raises(DataError, match="one architecture"):
        stimulus_overlap(a, stimuli([[0, 1, 2]]))

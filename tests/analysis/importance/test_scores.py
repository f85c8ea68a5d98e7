"""Eq. 4, its ranking and its uncertainty, and what cannot be measured."""

import numpy as np
import pytest
from evolving import CHANNELS, CLASSES, hand_model, snapshot, weights

from conceptevo_jax.analysis.importance import scores
from conceptevo_jax.analysis.importance.rankings import (
    class_correlation,
    half_correlations,
    rank_neurons,
)
from conceptevo_jax.analysis.importance.scores import (
    ScoringSettings,
    measure_importance,
)
from conceptevo_jax.errors import DataError, UsageError
from conceptevo_jax.types import Importance

ROWS = np.arange(20, 27)


@pytest.fixture
def pixels(rng):
    return rng.integers(1, 256, (7, 4, 4, 3), dtype=np.uint8)


@pytest.fixture
def ends(rng):
    return [
        snapshot(
            weights(
                rng.uniform(0.5, 2, CHANNELS), rng.normal(size=(CHANNELS, CLASSES))
            ),
            epoch,
        )
        for epoch in (0, 1)
    ]


@pytest.mark.parametrize("method", ["transpose", "jvp"])
def test_importance_is_the_share_of_images_with_a_positive_sensitivity(
    method, ends, pixels
):
    measure = measure_importance(
        hand_model(), ScoringSettings(method=method, checked=4)
    )
    importance = measure(*ends, pixels, ROWS, 1)
    assert (importance.before, importance.after, importance.label) == (
        "run@0",
        "run@1",
        1,
    )
    np.testing.assert_array_equal(importance.images, ROWS)
    for score, column in zip(importance.score, importance.sensitivity.T, strict=True):
        assert score == sum(value > 0 for value in column) / 7
    assert importance.changed.all()
    assert len(set(importance.checked.tolist())) == 8
    assert 0 <= importance.difference < 1e-5


def test_both_methods_give_the_same_importance(ends, pixels):
    vjp, jvp = (
        measure_importance(hand_model(), ScoringSettings(method=m))(
            *ends, pixels, ROWS, 0
        )
        for m in ("transpose", "jvp")
    )
    np.testing.assert_array_equal(vjp.score, jvp.score)
    np.testing.assert_array_equal(vjp.changed, jvp.changed)


def test_nothing_evolves_between_a_snapshot_and_itself(ends, pixels):
    importance = measure_importance(hand_model())(ends[0], ends[0], pixels, ROWS, 2)
    assert not importance.sensitivity.any()
    assert not importance.score.any()
    assert not importance.changed.any()
    assert importance.difference == 0
    assert np.isnan(importance.halves).all()


@pytest.mark.parametrize(
    ("method", "function"),
    [("transpose", "sensitivity_by_vjp"), ("jvp", "sensitivity_by_jvp")],
)
def test_a_wrong_sensitivity_shows(method, function, ends, pixels, monkeypatch):
    def biased(*args):
        sense = unbiased(*args)
        return lambda *arguments: (
            sense(*arguments)[0] * 1.5,
            np.ones(2 * CHANNELS, bool),
        )

    unbiased = getattr(scores, function)
    monkeypatch.setattr(scores, function, biased)
    scoring = ScoringSettings(method=method)
    importance = measure_importance(hand_model(), scoring)(*ends, pixels, ROWS, 0)
    assert importance.difference == pytest.approx(0.5, rel=1e-3)


def test_more_is_checked_than_there_is(ends, pixels):
    measure = measure_importance(hand_model(), ScoringSettings(checked=100))
    importance = measure(*ends, pixels, ROWS, 0)
    assert sorted(importance.checked) == list(range(2 * CHANNELS))
    unchecked = measure_importance(hand_model(), ScoringSettings(checked=0))
    assert unchecked(*ends, pixels, ROWS, 0).difference == 0


def test_ranking_is_by_score_then_mean_then_seed():
    sensitivity = np.array([[1.0, 5, -1, 1, 0, 0], [1, 1, 3, 1, 0, 0]])
    score = (sensitivity > 0).mean(axis=0)
    orders = [rank_neurons(score, sensitivity, seed).tolist() for seed in range(20)]
    for order in orders:
        assert order[0] == 1  # full score, largest mean
        assert set(order[1:3]) == {0, 3}  # full score, equal means: chance
        assert order[3] == 2
        assert set(order[4:]) == {4, 5}
    assert len({tuple(order) for order in orders}) > 2
    assert orders[0] == rank_neurons(score, sensitivity, 0).tolist()


def test_halves_agree_where_every_image_tells_the_same(rng):
    sites = hand_model().sites
    same = np.tile(rng.normal(size=2 * CHANNELS), (10, 1))
    changed = np.ones(2 * CHANNELS, bool)
    np.testing.assert_allclose(half_correlations(same, changed, sites, 0), 1)


def test_halves_of_noise_do_not_agree(rng):
    sites = hand_model().sites
    noise = rng.normal(size=(40, 2 * CHANNELS))
    correlations = [
        half_correlations(noise, np.ones(2 * CHANNELS, bool), sites, seed)
        for seed in range(5)
    ]
    assert np.abs(np.mean(correlations)) < 0.4


def test_halves_leave_out_what_has_not_changed(rng):
    sites, changed = hand_model().sites, np.zeros(2 * CHANNELS, bool)
    changed[:2] = changed[CHANNELS : CHANNELS + 3] = True
    same = np.tile(rng.normal(size=2 * CHANNELS), (10, 1))
    first, second = half_correlations(same, changed, sites, 0)
    assert np.isnan(first)
    assert second == pytest.approx(1)
    assert np.isnan(half_correlations(same[:1], changed, sites, 0)).all()


def with_sensitivity(measured, sensitivity):
    return Importance(**{**vars(measured), "sensitivity": sensitivity})


def test_classes_that_rank_alike_are_told_from_those_that_do_not(ends, pixels, rng):
    measured = measure_importance(hand_model())(*ends, pixels, ROWS, 1)
    common = rng.normal(size=2 * CHANNELS)
    sensitivities = common + 0.01 * rng.normal(size=(4, 7, 2 * CHANNELS))
    similar = [with_sensitivity(measured, sensitivity) for sensitivity in sensitivities]
    assert class_correlation(similar) > 0.9
    unrelated = [
        with_sensitivity(measured, rng.permuted(sensitivity, axis=1))
        for sensitivity in sensitivities
    ]
    assert abs(class_correlation(unrelated)) < 0.5
    opposite = [
        with_sensitivity(measured, sensitivity)
        for sensitivity in (sensitivities[0], -sensitivities[0])
    ]
    assert class_correlation(opposite) < -0.9
    assert np.isnan(class_correlation(similar[:1]))


def test_a_class_without_images_is_refused(ends):
    no_images = np.zeros((0, 4, 4, 3), np.uint8)
    with pytest.raises(UsageError, match="class 1 has no images"):
        measure_importance(hand_model())(*ends, no_images, ROWS[:0], 1)


def test_an_unknown_class_is_refused(ends, pixels):
    with pytest.raises(UsageError, match="class 3 is none of the 3 classes of hand"):
        measure_importance(hand_model())(*ends, pixels, ROWS, 3)


def test_an_unknown_site_is_refused_with_the_valid_ones():
    with pytest.raises(UsageError, match=r"site of hand 'frist'.*first, second"):
        measure_importance(hand_model(), ScoringSettings(sites=("frist",)))


def test_two_architectures_are_refused_by_name(ends, pixels):
    smaller = {"params": {"gain": np.ones(3), "head": np.zeros((CHANNELS, CLASSES))}}
    message = (
        r"the variables of other@5 are not those of hand \(tiny, 3 classes\): "
        r"params/gain is \[3\], not \[8\]"
    )
    with pytest.raises(UsageError, match=message):
        measure_importance(hand_model())(
            ends[0], snapshot(smaller, 5, "other"), pixels, ROWS, 0
        )
    lacking = {"params": {"gain": np.ones(CHANNELS)}}
    with pytest.raises(UsageError, match="params/head is missing"):
        measure_importance(hand_model())(
            snapshot(lacking, 5, "other"), ends[1], pixels, ROWS, 0
        )


@pytest.mark.parametrize("which", [0, 1])
def test_weights_that_are_not_finite_are_refused_by_name(which, ends, pixels):
    gain = np.ones(CHANNELS)
    gain[3] = np.nan
    ends[which] = snapshot(weights(gain, 1.0), 7, "broken")
    with pytest.raises(DataError, match=r"broken@7 holds weights.*params/gain"):
        measure_importance(hand_model())(*ends, pixels, ROWS, 0)


@pytest.mark.parametrize("which", [0, 1])
def test_activations_that_overflow_are_refused_by_name(which, ends, pixels):
    ends[which] = snapshot(weights(3e38, 3e38), 7, "broken")
    with pytest.raises(DataError, match=r"^broken@7: activations are not finite"):
        measure_importance(hand_model())(*ends, pixels, ROWS, 0)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"method": "grad"}, "unknown importance method 'grad'.*jvp, transpose"),
        ({"ties": "last"}, "unknown derivative at ties 'last'.*first, one_sided"),
        ({"batch_size": 0}, "batch_size must be a whole number, 1 or more, not 0"),
        ({"checked": -1}, "checked must be a whole number, 0 or more, not -1"),
    ],
)
def test_impossible_settings_are_refused(settings, message):
    with pytest.raises(UsageError, match=message):
        ScoringSettings(**settings)

"""TCAV on a planted network: the logit depends on one channel and not on another."""

import dataclasses

import flax.linen as nn
import jax.numpy as jnp
import numpy as np
import pytest

from conceptevo_jax.baselines.pooled_activations import (
    class_gradients,
    pooled_activations,
)
from conceptevo_jax.baselines.tcav import (
    ConceptTestSettings,
    _paired_p,
    _prediction_p,
    check_concept,
    concept_vector,
    tcav_score,
)
from conceptevo_jax.errors import DataError, UsageError
from conceptevo_jax.models import Model, identity_tap
from conceptevo_jax.types import Site

SIDE = 8
SETS = 12


class Colours(nn.Module):
    """Channels are red, green and blue; class 0 is red's square, class 1 nothing's.

    With `waves` green and blue raise class 0 in as many images as they lower it, so
    that directions at random do so in about half of them.
    """

    waves: float = 0.0

    @nn.compact
    def __call__(self, images, train=False, tap=identity_tap):
        colours = tap("colours", images)
        red, green, blue = (colours[..., k].mean(axis=(1, 2)) for k in range(3))
        waves = self.waves * (jnp.sin(200 * green) + jnp.sin(200 * blue))
        return jnp.stack([jnp.square(red + 1) + waves, jnp.zeros_like(red)], axis=1)


@pytest.fixture
def model():
    site = Site(
        name="colours", channels=3, rectified=False, receptive_field=1, stride=1
    )
    return Model(
        name="colours",
        preset="tiny",
        module=Colours(),
        sites=(site,),
        size=SIDE,
        classes=2,
        mean=(0.0, 0.0, 0.0),
        std=(1.0, 1.0, 1.0),
    )


@pytest.fixture
def rng():
    return np.random.default_rng(0)


def noise(rng, count, **channels):
    """Grey noise, some channels of which are bright."""
    pixels = rng.integers(60, 190, (count, SIDE, SIDE, 3)).astype(np.uint8)
    tint = rng.integers(-50, 50, (count, 1, 1, 3))
    pixels = np.clip(pixels + tint, 0, 255).astype(np.uint8)
    for channel in channels.get("bright", ()):
        pixels[..., channel] = rng.integers(220, 256, (count, SIDE, SIDE))
    return pixels


@pytest.fixture
def tested(model, rng):
    model = dataclasses.replace(model, module=Colours(waves=0.04))
    read = pooled_activations(model, {}, "colours")
    gradients = class_gradients(model, {}, "colours", noise(rng, 30), 0)
    random_sets = [read(noise(rng, 40)) for _ in range(SETS)]
    controls = [read(noise(rng, 40)) for _ in range(SETS)]

    def test(bright):
        concept = read(noise(rng, 40, bright=[bright]))
        return check_concept(concept, controls, random_sets, gradients)

    return test


@pytest.mark.slow
def test_a_concept_that_the_class_depends_on_is_significant(tested):
    outcome = tested(0)
    assert outcome.significant
    assert outcome.p < 0.01
    assert outcome.scores.mean() > 0.95
    assert outcome.accuracies.mean() > 0.9


@pytest.mark.slow
@pytest.mark.parametrize("channel", [1, 2])
def test_a_concept_that_it_does_not_depend_on_is_not(tested, channel):
    """Its direction is just as clear, but says nothing of the logit."""
    outcome = tested(channel)
    assert outcome.accuracies.mean() > 0.9
    assert not outcome.significant
    assert 0.1 < outcome.scores.mean() < 0.9


@pytest.mark.slow
def test_gradients_are_those_of_the_logit(model, rng):
    """By finite differences: what a rise of a channel everywhere does to the logit."""
    pixels = noise(rng, 70)
    gradients = class_gradients(model, {}, "colours", pixels, 0)
    step = 1e-2
    for channel in range(3):

        def tap(_, activations, sign, channel=channel):
            return activations.at[..., channel].add(sign * step)

        up, down = (
            model.logits({}, jnp.asarray(pixels), lambda s, a, k=k: tap(s, a, k))[:, 0]
            for k in (1, -1)
        )
        slope = np.asarray(up - down) / (2 * step)
        np.testing.assert_allclose(gradients[:, channel], slope, atol=2e-3)
    assert not class_gradients(model, {}, "colours", pixels, 1).any()


def test_activations_are_means_over_space(model, rng):
    pixels = noise(rng, 70)
    pooled = pooled_activations(model, {}, "colours")(pixels)
    np.testing.assert_allclose(pooled, pixels.mean(axis=(1, 2)) / 255, rtol=1e-4)


def test_a_vector_points_to_its_concept(rng):
    concept, negatives = rng.normal(size=(2, 60, 4))
    concept[:, 1] += 6
    direction, accuracy = concept_vector(
        concept, negatives, ConceptTestSettings(), seed=0
    )
    assert np.linalg.norm(direction) == pytest.approx(1)
    assert direction[1] > 0.8
    assert accuracy > 0.9
    assert tcav_score(np.array([[0.0, 1, 0, 0], [0, -1, 0, 0]]), direction) == 0.5


def test_equal_scores_are_decided_without_a_division(rng):
    rows = rng.normal(size=(20, 3))
    zero_gradients = np.zeros((5, 3))
    outcome = check_concept(
        rows, [rows[::-1]] * 3, [rows + 1, rows - 1], zero_gradients
    )
    assert outcome.p == 1
    assert not outcome.significant


def test_what_cannot_be_tested_is_said(model, rng):
    rows = rng.normal(size=(20, 3))
    with pytest.raises(UsageError, match="two random sets or more, not 1"):
        check_concept(rows, [rows] * 3, [rows], rows)
    with pytest.raises(UsageError, match="three controls or more, not 2"):
        check_concept(rows, [rows] * 2, [rows] * 2, rows)
    with pytest.raises(DataError, match="four examples on either side, not 20 and 3"):
        concept_vector(rows, rows[:3], ConceptTestSettings(), seed=0)
    with pytest.raises(UsageError, match=r"'depth'.*colours"):
        pooled_activations(model, {}, "depth")
    single = dataclasses.replace(model.sites[0], channels=1)
    narrow = dataclasses.replace(model, sites=(single,))
    with pytest.raises(UsageError, match="has one channel"):
        class_gradients(narrow, {}, "colours", noise(rng, 2), 0)


def test_differences_that_are_equal_but_for_rounding_are_equal(rng):
    """.9 - .3 is not .8 - .2 in floats, and a t-test would divide by their spread."""
    first, second = np.array([0.9, 0.8, 0.7]), np.array([0.3, 0.2, 0.1])
    assert np.ptp(first - second) > 0
    assert _paired_p(first, second) == 0
    assert _paired_p(first, first + 1e-16) == 1


def test_large_activations_that_no_plane_separates_are_no_error(rng):
    rows = 1e3 * rng.normal(size=(2, 40, 512))
    direction, accuracy = concept_vector(*rows, ConceptTestSettings(), seed=0)
    assert np.linalg.norm(direction) == pytest.approx(1)
    assert 0.2 < accuracy < 0.8


def test_what_cannot_be_read_is_said(model, rng):
    pixels = noise(rng, 2)
    for label in (2, -1):
        with pytest.raises(UsageError, match=f"class {label} is none of the 2 classes"):
            class_gradients(model, {}, "colours", pixels, label)
    with pytest.raises(DataError, match="no images for gradients of class 0 at colou"):
        class_gradients(model, {}, "colours", pixels[:0], 0)
    with pytest.raises(DataError, match="no images for activations at colours"):
        pooled_activations(model, {}, "colours")(pixels[:0])
    diverged = dataclasses.replace(model, std=(0.0, 1.0, 1.0))
    with pytest.raises(DataError, match=r"activations at colours.*are not finite"):
        pooled_activations(diverged, {}, "colours")(pixels)
    with pytest.raises(DataError, match=r"gradients of class 0.*are not finite"):
        class_gradients(diverged, {}, "colours", pixels, 0)


@pytest.mark.parametrize(
    ("settings", "message"),
    [
        ({"alpha": 0.0}, "alpha must be above 0"),
        ({"held_out": 1.0}, "held_out=1.0, level=0.01 are out of range"),
        ({"level": 0.0}, "level=0.0 are out of range"),
    ],
)
def test_impossible_checks_are_refused(settings, message):
    with pytest.raises(UsageError, match=message):
        ConceptTestSettings(**settings)


@pytest.mark.slow
def test_draws_that_have_nothing_to_do_with_the_class_are_rarely_significant():
    """The authors' test finds many: all its random sets meet one and the same draw."""
    p_values = []
    for trial in range(24):
        rng = np.random.default_rng([1, trial])
        mix = rng.normal(size=(16, 16))
        sets = np.maximum(rng.normal(size=(15, 30, 16)) @ mix, 0)
        gradients = rng.normal(size=16) / 2 + rng.normal(size=(40, 16))
        outcome = check_concept(sets[0], [*sets[1:8]], [*sets[8:]], gradients)
        p_values.append((outcome.p, outcome.paired))
    rate, paired_rate = (np.array(p_values) <= 0.05).mean(axis=0)
    assert rate <= 0.125
    assert paired_rate > 0.25


def test_one_more_draw_is_judged_by_the_spread_of_the_others():
    draws = np.random.default_rng(0).normal(size=(4000, 8))
    p = np.array([_prediction_p(float(row[0]), row[1:], 1e-9) for row in draws])
    for level in (0.01, 0.05, 0.5):
        assert (p <= level).mean() == pytest.approx(level, rel=0.35)
    # Controls without any spread are still known to half a step alone.
    assert _prediction_p(0.5, np.full(20, 0.5), 0.1) == 1
    assert _prediction_p(0.58, np.full(20, 0.5), 0.1) > 0.05
    assert _prediction_p(0.9, np.full(20, 0.5), 0.1) < 1e-4

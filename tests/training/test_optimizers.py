"""Directions and schedules against optax's own."""

import jax
import jax.numpy as jnp
import numpy as np
import optax
import pytest

from conceptevo_jax.errors import UsageError
from conceptevo_jax.training import Optimizer
from conceptevo_jax.training.optimizers import direction, learning_rate

STEPS = {"steps_per_epoch": 10, "epochs": 7}
REFERENCES = {
    "sgd": (
        Optimizer(name="sgd", momentum=0.8, weight_decay=0.01),
        lambda rate: optax.chain(
            optax.add_decayed_weights(0.01), optax.sgd(rate, momentum=0.8)
        ),
    ),
    "plain sgd": (Optimizer(name="sgd", momentum=0.0), optax.sgd),
    "adamw": (
        Optimizer(name="adamw", weight_decay=0.05),
        lambda rate: optax.adamw(rate, weight_decay=0.05),
    ),
}


@pytest.mark.slow
@pytest.mark.parametrize("name", REFERENCES)
def test_a_step_equals_optax_under_a_changing_rate(name, rng):
    settings, reference = REFERENCES[name]
    rates = [0.1, 0.3, 0.02, 0.5]
    theirs = reference(lambda step: jnp.asarray(rates, jnp.float32)[step])
    ours = direction(settings)
    params = {"a": rng.normal(size=(3, 2)), "b": rng.normal(size=4)}
    params = expected = jax.tree.map(jnp.float32, params)
    state, their_state = ours.init(params), theirs.init(params)
    for rate in rates:
        grads = jax.tree.map(lambda p: jnp.float32(rng.normal(size=p.shape)), params)
        # optax itself does not pass under strict promotion.
        with jax.numpy_dtype_promotion("standard"):
            updates, state = ours.update(grads, state, params)
            moves, their_state = theirs.update(grads, their_state, expected)
        params = jax.tree.map(
            lambda p, u, r=rate: p - np.float32(r) * u, params, updates
        )
        expected = optax.apply_updates(expected, moves)
        jax.tree.map(
            lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6),
            params,
            expected,
        )


def rates(**changes):
    settings = Optimizer(learning_rate=0.4, **changes)
    return [learning_rate(settings, step, **STEPS) for step in range(70)]


def test_a_constant_rate_is_constant():
    assert rates() == [0.4] * 70


def test_a_warm_up_is_linear_from_its_start_to_the_rate():
    expected = optax.join_schedules(
        [optax.linear_schedule(0.1, 0.4, 25), optax.constant_schedule(0.4)], [25]
    )
    found = rates(warmup_epochs=2.5, warmup_start=0.1)
    np.testing.assert_allclose(found, [expected(step) for step in range(70)], rtol=1e-6)
    assert found[0] == 0.1
    assert found[25:] == [0.4] * 45


def test_a_cosine_ends_near_zero():
    expected = optax.warmup_cosine_decay_schedule(0.1, 0.4, 20, 70)
    found = rates(schedule="cosine", warmup_epochs=2.0, warmup_start=0.1)
    np.testing.assert_allclose(
        found, [expected(step) for step in range(70)], rtol=1e-5, atol=1e-7
    )
    assert found[20] == 0.4
    assert 0 < found[-1] < 0.002
    assert rates(schedule="cosine")[0] == 0.4


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"name": "adam"}, r"unknown optimizer 'adam'. Did you mean 'adamw'\?"),
        ({"schedule": "linear"}, r"schedule 'linear'.*Valid: constant, cosine"),
        ({"learning_rate": 0.0}, "learning_rate must be > 0, not 0.0"),
        ({"learning_rate": float("nan")}, "learning_rate must be > 0, not nan"),
        ({"momentum": -0.9}, "momentum must be >= 0, not -0.9"),
        ({"weight_decay": -1e-4}, "weight_decay must be >= 0"),
        ({"warmup_epochs": -1.0}, "warmup_epochs must be >= 0"),
        ({"warmup_start": -1.0}, "warmup_start must be >= 0"),
    ],
)
def test_unknown_names_and_wrong_ranges_are_refused(changes, match):
    with pytest.raises(UsageError, match=match):
        direction(Optimizer(**changes))

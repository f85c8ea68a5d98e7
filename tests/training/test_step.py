"""One step: what its dropout depends on, and what its tally counts."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from conceptevo_jax.training.optimizers import Optimizer, direction
from conceptevo_jax.training.step import (
    State,
    Tally,
    first_nonfinite,
    make_eval_step,
    make_train_step,
)

RATE = np.float32(0.1)


@pytest.fixture(scope="module")
def batch(images):
    return jnp.asarray(images[0].pixels[:16]), jnp.asarray(images[0].labels[:16])


@pytest.fixture(scope="module")
def step(model):
    return make_train_step(model, direction(Optimizer()))


def state(model, *, number: int = 0, seed: int = 0) -> State:
    variables = model.init(0)
    moments = direction(Optimizer()).init(variables["params"])
    key = jax.random.key_data(jax.random.key(seed))
    return State(variables, moments, jnp.int32(number), key)


@pytest.mark.slow
def test_dropout_depends_on_step_and_seed_and_on_nothing_else(model, step, batch):
    def loss(**options):
        return float(step(state(model, **options), Tally.zero(), *batch, RATE)[1].loss)

    first = loss()
    assert loss() == first
    assert len({first, loss(number=1), loss(seed=1)}) == 3


def test_a_step_counts_itself_and_moves_weights_and_statistics(model, step, batch):
    before = state(model, number=5)
    after, tally = step(before, Tally.zero(), *batch, RATE)
    assert int(after.step) == 6
    assert int(tally.images) == 16
    moved = jax.tree.map(lambda a, b: bool((a != b).any()), before[:2], after[:2])
    biases_before_a_norm = [("params", "conv", "bias")]
    stayed = [
        tuple(key.key for key in path)
        for path, has in jax.tree_util.tree_leaves_with_path(moved[0])
        if not has
    ]
    assert set(stayed) <= set(biases_before_a_norm)


def test_the_first_bad_step_is_remembered(model, step, batch):
    bad, tally = state(model, number=3), Tally.zero()
    assert first_nonfinite(tally) is None
    nothing = jax.tree.map(lambda leaf: leaf * jnp.nan, bad.variables["params"])
    bad = bad._replace(variables={**bad.variables, "params": nothing})
    for _ in range(3):
        bad, tally = step(bad, tally, *batch, RATE)
    assert first_nonfinite(tally) == 3
    assert int(tally.top1) == int(tally.top5) == 0


def test_evaluation_leaves_out_what_is_not_valid(model, batch):
    evaluated, variables = make_eval_step(model), model.init(0)
    valid = jnp.arange(16) < 11
    part = evaluated(variables, Tally.zero(), *batch, valid)
    changed = jnp.where(valid[:, None, None, None], batch[0], 255)
    again = evaluated(variables, Tally.zero(), changed, batch[1], valid)
    rest = evaluated(variables, part, *batch, ~valid)
    whole = evaluated(variables, Tally.zero(), *batch, jnp.ones(16, bool))
    assert int(part.images) == 11
    jax.tree.map(np.testing.assert_array_equal, part, again)
    jax.tree.map(lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-6), rest, whole)

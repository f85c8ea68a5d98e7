"""Training steps in bfloat16: nearly the same way, and all that is kept in float32."""

import dataclasses

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest
from jax.typing import DTypeLike

from conceptevo_jax.errors import UsageError
from conceptevo_jax.models import identity_tap
from conceptevo_jax.training import Optimizer, snapshots
from conceptevo_jax.training.optimizers import direction
from conceptevo_jax.training.step import State, Tally, make_train_step

CLASSES = 10


class Typed(nn.Module):
    """A convolution and a linear layer that compute in `dtype`."""

    dtype: DTypeLike = jnp.float32

    @nn.compact
    def __call__(self, images, *, train=False, tap=identity_tap):
        x = nn.Conv(6, (3, 3), strides=2, dtype=self.dtype, name="conv")(images)
        x = tap("conv", nn.relu(x)).mean(axis=(1, 2))
        return nn.Dense(CLASSES, dtype=self.dtype, name="dense")(x)


@pytest.fixture(scope="module")
def typed(model):
    return dataclasses.replace(model, module=Typed())


def after(model, images, steps):
    """State and mean loss after so many steps on one batch."""
    data, _ = images
    optimizer = direction(Optimizer())
    variables = model.init(seed=0)
    step = make_train_step(model, optimizer)
    key = jax.random.key_data(jax.random.key(0))
    state = State(variables, optimizer.init(variables["params"]), jnp.int32(0), key)
    tally = Tally.zero()
    for _ in range(steps):
        batch = jnp.asarray(np.asarray(data.pixels)), jnp.asarray(data.labels)
        state, tally = step(state, tally, *batch, jnp.float32(0.05))
    return state, float(tally.loss) / int(tally.images)


@pytest.mark.slow
def test_a_step_moves_nearly_alike_and_keeps_float32(typed, images):
    exact, loss = after(typed, images, 5)
    half, near = after(typed.in_dtype("bfloat16"), images, 5)
    assert near != loss
    np.testing.assert_allclose(near, loss, rtol=0.02)
    start = typed.init(seed=0)
    for before, one, other in zip(
        *map(jax.tree.leaves, (start, exact.variables, half.variables)), strict=True
    ):
        assert other.dtype == jnp.float32
        np.testing.assert_allclose(other, one, atol=0.1 * np.abs(one - before).max())


@pytest.mark.slow
def test_the_setting_trains_in_it(typed, run, tmp_path):
    exact = run(tmp_path / "exact", model=typed)
    half = run(tmp_path / "half", model=typed, compute="bfloat16")
    losses = [[row.loss for row in rows[1:]] for rows in (exact, half)]
    assert losses[0] != losses[1]
    np.testing.assert_allclose(*losses, rtol=0.05)
    saved = snapshots(tmp_path / "half", "toy-run", typed)[-1].load()
    assert {leaf.dtype for leaf in jax.tree.leaves(saved)} == {jnp.dtype("float32")}


def test_what_cannot_be_computed_in_is_refused_before_training(run, tmp_path):
    with pytest.raises(UsageError, match="toy computes in float32 only"):
        run(tmp_path / "half", compute="bfloat16")
    with pytest.raises(UsageError, match="float64"):
        run(tmp_path / "double", compute="float64")
    assert not list(tmp_path.iterdir())

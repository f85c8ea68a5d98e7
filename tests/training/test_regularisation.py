"""The training loss with auxiliary heads and smooth labels; the moving average."""

import dataclasses

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from conceptevo_jax.errors import UsageError
from conceptevo_jax.models import identity_tap
from conceptevo_jax.training import Optimizer, Regularisation, snapshots
from conceptevo_jax.training.optimizers import direction
from conceptevo_jax.training.step import State, Tally, make_train_step

CLASSES, RATE = 10, np.float32(0.5)
DESCENT = direction(Optimizer(momentum=0.0))


class TwoHeads(nn.Module):
    """Two linear heads on the mean colour; the second one is auxiliary."""

    @nn.compact
    def __call__(self, images, *, train=False, tap=identity_tap):
        x = images.mean(axis=(1, 2))
        if train or self.is_initializing():
            extra = nn.Dense(CLASSES, name="extra")(x)
            if train:
                self.sow("auxiliary", "logits", extra)
        return nn.Dense(CLASSES, name="main")(x)


@pytest.fixture(scope="module")
def two_heads(model):
    return dataclasses.replace(model, module=TwoHeads())


@pytest.fixture(scope="module")
def batch(images):
    return jnp.asarray(images[0].pixels[:16]), jnp.asarray(images[0].labels[:16])


def fresh(model, *, average=False) -> State:
    variables = model.init(0)
    key = jax.random.key_data(jax.random.key(0))
    kept = variables if average else None
    moments = DESCENT.init(variables["params"])
    return State(variables, moments, jnp.int32(0), key, kept)


def cross_entropy(logits, labels, smoothing) -> float:
    """By definition, in float64: the target has 1 - smoothing on the label, and the
    rest on all classes alike."""
    logits = np.asarray(logits, np.float64)
    logs = logits - np.log(np.exp(logits).sum(axis=1, keepdims=True))
    target = np.full(logits.shape, smoothing / CLASSES)
    target[np.arange(len(labels)), np.asarray(labels)] += 1 - smoothing
    return float(-(target * logs).sum(axis=1).mean())


@pytest.mark.slow
@pytest.mark.parametrize("weight", [0.0, 0.3])
@pytest.mark.parametrize("smoothing", [0.0, 0.2])
def test_the_step_descends_the_weighted_sum_of_both_heads(
    two_heads, batch, weight, smoothing
):
    """Checked by finite differences of the loss, computed in NumPy."""
    settings = Regularisation(auxiliary_weight=weight, label_smoothing=smoothing)
    before = fresh(two_heads)
    step = make_train_step(two_heads, DESCENT, settings)
    after, tally = step(before, Tally.zero(), *batch, RATE)
    colours = np.asarray(two_heads.normalise(batch[0]), np.float64).mean(axis=(1, 2))
    old, new = before.variables["params"], after.variables["params"]

    def loss(head, bias):
        logits = colours @ np.asarray(old[head]["kernel"], np.float64) + bias
        return cross_entropy(logits, batch[1], smoothing)

    for head, share in (("main", 1.0), ("extra", weight)):
        bias = np.asarray(old[head]["bias"], np.float64)
        for unit in np.eye(CLASSES)[:3]:
            slope = (
                loss(head, bias + 1e-4 * unit) - loss(head, bias - 1e-4 * unit)
            ) / 2e-4
            moved = float((new[head]["bias"] - old[head]["bias"]) @ unit)
            assert moved == pytest.approx(-RATE * share * slope, abs=1e-5)
    expected = loss("main", np.asarray(old["main"]["bias"], np.float64))
    assert float(tally.loss) / 16 == pytest.approx(expected, rel=1e-5)
    assert set(after.variables) == set(before.variables)


@pytest.mark.slow
def test_the_average_follows_weights_and_statistics(model, batch):
    decay = 0.75
    step = make_train_step(model, DESCENT, Regularisation(ema=decay))
    state, expected = fresh(model, average=True), None
    expected = state.variables
    for _ in range(3):
        state, _ = step(state, Tally.zero(), *batch, RATE)
        expected = jax.tree.map(
            lambda a, v: decay * a + (1 - decay) * v, expected, state.variables
        )
    close = lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-5, atol=1e-6)  # noqa: E731
    jax.tree.map(close, state.average, expected)
    assert state.snapshot_variables is state.average
    assert fresh(model).snapshot_variables is not None


@pytest.mark.slow
def test_snapshots_hold_the_average_and_training_goes_on_without_it(
    run, model, tmp_path
):
    """The raw weights move alike with and without an average."""
    plain, averaged = tmp_path / "plain", tmp_path / "averaged"
    rows = run(plain)
    others = run(averaged, regularisation=Regularisation(ema=0.9))
    assert [row.loss for row in rows[1:]] == [row.loss for row in others[1:]]
    weights = [
        snapshots(folder, "toy-run", model)[-1].load()["params"]["dense"]["kernel"]
        for folder in (plain, averaged)
    ]
    assert not np.array_equal(*weights)


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("random_crop", -1),
        ("label_smoothing", 1.0),
        ("label_smoothing", -0.1),
        ("ema", 1.0),
        ("auxiliary_weight", -0.1),
    ],
)
def test_numbers_out_of_range_are_refused_by_name(name, value):
    with pytest.raises(UsageError, match=name):
        Regularisation(**{name: value})

"""What a run leaves behind, when it stops, and what it refuses."""

import dataclasses
import math
import shutil
from types import SimpleNamespace

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from conceptevo_jax.errors import DataError, UsageError
from conceptevo_jax.models import build_model
from conceptevo_jax.training import (
    NonFiniteLossError,
    Optimizer,
    Regularisation,
    disk_bytes,
    evaluate,
    read_table,
    snapshots,
)

pytestmark = pytest.mark.slow

EPOCHS = ["init", "step1", "step2", 0, "step4", 1, 2]
EXPLODING = Optimizer(learning_rate=0.1, warmup_start=1e30, warmup_epochs=2.0)


def accuracies(logits: np.ndarray, labels: np.ndarray) -> tuple[float, float]:
    ranked = np.argsort(-logits, axis=1)
    first = np.mean(ranked[:, 0] == labels)
    return first, np.mean((ranked[:, :5] == labels[:, None]).any(axis=1))


def plain_logits(model, variables, images) -> np.ndarray:
    return np.asarray(model.logits(variables, jnp.asarray(images.pixels)))


def test_there_is_a_row_and_a_snapshot_for_init_early_steps_and_epochs(whole, model):
    folder, rows = whole
    assert [row.epoch for row in rows] == EPOCHS
    assert [row.step for row in rows] == [0, 1, 2, 3, 4, 6, 9]
    found = snapshots(folder, "toy-run", model)
    assert [s.epoch for s in found] == EPOCHS
    assert found[-1].name == "toy-run@2"
    assert list(map(repr, read_table(folder / "epochs.csv"))) == list(map(repr, rows))


def test_every_snapshot_is_of_its_own_moment(whole, model, images):
    """Its accuracies in the table are those of the weights that are read back."""
    folder, rows = whole
    seen = set()
    for snapshot in snapshots(folder, "toy-run", model):
        row = next(row for row in rows if row.epoch == snapshot.epoch)
        variables = snapshot.load()
        logits = plain_logits(model, variables, images[1])
        found = accuracies(logits, images[1].labels)
        assert found == (row.test_top1, row.test_top5)
        seen.add(float(variables["params"]["dense"]["kernel"][0, 0]))
    assert len(seen) == len(rows)


def test_the_untrained_network_is_the_models_own(whole, model, settings):
    first = snapshots(whole[0], "toy-run", model)[0].load()
    jax.tree.map(np.testing.assert_array_equal, first, model.init(settings().seed))


def test_training_accuracy_is_measured_on_a_fixed_sample(run, model, images, tmp_path):
    (row,) = run(tmp_path, epochs=0, early_steps=(), eval_images=1000)
    variables = snapshots(tmp_path, "toy-run", model)[0].load()
    logits = plain_logits(model, variables, images[0])
    assert (row.train_top1, row.train_top5) == accuracies(logits, images[0].labels)
    assert math.isnan(row.loss)
    assert row.learning_rate == row.step == row.running_top1 == 0


def test_evaluate_counts_every_image_once(model, images, whole):
    variables = snapshots(whole[0], "toy-run", model)[-1].load()
    tally = evaluate(model, variables, images[1])
    logits, labels = plain_logits(model, variables, images[1]), images[1].labels
    shifted = logits - logits.max(axis=1, keepdims=True)
    log_shares = shifted - np.log(np.exp(shifted).sum(axis=1, keepdims=True))
    expected = -log_shares[np.arange(len(labels)), labels].sum()
    assert int(tally.images) == len(labels)
    assert float(tally.loss) == pytest.approx(expected, rel=1e-5)


def test_one_step_is_one_step_down_the_gradient(run, build, images, tmp_path):
    """Plain SGD, the whole set as one batch, no dropout: by hand."""
    plain, rate = build(dropout=0.0, norm=False), 0.25
    optimizer = Optimizer(learning_rate=rate, momentum=0.0)
    changes = {"epochs": 1, "batch_size": len(images[0]), "early_steps": ()}
    rows = run(tmp_path, model=plain, optimizer=optimizer, **changes)
    before, after = (s.load()["params"] for s in snapshots(tmp_path, "toy", plain))
    labels = jax.nn.one_hot(images[0].labels, plain.classes)

    def loss(params):
        logits = plain.logits({"params": params}, jnp.asarray(images[0].pixels))
        return -(labels * jax.nn.log_softmax(logits)).sum() / len(labels)

    value, slope = jax.value_and_grad(loss)(before)
    expected = jax.tree.map(lambda p, g: p - np.float32(rate) * g, before, slope)
    jax.tree.map(
        lambda a, b: np.testing.assert_allclose(a, b, atol=1e-6), after, expected
    )
    assert rows[-1].loss == pytest.approx(float(value), rel=1e-5)


def test_the_loss_falls(run, tmp_path):
    optimizer = Optimizer(name="adamw", learning_rate=0.02)
    rows = run(tmp_path, epochs=12, early_steps=(), optimizer=optimizer)
    assert rows[-1].loss < 0.9 * rows[1].loss


def test_only_the_latest_two_epochs_keep_the_optimisers_state(whole):
    kept = sorted(path.name for path in (whole[0] / "resume").iterdir())
    assert kept == ["epoch_1", "epoch_2"]


def test_progress_is_told_after_every_step(run, tmp_path):
    told = []
    run(tmp_path, epochs=2, on_step=lambda done, total: told.append((done, total)))
    assert told == [(step, 6) for step in range(1, 7)]


def test_callables_see_each_snapshot_with_its_row(run, model, images, tmp_path):
    seen = []

    def look(snapshot, row):
        right = evaluate(model, snapshot.load(), images[1]).top1
        seen.append((snapshot.name, int(right) / len(images[1]) == row.test_top1))

    run(tmp_path, epochs=1, early_steps=(1, 2), on_epoch=[look, look])
    names = ["toy-run@init", "toy-run@step1", "toy-run@step2", "toy-run@0"]
    assert seen == [(name, True) for name in names for _ in range(2)]


def test_a_loss_that_is_not_finite_stops_and_says_where(run, model, tmp_path):
    with pytest.raises(NonFiniteLossError) as caught:
        run(tmp_path, optimizer=EXPLODING)
    words = ("toy-run", "step 1 ", "epoch 0", "8.33333e+29", "on_nonfinite=continue")
    assert all(word in str(caught.value) for word in words)
    found = snapshots(tmp_path, "toy-run", model)
    assert [snapshot.epoch for snapshot in found] == ["init", "step1", "step2"]
    assert np.isfinite(found[0].load()["params"]["dense"]["kernel"]).all()


def test_a_run_told_to_continue_goes_through_a_collapse(run, tmp_path):
    rows = run(tmp_path, optimizer=EXPLODING, on_nonfinite="continue")
    assert [row.epoch for row in rows] == EPOCHS
    assert [row.nonfinite_step for row in rows] == [None, None, 1, 1, 3, 3, 6]
    assert rows[-1].test_top5 == 0  # NaN is never right
    assert read_table(tmp_path / "epochs.csv")[-1].nonfinite_step == 6


@pytest.mark.parametrize(
    ("changes", "match"),
    [
        ({"on_nonfinite": "stpo"}, r"on_nonfinite 'stpo'.*'stop'.*continue, stop"),
        ({"batch_size": 0}, "batch_size must be a whole number, 1 or more, not 0"),
        ({"batch_size": 49}, "batch_size=49 does not fit 48"),
        ({"eval_images": 0}, "eval_images must be a whole number, 1 or more, not 0"),
        ({"optimizer": Optimizer(name="sdg")}, r"optimizer 'sdg'.*'sgd'.*adamw, sgd"),
        ({"optimizer": Optimizer(schedule="cos")}, r"schedule 'cos'.*constant, cosine"),
    ],
)
def test_settings_that_do_not_fit_are_refused(run, tmp_path, changes, match):
    with pytest.raises(UsageError, match=match):
        run(tmp_path, **changes)


def test_images_of_another_size_or_more_classes_are_refused(run, model, tmp_path):
    larger = build_model("vgg16", preset="tiny", classes=10)
    with pytest.raises(UsageError, match="takes images of 32 pixels or more, not 8"):
        run(tmp_path, model=larger)
    fewer = dataclasses.replace(model, classes=3)
    with pytest.raises(UsageError, match=r"has 3 classes.*labels up to 9"):
        run(tmp_path, model=fewer)


def test_a_batch_that_the_devices_cannot_share_is_refused(run, tmp_path, monkeypatch):
    monkeypatch.setattr(jax, "device_count", lambda: 3)
    with pytest.raises(UsageError, match="batch_size=16 is not a multiple of the 3"):
        run(tmp_path)


def test_what_the_disk_cannot_hold_is_not_begun(run, tmp_path, monkeypatch):
    free = SimpleNamespace(free=10)
    monkeypatch.setattr(shutil, "disk_usage", lambda folder: free)
    with pytest.raises(DataError, match=r"need about .* MB more.*conceptevo clean"):
        run(tmp_path)
    assert list(tmp_path.iterdir()) == []


def test_what_is_on_disk_already_needs_no_more(
    run, whole, model, tmp_path, monkeypatch
):
    folder = shutil.copytree(whole[0], tmp_path / "copy")
    present = sum(f.stat().st_size for f in folder.rglob("*") if f.is_file())
    free = max(disk_bytes(model, 3, 3) - present, 0)
    monkeypatch.setattr(shutil, "disk_usage", lambda _: SimpleNamespace(free=free))
    run(folder)


def test_disk_space_is_estimated_from_the_weights(model):
    weights = sum(leaf.size * 4 for leaf in jax.tree.leaves(model.shapes()))
    assert disk_bytes(model, 10, 3) == weights * (1 + 3 + 10 + 4)


@pytest.mark.parametrize(
    ("step", "message"),
    [(0, "early_steps must be .* 1 or more, not 0"), (10, r"\[10\].*has 9 steps")],
)
def test_early_steps_that_never_come_are_refused(run, tmp_path, step, message):
    with pytest.raises(UsageError, match=message):
        run(tmp_path, early_steps=(2, step))


@pytest.mark.parametrize("changes", [{}, {"regularisation": Regularisation(ema=0.9)}])
def test_steps_that_donate_their_arguments_give_the_same_run(
    run, same_runs, tmp_path, monkeypatch, changes
):
    """As on a GPU or TPU: no array is donated twice, or read after it was donated."""
    plain, donated = tmp_path / "plain", tmp_path / "donated"
    run(plain, **changes)
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    kept = []
    run(donated, on_epoch=[lambda snapshot, _: kept.append(snapshot.load())], **changes)
    monkeypatch.undo()
    assert any(leaf.is_deleted() for leaf in jax.tree.leaves(kept[0]))
    same_runs(plain, donated)

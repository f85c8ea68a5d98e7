"""Snapshots on disk: found in order, replaced, and named when they are damaged."""

import dataclasses
import gc
import shutil
from collections.abc import Iterator

import flax.linen as nn
import jax.numpy as jnp
import numpy as np
import orbax.checkpoint as ocp
import pytest

from conceptevo_jax.errors import DataError
from conceptevo_jax.models import Model
from conceptevo_jax.training import Checkpoints, Row, snapshots
from conceptevo_jax.training.table import TABLE, write_table

pytestmark = pytest.mark.slow


class Line(nn.Module):
    """One array of weights, so that a failing read leaves no other one behind."""

    width: int

    @nn.compact
    def __call__(self, images, *, train=False, tap=None):
        return nn.Dense(self.width, use_bias=False, name="dense")(images.mean((1, 2)))


def line(width: int) -> Model:
    return Model(
        name="line",
        preset="tiny",
        module=Line(width=width),
        sites=(),
        size=4,
        classes=width,
        mean=(0.0, 0.0, 0.0),
        std=(1.0, 1.0, 1.0),
    )


def weights(value: float, width: int = 2) -> dict:
    return {"params": {"dense": {"kernel": jnp.full((3, width), value, jnp.float32)}}}


def value_of(variables) -> float:
    (value,) = np.unique(variables["params"]["dense"]["kernel"])
    return float(value)


@pytest.fixture
def checkpoints(tmp_path):
    """`init`, steps 2 and 10, epochs 0, 1 and 11: each holds a value of its own."""
    made = Checkpoints(tmp_path / "run", line(2))
    for value, epoch in enumerate(["init", "step2", "step10", 0, 1, 11]):
        made.save(epoch, weights(value))
    made.wait()
    yield made
    made.close()


def test_snapshots_come_in_the_order_of_training(checkpoints):
    order = ["init", "step2", "step10", 0, 1, 11]
    assert checkpoints.epochs() == order
    found = snapshots(checkpoints.folder, "r", line(2))
    assert [s.name for s in found] == [f"r@{epoch}" for epoch in order]
    assert [value_of(s.load()) for s in found] == [0, 1, 2, 3, 4, 5]


@pytest.mark.parametrize("epoch", ["init", "step2", "step10", 0, 1, 11])
def test_saving_again_replaces_the_snapshot_of_that_name(checkpoints, epoch):
    """Also below the latest number, which Orbax by itself would not write."""
    before = checkpoints.epochs()
    checkpoints.save(epoch, weights(99))
    checkpoints.wait()
    assert checkpoints.epochs() == before
    assert value_of(checkpoints.restore(epoch)) == 99


@pytest.mark.parametrize(
    "error",
    [
        OSError(28, "No space left on device"),
        ValueError("RESOURCE_EXHAUSTED: Failed to write [os_error_code='28']"),
    ],
)
@pytest.mark.parametrize("call", ["save", "wait_until_finished"])
def test_a_full_disk_is_named_however_orbax_tells_it(
    checkpoints, monkeypatch, call, error
):
    def refuse(*_, **__):
        raise error

    def save():
        checkpoints.save(12, weights(9.0))
        checkpoints.wait()

    with monkeypatch.context() as patched:
        patched.setattr(ocp.CheckpointManager, call, refuse)
        with pytest.raises(DataError, match=r"run: No space left.*conceptevo clean"):
            save()


def test_a_missing_snapshot_is_named_with_those_there_are(checkpoints):
    with pytest.raises(
        DataError, match=r"no snapshot 7; it has: init, step2, step10, 0"
    ):
        checkpoints.restore(7)


def test_a_folder_without_a_run_is_refused_and_left_alone(tmp_path):
    with pytest.raises(DataError, match="nothing holds no run"):
        snapshots(tmp_path / "nothing", "r", line(2))
    assert list(tmp_path.iterdir()) == []


@pytest.fixture
def collected() -> Iterator[None]:
    yield
    gc.collect()


def failing_read(test):
    """Orbax drops coroutines when a read fails: let them end where it is expected."""
    ignored = "ignore::pytest.PytestUnraisableExceptionWarning"
    return pytest.mark.usefixtures("collected")(
        pytest.mark.filterwarnings(ignored)(test)
    )


@pytest.mark.parametrize(
    ("epoch", "where"),
    [("init", "init"), ("step2", "early/step_2"), (1, "checkpoints")],
)
@failing_read
def test_a_truncated_snapshot_is_named(checkpoints, epoch, where):
    for path in (checkpoints.folder / where).rglob("d/*"):
        path.write_bytes(path.read_bytes()[: path.stat().st_size // 2])
    with pytest.raises(DataError, match=rf"snapshot '?{epoch}'? in .* tiny line"):
        checkpoints.restore(epoch)


@pytest.mark.parametrize(
    ("epoch", "where"),
    [("init", "init"), ("step2", "early/step_2"), (1, "checkpoints/epoch_1")],
)
@failing_read
def test_a_changed_byte_is_another_weight_and_is_named(checkpoints, epoch, where):
    largest = max(
        (checkpoints.folder / where).rglob("d/*"), key=lambda p: p.stat().st_size
    )
    whole = largest.read_bytes()
    intact = value_of(checkpoints.restore(epoch))
    named = []
    for at in range(0, len(whole), 5):
        largest.write_bytes(whole[:at] + bytes([whole[at] ^ 4]) + whole[at + 1 :])
        try:
            assert value_of(checkpoints.restore(epoch)) == intact
        except DataError as error:
            named.append(f"snapshot {epoch!r} in" in str(error))
    assert named
    assert all(named)


@pytest.mark.parametrize(
    ("epoch", "where"), [("step2", "early/step_2"), (1, "checkpoints/epoch_1")]
)
def test_a_snapshot_that_is_gone_is_named(checkpoints, epoch, where):
    shutil.rmtree(checkpoints.folder / where)
    with pytest.raises(DataError, match=rf"has lost its snapshots {epoch}"):
        snapshots(checkpoints.folder, "r", line(2))


def test_a_reader_that_was_open_before_is_not_told_of_a_loss(checkpoints):
    """A training that runs lists epochs which an open reader has not looked for."""
    reader = Checkpoints(checkpoints.folder, line(2))
    checkpoints.save(12, weights(12))
    checkpoints.wait()
    assert value_of(reader.restore(11)) == 5
    assert 12 not in reader.epochs()
    reader.close()
    assert value_of(snapshots(checkpoints.folder, "r", line(2))[-1].load()) == 12


def test_snapshots_that_changed_places_are_named(checkpoints):
    first, second = (checkpoints.folder / f"checkpoints/epoch_{e}" for e in (0, 1))
    first.rename(first.with_name("aside"))
    second.rename(first)
    first.with_name("aside").rename(second)
    with pytest.raises(DataError, match=r"snapshot 0 in .* is damaged"):
        checkpoints.restore(0)


def test_a_row_without_a_snapshot_is_named(checkpoints):
    write_table(checkpoints.folder / TABLE, [_row("init"), _row(5)])
    with pytest.raises(DataError, match="has no snapshots 5, which its table has"):
        snapshots(checkpoints.folder, "r", line(2))


@failing_read
def test_the_weights_of_another_model_are_refused(checkpoints):
    (first, *_) = snapshots(checkpoints.folder, "r", line(5))
    with pytest.raises(DataError, match=r"snapshot 'init' in .*\(3, 5\)"):
        first.load()


def test_snapshots_come_in_the_order_of_the_table(tmp_path):
    """One taken within the second epoch comes after the first epoch's."""
    model = line(2)
    kept = Checkpoints(tmp_path, model)
    for epoch in ("init", "step3", 0, "step9", 1):
        kept.save(epoch, weights(1.0))
    kept.close()
    names = [shot.epoch for shot in snapshots(tmp_path, "run", model)]
    assert names == ["init", "step3", "step9", 0, 1]
    told = [_row(epoch) for epoch in ("init", "step3", 0, "step9")]
    write_table(tmp_path / TABLE, told)
    names = [shot.epoch for shot in snapshots(tmp_path, "run", model)]
    assert names == ["init", "step3", 0, "step9", 1]


def _row(epoch) -> Row:
    values = {f.name: 0.5 for f in dataclasses.fields(Row)}
    return Row(**values | {"epoch": epoch, "step": 1, "nonfinite_step": None})

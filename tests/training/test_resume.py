"""A run that was interrupted, however, ends as one that was not: bitwise."""

import shutil
import subprocess
import sys
from pathlib import Path

import jax
import numpy as np
import pytest

from conceptevo_jax.errors import DataError
from conceptevo_jax.training import (
    Regularisation,
    TimeUpError,
    read_table,
    snapshots,
)

pytestmark = pytest.mark.slow

CHILD = Path(__file__).with_name("child.py")


class PowerCutError(Exception):
    """Ends a run where a test wants it."""


def at_epoch(epoch):
    def cut(snapshot, row):
        if snapshot.epoch == epoch:
            raise PowerCutError

    return cut


def at_step(step):
    def cut(done, total):
        if done == step:
            raise PowerCutError

    return cut


@pytest.mark.parametrize(
    "cuts",
    [
        {"on_epoch": [at_epoch(1)]},  # between a snapshot and the state to resume from
        {"on_step": at_step(8)},  # amid the last epoch
        {"on_step": at_step(3)},  # amid the first: its early snapshots come again
        {"on_epoch": [at_epoch("init")]},
    ],
    ids=["epoch 1", "step 8", "step 3", "init"],
)
def test_interrupted_and_resumed_equals_uninterrupted(
    run, whole, same_runs, tmp_path, cuts
):
    with pytest.raises(PowerCutError):
        run(tmp_path, **cuts)
    run(tmp_path)
    same_runs(tmp_path, whole[0])


EVERYTHING = Regularisation(
    random_crop=2, flip=True, label_smoothing=0.1, ema=0.9, auxiliary_weight=0.2
)


def test_crops_flips_and_averages_resume_exactly(run, same_runs, tmp_path):
    whole, cut = tmp_path / "whole", tmp_path / "cut"
    run(whole, regularisation=EVERYTHING)
    for step in (5, 8):
        with pytest.raises(PowerCutError):
            run(cut, regularisation=EVERYTHING, on_step=at_step(step))
    run(cut, regularisation=EVERYTHING)
    same_runs(cut, whole)


def test_when_the_time_is_up_it_stops_between_epochs_and_goes_on(
    run, whole, same_runs, tmp_path
):
    """Each call has time for one epoch: the clock is asked before every epoch."""
    for done in (1, 2):
        left = iter([60.0, 0.0])
        with pytest.raises(
            TimeUpError, match=f"before epoch {done}, of 3 epochs.*same command"
        ):
            run(tmp_path, time_left=lambda left=left: next(left))
        assert read_table(tmp_path / "epochs.csv")[-1].epoch == done - 1
    run(tmp_path, time_left=lambda: 60.0)
    same_runs(tmp_path, whole[0])


def test_an_epoch_that_would_last_too_long_is_not_begun(run, tmp_path):
    """Less is left than the longest epoch took, though not nothing."""
    left = iter([60.0, 1e-9])
    with pytest.raises(TimeUpError, match="before epoch 1, of 3 epochs"):
        run(tmp_path, time_left=lambda: next(left))


def test_a_killed_process_resumes_in_another(run, whole, same_runs, tmp_path):
    command = [sys.executable, str(CHILD), str(tmp_path), "7"]
    with subprocess.Popen(command, stdout=subprocess.PIPE, text=True) as child:
        assert child.stdout.readline() == "waiting\n"
        child.kill()
        assert child.wait() < 0
    assert len(read_table(tmp_path / "epochs.csv")) < len(whole[1])
    run(tmp_path)
    same_runs(tmp_path, whole[0])


def test_a_finished_run_is_not_trained_again(run, whole, tmp_path):
    folder = shutil.copytree(whole[0], tmp_path / "copy")
    called = []
    rows = run(folder, on_epoch=[lambda snapshot, row: called.append(snapshot)])
    assert not called
    assert [row.epoch for row in rows] == [row.epoch for row in whole[1]]


def test_a_run_ended_by_its_caller_ends_there_again(run, whole, tmp_path):
    def enough(snapshot, row):
        return snapshot.epoch == 1

    for _ in range(2):
        rows = run(tmp_path, on_epoch=[enough])
        assert [row.epoch for row in rows] == ["init", "step1", "step2", 0, "step4", 1]
    assert rows[-1].loss == whole[1][5].loss


@pytest.mark.parametrize("last", ["init", "step2"])
def test_a_run_can_be_ended_before_its_first_epoch(run, tmp_path, last):
    order = ["init", "step1", "step2", 0]
    rows = run(tmp_path, on_epoch=[lambda snapshot, row: snapshot.epoch == last])
    assert [row.epoch for row in rows] == order[: order.index(last) + 1]


def test_a_damaged_state_to_resume_from_is_named(run, whole, tmp_path):
    folder = shutil.copytree(whole[0], tmp_path / "copy")
    shutil.rmtree(folder / "resume" / "epoch_2" / "default")
    with pytest.raises(DataError, match="state to resume from after epoch 2") as caught:
        run(folder)
    assert str(folder) in str(caught.value)


@pytest.mark.parametrize(("processes", "devices"), [(1, 8), (2, 1), (2, 2)])
def test_devices_and_processes_train_together_as_one(
    whole, model, launch, tmp_path, processes, devices
):
    command = [str(CHILD), str(tmp_path)]
    told = launch(command, processes=processes, devices=devices)
    everywhere = f"{processes} processes {processes * devices} devices\n"
    assert all(one.endswith(everywhere) for one in told)
    pairs = zip(whole[1], read_table(tmp_path / "epochs.csv"), strict=True)
    for one, several in pairs:
        assert one.epoch == several.epoch
        np.testing.assert_allclose(several.loss, one.loss, rtol=1e-5)
        assert several.test_top1 == one.test_top1
    both = [snapshots(folder, "toy-run", model) for folder in (whole[0], tmp_path)]
    for one, several in zip(*both, strict=True):
        assert one.epoch == several.epoch
        jax.tree.map(
            lambda a, b: np.testing.assert_allclose(b, a, atol=1e-5),
            one.load(),
            several.load(),
        )


def test_what_one_process_began_two_go_on_with_and_one_reads(
    whole, run, model, launch, tmp_path
):
    """It finds the training finished, and its numbers are those of one process."""
    with pytest.raises(PowerCutError):
        run(tmp_path, on_epoch=[at_epoch(1)])
    launch([str(CHILD), str(tmp_path)], processes=2)
    rows = run(tmp_path)
    for one, several in zip(whole[1], rows, strict=True):
        np.testing.assert_allclose(several.loss, one.loss, rtol=1e-5)

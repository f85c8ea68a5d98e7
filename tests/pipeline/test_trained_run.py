"""What a training wrote is read back in one place, which names what is missing."""

import dataclasses
import shutil

import pytest

from conceptevo_jax.errors import DataError
from conceptevo_jax.pipeline.images import prepare_images
from conceptevo_jax.pipeline.runs import execute
from conceptevo_jax.pipeline.trained_run import TrainedRun, TrainingIdentity
from conceptevo_jax.pipeline.training_folder import has_ended, read_so_far
from conceptevo_jax.store import Store, read_sealed, write_sealed
from conceptevo_jax.training import RUN
from conceptevo_jax.training.table import TABLE


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return Store(tmp_path_factory.mktemp("trained") / "store")


@pytest.fixture(scope="module")
def trained(store, make_dataset, make_job):
    images = prepare_images(store, make_dataset())
    return execute(store, images, make_job("tiny run", epochs=2, early_steps=[1]))


@pytest.fixture
def folder(trained, store, tmp_path):
    """A copy of the training's folder, to damage."""
    finished = store.path("train", trained.key)
    return shutil.copytree(finished, tmp_path / "store" / finished.name)


@pytest.mark.slow
def test_a_folder_holds_the_run_that_was_trained(trained, folder):
    run = TrainedRun.from_folder(folder)
    assert (run.name, run.key) == (trained.name, trained.key)
    assert run.model.name == trained.model.name
    # The untrained network has no loss, and NaN equals nothing.
    assert run.rows[1:] == trained.rows[1:]
    assert [shot.name for shot in run.snapshots] == [
        "tiny run@init",
        "tiny run@step1",
        "tiny run@0",
        "tiny run@1",
    ]
    assert run.observations == {}
    assert run.reports == ()


def test_the_run_is_called_what_it_is_asked_for_by(trained, folder):
    identity = TrainingIdentity.from_folder(folder)
    renamed = dataclasses.replace(identity, name="again")
    run = TrainedRun.from_folder(folder, renamed)
    assert run.snapshots[0].name == "again@init"
    assert run.key == trained.key


def test_a_training_is_found_under_the_name_it_has_while_it_runs(trained, folder):
    (folder / "manifest.json").unlink()
    folder.rename(folder.with_name(f"{folder.name}.partial"))
    assert not has_ended(folder)
    run = TrainedRun.from_folder(folder)
    assert run.key == trained.key
    assert run.rows[1:] == trained.rows[1:]


def test_before_its_first_snapshot_a_training_has_saved_nothing(folder):
    identity = TrainingIdentity.from_folder(folder)
    for path in folder.iterdir():
        if path.name != RUN:
            shutil.rmtree(path) if path.is_dir() else path.unlink()
    assert read_so_far(folder, identity) is None


def remove_init(folder):
    shutil.rmtree(folder / "init")


def remove_table(folder):
    (folder / TABLE).unlink()


def edit_table(folder):
    table = folder / TABLE
    table.write_text(table.read_text().replace("init", "exit"))


def remove_epoch(folder):
    shutil.rmtree(folder / "checkpoints" / "epoch_1")


def remove_run(folder):
    (folder / RUN).unlink()


def name_an_unknown_model(folder):
    description = read_sealed(folder / RUN, "")
    write_sealed(folder / RUN, {**description, "model": "vgg61"})


@pytest.mark.parametrize(
    ("damage", "message"),
    [
        (remove_init, "holds no run: pass the folder that `train` wrote"),
        (remove_table, f"{TABLE}, a run's table, cannot be read"),
        (edit_table, f"{TABLE}, a run's table, cannot be read .*checksum"),
        (remove_epoch, "has lost its snapshots 1: they were saved and are not there"),
        (remove_run, "is not a training folder of this version"),
        (name_an_unknown_model, f"{RUN} names an unknown model.*vgg61"),
    ],
)
def test_what_is_missing_or_damaged_is_named(folder, damage, message):
    damage(folder)
    with pytest.raises(DataError, match=message):
        TrainedRun.from_folder(folder)

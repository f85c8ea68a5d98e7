"""A folder belongs to one training: its own goes on there, any other is refused."""

import dataclasses
import json
import shutil

import numpy as np
import pytest

from conceptevo_jax.data import DecodedImages
from conceptevo_jax.errors import DataError, UsageError
from conceptevo_jax.training import Optimizer, read_run, train

CONSTANT = Optimizer(learning_rate=0.05)


@pytest.fixture(scope="module")
def finished(run, tmp_path_factory):
    """A run of two epochs at a constant rate."""
    folder = tmp_path_factory.mktemp("finished")
    return folder, run(folder, epochs=2, optimizer=CONSTANT)


@pytest.fixture
def copy(finished, tmp_path):
    return shutil.copytree(finished[0], tmp_path / "run")


@pytest.mark.slow
@pytest.mark.parametrize(
    ("changes", "named"),
    [
        ({"seed": 9}, "seed is 4 there, not 9"),
        ({"batch_size": 12}, "batch_size is 16 there, not 12"),
        ({"eval_images": 21}, "eval_images is 20 there, not 21"),
        (
            {"optimizer": Optimizer(learning_rate=0.1)},
            "optimizer.learning_rate is 0.05 there, not 0.1",
        ),
        ({"early_steps": (1,)}, r"early_steps is \[1, 2, 4\] there, not \[1\]"),
        ({"epochs": 1, "early_steps": (1, 2)}, "epochs is 2 there, not 1"),
    ],
)
def test_other_settings_are_refused_by_name(run, copy, changes, named):
    before = {path: path.read_bytes() for path in copy.rglob("*") if path.is_file()}
    settings = {"epochs": 2, "optimizer": CONSTANT, **changes}
    with pytest.raises(UsageError, match=named) as caught:
        run(copy, **settings)
    assert str(copy) in str(caught.value)
    assert {p: p.read_bytes() for p in copy.rglob("*") if p.is_file()} == before


def test_another_model_is_refused(run, copy, build):
    other = dataclasses.replace(build(), name="other")
    with pytest.raises(UsageError, match="model is toy there, not other"):
        run(copy, epochs=2, optimizer=CONSTANT, model=other)


@pytest.mark.parametrize("what", ["pixels", "labels", "keys"])
def test_other_images_are_refused(run, copy, model, settings, images, what):
    data, test = images
    changed = {
        "pixels": 255 - np.asarray(data.pixels),
        "labels": data.labels[::-1].copy(),
        "keys": tuple(f"{key}x" for key in data.keys),
    }
    fields = {"pixels": np.asarray(data.pixels), "labels": data.labels}
    fields |= {"keys": data.keys, what: changed[what]}
    with pytest.raises(UsageError, match=r"other (pixels of )?training images"):
        train(
            "toy-run",
            model,
            DecodedImages(**fields),
            test,
            settings(epochs=2, optimizer=CONSTANT),
            copy,
        )


def test_the_same_images_in_memory_are_the_same(run, copy, model, settings, images):
    data, test = (
        DecodedImages(pixels=np.asarray(i.pixels), labels=i.labels, keys=i.keys)
        for i in images
    )
    again = settings(epochs=2, optimizer=CONSTANT)
    rows = train("another name", model, data, test, again, str(copy))
    assert [row.epoch for row in rows][-1] == 1
    assert read_run(copy)["name"] == "toy-run"


@pytest.mark.slow
def test_more_epochs_go_on_where_the_schedule_allows_it(run, copy, same_runs, tmp_path):
    run(copy, epochs=3, optimizer=CONSTANT)
    whole = tmp_path / "whole"
    run(whole, epochs=3, optimizer=CONSTANT)
    same_runs(copy, whole)
    assert read_run(copy)["training"]["epochs"] == 3


@pytest.mark.slow
def test_more_epochs_are_refused_where_rates_would_have_been_others(run, whole):
    """A cosine that ends later is another one from its first step."""
    with pytest.raises(UsageError, match="epochs is 3 there, not 4"):
        run(whole[0], epochs=4)


def test_snapshots_of_nobody_are_refused(run, copy):
    (copy / "run.json").unlink()
    with pytest.raises(DataError, match=r"holds snapshots but no run\.json"):
        run(copy, epochs=2, optimizer=CONSTANT)


def test_a_damaged_identity_is_named(run, copy):
    about = json.loads((copy / "run.json").read_text())
    (copy / "run.json").write_text(json.dumps({**about, "preset": "small"}))
    with pytest.raises(DataError, match=r"run\.json cannot be used"):
        run(copy, epochs=2, optimizer=CONSTANT)

"""A model that compiles in a blink, with dropout and batch statistics, and its runs.

`child.py` imports this file too, to train in a process of its own.
"""

import dataclasses
from collections.abc import Callable
from pathlib import Path
from typing import Any

import flax.linen as nn
import jax
import numpy as np
import pytest

from conceptevo_jax.data import DecodedImages, decode_images, load_images
from conceptevo_jax.models import Model, identity_tap
from conceptevo_jax.training import (
    Optimizer,
    Row,
    Training,
    read_table,
    snapshots,
    train,
)
from conceptevo_jax.types import Site

CLASSES, SIDE, TRAIN, TEST, BATCH = 10, 8, 48, 30, 16


class Toy(nn.Module):
    """One convolution, normalised over the batch, and one linear layer."""

    dropout: float
    norm: bool

    @nn.compact
    def __call__(self, images, *, train=False, tap=identity_tap):
        x = nn.Conv(6, (3, 3), strides=2, name="conv")(images)
        if self.norm:
            x = nn.BatchNorm(use_running_average=not train, name="norm")(x)
        x = tap("conv", nn.relu(x)).mean(axis=(1, 2))
        x = nn.Dropout(self.dropout, deterministic=not train)(x)
        return nn.Dense(CLASSES, name="dense")(x)


def toy_model(*, dropout: float = 0.3, norm: bool = True) -> Model:
    site = Site(name="conv", channels=6, rectified=True, receptive_field=3, stride=2)
    return Model(
        name="toy",
        preset="tiny",
        module=Toy(dropout=dropout, norm=norm),
        sites=(site,),
        size=SIDE,
        classes=CLASSES,
        mean=(0.5, 0.5, 0.5),
        std=(0.5, 0.5, 0.5),
    )


def toy_images(folder: Path) -> tuple[DecodedImages, DecodedImages]:
    """Training and test images, generated."""
    counts = {"train": TRAIN, "test": TEST}
    sizes = {f"{split}_images": count for split, count in counts.items()}
    sets = (
        load_images("shapes", s, data_dir=folder, side=SIDE, **sizes) for s in counts
    )
    train_set, test_set = (
        decode_images(one, np.arange(len(one)), folder / one.split) for one in sets
    )
    return train_set, test_set


def toy_settings(**changes: Any) -> Training:
    """Three epochs of three steps."""
    warm_up = {"warmup_epochs": 0.5, "warmup_start": 0.05}
    settings = {
        "epochs": 3,
        "batch_size": BATCH,
        "optimizer": Optimizer(
            learning_rate=0.2, schedule="cosine", weight_decay=1e-4, **warm_up
        ),
        "seed": 4,
        "early_steps": (1, 2, 4),
        "eval_images": 20,
    }
    return Training(**(settings | changes))


@pytest.fixture(scope="session")
def model() -> Model:
    return toy_model()


@pytest.fixture(scope="session")
def settings() -> Callable[..., Training]:
    return toy_settings


@pytest.fixture(scope="session")
def build() -> Callable[..., Model]:
    return toy_model


@pytest.fixture(scope="session")
def images(tmp_path_factory) -> tuple[DecodedImages, DecodedImages]:
    return toy_images(tmp_path_factory.mktemp("images"))


@pytest.fixture(scope="session")
def run(model, images) -> Callable[..., list[Row]]:
    """Trains the toy in a folder, with settings changed and callables given."""

    def call(
        folder: Path,
        *,
        on_epoch=(),
        on_step=None,
        time_left=None,
        model=model,
        **changes,
    ):
        return train(
            "toy-run",
            model,
            *images,
            toy_settings(**changes),
            folder,
            on_epoch=on_epoch,
            on_step=on_step,
            time_left=time_left,
        )

    return call


@pytest.fixture(scope="session")
def whole(run, tmp_path_factory) -> tuple[Path, list[Row]]:
    """Folder and table of a run that nothing interrupted."""
    folder = tmp_path_factory.mktemp("whole")
    return folder, run(folder)


@pytest.fixture(scope="session")
def same_runs(model) -> Callable[[Path, Path], None]:
    """Asserts that two runs have the same snapshots and tables, bitwise."""

    def check(one: Path, other: Path) -> None:
        first, second = (snapshots(folder, "toy-run", model) for folder in (one, other))
        assert [s.epoch for s in first] == [s.epoch for s in second]
        for left, right in zip(first, second, strict=True):
            jax.tree.map(np.testing.assert_array_equal, left.load(), right.load())
        tables = [read_table(folder / "epochs.csv") for folder in (one, other)]
        assert without_times(tables[0]) == without_times(tables[1])

    return check


def without_times(rows: list[Row]) -> list[str]:
    """The rows as text, in which NaN equals NaN."""
    return [repr(dataclasses.replace(row, seconds=0.0)) for row in rows]

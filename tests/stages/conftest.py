"""A training that ends in seconds: 60 generated images, one tiny network."""

import pytest
from explored import make_explored

from conceptevo_jax.config import (
    DatasetConfig,
    DatasetFacts,
    ModelConfig,
    OptimizerConfig,
    RunConfig,
)
from conceptevo_jax.stages.runs import Job

TRAIN, TEST, BATCH = 60, 40, 20


def tiny_dataset(**changes) -> DatasetConfig:
    settings = {
        "name": "shapes",
        "side": 32,
        "selection_images": 10,
        "judgement_images": 20,
        "sample_images": 15,
        "options": {"train_images": TRAIN, "test_images": TEST},
        "facts": DatasetFacts(train=TRAIN, test=TEST, classes=10),
    }
    return DatasetConfig(**{**settings, **changes})


def tiny_run(**changes) -> RunConfig:
    settings = {
        "title": "A tiny run",
        "model": ModelConfig(name="vgg16", preset="tiny"),
        "optimizer": OptimizerConfig(name="sgd", learning_rate=0.01),
        "epochs": 1,
        "batch_size": BATCH,
        "seed": 3,
        "eval_images": 20,
    }
    return RunConfig(**{**settings, **changes})


def tiny_job(
    name="tiny", *, dataset=None, search=None, seen=None, monitor=False, **changes
) -> Job:
    return Job(
        name=name,
        run=tiny_run(**changes),
        dataset=dataset or tiny_dataset(),
        search=search,
        epochs=seen,
        sample=15,
        monitor=monitor,
    )


@pytest.fixture(scope="session")
def make_dataset():
    return tiny_dataset


@pytest.fixture(scope="session")
def make_run():
    return tiny_run


@pytest.fixture(scope="session")
def make_job():
    return tiny_job


@pytest.fixture(scope="session")
def explored(tmp_path_factory):
    """A result with a scene: to be read, never written to."""
    return make_explored(tmp_path_factory.mktemp("explored"), tiny_dataset, tiny_run)

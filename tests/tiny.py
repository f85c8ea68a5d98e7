"""A training that ends in seconds: 60 generated images, one tiny network."""

from conceptevo_jax.config import (
    DatasetConfig,
    DatasetFacts,
    ModelConfig,
    OptimizerConfig,
    RunConfig,
)
from conceptevo_jax.pipeline.runs import Job

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

"""Fit settings that the user did not type to data sets with few images.

The recipes in `configs/` are made for thousands of images. For a hundred photographs
their batches are too large, their epochs too few steps to learn, and their early steps
never reached. Typed settings are not changed, and are refused if they cannot work.
"""

import dataclasses
import math
from collections.abc import Collection

from conceptevo_jax.config import Config, DatasetConfig, RunConfig
from conceptevo_jax.data import Sizes
from conceptevo_jax.pipeline.images import dataset_facts

BATCHES = 8
"""Smallest number of batches in an epoch: with fewer, batches are made smaller."""


def fit_to_images(config: Config, typed_names: Collection[str]) -> list[str]:
    """Change settings that do not fit the number of images.

    Args:
      config: A whole configuration; it is changed.
      typed_names: Names of settings that stay, such as `runs.base.epochs`.

    Returns:
      The changes, as whole sentences.

    Raises:
      DataError: if the images have to be read and are missing.
    """
    sizes = dataset_facts(config.dataset)
    _fit_parts(config.dataset, sizes, typed_names)
    train = config.dataset.train_images or sizes.train
    runs: dict[str, list[str]] = {}
    for name, run in config.runs.items():
        if changes := _fit_run(run, train, f"runs.{name}", typed_names):
            runs.setdefault(", ".join(changes), []).append(name)
    return [
        f"There are {train} images to train on: {changes} in {', '.join(names)}. Typed "
        f"settings stay, such as runs.{names[0]}.epochs=…"
        for changes, names in runs.items()
    ]


def _fit_parts(
    settings: DatasetConfig, sizes: Sizes, typed_names: Collection[str]
) -> None:
    """Take all images if there are fewer than requested."""
    half = sizes.test // 2
    available_counts = {
        "train_images": sizes.train,
        "test_images": sizes.test,
        "selection_images": half,
        "judgement_images": half,
    }
    for name, count in available_counts.items():
        configured = getattr(settings, name)
        if (
            configured is not None
            and configured > count
            and f"dataset.{name}" not in typed_names
        ):
            setattr(settings, name, None)


def _fit_run(
    run: RunConfig, images: int, setting: str, typed_names: Collection[str]
) -> list[str]:
    """Fit batch, epochs and early steps of one run; return the changes, in words."""
    before = dataclasses.replace(run)
    if f"{setting}.batch_size" not in typed_names:
        # A power of two, for devices that share it.
        largest_batch = 2 ** int(math.log2(max(1, images / BATCHES)))
        run.batch_size = min(run.batch_size, largest_batch)
    steps = max(1, images // run.batch_size)
    schedule = ("epochs", "milestones", "optimizer.warmup_epochs")
    is_typed = any(f"{setting}.{name}" in typed_names for name in schedule)
    if run.batch_size < before.batch_size and not is_typed:
        _lengthen(run, max(run.epochs, math.ceil(run.least_steps / steps)))
    if f"{setting}.early_steps" not in typed_names:
        last = run.epochs * steps
        run.early_steps = [step for step in run.early_steps if step <= last]
    changed_settings = []
    for name in ("batch_size", "epochs", "early_steps"):
        old, new = getattr(before, name), getattr(run, name)
        if old != new:
            changed_settings.append(f"{name}={new} instead of {old}")
    return changed_settings


def _lengthen(run: RunConfig, epochs: int) -> None:
    """More epochs, with the schedule and the milestones in proportion."""
    factor = epochs / run.epochs
    run.optimizer.warmup_epochs *= factor
    run.milestones = [round((m + 1) * factor) - 1 for m in run.milestones]
    run.epochs = epochs

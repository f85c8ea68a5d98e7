"""Settings that nobody typed fit themselves to sets of few images.

The recipes in `configs/` are made for thousands of images. Of a hundred photographs
their batches are too large, their epochs too short to learn in, and their early steps
never reached. What somebody typed stays as it is, and is refused where it cannot work.
"""

import dataclasses
import math
from collections.abc import Collection

from conceptevo_jax.config import Config, DatasetConfig, RunConfig
from conceptevo_jax.data import Sizes
from conceptevo_jax.pipeline.images import dataset_facts

BATCHES = 8
"""Batches in an epoch, at least: with fewer a batch is made smaller."""


def fit_to_images(config: Config, typed: Collection[str]) -> list[str]:
    """Change what does not fit the number of images.

    Args:
      config: A whole configuration; it is changed.
      typed: Names of settings that stay, such as `runs.base.epochs`.

    Returns:
      What was changed, as whole sentences.

    Raises:
      DataError: if the images are looked at and not there.
    """
    sizes = dataset_facts(config.dataset)
    _fit_parts(config.dataset, sizes, typed)
    train = config.dataset.train_images or sizes.train
    runs: dict[str, list[str]] = {}
    for name, run in config.runs.items():
        if changes := _fit_run(run, train, f"runs.{name}", typed):
            runs.setdefault(", ".join(changes), []).append(name)
    return [
        f"There are {train} images to train on: {changes} in {', '.join(names)}. What "
        f"is typed stays, such as runs.{names[0]}.epochs=…"
        for changes, names in runs.items()
    ]


def _fit_parts(settings: DatasetConfig, sizes: Sizes, typed: Collection[str]) -> None:
    """Take all images where there are fewer than were to be taken."""
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
            and f"dataset.{name}" not in typed
        ):
            setattr(settings, name, None)


def _fit_run(
    run: RunConfig, images: int, setting: str, typed: Collection[str]
) -> list[str]:
    """Fit batch, epochs and early steps of one run; what was changed, in words."""
    before = dataclasses.replace(run)
    if f"{setting}.batch_size" not in typed:
        # A power of two, for devices that share it.
        largest = 2 ** int(math.log2(max(1, images / BATCHES)))
        run.batch_size = min(run.batch_size, largest)
    steps = max(1, images // run.batch_size)
    schedule = ("epochs", "milestones", "optimizer.warmup_epochs")
    is_typed = any(f"{setting}.{name}" in typed for name in schedule)
    if run.batch_size < before.batch_size and not is_typed:
        _lengthen(run, max(run.epochs, math.ceil(run.least_steps / steps)))
    if f"{setting}.early_steps" not in typed:
        last = run.epochs * steps
        run.early_steps = [step for step in run.early_steps if step <= last]
    changed = []
    for name in ("batch_size", "epochs", "early_steps"):
        old, new = getattr(before, name), getattr(run, name)
        if old != new:
            changed.append(f"{name}={new} instead of {old}")
    return changed


def _lengthen(run: RunConfig, epochs: int) -> None:
    """More epochs, of which the schedule and the milestones keep their parts."""
    factor = epochs / run.epochs
    run.optimizer.warmup_epochs *= factor
    run.milestones = [round((m + 1) * factor) - 1 for m in run.milestones]
    run.epochs = epochs

"""Estimated costs of measuring importance and reverting evolutions."""

import dataclasses
from collections.abc import Sequence

from conceptevo_jax.analysis.importance.milestones import SHARES
from conceptevo_jax.analysis.importance.reversion import DIRECTIONS
from conceptevo_jax.config import Config
from conceptevo_jax.models import Model
from conceptevo_jax.pipeline.images import dataset_facts
from conceptevo_jax.pipeline.plan import (
    START_SECONDS,
    Step,
    assumed_gflops,
    model_gflop,
)
from conceptevo_jax.pipeline.runs import model_of
from conceptevo_jax.reports.importance.settings import (
    ImportanceSettings,
    ReversionSettings,
)
from conceptevo_jax.types import neuron_count

SWEEP_PASSES = 4
"""Largest cost of the importance of all sites, in forward passes of an image."""

PATCHING_SECONDS = 1.7
"""Time to compile the network after one site, as measured on a slow core: .9 for
VGG16, 2.1 for InceptionV3, 1.8 for ConvNeXt."""


def plan_importance(config: Config, names: Sequence[str]) -> list[Step]:
    """Estimate the importance of some runs' evolutions for every measured class.

    Args:
      config: The whole configuration.
      names: Names of the runs.
    """
    settings, steps = ImportanceSettings.of(config), []
    for name in names:
        model, images, times = _plan_counts(config, name, settings.images)
        neurons = neuron_count(model.sites)
        passes = SWEEP_PASSES if settings.method == "transpose" else neurons
        kept_images, work = images * times, images * times * passes
        steps.append(_step("importance", config, name, model, work, kept_images))
    return steps


def plan_reversion(config: Config, names: Sequence[str]) -> list[Step]:
    """Estimate reverting some runs' evolutions, importance included.

    On average, half of the network follows a site.

    Args:
      config: The whole configuration.
      names: Names of the runs.
    """
    settings, steps = ReversionSettings.of(config), []
    facts = dataset_facts(config.dataset)
    for name in names:
        model, train, times = _plan_counts(config, name, settings.train_images)
        test = min(settings.test_images or facts.test, facts.test // facts.classes)
        elsewhere = (
            facts.test
            if settings.elsewhere_images is None
            else settings.elsewhere_images
        )
        exchanged = (
            settings.repeats
            * (settings.bins + 1)
            * len(DIRECTIONS)
            * len(model.sites)
            / 2
        )
        images = train * SWEEP_PASSES + (train + test + elsewhere) * (exchanged + 2)
        stage = "importance and reversion"
        kept_images = train * times
        step = _step(stage, config, name, model, images * times, kept_images)
        compile_seconds = PATCHING_SECONDS * len(model.sites)
        seconds = (step.seconds or 0.0) + compile_seconds
        steps.append(dataclasses.replace(step, seconds=seconds))
    return steps


def _plan_counts(
    config: Config, name: str, images: int | None
) -> tuple[Model, int, int]:
    """A run's model, training images per class, and number of repeats."""
    facts, importance = dataset_facts(config.dataset), ImportanceSettings.of(config)
    model = model_of(config.runs[name], facts.classes)
    class_images = (config.dataset.train_images or facts.train) // facts.classes
    evolutions = (len(importance.epochs) or len(SHARES)) - 1
    return (
        model,
        min(images or class_images, class_images),
        (importance.classes or facts.classes) * evolutions,
    )


def _step(
    stage: str,
    config: Config,
    name: str,
    model: Model,
    images: int | float,
    kept_images: int,
) -> Step:
    """A stage that passes images forward, and keeps all neurons' responses to some."""
    classes = ImportanceSettings.of(config).classes or model.classes
    work = images * model_gflop(model) / assumed_gflops(config.runs[name])
    return Step(
        stage=stage,
        about=f"{name}: {classes} classes",
        seconds=START_SECONDS + work,
        bytes=kept_images * neuron_count(model.sites) * 4,
    )

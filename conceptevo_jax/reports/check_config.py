"""Refuse settings that cannot work before the first stage runs, not minutes later.

This checks only what follows from the configuration alone: sizes that depend on the
images are checked when these are read, and most rules where the settings are used.
"""

import contextlib
from collections.abc import Iterable, Iterator

from conceptevo_jax.config import (
    Config,
    DatasetConfig,
    MethodConfig,
    RunConfig,
    require_positive,
    schema_values,
)
from conceptevo_jax.data import Sizes
from conceptevo_jax.errors import UsageError, require_count, require_seed, unknown_name
from conceptevo_jax.pipeline.cached_space import space_settings
from conceptevo_jax.pipeline.images import ON_BAD_IMAGE, dataset_facts, heldout_sizes
from conceptevo_jax.pipeline.runs import model_of, training_of
from conceptevo_jax.projection.layout import require_map
from conceptevo_jax.reports.alignment.settings import AlignmentSettings
from conceptevo_jax.reports.alignment.study_cards import read_hand_picked_sets
from conceptevo_jax.reports.baseline_comparison.check_settings import check_baselines
from conceptevo_jax.reports.hyperparameters.trials import trials_of
from conceptevo_jax.reports.importance.check_settings import check_importance
from conceptevo_jax.reports.monitor_rates.settings import MonitorRatesSettings
from conceptevo_jax.reports.settings import ComparedMethods
from conceptevo_jax.reports.training_failures.settings import FailuresSettings
from conceptevo_jax.reports.unified_space.settings import CollapseSettings
from conceptevo_jax.stimuli import Search
from conceptevo_jax.store import flaw_of_name
from conceptevo_jax.training.settings import require_meaningful


def check_config(config: Config) -> None:
    """Refuse unknown names and numbers out of range.

    Raises:
      UsageError: naming the setting, with the valid names if it is a name.
    """
    if config.distributed and config.workers not in (None, 1):
        raise UsageError(
            f"workers={config.workers} with distributed=true: joined processes "
            "train one run after the other. Leave out one of the two settings."
        )
    check_names(config)
    check_counts(config)
    require_seed(config.seed)
    require_seed(config.dataset.seed, "dataset.seed")
    rule = CollapseSettings.of(config).collapse
    collapsing = [] if rule is None else [rule.run]
    base = [] if config.base is None else [config.base]
    for name in (*base, *collapsing):
        if name not in config.runs:
            raise unknown_name("run", name, config.runs)
    sizes = dataset_facts(config.dataset)
    if config.dataset.on_bad_image not in ON_BAD_IMAGE:
        raise unknown_name(
            "dataset.on_bad_image", config.dataset.on_bad_image, ON_BAD_IMAGE
        )
    _check_sizes(config.dataset, sizes)
    train, classes = config.dataset.train_images or sizes.train, sizes.classes
    for name, run in config.runs.items():
        _check_run(f"runs.{name}", run, config.dataset.side, classes)
        _check_length(f"runs.{name}", run, train)
    _check_method("method", config.method, config.seed)
    for name, method in ComparedMethods.of(config).methods.items():
        _check_method(f"methods.{name}", method, config.seed)
    for trial in trials_of(config):
        _check_method(f"hyperparameters: {trial.factor}", trial.method, config.seed)
    alignment = AlignmentSettings.of(config)
    read_hand_picked_sets(alignment.hand_picked)
    require_positive("alignment", alignment, ("groups",))
    check_importance(config, classes)
    check_baselines(config, classes)


def doubts(config: Config) -> list[str]:
    """Warnings, as whole sentences, about settings that are usually mistakes."""
    if dataset_facts(config.dataset).classes > 1:
        return []
    return [
        f"{config.dataset.name} has a single class: every answer of a network is "
        "right, and it learns nothing. A folder of images has a folder for each class."
    ]


def check_counts(config: Config) -> None:
    """Refuse numbers with which settings could not even be fitted to the images.

    Raises:
      UsageError: naming the setting.
    """
    require_positive("", config, ("seeds",))
    for name in ("train", "test", "classes"):
        if getattr(config.dataset.facts, name) is not None:
            require_positive("dataset.facts", config.dataset.facts, (name,))
    require_positive("dataset", config.dataset, ("sample_images",))
    for name, run in config.runs.items():
        require_positive(f"runs.{name}", run, ("epochs", "batch_size", "eval_images"))
    if config.workers is not None:
        require_positive("", config, ("workers",))
    if config.time_limit is not None and not config.time_limit >= 0:
        raise UsageError(
            f"time_limit must be a number of seconds, 0 or more, not "
            f"{config.time_limit}."
        )


def _check_sizes(settings: DatasetConfig, sizes: Sizes) -> None:
    """Refuse more images than there are."""
    limits = {
        "train_images": sizes.train,
        "pool_images": settings.train_images or sizes.train,
        "test_images": sizes.test,
        "selection_images": sizes.test,
        "judgement_images": sizes.test,
    }
    for name, available_count in limits.items():
        count = getattr(settings, name)
        if count is not None and not 1 <= count <= available_count:
            raise UsageError(
                f"dataset.{name} is {count}, but must be a whole number from 1 to "
                f"{available_count}, the number of images in {settings.name}."
            )
    selection, judgement = heldout_sizes(settings, sizes.test)
    if selection + judgement > sizes.test:
        raise UsageError(
            f"dataset.selection_images={selection} and dataset.judgement_images="
            f"{judgement} are more than the {sizes.test} test images of "
            f"{settings.name} together: make one of them smaller."
        )


def _check_length(setting: str, run: RunConfig, train: int) -> None:
    """Refuse batches and early steps that need more training images."""
    if run.batch_size > train:
        raise UsageError(
            f"{setting}.batch_size={run.batch_size} does not fit {train} training "
            "images."
        )
    steps = run.epochs * (train // run.batch_size)
    late_steps = [step for step in run.early_steps if not 1 <= step <= steps]
    if late_steps:
        raise UsageError(
            f"{setting}.early_steps {late_steps} are never reached: a run of "
            f"{run.epochs} "
            f"epochs has {steps} steps, counted from 1."
        )


def check_names(config: Config) -> None:
    """Refuse names that cannot be part of a path, since files are named after them.

    Raises:
      UsageError: naming the setting and the name.
    """
    for setting, name in _settings_and_names(config):
        flaw = flaw_of_name(name)
        if flaw is not None:
            raise UsageError(
                f"{setting}: {name!r} cannot be a name, as files are named after it: "
                f"{flaw}. Choose a name such as 'vgg16'."
            )


def _settings_and_names(config: Config) -> list[tuple[str, str]]:
    """Every name that files are named after, with the setting that gives it."""
    compared = ComparedMethods.of(config).methods
    methods = {"method": config.method} | {
        f"methods.{name}": method for name, method in compared.items()
    }
    named_settings = [("scale_name", config.scale_name)]
    named_settings += [
        (f"{setting}.name", method.name) for setting, method in methods.items()
    ]
    groups: dict[str, Iterable[str]] = {
        "runs": config.runs,
        "methods": compared,
        "rates": MonitorRatesSettings.of(config).rates,
        "failures.groups": FailuresSettings.of(config).groups,
    }
    return named_settings + [
        (setting, name) for setting, names in groups.items() for name in names
    ]


def _check_method(setting: str, method: MethodConfig, seed: int) -> None:
    Search(**schema_values(method.stimuli))
    space_settings(method.projection, seed)
    if method.projection.stimuli is not None:
        require_positive(f"{setting}.projection", method.projection, ("stimuli",))
    embedding = ("dim", "learning_rate", "repeats", "batch_size")
    require_positive(f"{setting}.embedding", method.embedding, embedding)
    negatives = method.embedding.negatives
    require_count(f"{setting}.embedding.negatives", negatives, minimum=0)
    layout = method.layout
    with _naming(f"{setting}.layout"):
        require_map(
            layout.neighbors, layout.min_dist, layout.metric, layout.stability_seeds
        )


def _check_run(setting: str, run: RunConfig, side: int, classes: int) -> None:
    model = model_of(run, classes)
    model.require_size(side)
    require_seed(run.seed, f"{setting}.seed")
    with _naming(setting):
        require_meaningful(training_of(run))
        model.in_dtype(run.compute)
    crop = run.regularisation.random_crop
    if crop > side:
        raise UsageError(
            f"{setting}.regularisation.random_crop={crop} is larger than the images: "
            f"at most dataset.side={side}."
        )
    late = [epoch for epoch in run.milestones if not 0 <= epoch < run.epochs]
    if late:
        raise UsageError(
            f"{setting}.milestones {late} are not epochs of a run of {run.epochs}, "
            "which are counted from 0."
        )


@contextlib.contextmanager
def _naming(setting: str) -> Iterator[None]:
    """Name the part of the configuration that a refusal is about."""
    try:
        yield
    except UsageError as error:
        raise UsageError(f"{setting}: {error}") from None

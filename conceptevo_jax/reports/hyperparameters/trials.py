"""Which settings are tried: one at a time, around a method in the configuration."""

import copy
import dataclasses
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

from conceptevo_jax.config import Config, MethodConfig
from conceptevo_jax.errors import UsageError, unknown_name
from conceptevo_jax.pipeline.runs import Job
from conceptevo_jax.reports.hyperparameters.settings import HyperparametersSettings
from conceptevo_jax.reports.settings import ComparedMethods

POOL_SHARE = "pool_share"
"""The only setting that does not belong to a method."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Trial:
    """One setting tried.

    Attributes:
      centre: Name of the method that it differs from.
      factor: Which setting differs, by its path; empty for the centre itself.
      value: The value of that setting.
      method: The whole method.
      pool_share: Share of the pool in use.
    """

    centre: str
    factor: str
    value: Any
    method: MethodConfig
    pool_share: float = 1.0


def trial_jobs(config: Config) -> list[Job]:
    """Train every run; nothing is observed on the way.

    Raises:
      UsageError: for a base that is not a run, or without a base.
    """
    bases = HyperparametersSettings.of(config).bases
    for name in bases:
        if name not in config.runs:
            raise unknown_name("run in hyperparameters.bases", name, config.runs)
    if not bases:
        raise UsageError("hyperparameters.bases is empty: name at least one base.")
    return [
        Job(name=name, run=run, dataset=config.dataset)
        for name, run in config.runs.items()
    ]


def trials_of(config: Config) -> list[Trial]:
    """All settings to try; each centre comes first, and represents its own values.

    Raises:
      UsageError: for a setting that no method has, or `paper` missing in `methods`.
    """
    settings = HyperparametersSettings.of(config)
    methods = ComparedMethods.of(config).methods
    if settings.around_paper and "paper" not in methods:
        raise unknown_name("method", "paper", methods)
    trials = []
    for centre, factors in (
        (methods.get("paper"), settings.around_paper),
        (config.method, settings.around_default),
    ):
        if centre is not None and factors:
            trials += _trials_around(centre, dict(_flatten_factors(factors)))
    return trials


def _flatten_factors(
    factors: Mapping[str, Any], prefix: str = ""
) -> Iterator[tuple[str, list[Any]]]:
    """Values by the path of their setting.

    Raises:
      UsageError: for a setting with neither a list nor settings below it.
    """
    for name, values in factors.items():
        if isinstance(values, Mapping):
            yield from _flatten_factors(values, f"{prefix}{name}.")
        elif isinstance(values, list):
            yield f"{prefix}{name}", values
        else:
            raise UsageError(
                f"hyperparameters: {prefix}{name} is {values!r}; give a list of the "
                "values to try."
            )


def _trials_around(
    centre: MethodConfig, factors: Mapping[str, Sequence[Any]]
) -> list[Trial]:
    """The centre, and every value of every setting in its place."""
    first = Trial(centre=centre.name, factor="", value=None, method=centre)
    trials = [first]
    for factor, values in factors.items():
        for value in values:
            if factor == POOL_SHARE:
                trial = dataclasses.replace(first, pool_share=float(value))
            else:
                method = _change_setting(centre, factor, value)
                trial = dataclasses.replace(first, method=method)
            trials.append(dataclasses.replace(trial, factor=factor, value=value))
    return trials


def _change_setting(method: MethodConfig, path: str, value: Any) -> MethodConfig:
    """A method with one setting changed; random starts where images keep them."""
    changed_method = copy.deepcopy(method)
    *groups, name = path.split(".")
    node: Any = changed_method
    for group in groups:
        if not hasattr(node, group):
            raise unknown_name("group of method settings", group, vars(node))
        node = getattr(node, group)
    if not hasattr(node, name):
        raise unknown_name(f"setting {'.'.join(groups)}", name, vars(node))
    # YAML and the command line may leave out the point of a round number.
    is_round_float = isinstance(getattr(node, name), float) and isinstance(value, int)
    setattr(node, name, float(value) if is_round_float else value)
    if changed_method.projection.policy == "random":
        changed_method.projection.initial = "uniform"
    return changed_method


def is_centre(trial: Trial, centre: MethodConfig) -> bool:
    """Whether a trial's value is that of its centre.

    Args:
      trial: The trial.
      centre: The method of the name `trial.centre`.
    """
    if trial.factor in ("", POOL_SHARE):
        return trial.pool_share == 1.0
    node: Any = centre
    for name in trial.factor.split("."):
        node = getattr(node, name)
    return bool(node == trial.value)


def has_centre_value(config: Config, trial: Trial) -> bool:
    """Whether a trial's value is that of its centre in the configuration.

    Args:
      config: Names the centres.
      trial: The trial.
    """
    methods = {config.method.name: config.method} | ComparedMethods.of(config).methods
    return is_centre(trial, methods[trial.centre])

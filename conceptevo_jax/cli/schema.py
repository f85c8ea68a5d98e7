"""The schema of a call: the settings of its experiment, from where they are declared.

`Config` has the settings that all experiments share. The schema adds the settings of
every package in `reports` and of `benchmarks`, so that a scale can set them for all
experiments, and the settings declared in the file of the call's experiment. No other
experiment has the latter, so the settings and results of all others do not change.
"""

import functools
import importlib
import inspect
import pkgutil
import re
import typing
from collections.abc import Sequence
from dataclasses import fields, is_dataclass
from pathlib import Path
from types import ModuleType

import yaml
from hydra.core.config_store import ConfigStore
from omegaconf import OmegaConf

import conceptevo_jax.benchmarks
import conceptevo_jax.reports
from conceptevo_jax.cli.config_files import arguments, read_settings
from conceptevo_jax.cli.locate import experiments, runner
from conceptevo_jax.config import Config, Settings, compose_schema
from conceptevo_jax.errors import DataError, UsageError

_CLASS_OF = "SettingsOf_"
"""Prefix of the names of schemas, followed by the experiment's name."""


def declared_settings(module: ModuleType) -> tuple[type[Settings], ...]:
    """The classes of settings that a module defines, without imported ones."""
    return tuple(
        value
        for value in vars(module).values()
        if inspect.isclass(value)
        and issubclass(value, Settings)
        and value.__module__ == module.__name__
    )


def _settings_of_packages() -> tuple[type[Settings], ...]:
    """All settings declared in modules named `settings`; these are fast to import."""
    names = [
        module.name
        for package in (conceptevo_jax.reports, conceptevo_jax.benchmarks)
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
        if module.name.endswith(".settings")
    ]
    modules = map(importlib.import_module, names)
    return tuple(kind for module in modules for kind in declared_settings(module))


DECLARED_IN_PACKAGES = _settings_of_packages()
"""The settings of all packages in `reports`, and of `benchmarks`."""

PackageSettings = compose_schema("PackageSettings", __name__, DECLARED_IN_PACKAGES)
"""The schema of experiments without settings of their own."""


def schema(experiment: str | None) -> type[Config]:
    """The schema of an experiment.

    Args:
      experiment: The experiment's name. None and unknown names give the schema that all
        experiments share.

    Raises:
      UsageError: for a declaration that cannot be part of a schema.
    """
    if experiment not in experiments():
        return PackageSettings
    declared = declared_settings(runner(experiment))
    if not declared:
        return PackageSettings
    return _composed(f"{_CLASS_OF}{experiment}", declared)


@functools.cache
def _composed(name: str, declared: tuple[type[Settings], ...]) -> type[Config]:
    return compose_schema(name, __name__, (*DECLARED_IN_PACKAGES, *declared))


def __getattr__(name: str) -> type[Config]:
    """The schema of an experiment, which launchers' processes need for unpickling."""
    if name.startswith(_CLASS_OF):
        return schema(name.removeprefix(_CLASS_OF))
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def register(words: Sequence[str]) -> type[Config]:
    """Register the schema of a call in Hydra, which checks every YAML file against it.

    Args:
      words: All words of the command line.

    Raises:
      UsageError: for a declaration that cannot be part of a schema, or if an
        experiment with settings of its own is swept together with others.
    """
    names = _named_experiments(words)
    kinds = {name: schema(name) for name in names}
    if len(set(kinds.values())) > 1:
        special = next(n for n, kind in kinds.items() if kind is not PackageSettings)
        raise UsageError(
            f"experiment {special!r} has settings that no other experiment has: "
            "sweep it in a separate call."
        )
    kind = next(iter(kinds.values()), PackageSettings)
    ConfigStore.instance().store("schema", kind)
    return kind


def registered() -> type[Config]:
    """The schema registered in Hydra."""
    node = ConfigStore.instance().load("schema.yaml").node
    kind = OmegaConf.get_type(node)
    assert kind is not None
    return kind


def _named_experiments(words: Sequence[str]) -> list[str]:
    """Names of the experiments chosen on the command line."""
    values: dict[str, list[str]] = {"experiment": [], "name": []}
    for word in words:
        key, _, value = word.partition("=")
        if key in values:
            values[key] += re.findall(r"[\w-]+", value)
    valid, config_dir = experiments(), arguments(words).config_dir
    choices = values["experiment"]
    if config_dir is not None:
        choices = [n if n in valid else _name_in(config_dir, n) for n in choices]
    return [name for name in values["name"] or choices if name in valid]


def _name_in(config_dir: str, choice: str) -> str:
    """Name of the experiment of a configuration in `--config-dir`."""
    folder = Path(config_dir).expanduser()
    try:
        content = yaml.safe_load(
            read_settings(folder / "experiment" / f"{choice}.yaml", folder)
        )
    except (DataError, RuntimeError):
        # The error is reported when all files of the folder are checked.
        return choice
    return str(content.get("name", choice)) if isinstance(content, dict) else choice


def setting_type(kind: object, path: Sequence[str]) -> object:
    """The type of a setting; None if it is not in the schema.

    Args:
      kind: A schema.
      path: The setting's names, from the top level down.
    """
    for part in path:
        if isinstance(kind, type) and is_dataclass(kind):
            kind = typing.get_type_hints(kind).get(part)
        elif typing.get_origin(kind) is dict:
            kind = typing.get_args(kind)[1]
        else:
            return None
    return kind


def setting_names(kind: object, path: Sequence[str]) -> list[str]:
    """Names of the settings within a section; empty if they are not fixed.

    Args:
      kind: A schema.
      path: The section's names, from the top level down; empty for the top level.
    """
    below = setting_type(kind, path)
    if isinstance(below, type) and is_dataclass(below):
        return [field.name for field in fields(below)]
    return []

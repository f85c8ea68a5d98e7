"""The schema of a call: what may be set, and by whom it is declared.

`Config` is what all experiments share. To it come the settings of every room of
`reports` and of `benchmarks`, which scales set at once, and those that the file of the
call's experiment declares: no other experiment has them, so that the settings, and
with them the results, of all others stay what they are.
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
"""What precedes an experiment's name in that of its schema."""


def declared_settings(module: ModuleType) -> tuple[type[Settings], ...]:
    """The classes of settings that a module itself defines."""
    return tuple(
        value
        for value in vars(module).values()
        if inspect.isclass(value)
        and issubclass(value, Settings)
        and value.__module__ == module.__name__
    )


def _settings_of_rooms() -> tuple[type[Settings], ...]:
    """What modules called `settings` declare; they import nothing that takes long."""
    names = [
        module.name
        for package in (conceptevo_jax.reports, conceptevo_jax.benchmarks)
        for module in pkgutil.walk_packages(package.__path__, f"{package.__name__}.")
        if module.name.endswith(".settings")
    ]
    modules = map(importlib.import_module, names)
    return tuple(kind for module in modules for kind in declared_settings(module))


ROOMS = _settings_of_rooms()
"""The settings of all rooms."""

SettingsOfRooms = compose_schema("SettingsOfRooms", __name__, ROOMS)
"""The schema of experiments that declare nothing of their own."""


def schema(experiment: str | None) -> type[Config]:
    """What may be set of an experiment.

    Args:
      experiment: Its name; of None, and of unknown names, what all experiments have.

    Raises:
      UsageError: for a declaration that cannot be part of a schema.
    """
    if experiment not in experiments():
        return SettingsOfRooms
    declared = declared_settings(runner(experiment))
    if not declared:
        return SettingsOfRooms
    return _composed(f"{_CLASS_OF}{experiment}", declared)


@functools.cache
def _composed(name: str, declared: tuple[type[Settings], ...]) -> type[Config]:
    return compose_schema(name, __name__, (*ROOMS, *declared))


def __getattr__(name: str) -> type[Config]:
    """The schema of an experiment, for processes of launchers that unpickle it."""
    if name.startswith(_CLASS_OF):
        return schema(name.removeprefix(_CLASS_OF))
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def register(words: Sequence[str]) -> type[Config]:
    """Make the schema of a call known to Hydra, which checks every YAML file by it.

    Args:
      words: All words of the command line.

    Raises:
      UsageError: for a declaration that cannot be part of a schema, or where an
        experiment with settings of its own is swept together with others.
    """
    names = _named_experiments(words)
    kinds = {name: schema(name) for name in names}
    if len(set(kinds.values())) > 1:
        special = next(n for n, kind in kinds.items() if kind is not SettingsOfRooms)
        raise UsageError(
            f"experiment {special!r} has settings of its own, which no other knows: "
            "sweep it in a call of its own."
        )
    kind = next(iter(kinds.values()), SettingsOfRooms)
    ConfigStore.instance().store("schema", kind)
    return kind


def registered() -> type[Config]:
    """The schema by which Hydra checks."""
    node = ConfigStore.instance().load("schema.yaml").node
    kind = OmegaConf.get_type(node)
    assert kind is not None
    return kind


def _named_experiments(words: Sequence[str]) -> list[str]:
    """The experiments that words choose, by their files in `experiments`."""
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
    """The experiment that a configuration of `--config-dir` is of."""
    folder = Path(config_dir).expanduser()
    try:
        content = yaml.safe_load(
            read_settings(folder / "experiment" / f"{choice}.yaml", folder)
        )
    except (DataError, RuntimeError):
        # What is wrong with it is said when all files of the folder are looked at.
        return choice
    return str(content.get("name", choice)) if isinstance(content, dict) else choice


def setting_type(kind: object, path: Sequence[str]) -> object:
    """The type of a setting; None where the schema holds none.

    Args:
      kind: A schema.
      path: The names that lead to it.
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
    """Names of the settings below another; none where it has no fixed ones.

    Args:
      kind: A schema.
      path: The names that lead to that setting; empty for the top level.
    """
    below = setting_type(kind, path)
    if isinstance(below, type) and is_dataclass(below):
        return [field.name for field in fields(below)]
    return []

"""Settings of single experiments, declared where they are used.

A schema consists of `Config`, which all experiments share, and of all declared
settings, each under its key.
"""

import dataclasses
from collections.abc import Sequence
from typing import ClassVar, TypeVar

from omegaconf import OmegaConf
from omegaconf.errors import OmegaConfBaseException

from conceptevo_jax.config.schema import Config
from conceptevo_jax.errors import UsageError

S = TypeVar("S", bound="Settings")


class Settings:
    """Base class of the settings of a package in `reports`, or of one experiment.

    For example

        @dataclass
        class AlignmentSettings(Settings, key="alignment"):
            groups: int = 20

    is set by `alignment.groups=3`, in YAML files and on the command line, and read by
    `AlignmentSettings.of(config).groups`. Without a key the fields are at the top
    level of the configuration.

    Attributes:
      settings_key: The key; None for the top level.
    """

    settings_key: ClassVar[str | None] = None

    def __init_subclass__(cls, *, key: str | None = None) -> None:
        super().__init_subclass__()
        cls.settings_key = key

    @classmethod
    def of(cls: type[S], config: Config) -> S:
        """This class's settings in a configuration.

        Raises:
          TypeError: if the configuration was composed without them.
        """
        key = cls.settings_key
        settings: object = config if key is None else getattr(config, key, None)
        if not isinstance(settings, cls):
            raise TypeError(f"this configuration was composed without {cls.__name__}")
        return settings


def compose_schema(
    name: str, module: str, declared: Sequence[type[Settings]]
) -> type[Config]:
    """The shared and all declared settings as one dataclass.

    Args:
      name: Name of the dataclass.
      module: Module that has the dataclass under that name, needed for unpickling.
      declared: Dataclasses of declared settings.

    Raises:
      UsageError: for a declaration that cannot be part of a schema.
    """
    names = {field.name: "every experiment" for field in dataclasses.fields(Config)}
    for kind in declared:
        _require_schema(kind)
        for key in _top_level_keys(kind):
            if key in names:
                raise UsageError(
                    f"{_place(kind)}: {key!r} is already a setting of {names[key]}: "
                    "choose another key."
                )
            names[key] = _place(kind)
    nested = [
        (kind.settings_key, kind, dataclasses.field(default_factory=kind))
        for kind in declared
        if kind.settings_key is not None
    ]
    top_level = [kind for kind in declared if kind.settings_key is None]
    return dataclasses.make_dataclass(
        name, nested, bases=(*top_level, Config), namespace={"__module__": module}
    )


def _top_level_keys(kind: type[Settings]) -> list[str]:
    if kind.settings_key is not None:
        return [kind.settings_key]
    return list(vars(kind)["__dataclass_fields__"])


def _require_schema(kind: type[Settings]) -> None:
    """Refuse a class that is not a dataclass, or has fields that YAML cannot set."""
    if "__dataclass_fields__" not in vars(kind):
        raise UsageError(
            f"{_place(kind)} is not a dataclass: write @dataclass above it."
        )
    try:
        OmegaConf.structured(kind())
    except (OmegaConfBaseException, TypeError, ValueError) as error:
        flaw = str(error).splitlines()[0]
        raise UsageError(
            f"{_place(kind)} cannot be read from YAML ({flaw}): give every setting a "
            "type (numbers, text, lists, dictionaries or dataclasses) and a default, "
            "or MISSING if a value has to be chosen."
        ) from error


def _place(kind: type[Settings]) -> str:
    return f"{kind.__name__} of {kind.__module__}"

"""From a Hydra configuration to plain settings, with errors that list what is valid."""

import dataclasses
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Any

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import MissingMandatoryValue, OmegaConfBaseException

from conceptevo_jax.cli.schema import registered, setting_names
from conceptevo_jax.cli.unknown_settings import explain_name
from conceptevo_jax.config import Config
from conceptevo_jax.errors import UsageError, unknown_name

Composed = Mapping[Any, Any]
"""What Hydra composes and OmegaConf loads: a `DictConfig`, a mapping of settings."""


def resolve(config: Composed) -> Config:
    """Turn a composed configuration into plain dataclasses.

    Raises:
      UsageError: naming what is missing, unknown or of the wrong type.
    """
    _require_known(config, "")
    try:
        value = OmegaConf.to_object(config)
    except OmegaConfBaseException as error:
        raise UsageError(_explain_setting(error)) from error
    assert isinstance(value, Config)
    return value


def _explain_setting(error: OmegaConfBaseException) -> str:
    if isinstance(error, MissingMandatoryValue):
        value = "folder:PATH" if error.full_key == "dataset.name" else "VALUE"
        return f"{error.full_key} is missing: give it, as {error.full_key}={value}."
    return f"setting {error.full_key}: {str(error).splitlines()[0]}"


def _require_known(node: Composed, prefix: str) -> None:
    """Refuse what Hydra's `+key=value` adds to a schema, most often by mistake."""
    kind: Any = OmegaConf.get_type(node)
    is_schema = dataclasses.is_dataclass(kind)
    valid = [f.name for f in dataclasses.fields(kind)] if is_schema else list(node)
    for name in map(str, node):
        if name not in valid:
            raise unknown_name(f"setting of {prefix or 'the top level'}", name, valid)
        if OmegaConf.is_missing(node, name) or OmegaConf.is_interpolation(node, name):
            continue
        if isinstance(node[name], DictConfig):
            _require_known(node[name], f"{prefix}.{name}".removeprefix("."))


def explain(error: Exception, composed: Composed | None) -> UsageError:
    """List the valid names for an invalid name that Hydra only reports.

    Args:
      error: The error from composing.
      composed: The same configuration without overrides, if it composes.
    """
    message = str(error).strip()
    unknown = explain_name(message, composed)
    if unknown is not None:
        return unknown
    cause = str(error.__cause__ or "").split("\n")[0]
    message = message.partition("Config search path:")[0].strip()
    plain_message = " ".join(
        f"{message}. {cause}".split() if cause else message.split()
    )
    return (
        _explain_choice(str(error))
        or _explain_value(message, cause)
        or _explain_file(message)
        or UsageError(plain_message)
    )


_MISSING_CONFIG_MESSAGE = re.compile(
    r"(?s)In '[^']+': Could not find '(?P<choice>\w+/[^']*)'\s+"
    r"(Available options in '(?P<group>[^']+)':(?P<valid>.*?)\n)?Config search path:"
)

_SEARCHED_FOLDER = re.compile(r"path=file://(.+)")


def _explain_choice(message: str) -> UsageError | None:
    """A group's configurations, for an unknown one that Hydra reports."""
    match = _MISSING_CONFIG_MESSAGE.match(message)
    if match is None:
        return None
    if match["valid"]:
        group, choices = match["group"], match["valid"].split()
    else:
        # Of groups that have groups Hydra lists nothing.
        group = match["choice"].partition("/")[0]
        places = [Path(path, group) for path in _SEARCHED_FOLDER.findall(message)]
        choices = [
            str(file.relative_to(folder).with_suffix(""))
            for folder in places
            for file in folder.rglob("*.yaml")
        ]
    name = match["choice"].removeprefix(f"{group}/")
    return unknown_name(group, name, choices)


_EXPECTED_KINDS = {
    "converted to Integer": "a whole number, such as 3",
    "converted to Float": "a number, such as 0.5",
    "not a valid bool": "true or false",
    "is not a ListConfig": "a list, such as [1,2]",
    "is not Optional": "a value: null is not allowed",
    "DictConfig with ListConfig": "settings by their names, not a list",
    "is not a subclass of": "all of its settings together: add another run with "
    "+run@runs.NAME=smoke/vgg16, or set a single setting by its own name",
}
"""The expected kind of a setting, by OmegaConf's message about a wrong value."""


def _explain_value(message: str, cause: str) -> UsageError | None:
    """The expected kind of a value, if Hydra reports a wrong kind."""
    match = re.fullmatch(r"(?s)Error merging override (?P<key>[^=]+)=.*", message)
    expected_kinds = [kind for sign, kind in _EXPECTED_KINDS.items() if sign in cause]
    # Where a part of a value is asked for, the value itself is not what is wrong.
    if match is None or not expected_kinds or "of type 'dict'" in cause:
        return None
    typed_value = message.removeprefix("Error merging override ")
    return UsageError(
        f"{typed_value}: {match['key'].lstrip('+~')} must be {expected_kinds[0]}."
    )


_IN_FILE = re.compile(
    r"(?s)In '(?P<file>[^']+)': (\w+ raised while composing config:)?\s*"
    r"(?P<flaw>.*?)\s*full_key: *(?P<key>[\w.]*)"
)

_UNKNOWN_KEY = re.compile(r"Key '(?P<name>[^']+)' not in '\w+'")


def _explain_file(message: str) -> UsageError | None:
    """The problem and its file, if Hydra reports a file."""
    match = _IN_FILE.match(message)
    if match is None:
        return None
    expected_kinds = [
        kind for sign, kind in _EXPECTED_KINDS.items() if sign in match["flaw"]
    ]
    unknown = _UNKNOWN_KEY.match(match["flaw"])
    if unknown is not None:
        *parents, name = match["key"].split(".")
        valid = setting_names(registered(), parents)
        location = ".".join(parents) or "the top level"
        if name == unknown["name"] and valid:
            known = unknown_name(f"setting of {location}", name, valid)
            return UsageError(f"{match['file']}.yaml: {known} Correct that file.")
    key = match["key"] or "one of its values"
    flaw = (
        f"{key} must be {expected_kinds[0]}"
        if expected_kinds
        else f"{key}: {match['flaw']}"
    )
    return UsageError(f"{match['file']}.yaml: {flaw}. Correct that file.")

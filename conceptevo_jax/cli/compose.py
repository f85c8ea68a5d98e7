"""From what Hydra composed to plain settings, with errors that say what is valid."""

import dataclasses
import re
from collections.abc import Mapping, Sequence
from typing import Any

from omegaconf import DictConfig, OmegaConf
from omegaconf.errors import OmegaConfBaseException

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
        what = str(error).splitlines()[0]
        raise UsageError(f"setting {error.full_key}: {what}") from error
    assert isinstance(value, Config)
    return value


def _require_known(node: Composed, where: str) -> None:
    """Refuse what Hydra's `+key=value` adds to a schema, most often by mistake."""
    kind: Any = OmegaConf.get_type(node)
    is_schema = dataclasses.is_dataclass(kind)
    valid = [f.name for f in dataclasses.fields(kind)] if is_schema else list(node)
    for name in map(str, node):
        if name not in valid:
            raise unknown_name(f"setting of {where or 'the top level'}", name, valid)
        if OmegaConf.is_missing(node, name) or OmegaConf.is_interpolation(node, name):
            continue
        if isinstance(node[name], DictConfig):
            _require_known(node[name], f"{where}.{name}".removeprefix("."))


def explain(error: Exception, composed: Composed | None) -> UsageError:
    """Say which names would have been valid where Hydra only says that one is not.

    Args:
      error: What composing raised.
      composed: The same configuration without overrides, if it composes.
    """
    message = str(error).strip()
    found = re.search(r"Could not override '([^']+)'", message)
    if found is None or composed is None:
        cause = str(error.__cause__ or "").split("\n")[0]
        return UsageError(_valid_choices(f"{message}. {cause}" if cause else message))
    *parents, name = found.group(1).split(".")
    node: Any = composed
    for depth, parent in enumerate(parents):
        if not isinstance(node, Mapping | DictConfig) or parent not in node:
            return unknown_name(
                f"setting below {'.'.join(parents[:depth]) or 'the top'}",
                parent,
                _keys(node),
            )
        node = node[parent]
    where = ".".join(parents) or "the top level"
    return unknown_name(f"setting of {where}", name, _keys(node))


def _keys(node: Any) -> Sequence[str]:
    return [str(key) for key in node] if isinstance(node, DictConfig) else []


def _valid_choices(message: str) -> str:
    """Keep Hydra's list of valid choices, drop where it searched for them."""
    lines = message.split("Config search path:")[0].split("\n")
    return " ".join(line.strip() for line in lines if line.strip())

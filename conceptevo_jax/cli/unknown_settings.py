"""Names of settings and configuration groups that do not exist, with valid ones.

Hydra reports such names without saying which exist.
"""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from omegaconf import DictConfig, OmegaConf

from conceptevo_jax.cli.locate import TOP_GROUPS, configurations, folder
from conceptevo_jax.cli.schema import registered, setting_names
from conceptevo_jax.errors import UsageError, suggestion, unknown_name

_PACKAGED_GROUPS = {
    "model": "model@runs.NAME.model=vgg19",
    "optimizer": "optimizer@runs.NAME.optimizer=adamw",
    "run": "+run@runs.NAME=smoke/vgg16",
}
"""How groups are chosen that belong to a part of the configuration."""

_HYDRA_GROUPS = tuple(
    f"hydra/{name}"
    for name in ("help", "hydra_logging", "job_logging", "launcher", "sweeper")
)

_REPORTED = re.compile(
    r"config group '(?P<group>[^']+)' does not exist"
    r"|Could not (override|delete from config\.) '(?P<name>[^']+)'"
)


def explain_name(message: str, composed: Mapping[Any, Any] | None) -> UsageError | None:
    """The error for an unknown name that Hydra reports; None for other reports.

    Args:
      message: The message of Hydra's error.
      composed: The configuration without the words that set single values. Without it,
        only names that the schema fixes are proposed.
    """
    match = _REPORTED.search(message)
    if match is None:
        return None
    name = match["group"] or match["name"]
    group, at, package = name.partition("@")
    groups = config_groups()
    is_group = bool(at or match["group"] or "/" in group)
    if is_group and group not in groups:
        return unknown_name("config group", group, groups)
    path = (package if at else group).split(".")
    if not at and group in _PACKAGED_GROUPS:
        return UsageError(
            f"{group}= alone says not of which run: write {_PACKAGED_GROUPS[group]}."
        )
    # Names of Hydra's own settings are in no configuration.
    return None if path[0] == "hydra" else _unknown_part(path, composed)


def require_experiment(words: Sequence[str]) -> None:
    """Refuse words that choose no experiment.

    Args:
      words: All words that are not flags and do not belong to one.

    Raises:
      UsageError: with all experiments, or about a word that is close to `experiment`.
    """
    keys = [word.partition("=")[0] for word in words]
    if "experiment" in keys:
        return
    for key in keys:
        if suggestion(key, ["experiment"]):
            raise unknown_name("config group", key, TOP_GROUPS)
    names = ", ".join(configurations("experiment"))
    raise UsageError(f"say which experiment: experiment=NAME, one of {names}.")


def require_packages(words: Sequence[str]) -> None:
    """Refuse `+run@rns.x=smoke/vgg16`, for which Hydra would blame the chosen file.

    Args:
      words: All words that are not flags and do not belong to one.

    Raises:
      UsageError: naming what is not in the schema, with what is.
    """
    for word in words:
        package = word.partition("=")[0].partition("@")[2]
        # Hydra's own keywords, such as _global_, are in no schema.
        if package and not package.startswith(("_", "hydra")):
            error = _unknown_part(package.split("."), None)
            if error is not None:
                raise error


def config_groups() -> list[str]:
    """All groups of configurations, Hydra's included: `scale`, `hydra/launcher`."""
    folders = [path for path in folder("configs").iterdir() if path.is_dir()]
    return [*(path.name for path in folders), *_HYDRA_GROUPS]


def _unknown_part(
    path: list[str], composed: Mapping[Any, Any] | None
) -> UsageError | None:
    """The first name on the way to a setting that does not exist."""
    node: Any = composed
    for depth, name in enumerate(path):
        if composed is None:
            names = setting_names(registered(), path[:depth])
            if not names:
                return None
        else:
            names = [str(key) for key in node] if isinstance(node, DictConfig) else []
        if name not in names:
            section = ".".join(path[:depth]) or "the top level"
            groups = () if depth else TOP_GROUPS
            return unknown_name(f"setting of {section}", name, {*names, *groups})
        if composed is not None:
            node = None if OmegaConf.is_missing(node, name) else node[name]
    return None

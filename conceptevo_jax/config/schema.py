"""The settings that all experiments share."""

import dataclasses
from dataclasses import dataclass, field
from typing import Any

from omegaconf import MISSING

from conceptevo_jax.config.method import MethodConfig
from conceptevo_jax.config.training import DatasetConfig, RunConfig


@dataclass
class ExplorerConfig:
    """What an experiment writes for the explorer; see `conceptevo_jax.explorer`.

    Without `patches` the page holds no pixel and no name of an image. `tables` adds
    parquet and TensorBoard projector files.
    """

    page: bool = True
    patches: bool = True
    tables: bool = False


@dataclass
class Config:
    """Settings that all experiments share; those of single ones are `Settings`.

    With `seeds` above 1 the experiment runs once per seed, and its numbers are
    aggregated. `time_limit` is in seconds: a call that would take longer stops between
    two epochs or stages, and the same call resumes. With `monitor=on` every training is
    watched, see `conceptevo_jax.monitor`. With `distributed=true` processes launched
    together share the work, see `conceptevo_jax.devices`.
    """

    name: str = MISSING
    scale_name: str = MISSING
    preset: str = MISSING
    seed: int = 0
    seeds: int = 1
    workers: int | None = None
    time_limit: float | None = None
    run_dir: str | None = None
    dry_run: bool = False
    monitor: bool = False
    distributed: bool = False
    explorer: ExplorerConfig = field(default_factory=ExplorerConfig)
    dataset: DatasetConfig = field(default_factory=DatasetConfig)
    method: MethodConfig = field(default_factory=MethodConfig)
    runs: dict[str, RunConfig] = field(default_factory=dict)
    base: str | None = None


def schema_values(settings: Any, **changes: Any) -> dict[str, Any]:
    """A schema's values as keyword arguments of the settings it mirrors; lists as
    tuples.

    Args:
      settings: A part of the configuration.
      **changes: Values that replace its own.
    """
    values = {f.name: getattr(settings, f.name) for f in dataclasses.fields(settings)}
    tuples = {k: tuple(v) for k, v in values.items() if isinstance(v, list)}
    return {**values, **tuples, **changes}

"""The schema of a whole experiment."""

import dataclasses
from dataclasses import dataclass, field
from typing import Any

from hydra.core.config_store import ConfigStore
from omegaconf import MISSING

from conceptevo_jax.config.measures import (
    AlignmentConfig,
    BaselinesConfig,
    BenchmarkConfig,
    CollapseConfig,
    ExplorerConfig,
    FailuresConfig,
    HyperparametersConfig,
    ImportanceConfig,
    RateConfig,
    RateImages,
    ReversionConfig,
)
from conceptevo_jax.config.method import MethodConfig
from conceptevo_jax.config.training import DatasetConfig, RunConfig


@dataclass
class Config:
    """A whole experiment.

    With `seeds` above 1 it runs once per seed, and its numbers are aggregated.
    `time_limit` is in seconds: a call that would take longer stops between two epochs
    or stages, and the same call resumes. `methods` are compared with
    `method` in experiments that compare methods. With `monitor=on` every training is
    watched, see `conceptevo_jax.monitor`. With `distributed=true` processes that
    were launched together share the work, see `conceptevo_jax.devices`.
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
    importance: ImportanceConfig = field(default_factory=ImportanceConfig)
    reversion: ReversionConfig = field(default_factory=ReversionConfig)
    benchmark: BenchmarkConfig = field(default_factory=BenchmarkConfig)
    methods: dict[str, MethodConfig] = field(default_factory=dict)
    alignment: AlignmentConfig = field(default_factory=AlignmentConfig)
    hyperparameters: HyperparametersConfig = field(
        default_factory=HyperparametersConfig
    )
    baselines: BaselinesConfig = field(default_factory=BaselinesConfig)
    failures: FailuresConfig = field(default_factory=FailuresConfig)
    rates: dict[str, RateConfig] = field(default_factory=dict)
    rate_seeds: int | None = None
    rate_images: RateImages = field(default_factory=RateImages)
    collapse: CollapseConfig | None = None
    collapse_seeds: list[int] = field(default_factory=list)


def register() -> None:
    """Register the schemas with Hydra, which checks every YAML file against them."""
    ConfigStore.instance().store("schema", Config)


def plain(settings: Any, **changes: Any) -> dict[str, Any]:
    """A schema's values as keyword arguments of the settings it mirrors; lists as
    tuples.

    Args:
      settings: A part of the configuration.
      **changes: Values that replace its own.
    """
    values = {f.name: getattr(settings, f.name) for f in dataclasses.fields(settings)}
    lists = {k: tuple(v) for k, v in values.items() if isinstance(v, list)}
    return {**values, **lists, **changes}

"""Schemas: names and types of the settings that all experiments share.

The schemas mirror the settings of the layers below, where their meaning is
documented. Settings of a single experiment are declared in its package or file, as
subclasses of `Settings`. YAML files choose the values. Only `cli` and the experiment
runners import Hydra; everything below takes plain values.
"""

from omegaconf import MISSING

from conceptevo_jax.config.method import (
    EmbeddingConfig,
    LayoutConfig,
    MethodConfig,
    ProjectionConfig,
    SearchConfig,
    SensitivityConfig,
)
from conceptevo_jax.config.ranges import require_positive
from conceptevo_jax.config.schema import Config, ExplorerConfig, schema_values
from conceptevo_jax.config.settings import Settings, compose_schema
from conceptevo_jax.config.training import (
    DatasetConfig,
    DatasetFacts,
    ModelConfig,
    OptimizerConfig,
    RegularisationConfig,
    RunConfig,
)

__all__ = [
    "MISSING",
    "Config",
    "DatasetConfig",
    "DatasetFacts",
    "EmbeddingConfig",
    "ExplorerConfig",
    "LayoutConfig",
    "MethodConfig",
    "ModelConfig",
    "OptimizerConfig",
    "ProjectionConfig",
    "RegularisationConfig",
    "RunConfig",
    "SearchConfig",
    "SensitivityConfig",
    "Settings",
    "compose_schema",
    "require_positive",
    "schema_values",
]

"""Hydra schemas: every name and type that a configuration may contain.

The schemas mirror the settings of the layers below, where their meaning is
documented. YAML files choose the values. Only this package, `cli` and
the experiment runners import Hydra; everything below takes plain values.
"""

from conceptevo_jax.config.measures import (
    AlignmentConfig,
    BaselinesConfig,
    BenchmarkConfig,
    CollapseConfig,
    ExplorerConfig,
    FailuresConfig,
    GrowthConfig,
    HyperparametersConfig,
    ImportanceConfig,
    RateConfig,
    RateImages,
    ReversionConfig,
)
from conceptevo_jax.config.method import (
    EmbeddingConfig,
    LayoutConfig,
    MethodConfig,
    ProjectionConfig,
    SearchConfig,
    SensitivityConfig,
)
from conceptevo_jax.config.schema import Config, plain, register
from conceptevo_jax.config.training import (
    DatasetConfig,
    DatasetFacts,
    ModelConfig,
    OptimizerConfig,
    RegularisationConfig,
    RunConfig,
)

__all__ = [
    "AlignmentConfig",
    "BaselinesConfig",
    "BenchmarkConfig",
    "CollapseConfig",
    "Config",
    "DatasetConfig",
    "DatasetFacts",
    "EmbeddingConfig",
    "ExplorerConfig",
    "FailuresConfig",
    "GrowthConfig",
    "HyperparametersConfig",
    "ImportanceConfig",
    "LayoutConfig",
    "MethodConfig",
    "ModelConfig",
    "OptimizerConfig",
    "ProjectionConfig",
    "RateConfig",
    "RateImages",
    "RegularisationConfig",
    "ReversionConfig",
    "RunConfig",
    "SearchConfig",
    "SensitivityConfig",
    "plain",
    "register",
]

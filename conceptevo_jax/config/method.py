"""Schemas of a method: from stimuli to the map."""

from dataclasses import dataclass, field

from omegaconf import MISSING


@dataclass
class SearchConfig:
    """See `conceptevo_jax.stimuli.Search`."""

    k: int = 10
    ties: str = "hash"
    dead: str = "exclude"
    before_relu: bool = False
    compute: str = "float32"


@dataclass
class EmbeddingConfig:
    """See `conceptevo_jax.embedding.fit_neurons`."""

    dim: int = 30
    learning_rate: float = 0.05
    negatives: int = 3
    repeats: int = 20
    batch_size: int = 256
    negatives_learn: bool = True


@dataclass
class ProjectionConfig:
    """See `conceptevo_jax.projection.build_space`.

    `stimuli` is the number of top images a neuron is projected from, at most a tenth of
    the pool; None for its k stimuli.
    """

    policy: str = MISSING
    solver: str = MISSING
    ridge: float = 0.0
    initial: str = "zeros"
    tolerance: float = 1e-10
    learning_rate: float = 0.002
    threshold: float = 0.001
    max_iterations: int = 10000
    responsive: int = 20
    temperature: float | None = None
    stimuli: int | None = None


@dataclass
class LayoutConfig:
    """See `conceptevo_jax.projection.fit_layout`."""

    neighbors: int = 15
    min_dist: float = 0.1
    metric: str = "cosine"
    stability_seeds: int = 1


@dataclass
class SensitivityConfig:
    """See `ties` of `conceptevo_jax.analysis.importance.scores.ScoringSettings`."""

    ties: str = "one_sided"


@dataclass
class MethodConfig:
    """All settings in which methods deviate from the paper, under one name."""

    name: str = MISSING
    stimuli: SearchConfig = field(default_factory=SearchConfig)
    embedding: EmbeddingConfig = field(default_factory=EmbeddingConfig)
    projection: ProjectionConfig = field(default_factory=ProjectionConfig)
    layout: LayoutConfig = field(default_factory=LayoutConfig)
    sensitivity: SensitivityConfig = field(default_factory=SensitivityConfig)

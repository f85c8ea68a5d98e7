"""Schemas of images and of training runs."""

from dataclasses import dataclass, field
from typing import Any

from omegaconf import MISSING


@dataclass
class DatasetFacts:
    """Sizes of the whole data set, so that a plan need not read it; None: read it."""

    train: int | None = None
    test: int | None = None
    classes: int | None = None


@dataclass
class DatasetConfig:
    """Which images; see `conceptevo_jax.data`.

    A size of None means all images; for `selection_images` (validation) and
    `judgement_images` (held-out test) it means half of the test split each, at most
    1,000. `on_bad_image` is `stop`, or `skip` to leave out images that
    cannot be decoded. Without `keep_decoded` images are decoded whenever they are
    needed, and take no disk space.
    """

    name: str = MISSING
    side: int = MISSING
    seed: int = 0
    train_images: int | None = None
    test_images: int | None = None
    pool_images: int | None = None
    selection_images: int | None = None
    judgement_images: int | None = None
    sample_images: int = 1000
    data_dir: str | None = None
    on_bad_image: str = "stop"
    keep_decoded: bool = True
    options: dict[str, Any] = field(default_factory=dict)
    facts: DatasetFacts = field(default_factory=DatasetFacts)


@dataclass
class ModelConfig:
    """Which architecture and preset; see `conceptevo_jax.models`."""

    name: str = MISSING
    preset: str = "${preset}"


@dataclass
class OptimizerConfig:
    """See `conceptevo_jax.training.Optimizer`."""

    name: str = MISSING
    learning_rate: float = MISSING
    schedule: str = "constant"
    warmup_epochs: float = 0.0
    warmup_start: float = 0.0
    momentum: float = 0.9
    weight_decay: float = 0.0


@dataclass
class RegularisationConfig:
    """See `conceptevo_jax.training.Regularisation`."""

    random_crop: int = 0
    flip: bool = False
    label_smoothing: float = 0.0
    ema: float = 0.0
    auxiliary_weight: float = 0.4


@dataclass
class RunConfig:
    """One named training run; see `conceptevo_jax.training.Training`.

    The untrained network and the snapshots after the epochs `milestones` are
    observed and shown; all snapshots if it lists none. With few images batches are made
    smaller, and the number of epochs, unless set by the user, is raised to give
    `least_steps`.
    """

    title: str = MISSING
    model: ModelConfig = field(default_factory=ModelConfig)
    optimizer: OptimizerConfig = field(default_factory=OptimizerConfig)
    epochs: int = MISSING
    batch_size: int = MISSING
    seed: int = MISSING
    early_steps: list[int] = field(default_factory=list)
    on_nonfinite: str = "stop"
    eval_images: int = 1000
    regularisation: RegularisationConfig = field(default_factory=RegularisationConfig)
    compute: str = "float32"
    milestones: list[int] = field(default_factory=list)
    least_steps: int = 0

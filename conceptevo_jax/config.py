"""Hydra schemas: every name and type that a configuration may contain.

The schemas mirror the settings of the layers below and add nothing of their own; what
a value means is told there. YAML files choose the values. Only this module, `cli` and
the experiment runners import Hydra; everything below takes plain values.
"""

import dataclasses
from dataclasses import dataclass, field
from typing import Any

from hydra.core.config_store import ConfigStore
from omegaconf import MISSING


@dataclass
class DatasetFacts:
    """Sizes of the whole data set, so that a plan need not touch it; None: look."""

    train: int | None = None
    test: int | None = None
    classes: int | None = None


@dataclass
class DatasetConfig:
    """Which images; see `conceptevo_jax.data`.

    A size of None means all of them; of selection and judgement images, half of the
    test images, at most 1,000. `on_bad_image` is `stop`, or `skip` to leave out what
    cannot be decoded. Without `keep_decoded` images are decoded whenever they are
    needed, and take no disk.
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

    Of its snapshots, the untrained network and those after the epochs `milestones` are
    observed and shown; all, where it lists none.
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

    `stimuli` is how many of its strongest images a neuron is projected by, a tenth of
    the pool at most; None for its k stimuli.
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
class MethodConfig:
    """Every deviation from the paper, by one name."""

    name: str = MISSING
    stimuli: SearchConfig = field(default_factory=SearchConfig)
    embedding: EmbeddingConfig = field(default_factory=EmbeddingConfig)
    projection: ProjectionConfig = field(default_factory=ProjectionConfig)
    layout: LayoutConfig = field(default_factory=LayoutConfig)


@dataclass
class CollapseConfig:
    """When a run counts as having learnt first and collapsed later."""

    run: str = MISSING
    learns: float = 0.5
    collapses: float = 0.2
    seeds: list[int] = MISSING


@dataclass
class ImportanceConfig:
    """Which evolutions are measured; see `conceptevo_jax.analysis.importance.Scoring`.

    `classes` is how many classes, seeded at random; None for all. `images` of each are
    used. Evolutions lie between milestones of training accuracy, `eval` or `running`,
    or between the snapshots `epochs` where it names any. `shown` names a class for
    figures, by run; elsewhere the one is shown whose ranking two halves of its images
    agree on most. Of it the `top` evolutions are shown with so many `patches`.
    """

    method: str = "transpose"
    sites: list[str] = field(default_factory=list)
    batch_size: int = 64
    checked: int = 10
    images: int = 128
    classes: int | None = None
    epochs: list[str] = field(default_factory=list)
    accuracy: str = "eval"
    shown: dict[str, str] = field(default_factory=dict)
    top: int = 5
    patches: int = 6


@dataclass
class ReversionConfig:
    """See `conceptevo_jax.analysis.reversion.Reverting`."""

    bins: int = 4
    repeats: int = 5
    images: int = 128
    train_images: int | None = None
    test_images: int | None = None
    elsewhere_images: int | None = 100
    batch_size: int = 64


@dataclass
class FailuresConfig:
    """What the experiment on failing trainings compares.

    `bases` are runs that serve as bases, one after the other; none is compared.
    `groups` are runs of one architecture that are drawn together: the first is the
    well-trained one. `again` names runs that repeat the one before under another seed.
    Of a group, `collapsing`, `overfitted` and `recovering` say what shall become of
    which run.
    """

    bases: list[str] = field(default_factory=list)
    groups: dict[str, list[str]] = field(default_factory=dict)
    again: list[str] = field(default_factory=list)
    collapsing: list[str] = field(default_factory=list)
    overfitted: list[str] = field(default_factory=list)
    recovering: list[str] = field(default_factory=list)
    concept_groups: int = 12


@dataclass
class AlignmentConfig:
    """What the experiment on alignment compares and asks.

    Each run in `bases` serves as base in turn, and all others but `judge` are compared
    with it. `groups` is how many tasks each category of the study gets, `hand_picked`
    a JSON file with sets of neurons that a person chose: {"dogs": [ids]}. `judge` is
    the run whose network the machine participants see with; it is in no space.
    """

    bases: list[str] = field(default_factory=list)
    groups: int = 20
    hand_picked: str | None = None
    judge: str | None = None


@dataclass
class HyperparametersConfig:
    """Which settings are tried: one at a time, all others as in the centre.

    Each run in `bases` serves as base in turn. Of `around_paper` the centre is
    `methods.paper`, of `around_default` the method in use. Both are laid out as a
    method is, with lists of values; an empty list tries nothing. `pool_share` is the
    share of the pool that is used.
    """

    bases: list[str] = field(default_factory=list)
    around_paper: dict[str, Any] = field(default_factory=dict)
    around_default: dict[str, Any] = field(default_factory=dict)


@dataclass
class BaselinesConfig:
    """What the comparison with other methods is made of.

    Of the run `run` the snapshots `epochs` are represented, or those at its milestones
    of accuracy where none is named. ACE follows `segments` image segments at most, of
    so many `images` per class, or the images of a Broden-style folder `broden`; its
    concepts are those of `discovery` images of a class at `site`, the last site where
    none is named, tested against `random_sets` of as many images.
    """

    run: str = "vgg16"
    epochs: list[str] = field(default_factory=list)
    segments: int = 1500
    images: int = 10
    broden: str | None = None
    site: str | None = None
    classes: list[str] = field(default_factory=list)
    discovery: int = 40
    clusters: int = 25
    random_sets: int = 20
    tested_images: int = 40


@dataclass
class RateConfig:
    """Trainings by which the monitor is judged: of one kind, under many seeds."""

    kind: str = MISSING
    seeds: list[int] = MISSING


@dataclass
class RateImages:
    """How many images those trainings have; None: all."""

    train: int | None = None
    test: int | None = None


@dataclass
class GrowthConfig:
    """Ascending sizes at which each thing is measured; images in thousands' steps."""

    images: list[int] = field(default_factory=lambda: [10_000, 100_000, 1_000_000])
    neurons: list[int] = field(default_factory=lambda: [1_000, 10_000, 100_000])
    snapshots: list[int] = field(default_factory=lambda: [2, 20, 200])
    classes: list[int] = field(default_factory=lambda: [10, 100, 1_000])


@dataclass
class BenchmarkConfig:
    """How things are timed: on so many images, the fastest of several turns.

    `parts` are those measured, all where it lists none. The explorer's page is opened
    with `neurons` in so many `snapshots`, and with `many_neurons` in two. Full-size
    networks are measured on batches of `full_images`, none where that is 0;
    `torch.compile`, which takes minutes, compiles those that `compiled` names at the
    preset in use and at full size those in `full_compiled`. `grow` holds the sizes of
    what grows.
    """

    parts: list[str] = field(default_factory=list)
    images: int = 64
    turns: int = 7
    neurons: int = 100_000
    snapshots: int = 20
    many_neurons: int = 1_000_000
    embedded_neurons: int = 4224
    loop_pairs: int = 3000
    solved_images: int = 26667
    full_images: int = 8
    full_turns: int = 2
    compiled: list[str] = field(default_factory=lambda: ["vgg16", "convnext_tiny"])
    full_compiled: list[str] = field(default_factory=list)
    map_points: int = 5000
    grow: GrowthConfig = field(default_factory=GrowthConfig)


@dataclass
class ExplorerConfig:
    """What an experiment leaves for looking at it; see `conceptevo_jax.explorer`.

    Without `patches` no pixel and no name of an image is in the page. `tables` are
    parquet and TensorBoard projector files beside it.
    """

    page: bool = True
    patches: bool = True
    tables: bool = False


@dataclass
class Config:
    """A whole experiment.

    With `seeds` above 1 it runs once per seed, and its numbers are aggregated.
    `time_limit` is in seconds: a call that would take longer stops between two epochs
    or stages, and the same call goes on from there. `methods` are compared with
    `method` where an experiment compares any. With `monitor=on` every training is
    watched, see `conceptevo_jax.monitor`. With `distributed=true` the processes that
    were launched together work together, see `conceptevo_jax.devices`.
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
    """Make the schemas known to Hydra; every YAML file is checked against them."""
    ConfigStore.instance().store("schema", Config)


def plain(settings: Any, **changes: Any) -> dict[str, Any]:
    """A schema's values as keyword arguments for what it mirrors; lists as tuples."""
    values = {f.name: getattr(settings, f.name) for f in dataclasses.fields(settings)}
    lists = {k: tuple(v) for k, v in values.items() if isinstance(v, list)}
    return {**values, **lists, **changes}

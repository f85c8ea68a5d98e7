"""Schemas of what experiments measure, and of what they show."""

from dataclasses import dataclass, field
from typing import Any

from omegaconf import MISSING


@dataclass
class CollapseConfig:
    """When a run counts as having learnt first and collapsed later."""

    run: str = MISSING
    learns: float = 0.5
    collapses: float = 0.2
    seeds: list[int] = MISSING


@dataclass
class ImportanceConfig:
    """Which evolutions are measured; see `Scoring` of `analysis.importance.scores`.

    `classes` is the number of classes, drawn at random by seed; None for all. `images`
    is the number of images per class. Evolutions lie between milestones of training
    accuracy, `eval` or `running`, or between the snapshots `epochs` if it names any.
    `shown` names the class in figures, by run; otherwise figures show the class whose
    ranking has the highest split-half reliability, with its `top` evolutions and
    `patches` patches each.
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
    """See `conceptevo_jax.analysis.importance.reversion.Reverting`."""

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
    `groups` are runs of one architecture that are drawn together, the well-trained run
    first. `again` names runs that repeat the run before them with another seed.
    `collapsing`, `overfitted` and `recovering` name the runs of a group that are meant
    to fail in this way.
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
    """What the experiment on alignment compares, and the study's questions.

    Each run in `bases` serves as base in turn, and all others except `judge` are
    compared with it. `groups` is the number of tasks in each category of the study,
    `hand_picked`
    a JSON file with sets of neurons that a person chose: {"dogs": [ids]}. `judge` is
    the run whose network the machine participants use; it is in no space.
    """

    bases: list[str] = field(default_factory=list)
    groups: int = 20
    hand_picked: str | None = None
    judge: str | None = None


@dataclass
class HyperparametersConfig:
    """Which settings are tried: one at a time, all others at the centre.

    Each run in `bases` serves as base in turn. The centre of `around_paper` is
    `methods.paper`, that of `around_default` the method in use. Both are structured
    like a method, with lists of values; an empty list tries nothing. `pool_share` is
    the share of the pool that is used.
    """

    bases: list[str] = field(default_factory=list)
    around_paper: dict[str, Any] = field(default_factory=dict)
    around_default: dict[str, Any] = field(default_factory=dict)


@dataclass
class BaselinesConfig:
    """What is compared with other methods.

    The snapshots `epochs` of the run `run` are represented, or those at its milestones
    of accuracy if none is named. ACE follows at most `segments` image segments, from
    `images` images per class or from a Broden-style folder `broden`; its
    concepts come from `discovery` images of a class at `site` (by default the last
    site), tested against `random_sets` random sets of the same size.
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
    """Trainings that test the monitor: of one kind, with many seeds."""

    kind: str = MISSING
    seeds: list[int] = MISSING


@dataclass
class RateImages:
    """How many images those trainings have; None: all."""

    train: int | None = None
    test: int | None = None


@dataclass
class GrowthConfig:
    """Ascending sizes at which growth is measured; images in steps of thousands."""

    images: list[int] = field(default_factory=lambda: [10_000, 100_000, 1_000_000])
    neurons: list[int] = field(default_factory=lambda: [1_000, 10_000, 100_000])
    snapshots: list[int] = field(default_factory=lambda: [2, 20, 200])
    classes: list[int] = field(default_factory=lambda: [10, 100, 1_000])


@dataclass
class BenchmarkConfig:
    """How costs are measured: on `images` images, the fastest of `turns` rounds.

    `parts` lists the parts to measure; an empty list means all. The explorer's page is
    opened with `neurons` neurons in `snapshots` snapshots, and with `many_neurons` in
    two. Full-size networks are measured on batches of `full_images`, or not at all if
    that is 0. `torch.compile`, which takes minutes, compiles the networks in `compiled`
    at the preset in use, those in `full_compiled` at full size, and reading stimuli if
    `compiled_sweep` is on. Stimuli are found in `sweep_batches` batches. Networks and
    stimuli are measured in each of `computes`; `costs` are measured in addition to a
    forward pass and a training step: `importance`, `reversion`, `monitor`. `grow` holds
    the sizes for measuring growth.
    With `minutes` the most informative rows come first, one of each part in turn, and
    rows that would not fit into that time are reported as not run.
    With `beside`, a folder with another checkout, each part is measured alternately by
    this checkout's command and by the other's, `rounds` times.
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
    compiled_sweep: bool = False
    sweep_batches: int = 2
    computes: list[str] = field(default_factory=lambda: ["float32"])
    costs: list[str] = field(
        default_factory=lambda: ["importance", "reversion", "monitor"]
    )
    map_points: int = 5000
    grow: GrowthConfig = field(default_factory=GrowthConfig)
    minutes: float | None = None
    beside: str | None = None
    rounds: int = 3


@dataclass
class ExplorerConfig:
    """What an experiment writes for the explorer; see `conceptevo_jax.explorer`.

    Without `patches` the page holds no pixel and no name of an image. `tables` adds
    parquet and TensorBoard projector files.
    """

    page: bool = True
    patches: bool = True
    tables: bool = False

"""Settings of the benchmark: the parts to measure, sizes and time limits."""

from dataclasses import dataclass, field

from conceptevo_jax.config import Settings


@dataclass
class GrowthSizes:
    """Ascending sizes at which growth is measured; images in steps of thousands."""

    images: list[int] = field(default_factory=lambda: [10_000, 100_000, 1_000_000])
    neurons: list[int] = field(default_factory=lambda: [1_000, 10_000, 100_000])
    snapshots: list[int] = field(default_factory=lambda: [2, 20, 200])
    classes: list[int] = field(default_factory=lambda: [10, 100, 1_000])


@dataclass
class BenchmarkSettings(Settings, key="benchmark"):
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
    grow: GrowthSizes = field(default_factory=GrowthSizes)
    minutes: float | None = None
    beside: str | None = None
    rounds: int = 3

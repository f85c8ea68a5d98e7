"""What the benchmark measures, on which sizes and for how long."""

from dataclasses import dataclass, field

from conceptevo_jax.config import Settings


@dataclass
class GrowthSizes:
    """Ascending sizes at which each thing is measured; images in thousands' steps."""

    images: list[int] = field(default_factory=lambda: [10_000, 100_000, 1_000_000])
    neurons: list[int] = field(default_factory=lambda: [1_000, 10_000, 100_000])
    snapshots: list[int] = field(default_factory=lambda: [2, 20, 200])
    classes: list[int] = field(default_factory=lambda: [10, 100, 1_000])


@dataclass
class BenchmarkSettings(Settings, key="benchmark"):
    """How things are timed: on so many images, the fastest of several turns.

    `parts` are those measured, all where it lists none. The explorer's page is opened
    with `neurons` in so many `snapshots`, and with `many_neurons` in two. Full-size
    networks are measured on batches of `full_images`, none where that is 0;
    `torch.compile`, which takes minutes, compiles those that `compiled` names at the
    preset in use and at full size those in `full_compiled`, and reading stimuli where
    `compiled_sweep` is on. Stimuli are found in `sweep_batches` batches. Networks and
    stimuli are measured in each of `computes`; `costs` are those measured besides a
    forward pass and a training step: `importance`, `reversion`, `monitor`. `grow` holds
    the sizes of what grows.

    With `minutes` the most telling rows come first, one of each part in turn, and what
    would not fit into that time is reported as not run.

    With `beside`, a folder that holds another checkout, each part is measured by this
    checkout's command and by that one's in turns, `rounds` times.
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

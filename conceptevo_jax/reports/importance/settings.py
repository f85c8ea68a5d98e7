"""Which evolutions are measured, and how they are reverted."""

from dataclasses import dataclass, field

from conceptevo_jax.config import Settings


@dataclass
class ImportanceSettings(Settings, key="importance"):
    """Which evolutions are measured; see `Scoring` of `analysis.importance.scores`.

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
class ReversionSettings(Settings, key="reversion"):
    """See `conceptevo_jax.analysis.importance.reversion.Reverting`."""

    bins: int = 4
    repeats: int = 5
    images: int = 128
    train_images: int | None = None
    test_images: int | None = None
    elsewhere_images: int | None = 100
    batch_size: int = 64

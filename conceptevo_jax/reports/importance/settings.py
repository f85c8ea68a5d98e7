"""Settings of importance and reversion."""

from dataclasses import dataclass, field

from conceptevo_jax.config import Settings


@dataclass
class ImportanceSettings(Settings, key="importance"):
    """Which evolutions are measured; see `analysis.importance.scores.ScoringSettings`.

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
class ReversionSettings(Settings, key="reversion"):
    """See `conceptevo_jax.analysis.importance.reversion.ReversionOptions`."""

    bins: int = 4
    repeats: int = 5
    images: int = 128
    train_images: int | None = None
    test_images: int | None = None
    elsewhere_images: int | None = 100
    batch_size: int = 64

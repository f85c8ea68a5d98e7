"""Trainings by which the monitor is judged."""

from dataclasses import dataclass, field

from conceptevo_jax.config import MISSING, Settings


@dataclass
class RateTrainings:
    """Trainings that test the monitor: of one kind, with many seeds."""

    kind: str = MISSING
    seeds: list[int] = MISSING


@dataclass
class RateImages:
    """How many images those trainings have; None: all."""

    train: int | None = None
    test: int | None = None


@dataclass
class MonitorRatesSettings(Settings):
    """Those trainings by the run that they repeat; of each the first `rate_seeds`.

    `rate_images` is what `dataset` takes its numbers of images from.
    """

    rates: dict[str, RateTrainings] = field(default_factory=dict)
    rate_seeds: int | None = None
    rate_images: RateImages = field(default_factory=RateImages)

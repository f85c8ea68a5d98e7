"""Settings of the trainings that test the monitor."""

from dataclasses import dataclass, field

from conceptevo_jax.config import MISSING, Settings


@dataclass
class RateTrainings:
    """Trainings that test the monitor: of one kind, with many seeds."""

    kind: str = MISSING
    seeds: list[int] = MISSING


@dataclass
class RateImages:
    """Number of images of those trainings; by default all."""

    train: int | None = None
    test: int | None = None


@dataclass
class MonitorRatesSettings(Settings):
    """Trainings that test the monitor, by the run that they repeat.

    Each run is repeated with the first `rate_seeds` of its seeds. `dataset` takes its
    numbers of images from `rate_images`.
    """

    rates: dict[str, RateTrainings] = field(default_factory=dict)
    rate_seeds: int | None = None
    rate_images: RateImages = field(default_factory=RateImages)

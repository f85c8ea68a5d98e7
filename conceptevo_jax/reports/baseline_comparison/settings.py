"""Settings of the comparison of ConceptEvo, NeuroCartography and ACE."""

from dataclasses import dataclass, field

from conceptevo_jax.config import Settings


@dataclass
class BaselinesSettings(Settings, key="baselines"):
    """Settings of the comparison with other methods.

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

"""What ConceptEvo, NeuroCartography and ACE are compared on."""

from dataclasses import dataclass, field

from conceptevo_jax.config import Settings


@dataclass
class BaselinesSettings(Settings, key="baselines"):
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

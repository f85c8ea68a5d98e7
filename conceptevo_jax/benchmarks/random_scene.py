"""Random scenes of any size, for measuring the costs of the explorer's page."""

import numpy as np

from conceptevo_jax.explorer import Course, Pictures, Scene
from conceptevo_jax.types import Site

_RUNS, _SITES, _CLASSES, _IMAGES = 5, 10, 10, 2000

_LEAVING = 0.05
"""Share of the neurons that hold another concept at the next snapshot."""

_DIMENSIONS = 30


def scene_size(scene: Scene) -> int:
    """Number of neurons of all runs of a scene."""
    return sum(len(course.length) for course in scene.courses)


def random_scene(neurons: int, snapshots: int, seed: int = 0) -> Scene:
    """A base and four runs whose neurons and concepts change at random; no images.

    Args:
      neurons: Number of neurons of all runs together.
      snapshots: Number of snapshots of each run.
      seed: Seed of points and vectors.
    """
    rng = np.random.default_rng(seed)
    channels = max(1, neurons // (_RUNS * _SITES))
    names = ["base", *(f"run {number}" for number in range(1, _RUNS))]
    return Scene(
        title=f"{neurons:,} random neurons",
        base=f"base@{snapshots - 2}",
        method="random",
        stability=None,
        classes=[f"class {label}" for label in range(_CLASSES)],
        groups=[
            {
                "name": f"class {label}",
                "label": label,
                "share": 0.9,
                "size": channels,
                "exemplar": label,
            }
            for label in range(_CLASSES)
        ],
        centers=rng.normal(size=(_CLASSES, _DIMENSIONS)),
        radius=0.5,
        pictures=_random_pictures(rng),
        pool_id="random",
        space_id="random",
        courses=[_course(name, channels, snapshots, rng) for name in names],
    )


def _random_pictures(rng: np.random.Generator) -> Pictures:
    """Images of random classes, without pixels."""
    return Pictures(
        rows=np.arange(_IMAGES),
        labels=rng.integers(0, _CLASSES, _IMAGES),
        names=(),
        side=32,
        tile=0,
    )


def _sites(channels: int) -> tuple[Site, ...]:
    return tuple(
        Site(
            name=f"layer{number}",
            channels=channels,
            rectified=True,
            receptive_field=8,
            stride=1,
        )
        for number in range(_SITES)
    )


def _changing_concepts(e: int, n: int, rng: np.random.Generator) -> np.ndarray:
    """The concept of each neuron at each snapshot."""
    changes = np.cumsum(rng.random((e, n)) < _LEAVING, axis=0)
    return (rng.integers(0, _CLASSES, n) + changes) % _CLASSES


def _course(
    name: str, channels: int, snapshots: int, rng: np.random.Generator
) -> Course:
    e, n, k = snapshots, channels * _SITES, 10
    steps = rng.normal(size=(e, n, 2)).cumsum(axis=0)
    none = np.zeros((e, n), bool)
    return Course(
        name=name,
        title=name,
        architecture="random",
        is_base=name == "base",
        sites=_sites(channels),
        epochs=["init", *range(e - 1)],
        progress=np.arange(e, dtype=float),
        points=steps.astype(np.float32),
        vectors=rng.normal(size=(e, n, _DIMENSIONS)).astype(np.float32),
        dead=none,
        nonfinite=none,
        coverage=rng.random((e, n)),
        movement=rng.random((e, n)),
        group=_changing_concepts(e, n, rng),
        lives=np.zeros((5, n), int),
        image_ids=rng.integers(0, _IMAGES, (e, n, k)),
        peaks=rng.random((e, n, k)),
        corners=np.zeros((e, n, 0, 2), int),
        length=np.full(n, 8),
        table={"progress": list(map(float, range(e))), "test_top1": [0.5] * e},
        measures={},
        reports=(),
        evolutions=(),
        importance=np.zeros((0, 0, 3, n)),
        rank=np.zeros((0, 0, n), int),
    )

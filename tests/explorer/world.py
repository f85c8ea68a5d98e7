"""A scene whose every fact is chosen, so that its page can be asked about each.

Three runs of twelve neurons, three at every corner of a square: those of the corner c
respond to images of class c alone. What differs is said where it is planted.
"""

import dataclasses

import numpy as np

from conceptevo_jax.explorer import Course, Pictures, Scene
from conceptevo_jax.types import Site

CLASSES = ("cat", "dog", "bird", "fish")
INKS = ((200, 30, 30), (30, 160, 30), (30, 30, 200), (220, 200, 40))
"""The colour of all images of a class."""
SIDE = 8
PER_CLASS = 8
NEURONS = 12
STIMULI = 4
CORNERS = np.array([(-1, -1), (1, -1), (1, 1), (-1, 1)], float)
SITES = tuple(
    Site(name=name, channels=6, rectified=True, receptive_field=4, stride=1)
    for name in ("conv1", "conv2")
)
UNITS = np.eye(NEURONS)
MOVER, MIXED, DYING = 0, 1, 11
"""Of the run `long`: goes from the cats to the birds in its last snapshot; has one dog
among its cats then; is dead from its fourth snapshot on."""
ALL_RUNS = "e=last&p=*0&c=run&m=test_top1"
"""The page's view of all runs on one map, at the end."""
BEST = 0.95
STEP = 0.1
EVOLUTIONS = ((0, 2), (2, 4))
RANKED = 6


def pixels() -> np.ndarray:
    inks = np.repeat(np.array(INKS, np.uint8), PER_CLASS, axis=0)
    return np.broadcast_to(inks[:, None, None], (len(inks), SIDE, SIDE, 3)).copy()


def corners_of(snapshots: int) -> np.ndarray:
    """Of which corner, and so class, every neuron is."""
    return np.tile(np.arange(NEURONS) // 3, (snapshots, 1))


def order_of(evolution: int, label: int) -> list[int]:
    """The neurons of the run `long` by importance, the first the most."""
    first = [(3 * label + i) % NEURONS for i in range(RANKED)]
    return first[::-1] if evolution else first


def _importance() -> tuple[np.ndarray, np.ndarray]:
    v, m = len(EVOLUTIONS), len(CLASSES)
    shares = np.full((v, m, 3, NEURONS), np.nan, np.float32)
    rank = np.full((v, m, NEURONS), -1, np.int32)
    for evolution in range(v):
        for label in range(m):
            for place, neuron in enumerate(order_of(evolution, label)):
                score = BEST - STEP * place
                shares[evolution, label, :, neuron] = score, score - 0.05, score + 0.04
                rank[evolution, label, neuron] = place
    return shares, rank


def peaks_of(snapshots: int) -> np.ndarray:
    """Responses of 8, 7, 6 and 5, times one more than the number of the snapshot."""
    scale = 1 + np.arange(snapshots, dtype=np.float32)[:, None, None]
    slots = np.arange(8, 8 - STIMULI, -1, dtype=np.float32)
    return np.broadcast_to(scale * slots, (snapshots, NEURONS, STIMULI)).copy()


def lives_of(snapshots: int) -> np.ndarray:
    lives = np.full((5, NEURONS), -1, np.int16)
    lives[0], lives[1] = snapshots - 1, 0
    return lives


def course(name: str, epochs: list, progress: list, shift: float, **facts) -> Course:
    """A run whose neurons never move, each with a direction of its own."""
    e = len(epochs)
    of = corners_of(e)
    places = CORNERS[of] + np.arange(NEURONS)[:, None] % 3 * [0.12, 0] + [0, shift]
    turn = np.arange(e)[:, None, None] + np.arange(NEURONS)[:, None]
    ids = PER_CLASS * of[..., None] + (turn + np.arange(STIMULI)) % PER_CLASS
    moved = np.full((e, NEURONS), 0.25, np.float32)
    moved[0] = np.nan
    common = {
        "name": name,
        "title": f"The run {name}",
        "architecture": "vgg16",
        "is_base": False,
        "sites": SITES,
        "epochs": epochs,
        "progress": np.array(progress, float),
        "points": places.astype(np.float32),
        "vectors": np.tile(UNITS, (e, 1, 1)).astype(np.float32),
        "dead": np.zeros((e, NEURONS), bool),
        "nonfinite": np.zeros((e, NEURONS), bool),
        "coverage": np.full((e, NEURONS), 0.5, np.float32),
        "movement": moved,
        "group": of.astype(np.int16),
        "lives": lives_of(e),
        "image_ids": ids.astype(np.int32),
        "peaks": peaks_of(e),
        "corners": np.full((e, NEURONS, STIMULI, 2), 2, np.int16),
        "length": np.full(NEURONS, 4),
        "table": {"progress": progress, "test_top1": [0.1 + at / 8 for at in progress]},
        "measures": {"entropy": [1.0 + at for at in progress]},
        "reports": [],
        "evolutions": [],
        "importance": np.zeros((0, 0, 3, NEURONS), np.float32),
        "rank": np.zeros((0, 0, NEURONS), np.int32),
    }
    return Course(**{**common, **facts})


def base() -> Course:
    """A vector here is .8 of the one before of the other runs, and .6 of its own."""
    between = 0.8 * np.roll(UNITS, 1, axis=0) + 0.6 * UNITS
    vectors = between[None].astype(np.float32)
    return course("base", [3], [4.0], -0.1, is_base=True, vectors=vectors)


def short() -> Course:
    """Ends with epoch 1."""
    return course("short", ["init", 0, 1], [0.0, 1.0, 2.0], 0.1)


def long() -> Course:
    """Five snapshots, with importance, an alarm, and neurons that change."""
    plain = course("long", ["init", 0, 1, 2, 3], [0.0, 1.0, 2.0, 3.0, 4.0], 0.0)
    points, ids = plain.points.copy(), plain.image_ids.copy()
    peaks = plain.peaks.copy()
    points[4, MOVER] = CORNERS[2] + [0.36, 0]
    ids[4, MOVER] = 2 * PER_CLASS + np.arange(STIMULI)
    ids[4, MIXED, 3] = PER_CLASS
    dead, vectors = plain.dead.copy(), plain.vectors.copy()
    coverage, moved, group = (
        one.copy() for one in (plain.coverage, plain.movement, plain.group)
    )
    dead[3:, DYING] = True
    for values, nothing in (
        (points, np.nan),
        (vectors, np.nan),
        (coverage, np.nan),
        (moved, np.nan),
        (ids, -1),
        (peaks, np.nan),
        (group, -1),
    ):
        values[3:, DYING] = nothing
    moved[4, MOVER], group[4, MOVER], coverage[4, MOVER] = 2.0, 2, 1.0
    lives = plain.lives.copy()
    lives[1:, MOVER] = 1, 2, 4, -1
    lives[1:, DYING] = 0, 1, -1, 3
    importance, rank = _importance()
    return dataclasses.replace(
        plain,
        points=points,
        image_ids=ids,
        peaks=peaks,
        dead=dead,
        vectors=vectors,
        coverage=coverage,
        movement=moved,
        group=group,
        lives=lives,
        reports=[
            {"epoch": 1, "progress": 2.0, "status": "healthy", "reasons": []},
            {"epoch": 2, "progress": 3.0, "status": "lost", "reasons": ["one died"]},
        ],
        evolutions=[
            {"before": before, "after": after, "classes": [0, 1, 2, 3], "images": 50}
            for before, after in EVOLUTIONS
        ],
        importance=importance,
        rank=rank,
    )


def scene(**changes) -> Scene:
    """The base, the long and the short run."""
    count = PER_CLASS * len(CLASSES)
    facts = {
        "title": "planted",
        "base": "base@3",
        "method": "default",
        "stability": 0.71,
        "classes": CLASSES,
        "groups": [
            {"name": name, "label": c, "share": 0.9, "size": 3, "exemplar": 3 * c}
            for c, name in enumerate(CLASSES)
        ],
        "centers": UNITS[:4],
        "radius": 0.5,
        "pictures": Pictures(
            rows=np.arange(count),
            labels=np.repeat(np.arange(4), PER_CLASS).astype(np.int32),
            names=[f"train/{row:05}" for row in range(count)],
            side=SIDE,
            tile=SIDE,
        ),
        "pool_id": "pool",
        "space_id": "space",
        "courses": [base(), long(), short()],
    }
    return Scene(**{**facts, **changes})


def crowded_scene(times: int) -> Scene:
    """The scene with so many of each neuron."""
    plain = scene()
    return dataclasses.replace(
        plain,
        courses=[crowded(course, times) for course in plain.courses],
        groups=[
            {**group, "exemplar": group["exemplar"] * times} for group in plain.groups
        ],
    )


def crowded(course: Course, times: int) -> Course:
    """The run with so many of each of its neurons, spread around its place."""
    rng = np.random.default_rng(len(course.name))
    spread = rng.normal(scale=0.2, size=(NEURONS * times, 2)).astype(np.float32)
    of_neurons = {
        name: np.repeat(getattr(course, name), times, axis=1)
        for name in (
            "points",
            "vectors",
            "dead",
            "nonfinite",
            "coverage",
            "movement",
            "group",
            "lives",
            "image_ids",
            "peaks",
            "corners",
        )
    }
    of_neurons["points"] = of_neurons["points"] + spread
    return dataclasses.replace(
        course,
        sites=tuple(
            dataclasses.replace(site, channels=site.channels * times)
            for site in course.sites
        ),
        length=np.repeat(course.length, times),
        evolutions=[],
        importance=np.zeros((0, 0, 3, NEURONS * times), np.float32),
        rank=np.zeros((0, 0, NEURONS * times), np.int32),
        **of_neurons,
    )

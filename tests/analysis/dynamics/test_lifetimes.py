"""Planted histories: concepts go by place and by what stimuli show, not by images."""

import numpy as np
import pytest
from selecting import stimuli

from conceptevo_jax.analysis.dynamics.lifetimes import lifetimes
from conceptevo_jax.types import Embedding

PER_CLASS = 100
LABELS = np.repeat(np.arange(4), PER_CLASS)
TROUSERS, BOOTS, BAGS, MIXED = "trousers", "boots", "bags", "mixed"
CLASSES = {TROUSERS: [0] * 4, BOOTS: [1] * 4, BAGS: [2] * 4, MIXED: [0, 1, 2, 3]}
DEAD = "dead"
EVENTS = ("concept", "born", "settled", "left", "died")


def history(shows, places):
    """A neuron's stimuli, other images in every snapshot, and its unit vectors."""
    rows = [
        [PER_CLASS * c + 4 * t + i for i, c in enumerate(CLASSES[what])]
        if what != DEAD
        else [-1] * 4
        for t, what in enumerate(shows)
    ]
    vectors = [np.eye(5)[place] for place in places]
    return rows, vectors


def times(shows, places, radius=0.5):
    rows, vectors = history(shows, places)
    lives = lifetimes(
        [
            Embedding(vectors=v[None].astype(np.float32), coverage=np.ones(1))
            for v in vectors
        ],
        [stimuli([row]) for row in rows],
        LABELS,
        radius=radius,
    )
    return tuple(int(getattr(lives, event)[0]) for event in EVENTS)


@pytest.mark.parametrize(
    ("shows", "places", "expected"),
    [
        # All rows are trousers, of other images and at other places: from the start.
        ([TROUSERS] * 4, [0, 1, 2, 3], (0, 0, 0, -1, -1)),
        # No class has half of its stimuli, but it stays where it is.
        ([MIXED] * 4, [0, 0, 0, 0], (0, 0, 0, -1, -1)),
        # It goes from place to place before it takes on its concept.
        ([MIXED, MIXED, BOOTS, BOOTS, BOOTS], [0, 1, 2, 2, 2], (2, 2, 2, -1, -1)),
        # From bag to boot: the longer one is its concept, the other it leaves.
        ([BAGS, BAGS, BAGS, BOOTS, BOOTS], [0, 0, 0, 1, 1], (0, 0, 0, 3, -1)),
        # It dies with its concept.
        ([BOOTS, BOOTS, BOOTS, DEAD, DEAD], [0, 0, 0, 0, 0], (0, 0, 0, -1, 3)),
        # It leaves its concept, and dies later.
        ([BOOTS, BOOTS, BOOTS, MIXED, DEAD], [0, 0, 0, 1, 0], (0, 0, 0, 3, 4)),
        # It is silent once, and takes the same concept on again.
        ([BOOTS, DEAD, BOOTS, BOOTS], [0, 0, 0, 0], (0, 0, 2, -1, -1)),
        # It wakes from silence to another concept.
        ([BOOTS, BOOTS, DEAD, BAGS], [0, 0, 0, 1], (0, 0, 0, 3, -1)),
        # It holds its concept at the end, for a single snapshot: nothing settled.
        ([BOOTS, BAGS], [0, 1], (0, 0, -1, 1, -1)),
        # It never lives.
        ([DEAD] * 3, [0, 0, 0], (-1, -1, -1, -1, -1)),
        # One snapshot has no birth, whether its neurons live or not.
        ([BOOTS], [0], (0, -1, -1, -1, -1)),
        ([DEAD], [0], (-1, -1, -1, -1, -1)),
    ],
)
def test_lifetimes_of_planted_histories(shows, places, expected):
    assert dict(zip(EVENTS, times(shows, places), strict=True)) == dict(
        zip(EVENTS, expected, strict=True)
    )


def test_a_live_neuron_has_not_died():
    for shows in ([BOOTS, MIXED, BAGS], [DEAD, BOOTS, BAGS], [BOOTS, DEAD, MIXED]):
        assert times(shows, [0, 1, 2])[EVENTS.index("died")] == -1


def test_places_within_the_radius_are_one_concept():
    angle = 0.3
    vectors = np.array([[1, 0], [np.cos(angle), np.sin(angle)]])
    apart = np.hypot(*(vectors[0] - vectors[1]))
    for radius, left in ((1.01 * apart, -1), (0.99 * apart, 1)):
        lives = lifetimes(
            [Embedding(vectors=v[None], coverage=np.ones(1)) for v in vectors],
            [stimuli([[0, 100, 200, 300]]), stimuli([[1, 101, 201, 301]])],
            LABELS,
            radius=radius,
        )
        assert lives.left[0] == left


def test_neurons_live_independently_whatever_their_number():
    shows = [[BOOTS, BOOTS, DEAD], [BAGS, BOOTS, BOOTS], [DEAD, DEAD, DEAD]]
    one_by_one = [times(what, [0, 1, 2]) for what in shows]
    many = 5000  # more than one block
    rows = [[history(what, [0, 1, 2])[0][t] for what in shows] for t in range(3)]
    lives = lifetimes(
        [
            Embedding(vectors=np.tile(np.eye(5)[t], (many, 1)), coverage=np.ones(many))
            for t in range(3)
        ],
        [stimuli((row * many)[:many]) for row in rows],
        LABELS,
        radius=0.5,
    )
    together = np.stack([getattr(lives, event) for event in EVENTS], axis=1)
    np.testing.assert_array_equal(together[:3], one_by_one)
    np.testing.assert_array_equal(together[-2:], one_by_one[:2])

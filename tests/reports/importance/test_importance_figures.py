"""Which neurons are shown where several of them repeat each other."""

import numpy as np
import pytest

from conceptevo_jax.reports.importance.figures import distinct_neurons
from conceptevo_jax.types import Importance, Site, Stimuli

SITES = tuple(
    Site(name=name, channels=count, rectified=False, receptive_field=3, stride=1)
    for name, count in (("a", 2), ("b", 3), ("c", 2))
)


@pytest.fixture
def stimuli():
    """Two are dead: the first of `a` and the last of `c`."""
    ids = np.array(
        [
            [-1, -1, -1, -1],
            [0, 1, 2, 3],
            [0, 1, 2, 4],  # three of five with the one before
            [0, 1, 5, 6],
            [9, 8, 7, 6],
            [6, 7, 8, 9],
            [-1, -1, -1, -1],
        ]
    )
    n, k = ids.shape
    return Stimuli(
        image_ids=ids,
        peaks=np.ones((n, k)),
        positions=np.zeros((n, k, 2), int),
        count=(ids >= 0).sum(axis=1),
        tied=np.zeros(n, bool),
        dead=(ids < 0).all(axis=1),
        nonfinite=np.zeros(n, bool),
        grids=np.ones((3, 2), int),
        sites=SITES,
        pool_id="pool",
    )


def importance(sites):
    n = sum(site.channels for site in sites)
    return Importance(
        before="r@0",
        after="r@1",
        label=0,
        images=np.arange(3),
        sensitivity=np.ones((3, n)),
        score=np.ones(n),
        changed=np.ones(n, bool),
        halves=np.full(len(sites), np.nan),
        checked=np.arange(0),
        difference=0.0,
        sites=tuple(sites),
    )


@pytest.mark.parametrize(
    ("ranked", "count", "distinct"),
    [
        ([1, 2, 3, 4, 5], 5, [1, 3, 4]),
        ([2, 1, 5, 4, 3], 5, [2, 5, 3]),
        ([1, 2, 3, 4, 5], 2, [1, 3]),
        ([0, 6, 1], 3, [0, 6, 1]),  # dead ones repeat nothing
    ],
)
def test_of_neurons_that_repeat_each_other_the_first_is_shown(
    stimuli, ranked, count, distinct
):
    assert distinct_neurons(ranked, importance(SITES), stimuli, count) == distinct


def test_neurons_are_counted_over_the_sites_that_were_measured(stimuli):
    """Of `b` and `c` alone: their 0 is the 2 of all."""
    distinct = distinct_neurons([0, 1, 2, 3], importance(SITES[1:]), stimuli, 4)
    assert distinct == [0, 1, 2]

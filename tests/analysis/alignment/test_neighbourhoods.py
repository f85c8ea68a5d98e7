"""Neighbourhoods are chosen by rule: planted tight ones are found, in order."""

import numpy as np
import pytest

from conceptevo_jax.analysis import tight_neighbourhoods
from conceptevo_jax.types import Responses, Site

IMAGES = 200


def responses(peaks):
    site = Site(
        name="s",
        channels=peaks.shape[1],
        rectified=True,
        receptive_field=3,
        stride=1,
    )
    return Responses(peaks=peaks, sites=(site,), images_id="held-out")


@pytest.fixture
def planted(rng):
    """Two models; a group at (0, 0) that agrees, one at (10, 10) that does not."""
    shared = rng.random((IMAGES, 1))
    points, observations = [], []
    for _ in range(2):
        agreeing = shared + 0.01 * rng.random((IMAGES, 5))
        loose = rng.random((IMAGES, 5))
        far = rng.random((IMAGES, 1))
        clusters = [
            rng.normal(0, 0.01, (5, 2)),
            rng.normal(10, 0.01, (5, 2)),
            [[10.0, 0.0]],
        ]
        points.append(np.concatenate(clusters))
        observations.append(responses(np.concatenate([agreeing, loose, far], axis=1)))
    return points, observations


def test_the_group_that_agrees_comes_first(planted):
    first, second = tight_neighbourhoods(*planted, min_members=2)
    np.testing.assert_allclose(first.center, 0, atol=0.1)
    np.testing.assert_allclose(second.center, 10, atol=0.1)
    assert first.correlation > 0.99
    assert abs(second.correlation) < 0.2
    for members in first.members:
        assert sorted(members) == [0, 1, 2, 3, 4]


def test_discs_lie_apart_and_are_no_more_than_asked_for(planted):
    assert len(tight_neighbourhoods(*planted, count=1)) == 1
    discs = tight_neighbourhoods(*planted, count=9, min_members=1)
    for i, disc in enumerate(discs):
        for earlier in discs[:i]:
            assert np.linalg.norm(disc.center - earlier.center) > 4 * disc.radius


def test_every_model_must_have_its_members(planted):
    points, observations = planted
    points[1][:5] = np.nan
    (disc,) = tight_neighbourhoods(points, observations)
    np.testing.assert_allclose(disc.center, 10, atol=0.1)
    assert tight_neighbourhoods(points, observations, min_members=6) == []


def test_members_are_ordered_by_distance_from_the_centre(planted):
    points, observations = planted
    for disc in tight_neighbourhoods(points, observations):
        for snapshot_points, members in zip(points, disc.members, strict=True):
            distance = np.linalg.norm(snapshot_points[members] - disc.center, axis=1)
            assert (np.diff(distance) >= 0).all()
            assert distance.max() <= disc.radius

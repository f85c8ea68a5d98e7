"""AlignedUMAP: an item that stays is drawn where it was."""

import numpy as np
import pytest
from scipy.stats import ortho_group

from conceptevo_jax.baselines.aligned_maps import align_maps
from conceptevo_jax.errors import DataError

pytestmark = pytest.mark.slow


def test_it_undoes_a_rotation_of_the_vectors():
    rng = np.random.default_rng(0)
    centres = rng.normal(size=(4, 6)) * 8
    group = np.repeat(np.arange(4), 15)
    first = centres[group] + rng.normal(size=(60, 6))
    second = first @ ortho_group.rvs(6, random_state=1)
    second[3] = np.nan
    maps = align_maps([first, second], neighbors=8)
    assert [points.shape for points in maps] == [(60, 2), (60, 2)]
    assert np.isnan(maps[1][3]).all()
    placed = np.arange(60) != 3
    first_map, second_map = (points[placed] for points in maps)
    moved = np.linalg.norm(second_map - first_map, axis=1)
    to_unrelated = np.linalg.norm(second_map - first_map[::-1], axis=1)
    assert np.median(moved) < 0.3 * np.median(to_unrelated)


def test_too_few_items_are_refused():
    four = np.zeros((4, 3))
    with pytest.raises(DataError, match="two snapshots of 5 items or more, not 2"):
        align_maps([four, four])

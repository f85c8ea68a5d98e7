"""Random scenes have the size that is asked for."""

import numpy as np
import pytest

from conceptevo_jax.benchmarks.random_scene import random_scene, scene_size


@pytest.mark.parametrize(("neurons", "snapshots"), [(500, 2), (1000, 5)])
def test_a_random_scene_is_as_large_as_asked(neurons, snapshots):
    scene = random_scene(neurons, snapshots)
    assert scene_size(scene) == neurons
    assert {len(one.epochs) for one in scene.courses} == {snapshots}
    moved = np.diff(scene.courses[1].points, axis=0)
    assert (np.abs(moved).max(axis=(0, 2)) > 0).all()

"""A study whose cards tell by their colour which they are."""

import asked
import numpy as np
import pytest

from conceptevo_jax.study import Study


@pytest.fixture
def make_study():
    """A study of some tasks, each card of one colour."""

    def make(tasks=None, title="Which go together?", side=4):
        tasks = asked.ordinary((3, 3, 3)) if tasks is None else tasks
        patches = np.full((len(tasks), 6, 9, side, side, 3), 200, np.uint8)
        patches[..., 0] = asked.STEP * np.arange(len(tasks))[:, None, None, None, None]
        patches[..., 1] = asked.SHADE * np.arange(6)[:, None, None, None]
        return Study(title=title, tasks=tuple(tasks), patches=patches)

    return make

"""A study survives a round trip, and its id tells of what it asks."""

import dataclasses

import numpy as np
import pytest

from conceptevo_jax.errors import DataError
from conceptevo_jax.study import Study, load_study, save_study
from conceptevo_jax.study.design.tasks import Task


def study():
    rng = np.random.default_rng(0)
    tasks = (
        Task(id="base-1", category="base", cards=("a", "b", "c"), intruder=2),
        Task(
            id="again",
            category="base",
            cards=("c", "a", "b"),
            intruder=3,
            repeats="base-1",
        ),
    )
    patches = rng.integers(0, 256, (2, 3, 4, 5, 5, 3), dtype=np.uint8)
    return Study(title="Which go together?", tasks=tasks, patches=patches)


def test_what_is_saved_is_loaded(tmp_path):
    made = study()
    save_study(tmp_path, made)
    found = load_study(tmp_path)
    assert [vars(one) for one in found.tasks] == [vars(one) for one in made.tasks]
    assert found.id == made.id
    np.testing.assert_array_equal(found.patches, made.patches)


def test_its_id_changes_with_what_is_shown():
    made = study()
    patches = made.patches.copy()
    patches[1, 2, 3, 4, 4, 2] ^= 1
    turned = dataclasses.replace(made.tasks[0], cards=("b", "a", "c"))
    other_patches = dataclasses.replace(made, patches=patches)
    other_cards = dataclasses.replace(made, tasks=(turned, made.tasks[1]))
    assert len({made.id, other_patches.id, other_cards.id}) == 3


def test_a_folder_without_one_says_where_it_comes_from(tmp_path):
    with pytest.raises(DataError, match="experiment=alignment"):
        load_study(tmp_path)


@pytest.mark.parametrize("shape", [(1, 3), (2, 4)])
def test_patches_must_be_of_the_tasks_cards(shape):
    wrong = np.zeros((*shape, 4, 5, 5, 3), np.uint8)
    with pytest.raises(DataError, match="patches of all their cards"):
        dataclasses.replace(study(), patches=wrong)

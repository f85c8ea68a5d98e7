"""Two results in one page: on one map where they share it, beside each other else."""

import numpy as np
import pytest
from scenes import pool_pixels

from conceptevo_jax.errors import DataError, UsageError
from conceptevo_jax.explorer import compare, drop_patches, load_scene, select_scene
from conceptevo_jax.explorer.sheets import read_tiles


@pytest.fixture
def pair(make_scene, keep_scene, tmp_path):
    """Keeps two scenes, the second of other images; gives their folders."""

    def keep(second_names=("base", "cnx"), space="here", change=lambda scene: scene):
        first = make_scene()
        second = make_scene(second_names, space=space, rows=(3, 4, 5, 20, 39))
        for name, scene in (("one", first), ("two", second)):
            keep_scene(change(scene), tmp_path / name)
        return tmp_path / "one", tmp_path / "two"

    return keep


def stimuli_of(saved):
    """What each run sees: the pixels of every stimulus, in place of its number."""
    pictures = saved.scene.pictures
    tiles = read_tiles(saved.sheets, len(pictures.rows), pictures.tile)
    return {
        one.name: np.where(
            (one.image_ids < 0)[..., None], 0, tiles[one.image_ids, 0, 0]
        )
        for one in saved.scene.courses
    }


def test_of_one_space_there_is_one_map_with_the_base_once(pair, tmp_path):
    a, b = pair()
    (found,) = compare(a, b, tmp_path / "work")
    assert [one.name for one in found.scene.courses] == ["base", "vgg", "cnx"]
    assert found.scene.base == "base@3"


def test_images_stay_with_their_neurons(pair, tmp_path):
    a, b = pair()
    (found,) = compare(a, b, tmp_path / "work")
    after = stimuli_of(found)
    before = stimuli_of(load_scene(a / "scene")) | {
        "cnx": stimuli_of(load_scene(b / "scene"))["cnx"]
    }
    for name, seen in before.items():
        np.testing.assert_array_equal(after[name], seen)


def test_images_are_those_that_are_needed_once_each(pair, tmp_path):
    a, b = pair()
    (found,) = compare(a, b, tmp_path / "work")
    pictures = found.scene.pictures
    courses = found.scene.courses
    ids = np.concatenate([one.image_ids.ravel() for one in courses])
    assert set(ids.tolist()) - {-1} == set(range(len(pictures.rows)))
    assert (np.diff(pictures.rows) > 0).all()
    assert list(pictures.names) == [f"train/{row:05}" for row in pictures.rows]
    np.testing.assert_array_equal(pictures.labels, pictures.rows % 3)
    tiles = read_tiles(found.sheets, len(pictures.rows), pictures.tile)
    np.testing.assert_array_equal(tiles, pool_pixels()[pictures.rows])


def test_only_names_that_clash_are_marked(pair, tmp_path):
    a, b = pair(("base", "vgg", "cnx"))
    (found,) = compare(a, b, tmp_path / "work")
    assert [one.name for one in found.scene.courses] == [
        "base",
        "A: vgg",
        "B: vgg",
        "cnx",
    ]
    assert found.scene.courses[1].title == "A: The run vgg"


def test_of_different_spaces_there_are_two_maps(pair, tmp_path):
    a, b = pair(space="elsewhere")
    first, second = compare(a, b, tmp_path / "work")
    assert [one.name for one in first.scene.courses] == ["A: base", "vgg"]
    assert [one.name for one in second.scene.courses] == ["B: base", "cnx"]
    assert (first.scene.base, second.scene.base) == ("A: base@3", "B: base@3")
    assert (first.scene.title, second.scene.title) == ("A: a scene", "B: a scene")
    tiles = read_tiles(second.sheets, len(second.scene.pictures.rows), 8)
    np.testing.assert_array_equal(tiles, pool_pixels()[second.scene.pictures.rows])


def test_one_run_of_each_can_be_chosen(pair, tmp_path):
    a, b = pair(("base", "vgg", "cnx"))
    (found,) = compare(a / "vgg", b / "cnx", tmp_path / "work")
    assert [one.name for one in found.scene.courses] == ["base", "vgg", "cnx"]
    chosen = select_scene(b / "cnx", tmp_path / "other")
    assert [one.name for one in chosen.scene.courses] == ["base", "cnx"]
    whole = select_scene(b, tmp_path / "not-needed")
    assert whole.sheets[0].parent == b / "scene"


def test_without_patches_of_one_there_are_none_of_either(
    make_scene, keep_scene, tmp_path
):
    keep_scene(make_scene(), tmp_path / "one")
    keep_scene(drop_patches(make_scene(("base", "cnx"))), tmp_path / "two")
    (found,) = compare(tmp_path / "one", tmp_path / "two", tmp_path / "work")
    assert found.sheets == []
    assert found.scene.pictures.tile == 0
    assert found.scene.pictures.names == ()
    assert all(one.corners.size == 0 for one in found.scene.courses)
    np.testing.assert_array_equal(
        found.scene.pictures.labels, found.scene.pictures.rows % 3
    )


def test_what_is_not_there_is_named(pair, tmp_path):
    a, b = pair()
    with pytest.raises(UsageError, match=r"unknown run 'vg'. Did you mean 'vgg'\?"):
        compare(a / "vg", b, tmp_path / "work")
    with pytest.raises(DataError, match=f"{tmp_path} holds no scene"):
        compare(a, tmp_path, tmp_path / "work")

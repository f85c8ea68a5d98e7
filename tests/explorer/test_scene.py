"""Scenes survive a round trip whole, or not at all; patches can be taken out."""

import dataclasses
import shutil

import numpy as np
import pytest

from conceptevo_jax.errors import DataError
from conceptevo_jax.explorer import (
    drop_patches,
    load_scene,
    number_images,
    pool_rows,
    save_scene,
)
from conceptevo_jax.store import read_manifest, write_sealed


def assert_same(left, right):
    for field in dataclasses.fields(left):
        a, b = getattr(left, field.name), getattr(right, field.name)
        if isinstance(a, np.ndarray):
            assert a.dtype == b.dtype, field.name
            np.testing.assert_array_equal(a, b)
        elif dataclasses.is_dataclass(a):
            assert_same(a, b)
        elif field.name == "courses":
            for one, other in zip(a, b, strict=True):
                assert_same(one, other)
        elif isinstance(a, list):
            assert list(b) == a
        else:
            assert b == a


def test_a_scene_comes_back_as_it_was(make_scene, keep_scene, tmp_path):
    scene = make_scene()
    saved = keep_scene(scene)
    again = load_scene(tmp_path / "scene")
    assert_same(scene, again.scene)
    assert list(again.sheets) == list(saved.sheets)
    assert [path.name for path in tmp_path.iterdir()] == ["scene"]


def test_an_earlier_scene_is_replaced(make_scene, keep_scene, tmp_path):
    keep_scene(make_scene(("base", "a", "b")))
    keep_scene(make_scene(("base",)))
    assert len(load_scene(tmp_path / "scene").scene.courses) == 1
    assert not (tmp_path / "scene" / "run-1").exists()


def test_what_fails_on_the_way_leaves_the_earlier_one(make_scene, keep_scene, tmp_path):
    keep_scene(make_scene())

    def failing():
        yield b"sheet"
        raise OSError("disk full")

    with pytest.raises(OSError, match="disk full"):
        save_scene(tmp_path / "scene", make_scene(("base",)), failing())
    assert len(load_scene(tmp_path / "scene").scene.courses) == 2
    assert [path.name for path in tmp_path.iterdir()] == ["scene"]


@pytest.mark.parametrize(
    "part", ["run-1", "run-0/manifest.json", "scene/arrays.npz", "sheet-0.webp"]
)
def test_what_is_missing_is_named(make_scene, keep_scene, tmp_path, part):
    keep_scene(make_scene())
    path = tmp_path / "scene" / part
    shutil.rmtree(path) if path.is_dir() else path.unlink()
    with pytest.raises(DataError, match=str(path)):
        load_scene(tmp_path / "scene")


def test_a_truncated_record_is_named(make_scene, keep_scene, tmp_path):
    keep_scene(make_scene())
    path = tmp_path / "scene" / "run-1" / "arrays.npz"
    path.write_bytes(path.read_bytes()[:200])
    with pytest.raises(DataError, match=f"{path} is damaged"):
        load_scene(tmp_path / "scene")


def test_a_changed_byte_of_a_sheet_is_named(make_scene, keep_scene, tmp_path):
    keep_scene(make_scene())
    path = tmp_path / "scene" / "sheet-0.webp"
    whole = path.read_bytes()
    path.write_bytes(whole[:-9] + bytes([whole[-9] ^ 1]) + whole[-8:])
    with pytest.raises(DataError, match=f"{path} is missing or damaged"):
        load_scene(tmp_path / "scene")


def test_another_version_is_told(make_scene, keep_scene, tmp_path):
    keep_scene(make_scene())
    folder = tmp_path / "scene" / "scene"
    write_sealed(folder / "manifest.json", {**read_manifest(folder), "format": 9})
    with pytest.raises(DataError, match="scene of format 9, this version reads 3"):
        load_scene(tmp_path / "scene")


def test_places_among_images_and_rows_of_the_pool_are_inverse(make_scene):
    scene = make_scene()
    courses = [pool_rows(one, scene.pictures) for one in scene.courses]
    used = {int(row) for one in courses for row in one.image_ids.ravel()} - {-1}
    assert used == set(scene.pictures.rows.tolist())
    rows, again = number_images(courses)
    np.testing.assert_array_equal(rows, scene.pictures.rows)
    for one, other in zip(again, scene.courses, strict=True):
        np.testing.assert_array_equal(one.image_ids, other.image_ids)


def test_without_patches_there_is_no_corner_and_no_name(make_scene):
    bare = drop_patches(make_scene())
    assert bare.pictures.names == ()
    assert bare.pictures.tile == 0
    assert all(one.corners.size == 0 for one in bare.courses)


def test_arrays_of_other_snapshots_are_refused(make_scene):
    with pytest.raises(ValueError, match="vgg: 3 rows of other snapshots"):
        dataclasses.replace(make_scene().courses[1], epochs=["init"])

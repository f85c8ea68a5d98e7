"""What a page reads equals the scene, within the documented rounding."""

import dataclasses

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conceptevo_jax.explorer import chunks as module
from conceptevo_jax.explorer import drop_patches
from conceptevo_jax.explorer.chunks import container, page_chunks


@pytest.fixture
def scene(make_scene):
    return make_scene()


@pytest.fixture
def read(scene, read_chunk):
    return {name: read_chunk(data) for name, data in page_chunks("t", [scene])}


def test_chunks_are_named_by_the_runs_numbers(read):
    runs = [
        f"{kind}-{number}" for number in range(2) for kind in ("patches", "vectors")
    ]
    assert list(read) == ["core", *runs]


@given(st.lists(st.sampled_from(["u1", "i1", "u2", "i2", "u4", "i4"]), max_size=6))
def test_any_arrays_come_back(kinds):
    import scenes

    rng = np.random.default_rng(len(kinds))
    arrays = {
        f"a{at}": rng.integers(0, 100, (at, 3)).astype(kind)
        for at, kind in enumerate(kinds)
        if kind != "i4"
    }
    meta, found = scenes.read_container(container({"ü": [1, None]}, arrays))
    assert meta == {"ü": [1, None]}
    assert list(found) == list(arrays)
    for name, array in arrays.items():
        assert found[name].dtype == array.dtype
        np.testing.assert_array_equal(found[name], array)


def test_points_are_within_a_step_and_missing_ones_told(scene, read):
    meta, arrays = read["core"]
    low, high = np.split(np.array(meta["scenes"][0]["extent"]), 2)
    for number, course in enumerate(scene.courses):
        held = arrays[f"{number}.points"]
        missing = (held == 65535).all(axis=2)
        np.testing.assert_array_equal(missing, np.isnan(course.points).any(axis=2))
        shown = low + held / 65534 * (high - low)
        error = np.abs(shown - course.points)[~missing]
        assert (error <= (high - low) / 131_068 + 1e-6).all()


def test_shares_are_within_a_step_and_missing_ones_told(scene, read):
    arrays = read["core"][1]
    for number, course in enumerate(scene.courses):
        held, values = arrays[f"{number}.coverage"], course.coverage
        np.testing.assert_array_equal(held == 255, np.isnan(values))
        assert (np.abs(held / 254 - values)[held < 255] <= 1 / 508 + 1e-6).all()
    held, values = arrays["1.importance"], scene.courses[1].importance
    np.testing.assert_array_equal(held == 65535, np.isnan(values))
    assert (np.abs(held / 65534 - values)[held < 65535] <= 1 / 131_068 + 1e-6).all()


def floats(halves):
    """Numbers of which the upper half of the bits is held."""
    return (halves.astype(np.uint32) << 16).view(np.float32)


def test_movements_and_responses_are_within_a_step_and_missing_ones_nan(scene, read):
    for number, course in enumerate(scene.courses):
        for held, values in (
            (read["core"][1][f"{number}.moved"], course.movement),
            (read[f"patches-{number}"][1]["peaks"], course.peaks),
        ):
            np.testing.assert_allclose(floats(held), values, rtol=1 / 256)
            assert np.isnan(values).any()


SIZES = (0.0, 4.1, -3.3, 7e30, 2e-30, np.inf, np.nan)


def test_a_response_of_any_size_is_told(scene, read_chunk):
    course = scene.courses[1]
    peaks = np.resize(np.array(SIZES, np.float32), course.peaks.shape)
    courses = [scene.courses[0], dataclasses.replace(course, peaks=peaks)]
    chunks = dict(page_chunks("t", [dataclasses.replace(scene, courses=courses)]))
    held = read_chunk(chunks["patches-1"])[1]["peaks"]
    np.testing.assert_allclose(floats(held), peaks, rtol=1 / 256)


def test_states_groups_and_lives_are_exact(scene, read):
    _, arrays = read["core"]
    for number, course in enumerate(scene.courses):
        state = arrays[f"{number}.state"]
        np.testing.assert_array_equal(state & 1, course.dead)
        np.testing.assert_array_equal(state >> 1, course.nonfinite)
        group = arrays[f"{number}.group"].astype(int)
        np.testing.assert_array_equal(np.where(group == 255, -1, group), course.group)
        np.testing.assert_array_equal(arrays[f"{number}.lives"], course.lives)
    np.testing.assert_array_equal(arrays["labels-0"], scene.pictures.labels)


def test_vectors_are_directions_within_a_step(scene, read):
    for number, course in enumerate(scene.courses):
        held = read[f"vectors-{number}"][1]["vectors"].astype(float)
        norms = np.linalg.norm(course.vectors, axis=2, keepdims=True)
        exact = course.vectors / norms
        gone = course.dead | np.isnan(norms[..., 0])
        assert (held[gone] == 0).all()
        assert (np.abs(held / 127 - exact)[~gone] <= 1 / 254 + 1e-6).all()


def test_stimuli_and_corners_are_exact(scene, read):
    for number, course in enumerate(scene.courses):
        meta, arrays = read[f"patches-{number}"]
        assert meta == ({} if number else {"names": list(scene.pictures.names)})
        ids = arrays["images"].astype(int)
        np.testing.assert_array_equal(np.where(ids == 65535, -1, ids), course.image_ids)
        corners = arrays["corners"].astype(int)
        np.testing.assert_array_equal(
            np.where(corners == 65535, -1, corners), course.corners
        )
        np.testing.assert_array_equal(arrays["length"], course.length)


def test_what_is_told_of_scenes_and_runs(scene, read):
    meta, _ = read["core"]
    assert (meta["format"], meta["title"]) == (1, "t")
    (shown,), (base, run) = meta["scenes"], meta["runs"]
    assert shown["images"] == {
        "count": 4,
        "side": 8,
        "tile": 8,
        "columns": 32,
        "per_sheet": 1024,
        "sheets": 1,
    }
    assert shown["classes"] == list(scene.classes)
    assert shown["groups"] == scene.groups
    assert (base["is_base"], run["is_base"]) == (True, False)
    assert run["epochs"] == ["init", "step3", 0]
    assert run["sites"] == [
        {"name": "conv1", "channels": 3, "field": 3 / 8},
        {"name": "conv2", "channels": 2, "field": 5 / 8},
    ]
    assert (run["k"], run["dimensions"], run["scene"]) == (2, 3, 0)
    assert run["evolutions"] == [
        {"before": 0, "after": 2, "classes": [0, 2], "images": 9}
    ]
    assert run["table"]["train_top1"] == [0.1, None]
    assert base["measures"]["entropy"] == [None]
    assert run["reports"][0]["status"] == "lost"


def test_without_evolutions_there_is_no_importance(read):
    assert not {"0.importance", "0.rank"} & set(read["core"][1])


def test_ranks_are_exact_and_missing_ones_told(scene, read):
    held, ranks = read["core"][1]["1.rank"], scene.courses[1].rank
    np.testing.assert_array_equal(held == 2**32 - 1, ranks < 0)
    np.testing.assert_array_equal(held[ranks >= 0], ranks[ranks >= 0])


def test_without_patches_stimuli_are_told_by_class_alone(scene, read_chunk):
    bare = drop_patches(scene)
    read = {name: read_chunk(data) for name, data in page_chunks("t", [bare])}
    assert read["core"][0]["scenes"][0]["images"] is None
    np.testing.assert_array_equal(read["core"][1]["labels-0"], scene.pictures.labels)
    for number in range(2):
        meta, arrays = read[f"patches-{number}"]
        assert meta == {}
        assert list(arrays) == ["images", "peaks"]


def test_many_images_are_numbered_in_32_bits(scene, read_chunk):
    rows = np.arange(70_000)
    pictures = dataclasses.replace(
        scene.pictures, rows=rows, labels=np.zeros(70_000, np.int32)
    )
    ids = np.where(scene.courses[1].image_ids < 0, -1, 69_999).astype(np.int32)
    courses = [dataclasses.replace(scene.courses[1], image_ids=ids)]
    large = dataclasses.replace(scene, pictures=pictures, courses=courses)
    found = dict(page_chunks("t", [large]))
    held = read_chunk(found["patches-0"])[1]["images"]
    assert held.dtype == np.uint32
    np.testing.assert_array_equal(held == 2**32 - 1, ids < 0)
    assert (held[ids >= 0] == 69_999).all()


def test_two_scenes_count_their_runs_on(make_scene, read_chunk):
    pair = [make_scene(), make_scene(("base", "other"), rows=(1, 2))]
    found = {name: read_chunk(data) for name, data in page_chunks("t", pair)}
    meta, arrays = found["core"]
    assert [run["scene"] for run in meta["runs"]] == [0, 0, 1, 1]
    assert (len(arrays["labels-0"]), len(arrays["labels-1"])) == (4, 2)
    named = [bool(found[f"patches-{number}"][0]) for number in range(4)]
    assert named == [True, False, True, False]


def test_a_map_without_any_place_has_an_extent(scene, read_chunk):
    empty = [
        dataclasses.replace(one, points=np.full_like(one.points, np.nan))
        for one in scene.courses
    ]
    found = dict(page_chunks("t", [dataclasses.replace(scene, courses=empty)]))
    meta, arrays = read_chunk(found["core"])
    assert meta["scenes"][0]["extent"] == [0, 0, 1, 1]
    assert (arrays["1.points"] == 65535).all()


def test_the_same_scene_gives_the_same_bytes(make_scene):
    first, second = (list(page_chunks("t", [make_scene()])) for _ in range(2))
    assert first == second


def test_every_documented_bound_is_a_half_step():
    assert "1/131,068" in module.__doc__
    assert "1/508" in module.__doc__
    assert "1/256" in module.__doc__
    assert 2 * module.FINE_STEPS == 131_068
    assert 2 * module.COARSE_STEPS == 508

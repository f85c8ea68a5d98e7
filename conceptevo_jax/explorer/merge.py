"""Combine scenes: of one space on one map, of several spaces on one page."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int, UInt8

from conceptevo_jax.epochs import SnapshotId
from conceptevo_jax.errors import DataError, unknown_name
from conceptevo_jax.explorer.opening import load_scene
from conceptevo_jax.explorer.saving import save_scene
from conceptevo_jax.explorer.scene import (
    SCENE,
    Course,
    Pictures,
    SavedScene,
    number_images,
    pool_rows,
)
from conceptevo_jax.explorer.sheets import make_sheets, read_tiles

NAME_MARKS = ("A", "B")
"""Prefixes of names that two scenes share."""


def open_scene(path: Path) -> tuple[SavedScene, Sequence[Course]]:
    """The scene of a result folder, and the selected runs.

    Args:
      path: `RESULT_FOLDER` for all runs, `RESULT_FOLDER/RUN` for the base and one more.

    Raises:
      UsageError: for an unknown run, with the existing ones.
      DataError: if there is no scene, or it is damaged.
    """
    if (path / SCENE).is_dir():
        saved = load_scene(path / SCENE, path)
        return saved, saved.scene.courses
    if not (path.parent / SCENE).is_dir():
        raise DataError(
            f"{path} holds no {SCENE}: give the result folder of an experiment with a "
            "space, or RESULT_FOLDER/RUN. One of an earlier version, or made with "
            "explorer.page=false, gets it when the experiment runs again; finished "
            "stages are reused."
        )
    saved = load_scene(path.parent / SCENE, path.parent)
    courses = saved.scene.courses
    names = [course.name for course in courses]
    if path.name not in names:
        raise unknown_name("run", path.name, names)
    return saved, [c for c in courses if c.is_base or c.name == path.name]


def select_scene(path: Path, folder: Path) -> SavedScene:
    """A result's scene; of one run below it, a scene of that run and the base.

    Args:
      path: As for `open_scene`, and so are the errors.
      folder: In which a new scene is made, if one is needed.
    """
    saved_scene, courses = open_scene(path)
    if len(courses) == len(saved_scene.scene.courses):
        return saved_scene
    return gather([(saved_scene, courses)], folder / SCENE)


def compare(first: Path, second: Path, folder: Path) -> list[SavedScene]:
    """Combine two results, or runs of them.

    If both share a space and map, they become one scene, with the base once;
    otherwise there are two. Runs whose names clash are marked `A: ` and `B: `.

    Args:
      first: As for `open_scene`.
      second: As `first`.
      folder: In which the new scenes are made.

    Raises:
      UsageError: for a run that is not there.
      DataError: if one has no scene, or it is damaged.
    """
    parts = [open_scene(path) for path in (first, second)]
    (a, a_runs), (b, b_runs) = parts
    is_same_space = a.scene.space_id == b.scene.space_id
    if is_same_space:
        b_runs = [course for course in b_runs if not course.is_base]
    shared_names = {course.name for course in a_runs} & {c.name for c in b_runs}
    a_runs, b_runs = (
        [_mark_course(c, mark) if c.name in shared_names else c for c in runs]
        for mark, runs in zip(NAME_MARKS, (a_runs, b_runs), strict=True)
    )
    if is_same_space:
        return [gather([(a, a_runs), (b, b_runs)], folder / SCENE)]
    return [
        gather(
            [(_mark_scene(saved, mark, shared_names), runs)],
            folder / f"{SCENE}-{mark}",
        )
        for saved, runs, mark in zip((a, b), (a_runs, b_runs), NAME_MARKS, strict=True)
    ]


def _mark_course(course: Course, mark: str) -> Course:
    name, title = f"{mark}: {course.name}", f"{mark}: {course.title}"
    return dataclasses.replace(course, name=name, title=title)


def _mark_scene(
    saved_scene: SavedScene, mark: str, shared_names: set[str]
) -> SavedScene:
    """A scene with a marked title; its base is marked where its name is shared."""
    scene = saved_scene.scene
    base_is_shared = SnapshotId.parse(scene.base).run in shared_names
    base = f"{mark}: {scene.base}" if base_is_shared else scene.base
    marked_scene = dataclasses.replace(scene, title=f"{mark}: {scene.title}", base=base)
    return dataclasses.replace(saved_scene, scene=marked_scene)


def gather(
    parts: Sequence[tuple[SavedScene, Sequence[Course]]], folder: Path
) -> SavedScene:
    """Make one scene of runs of several scenes of one space and map.

    Args:
      parts: Scenes and runs of each; the new scene is called as the first.
      folder: Of the new scene, with the images that these runs need; with none where
        one of the scenes has none.
    """
    first = parts[0][0].scene
    courses = [
        pool_rows(course, saved.scene.pictures)
        for saved, runs in parts
        for course in runs
    ]
    rows, courses = number_images(courses)
    scenes = [saved.scene for saved, _ in parts]
    tile = min(scene.pictures.tile for scene in scenes)
    pictures = _merge_pictures([scene.pictures for scene in scenes], rows, tile)
    if not tile:
        courses = [
            dataclasses.replace(course, corners=course.corners[:, :, :0])
            for course in courses
        ]
    scene = dataclasses.replace(first, pictures=pictures, courses=courses)
    tiles = _Tiles([saved for saved, _ in parts], rows)
    sheets = make_sheets(tiles, np.arange(len(rows)), tile) if tile else ()
    return save_scene(folder, scene, sheets)


def _merge_pictures(
    sources: Sequence[Pictures], rows: Int[np.ndarray, " i"], tile: int
) -> Pictures:
    """Labels and names of these rows of the pool, from the scenes that have them."""
    labels = np.zeros(len(rows), np.int32)
    names = [""] * len(rows)
    for pictures in sources:
        positions, is_present = _find_rows(pictures, rows)
        labels[is_present] = pictures.labels[positions[is_present]]
        for index in np.flatnonzero(is_present) if tile else ():
            names[index] = pictures.names[positions[index]]
    side = sources[0].side
    return Pictures(
        rows=rows, labels=labels, names=names if tile else (), side=side, tile=tile
    )


def _find_rows(
    pictures: Pictures, rows: Int[np.ndarray, " i"]
) -> tuple[np.ndarray, np.ndarray]:
    """Positions of rows of the pool among a scene's images, and which are present."""
    if not len(pictures.rows):
        return np.zeros(len(rows), int), np.zeros(len(rows), bool)
    positions = np.searchsorted(pictures.rows, rows).clip(0, len(pictures.rows) - 1)
    return positions, pictures.rows[positions] == rows


class _Tiles:
    """Images of several scenes, indexed by positions among rows of the pool."""

    dtype = np.dtype(np.uint8)

    def __init__(
        self, parts: Sequence[SavedScene], rows: Int[np.ndarray, " i"]
    ) -> None:
        sources = [saved.scene.pictures for saved in parts]
        self.positions = [_find_rows(pictures, rows) for pictures in sources]
        self.tiles = [
            read_tiles(saved.sheets, len(pictures.rows), pictures.tile)
            for saved, pictures in zip(parts, sources, strict=True)
        ]
        side = max(pictures.tile for pictures in sources)
        self.shape: tuple[int, ...] = (len(rows), side, side, 3)

    def __getitem__(self, index: Any) -> UInt8[np.ndarray, "h w 3"]:
        for (positions, is_present), tiles in zip(
            self.positions, self.tiles, strict=True
        ):
            if is_present[index]:
                return tiles[positions[index]]
        raise IndexError(index)

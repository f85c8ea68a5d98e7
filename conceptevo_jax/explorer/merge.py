"""Scenes brought together: of one space on one map, of several spaces in one page."""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Int, UInt8

from conceptevo_jax.errors import DataError, unknown_name
from conceptevo_jax.explorer.opening import load_scene
from conceptevo_jax.explorer.scene import (
    SCENE,
    Course,
    Pictures,
    Saved,
    number_images,
    pool_rows,
    save_scene,
)
from conceptevo_jax.explorer.sheets import make_sheets, read_tiles

MARKS = ("A", "B")
"""What is put before the names that two scenes share."""


def open_scene(path: Path) -> tuple[Saved, Sequence[Course]]:
    """The scene of a result folder, and which of its runs are meant.

    Args:
      path: `RESULT_FOLDER` for all runs, `RESULT_FOLDER/RUN` for one beside the base.

    Raises:
      UsageError: for a run that is not there, with those that are.
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
    if path.name not in [one.name for one in courses]:
        raise unknown_name("run", path.name, [one.name for one in courses])
    return saved, [one for one in courses if one.is_base or one.name == path.name]


def chosen_scene(path: Path, folder: Path) -> Saved:
    """A result's scene; of one run below it, a scene of that run and the base.

    Args:
      path: As for `open_scene`, and so are the errors.
      folder: Gets the new scene, where one is made.
    """
    saved, courses = open_scene(path)
    if len(courses) == len(saved.scene.courses):
        return saved
    return gather([(saved, courses)], folder / SCENE)


def compare(first: Path, second: Path, folder: Path) -> list[Saved]:
    """Bring two results, or runs of them, together.

    Where both are of one space and map, they become one scene, with the base once;
    else there are two. Runs whose names clash are marked `A: ` and `B: `.

    Args:
      first: A result folder, or a run's name below it.
      second: Another one.
      folder: Gets the new scenes.

    Raises:
      UsageError: for a run that is not there.
      DataError: if one has no scene, or it is damaged.
    """
    parts = [open_scene(path) for path in (first, second)]
    (a, a_runs), (b, b_runs) = parts
    together = a.scene.space_id == b.scene.space_id
    if together:
        b_runs = [one for one in b_runs if not one.is_base]
    shared = {one.name for one in a_runs} & {one.name for one in b_runs}
    a_runs, b_runs = (
        [_marked(one, mark) if one.name in shared else one for one in runs]
        for mark, runs in zip(MARKS, (a_runs, b_runs), strict=True)
    )
    if together:
        return [gather([(a, a_runs), (b, b_runs)], folder / SCENE)]
    return [
        gather([(_renamed(saved, mark, shared), runs)], folder / f"{SCENE}-{mark}")
        for saved, runs, mark in zip((a, b), (a_runs, b_runs), MARKS, strict=True)
    ]


def _marked(course: Course, mark: str) -> Course:
    name, title = f"{mark}: {course.name}", f"{mark}: {course.title}"
    return dataclasses.replace(course, name=name, title=title)


def _renamed(saved: Saved, mark: str, shared: set[str]) -> Saved:
    """A scene that calls its base as its runs do."""
    own = saved.scene
    base = f"{mark}: {own.base}" if own.base.rpartition("@")[0] in shared else own.base
    scene = dataclasses.replace(own, title=f"{mark}: {own.title}", base=base)
    return dataclasses.replace(saved, scene=scene)


def gather(parts: Sequence[tuple[Saved, Sequence[Course]]], folder: Path) -> Saved:
    """Make one scene of runs of several scenes of one space and map.

    Args:
      parts: Scenes, the first of which says what the new one is called, and runs of
        each.
      folder: Gets the new scene, with the images that these runs need. There are none
        where one of the scenes has none.
    """
    first = parts[0][0].scene
    courses = [
        pool_rows(one, saved.scene.pictures) for saved, runs in parts for one in runs
    ]
    rows, placed = number_images(courses)
    scenes = [saved.scene for saved, _ in parts]
    tile = min(scene.pictures.tile for scene in scenes)
    pictures = _chosen([scene.pictures for scene in scenes], rows, tile)
    if not tile:
        placed = [
            dataclasses.replace(one, corners=one.corners[:, :, :0]) for one in placed
        ]
    scene = dataclasses.replace(first, pictures=pictures, courses=placed)
    tiles = _Tiles([saved for saved, _ in parts], rows)
    every = np.arange(len(rows))
    return save_scene(folder, scene, make_sheets(tiles, every, tile) if tile else ())


def _chosen(
    known: Sequence[Pictures], rows: Int[np.ndarray, " i"], tile: int
) -> Pictures:
    labels = np.zeros(len(rows), np.int32)
    names = [""] * len(rows)
    for pictures in known:
        where, here = _where(pictures, rows)
        labels[here] = pictures.labels[where[here]]
        for at in np.flatnonzero(here) if tile else ():
            names[at] = pictures.names[where[at]]
    side = known[0].side
    return Pictures(
        rows=rows, labels=labels, names=names if tile else (), side=side, tile=tile
    )


def _where(
    pictures: Pictures, rows: Int[np.ndarray, " i"]
) -> tuple[np.ndarray, np.ndarray]:
    """Where rows of the pool are among a scene's images, and whether they are."""
    if not len(pictures.rows):
        return np.zeros(len(rows), int), np.zeros(len(rows), bool)
    at = np.searchsorted(pictures.rows, rows).clip(0, len(pictures.rows) - 1)
    return at, pictures.rows[at] == rows


class _Tiles:
    """Images of several scenes by their places among given rows of the pool."""

    dtype = np.dtype(np.uint8)

    def __init__(self, parts: Sequence[Saved], rows: Int[np.ndarray, " i"]) -> None:
        own = [saved.scene.pictures for saved in parts]
        self.where = [_where(pictures, rows) for pictures in own]
        self.tiles = [
            read_tiles(saved.sheets, len(saved.scene.pictures.rows), pictures.tile)
            for saved, pictures in zip(parts, own, strict=True)
        ]
        side = max(pictures.tile for pictures in own)
        self.shape: tuple[int, ...] = (len(rows), side, side, 3)

    def __getitem__(self, chosen: Any) -> UInt8[np.ndarray, "h w 3"]:
        for (where, here), tiles in zip(self.where, self.tiles, strict=True):
            if here[chosen]:
                return tiles[where[chosen]]
        raise IndexError(chosen)

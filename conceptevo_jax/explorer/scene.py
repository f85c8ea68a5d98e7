"""What the explorer shows: runs on one map, and the images that they respond to.

A scene is plain arrays, so that pages and tables can be written again without a model,
a data set or JAX. Its folder holds a record of the scene, one per run, and the images
on WebP sheets; it is written whole or not at all. A scene of 3,400 neurons in 58
snapshots takes 9 MB.
"""

import dataclasses
import shutil
from collections.abc import Iterable, Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from conceptevo_jax.store import (
    checksum,
    save_record,
    write_bytes,
)
from conceptevo_jax.store.files import replace_folder, temporary_beside
from conceptevo_jax.types import Epoch, Site, record

SCENE = "scene"
"""Where a result folder keeps it."""

FORMAT = 2
"""Version of a scene's fields; one of another version is refused."""


def _expect(condition: bool, what: str) -> None:
    if not condition:
        raise ValueError(what)


@record
class Course:
    """One run as the page shows it; places in `epochs` count from 0, never is -1.

    Attributes:
      name: The run's name.
      title: How it is called.
      architecture: Name of its model.
      is_base: Whether the space was built from it.
      sites: Its sites, in forward order.
      epochs: Its snapshots.
      progress: Epochs of training behind each.
      points: Neurons on the map; NaN without a place.
      vectors: Neurons in the space; NaN without a place.
      dead: Which have no stimuli.
      nonfinite: Which had a response that is not finite.
      coverage: Share of a neuron's stimuli that have a vector, 0 to 1; NaN unknown.
      movement: In the space since the snapshot before; NaN in the first, and for a
        neuron that is dead in either.
      group: The nearest group of the base's neurons; -1 for none.
      lives: Per neuron, in which snapshot its concept is seen best, is born, settles
        and dies.
      image_ids: Stimuli, places among the scene's images; unused slots -1.
      corners: Row and column of each patch's first pixel; unused slots -1. No slots,
        where patches may not be shown.
      length: Side of a neuron's patches, in pixels of the pool's images.
      table: Columns of the training table by name, `progress` among them.
      measures: Numbers per snapshot by name; None where there is none.
      reports: What the monitor said; none where it did not look.
      evolutions: Between which snapshots importance was measured, for which classes.
      importance: Score, low and high end of its interval, per evolution and class; NaN
        for neurons that it was not measured of.
      rank: Their order by it, the most important 0; -1 for copies of another channel
        and where it was not measured.
    """

    name: str
    title: str
    architecture: str
    is_base: bool
    sites: tuple[Site, ...]
    epochs: Sequence[Epoch]
    progress: Float[np.ndarray, " e"]
    points: Float[np.ndarray, "e n 2"]
    vectors: Float[np.ndarray, "e n d"]
    dead: Bool[np.ndarray, "e n"]
    nonfinite: Bool[np.ndarray, "e n"]
    coverage: Float[np.ndarray, "e n"]
    movement: Float[np.ndarray, "e n"]
    group: Int[np.ndarray, "e n"]
    lives: Int[np.ndarray, "4 n"]
    image_ids: Int[np.ndarray, "e n k"]
    corners: Int[np.ndarray, "e n _ 2"]
    length: Int[np.ndarray, " n"]
    table: Mapping[str, Sequence[float | None]]
    measures: Mapping[str, Sequence[float | None]]
    reports: Sequence[Mapping[str, Any]]
    evolutions: Sequence[Mapping[str, Any]]
    importance: Float[np.ndarray, "v m 3 n"]
    rank: Int[np.ndarray, "v m n"]

    def __post_init__(self) -> None:
        e, n = self.dead.shape
        _expect(len(self.epochs) == e, f"{self.name}: {e} rows of other snapshots")
        for name in ("points", "vectors", "coverage", "movement", "group", "image_ids"):
            shape = getattr(self, name).shape[:2]
            _expect(shape == (e, n), f"{self.name}: {name} is {shape}, not {(e, n)}")


@record
class Pictures:
    """The images of the pool that are a stimulus in some snapshot.

    Attributes:
      rows: Their rows in the pool, ascending.
      labels: Their classes.
      names: Their stable ids; none where patches may not be shown.
      side: Height and width of the pool's images, in pixels.
      tile: The same on the sheets; 0 where there are none.
    """

    rows: Int[np.ndarray, " i"]
    labels: Int[np.ndarray, " i"]
    names: Sequence[str]
    side: int
    tile: int


@record
class Scene:
    """Runs in one space and on one map.

    Attributes:
      title: What made it.
      base: The base snapshot, `run@epoch`.
      method: Name of the method.
      stability: Of the map, 0 to 1; None unknown.
      classes: Names of the classes.
      groups: Class, share of it among the stimuli, and size of each group of base
        neurons.
      centers: Their middles' directions.
      pictures: The images.
      pool_id: The pool that they are of.
      space_id: Content key of space and map: scenes with the same one fit together.
      courses: The runs, the base first.
    """

    title: str
    base: str
    method: str
    stability: float | None
    classes: Sequence[str]
    groups: Sequence[Mapping[str, Any]]
    centers: Float[np.ndarray, "g d"]
    pictures: Pictures
    pool_id: str
    space_id: str
    courses: Sequence[Course] = ()


Place = tuple[int, int, int]
"""A neuron in one snapshot: its run's and snapshot's places, and its own number."""


@record
class Given:
    """A group of neurons that a study asked about.

    Attributes:
      name: What the study calls it.
      category: The heading that it is listed under.
      members: Those that are said to be alike.
      intruder: The one from elsewhere; None where it is in no snapshot of the scene.
      missing: How many of both are in none.
    """

    name: str
    category: str
    members: tuple[Place, ...]
    intruder: Place | None
    missing: int


@record
class Saved:
    """A scene with what else its page shows.

    Attributes:
      scene: The scene.
      sheets: WebP files in order; none where patches may not be shown.
      given: Groups of a study. They are the study's record: a scene keeps none.
    """

    scene: Scene
    sheets: Sequence[Path]
    given: Sequence[Given] = ()


def number_images(
    courses: Sequence[Course],
) -> tuple[Int[np.ndarray, " i"], list[Course]]:
    """Turn rows of the pool into places among the images that are used.

    Args:
      courses: Runs whose stimuli are rows of the pool.

    Returns:
      The rows of all that is a stimulus somewhere, ascending, and the runs.
    """
    ids = [one.image_ids[one.image_ids >= 0] for one in courses]
    rows = np.unique(np.concatenate(ids))
    placed = []
    for one in courses:
        own = np.where(one.image_ids < 0, -1, np.searchsorted(rows, one.image_ids))
        placed.append(dataclasses.replace(one, image_ids=own.astype(np.int32)))
    return rows, placed


def pool_rows(course: Course, pictures: Pictures) -> Course:
    """The opposite: a run of a scene whose stimuli are rows of the pool."""
    rows = np.append(pictures.rows, -1)
    return dataclasses.replace(course, image_ids=rows[course.image_ids])


def without_patches(scene: Scene) -> Scene:
    """The scene without a pixel, a patch's corner or an image's name."""
    pictures = dataclasses.replace(scene.pictures, names=(), tile=0)
    courses = [
        dataclasses.replace(one, corners=one.corners[:, :, :0]) for one in scene.courses
    ]
    return dataclasses.replace(scene, pictures=pictures, courses=courses)


def save_scene(folder: Path, scene: Scene, sheets: Iterable[bytes]) -> Saved:
    """Write a scene, whole or not at all, replacing one there.

    Args:
      folder: Where it shall be; parents are made.
      scene: The scene.
      sheets: WebP files of its images, in order; taken one at a time.
    """
    temporary = temporary_beside(folder)
    try:
        temporary.mkdir(parents=True)
        head = dataclasses.replace(scene, courses=())
        for number, course in enumerate(scene.courses):
            save_record(temporary / f"run-{number}", course, stage="scene")
        checksums = []
        for number, sheet in enumerate(sheets):
            write_bytes(temporary / f"sheet-{number}.webp", sheet)
            checksums.append(checksum(sheet))
        parts = {"format": FORMAT, "runs": len(scene.courses), "sheets": checksums}
        save_record(temporary / "scene", head, stage="scene", **parts)
        replace_folder(temporary, folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return Saved(scene=scene, sheets=sheet_paths(folder, len(checksums)))


def sheet_paths(folder: Path, count: int) -> list[Path]:
    """Where a scene's sheets lie, in order."""
    return [folder / f"sheet-{number}.webp" for number in range(count)]

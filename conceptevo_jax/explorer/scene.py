"""What the explorer shows: runs on one map, and the images that they respond to.

A scene is plain arrays, so that pages and tables can be written again without a model,
a data set or JAX. Its folder holds a record of the scene, one per run, and the images
on WebP sheets; it is written whole or not at all. A scene of 3,400 neurons in 58
snapshots takes 9 MB.
"""

import dataclasses
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Bool, Float, Int

from conceptevo_jax.epochs import Epoch
from conceptevo_jax.types import Site, record

SCENE = "scene"
"""Where a result folder keeps it."""

FORMAT = 3
"""Version of a scene's fields; one of another version is refused."""


def _require(condition: bool, message: str) -> None:
    if not condition:
        raise ValueError(message)


@record
class Course:
    """One run as the page shows it; positions in `epochs` count from 0, none is -1.

    Attributes:
      name: The run's name.
      title: The heading of the run on the page.
      architecture: Name of its model.
      is_base: Whether the space was built from it.
      sites: Its sites, in forward order.
      epochs: Its snapshots.
      progress: Amount of training before each, in epochs.
      points: Neurons on the map; NaN without a place.
      vectors: Neurons in the space; NaN without a place.
      dead: Which neurons have no stimuli.
      nonfinite: Which neurons had a response that is not finite.
      coverage: Share of a neuron's stimuli that have a vector, 0 to 1; NaN if unknown.
      movement: Movement in the space since the snapshot before; NaN in the first, and
        for a neuron that is dead in either.
      group: The concept of the base that each neuron belongs to; -1 for none.
      lives: Per neuron, the snapshots in which its concept is clearest, is born and
        settles, in which it leaves the concept, and in which it dies.
      image_ids: Stimuli, as rows of the scene's images; unused slots -1.
      peaks: The neuron's response to each stimulus; unused slots NaN.
      corners: Row and column of each patch's first pixel; unused slots -1. No slots
        if patches may not be shown.
      length: Side of a neuron's patches, in pixels of the pool's images.
      table: Columns of the training table by name, `progress` among them.
      measures: Numbers per snapshot by name; None where there is none.
      reports: The monitor's reports; none if it was off.
      evolutions: The snapshots and classes for which importance was measured.
      importance: Score, low and high end of its interval, per evolution and class; NaN
        for neurons for which it was not measured.
      rank: Their order by importance, the most important 0; -1 for copies of another
        channel and where it was not measured.
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
    lives: Int[np.ndarray, "5 n"]
    image_ids: Int[np.ndarray, "e n k"]
    peaks: Float[np.ndarray, "e n k"]
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
        _require(len(self.epochs) == e, f"{self.name}: {e} rows of other snapshots")
        for name in ("points", "vectors", "coverage", "movement", "group", "image_ids"):
            shape = getattr(self, name).shape[:2]
            _require(shape == (e, n), f"{self.name}: {name} is {shape}, not {(e, n)}")


@record
class Pictures:
    """The images of the pool that are a stimulus in some snapshot.

    Attributes:
      rows: Their rows in the pool, ascending.
      labels: Their classes.
      names: Their stable ids; none if patches may not be shown.
      side: Height and width of the pool's images, in pixels.
      tile: The same on the sheets; 0 if there are none.
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
      title: The heading of its page.
      base: The base snapshot, `run@epoch`.
      method: Name of the method.
      stability: Stability of the map, 0 to 1; None if unknown.
      classes: Names of the classes.
      groups: Concepts of the base: name, class (`label`), its share of the stimuli,
        number of base neurons (`size`), and the base neuron that shows it best
        (`exemplar`).
      centers: Directions of their centres.
      radius: Largest distance of two directions that count as one concept.
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
    radius: float
    pictures: Pictures
    pool_id: str
    space_id: str
    courses: Sequence[Course] = ()


Place = tuple[int, int, int]
"""A neuron in one snapshot: numbers of the run, of its snapshot, and of the neuron."""


@record
class StudyGroup:
    """A group of neurons of a study; a page's data have these fields.

    Attributes:
      name: Its name in the study.
      category: The heading under which it is listed.
      members: Places of the grouped neurons that the scene has.
      intruder: Place of the intruder; None if it is in no snapshot of the scene.
      missing: Number of members and intruders that are in no snapshot of it.
    """

    name: str
    category: str
    members: tuple[Place, ...]
    intruder: Place | None
    missing: int


@record
class SavedScene:
    """A scene with everything else that its page shows.

    Attributes:
      scene: The scene.
      sheets: WebP files in order; none if patches may not be shown.
      study_groups: Groups of a study. They are in the study's record, not the scene's.
    """

    scene: Scene
    sheets: Sequence[Path]
    study_groups: Sequence[StudyGroup] = ()


def number_images(
    courses: Sequence[Course],
) -> tuple[Int[np.ndarray, " i"], list[Course]]:
    """Renumber stimuli from rows of the pool to rows among the images that are used.

    Args:
      courses: Runs whose stimuli are rows of the pool.

    Returns:
      The pool's rows of all images that are a stimulus in some run, ascending, and the
      renumbered runs.
    """
    used_ids = [course.image_ids[course.image_ids >= 0] for course in courses]
    rows = np.unique(np.concatenate(used_ids))
    renumbered_courses = []
    for course in courses:
        image_numbers = np.searchsorted(rows, course.image_ids)
        image_ids = np.where(course.image_ids < 0, -1, image_numbers).astype(np.int32)
        renumbered_courses.append(dataclasses.replace(course, image_ids=image_ids))
    return rows, renumbered_courses


def pool_rows(course: Course, pictures: Pictures) -> Course:
    """The reverse of `number_images`: a run whose stimuli are rows of the pool.

    Args:
      course: A run of a scene.
      pictures: The scene's images.
    """
    # Unused slots are -1, which picks the last row.
    rows = np.append(pictures.rows, -1)
    return dataclasses.replace(course, image_ids=rows[course.image_ids])


def drop_patches(scene: Scene) -> Scene:
    """The scene without a pixel, a patch's corner or an image's name."""
    pictures = dataclasses.replace(scene.pictures, names=(), tile=0)
    courses = [
        dataclasses.replace(course, corners=course.corners[:, :, :0])
        for course in scene.courses
    ]
    return dataclasses.replace(scene, pictures=pictures, courses=courses)

"""A running training on the map of a finished result."""

import dataclasses
import re
from collections.abc import Sequence
from pathlib import Path

import numpy as np

from conceptevo_jax.analysis.dynamics.concepts import Concepts
from conceptevo_jax.analysis.dynamics.diversity import neuron_scale
from conceptevo_jax.config import Config
from conceptevo_jax.data import require_same_pool
from conceptevo_jax.epochs import Epoch
from conceptevo_jax.errors import DataError
from conceptevo_jax.explorer import (
    SCENE,
    Scene,
    drop_patches,
    load_scene,
    pool_rows,
    save_scene,
    write_folder,
)
from conceptevo_jax.pipeline.images import prepare_images
from conceptevo_jax.pipeline.monitor_reports import find_reports
from conceptevo_jax.pipeline.observe import Observer
from conceptevo_jax.pipeline.projected_run import ProjectedRun, join_space
from conceptevo_jax.pipeline.trained_run import (
    TrainedRun,
    TrainingIdentity,
    current_folder,
    training_key,
)
from conceptevo_jax.pipeline.training_folder import read_so_far
from conceptevo_jax.projection import project_neurons
from conceptevo_jax.reports.explorer_page.describe_run import Frame, describe_run
from conceptevo_jax.reports.explorer_page.describe_scene import (
    add_courses,
    sheets_of,
    space_key,
)
from conceptevo_jax.store import Store, load_record
from conceptevo_jax.training import Row
from conceptevo_jax.types import Embedding, Layout, Observation, Space


@dataclasses.dataclass(frozen=True, kw_only=True)
class PageUpdate:
    """What was just written.

    Attributes:
      page: The page.
      epochs: The training's snapshots in it.
      is_finished: Whether the training has ended.
    """

    page: Path
    epochs: Sequence[Epoch]
    is_finished: bool


class LiveRun:
    """A training on a map, observed and shown while it runs.

    Args:
      folder: The training's folder, in a store.
      result: A result folder with a space, a map and a scene.
      config: The configuration of the result.
      patches: Whether the page holds images.

    Raises:
      DataError: if the result has no scene, or has other images.
    """

    def __init__(
        self, folder: Path, result: Path, config: Config, *, patches: bool
    ) -> None:
        self.folder, self.config = folder, config
        store = Store(folder.parent)
        self.identity = TrainingIdentity.from_folder(folder)
        self.space = load_record(result / "space", Space, result)
        layout = load_record(result / "layout", Layout, result)
        self.scene = _load_scene(result, self.space, layout)
        self.images = prepare_images(store, config.dataset)
        pool = self.images.pool.pool_id
        require_same_pool(pool, self.space.pool_id, f"the space in {result}")
        self.observer = Observer.from_config(
            config, store, self.images, self.identity.model, training_key(folder)
        )
        self.base = next(course for course in self.scene.courses if course.is_base)
        self.frame = Frame(
            layout=layout,
            points={},
            scale=neuron_scale(self.base.vectors[-1]),
            concepts=_concepts_of(self.scene),
            pool=self.images.pool,
        )
        self.patches = patches and self.scene.pictures.tile > 0
        plain_name = re.sub(r"[^\w.-]+", "-", self.identity.name)
        self.target = store.root.parent / f"live-{plain_name}"
        self.run: TrainedRun | None = None
        self.observations: dict[Epoch, Observation] = {}
        self.keys: dict[Epoch, str] = {}
        self.placed: dict[Epoch, Embedding] = {}

    def update(self) -> int:
        """Observe and project new snapshots; the number of all snapshots."""
        reports = find_reports(current_folder(self.folder))
        saved = read_so_far(self.folder, self.identity, reports)
        if saved is not None:
            self._observe(dataclasses.replace(saved, rows=_timed_rows(saved.rows)))
        return len(self.placed)

    def _observe(self, saved: TrainedRun) -> None:
        """Observe and project the new snapshots."""
        snapshots = {snapshot.epoch: snapshot for snapshot in saved.snapshots}
        new = [
            snapshots[row.epoch]
            for row in saved.rows
            if row.epoch in snapshots and row.epoch not in self.placed
        ]
        for snapshot, (observation, key) in zip(
            new, self.observer.observe_all(new), strict=True
        ):
            epoch = snapshot.epoch
            self.observations[epoch], self.keys[epoch] = observation, key
            self.placed[epoch] = project_neurons(observation.found, self.space)
        self.run = dataclasses.replace(
            saved, observations=self.observations, keys=self.keys
        )

    def write(self, *, finished: bool) -> PageUpdate:
        """Write the scene and its page."""
        scene = self._describe()
        if not self.patches:
            scene = drop_patches(scene)
        sheets = sheets_of(scene, self.images)
        saved = save_scene(self.target / SCENE, scene, sheets)
        page = write_folder(
            [saved], self.target, title=scene.title, live=True, finished=finished
        )
        return PageUpdate(page=page, epochs=list(self.placed), is_finished=finished)

    def _describe(self) -> Scene:
        """The base as in the result's scene, and the training."""
        base = pool_rows(self.base, self.scene.pictures)
        if not self.patches:
            base = dataclasses.replace(base, corners=base.corners[:, :, :0])
        course = describe_run(self._projected(), self.frame, is_base=False)
        scene = dataclasses.replace(self.scene, title=f"{self.identity.name}, live")
        return add_courses(scene, [base, course], self.images)

    def _projected(self) -> ProjectedRun:
        assert self.run is not None
        settings = self.config.runs.get(self.run.name)
        title = self.run.name if settings is None else settings.title
        return join_space(self.run, title, self.placed, self.space)


def _timed_rows(rows: list[Row]) -> list[Row]:
    """Rows whose progress in epochs is known.

    The number of steps per epoch is known when the first epoch has ended; until then
    only the untrained network's row is.
    """
    first_epoch_ended = any(row.epoch == 0 for row in rows)
    return [row for row in rows if first_epoch_ended or row.epoch == "init"]


def _concepts_of(scene: Scene) -> Concepts:
    """The concepts of a result's base."""

    def column(key: str) -> np.ndarray:
        return np.array([group[key] for group in scene.groups])

    return Concepts(
        centers=scene.centers,
        label=column("label"),
        share=column("share"),
        size=column("size"),
        exemplar=column("exemplar"),
        radius=scene.radius,
    )


def _load_scene(result_folder: Path, space: Space, layout: Layout) -> Scene:
    """The result's scene; refused if it belongs to another space or map."""
    scene = load_scene(result_folder / SCENE, result_folder).scene
    if scene.space_id != space_key(space, layout):
        raise DataError(
            f"{result_folder / SCENE} does not belong to the space and map next to it: "
            "run "
            "the experiment again; finished stages are reused."
        )
    return scene

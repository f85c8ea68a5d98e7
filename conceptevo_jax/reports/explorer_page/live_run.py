"""A training on the map of a finished result, as far as it has come."""

import dataclasses
import re
from collections.abc import Sequence
from pathlib import Path
from typing import Any

from conceptevo_jax.analysis.dynamics.diversity import neuron_scale
from conceptevo_jax.config import Config, plain
from conceptevo_jax.data import require_same_pool
from conceptevo_jax.errors import DataError
from conceptevo_jax.explorer import (
    SCENE,
    Scene,
    load_scene,
    pool_rows,
    save_scene,
    without_patches,
    write_folder,
)
from conceptevo_jax.pipeline.images import prepare_images
from conceptevo_jax.pipeline.monitoring import read_reports
from conceptevo_jax.pipeline.observe import Observer
from conceptevo_jax.pipeline.projected_run import Projected
from conceptevo_jax.pipeline.runs import TrainedRun
from conceptevo_jax.pipeline.training_folder import current_folder
from conceptevo_jax.projection import project_neurons
from conceptevo_jax.reports.explorer_page.describe_run import Frame, describe_run
from conceptevo_jax.reports.explorer_page.describe_scene import (
    sheets_of,
    space_key,
    with_courses,
)
from conceptevo_jax.stimuli import Search
from conceptevo_jax.store import Store, load_record
from conceptevo_jax.store.stage_folders import PARTIAL
from conceptevo_jax.training import Row, read_run, read_table, snapshots, trained_model
from conceptevo_jax.training.table import TABLE
from conceptevo_jax.types import Embedding, Epoch, Layout, Observation, Space


@dataclasses.dataclass(frozen=True, kw_only=True)
class PageUpdate:
    """What was just written.

    Attributes:
      page: The page.
      epochs: The training's snapshots in it.
      finished: Whether the training has ended.
    """

    page: Path
    epochs: Sequence[Epoch]
    finished: bool


class LiveRun:
    """A training on a map, which is observed and shown as it goes on.

    Args:
      folder: Of the training, in a store.
      result: A result folder with a space, a map and a scene.
      config: The configuration it was made with.
      patches: Whether the page holds images.

    Raises:
      DataError: if the result has no scene, or is of other images.
    """

    def __init__(
        self, folder: Path, result: Path, config: Config, *, patches: bool
    ) -> None:
        self.folder, self.config = folder, config
        run, store = read_run(current_folder(folder)), Store(folder.parent)
        self.space = load_record(result / "space", Space, result)
        layout = load_record(result / "layout", Layout, result)
        self.scene = _load_scene(result, self.space, layout)
        self.images = prepare_images(store, config.dataset)
        pool = self.images.pool.pool_id
        require_same_pool(pool, self.space.pool_id, f"the space in {result}")
        self.name = run["name"]
        self.model = trained_model(current_folder(folder), run)
        self.key = folder.name.removesuffix(PARTIAL).rpartition("-")[2]
        search = Search(**plain(config.method.stimuli))
        self.observer = Observer(
            store,
            self.images,
            self.model,
            self.key,
            search,
            config.method.projection.stimuli,
            config.dataset.sample_images,
        )
        self.base = next(course for course in self.scene.courses if course.is_base)
        self.frame = Frame(
            layout=layout,
            points={},
            scale=neuron_scale(self.base.vectors[-1]),
            centers=self.scene.centers,
            side=self.images.pool_pixels.side,
        )
        self.patches = patches and self.scene.pictures.tile > 0
        plain_name = re.sub(r"[^\w.-]+", "-", self.name)
        self.target = store.root.parent / f"live-{plain_name}"
        self.rows: list[Row] = []
        self.observations: dict[Epoch, Observation] = {}
        self.keys: dict[Epoch, str] = {}
        self.placed: dict[Epoch, Embedding] = {}

    def update(self) -> int:
        """Observe and project new snapshots; the number of all snapshots."""
        folder = current_folder(self.folder)
        if (folder / TABLE).is_file():
            self.rows = _timed_rows(read_table(folder / TABLE))
            self.snapshots = snapshots(folder, self.name, self.model)
            snapshots_by_epoch = {
                snapshot.epoch: snapshot for snapshot in self.snapshots
            }
            new = [
                snapshots_by_epoch[row.epoch]
                for row in self.rows
                if row.epoch in snapshots_by_epoch
                and row.epoch not in self.observations
            ]
            for snapshot, (observation, key) in zip(
                new, self.observer.each(new), strict=True
            ):
                epoch = snapshot.epoch
                self.observations[epoch], self.keys[epoch] = observation, key
                self.placed[epoch] = project_neurons(observation.found, self.space)
        return len(self.observations)

    def write(self, *, finished: bool) -> PageUpdate:
        """Write the scene and its page."""
        scene = self._describe()
        if not self.patches:
            scene = without_patches(scene)
        sheets = sheets_of(scene, self.images)
        saved = save_scene(self.target / SCENE, scene, sheets)
        page = write_folder(
            [saved], self.target, title=scene.title, live=True, finished=finished
        )
        return PageUpdate(page=page, epochs=list(self.observations), finished=finished)

    def _describe(self) -> Scene:
        """The base as in the result's scene, and the training."""
        base = pool_rows(self.base, self.scene.pictures)
        if not self.patches:
            base = dataclasses.replace(base, corners=base.corners[:, :, :0])
        course = describe_run(self._projected(), self.frame, is_base=False)
        scene = dataclasses.replace(self.scene, title=f"{self.name}, live")
        return with_courses(scene, [base, course], self.images)

    def _projected(self) -> Projected:
        settings = self.config.runs.get(self.name)
        first_epoch_ends = [row.step for row in self.rows if row.epoch == 0]
        run = TrainedRun(
            name=self.name,
            key=self.key,
            model=self.model,
            rows=self.rows,
            snapshots=self.snapshots,
            observations=self.observations,
            keys=self.keys,
            reports=self._reports(),
        )
        return Projected(
            run=run,
            title=self.name if settings is None else settings.title,
            placed=self.placed,
            alignments={},
            # Before the first epoch's end `init` alone is shown, and needs none.
            steps_per_epoch=first_epoch_ends[0] if first_epoch_ends else 1,
            base_images=self.space.covered,
        )

    def _reports(self) -> list[dict[str, Any]]:
        """Of the monitor, where one watches the training."""
        files = sorted(current_folder(self.folder).glob("monitor-*.jsonl"))
        return read_reports(files[0]) if files else []


def _timed_rows(rows: list[Row]) -> list[Row]:
    """Rows whose progress in epochs is known.

    The number of steps per epoch is known when the first epoch has ended; until then
    only the untrained network's row is.
    """
    first_epoch_ended = any(row.epoch == 0 for row in rows)
    return [row for row in rows if first_epoch_ended or row.epoch == "init"]


def _load_scene(result: Path, space: Space, layout: Layout) -> Scene:
    """The result's scene; refused if it is of another space or map."""
    scene = load_scene(result / SCENE, result).scene
    if scene.space_id != space_key(space, layout):
        raise DataError(
            f"{result / SCENE} is not of the space and map beside it: run the "
            "experiment again; finished stages are reused."
        )
    return scene

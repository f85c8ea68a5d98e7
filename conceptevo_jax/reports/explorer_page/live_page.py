"""Follow a training on the map of a finished result, in a page that refreshes itself.

The training and the result are only read. Every new snapshot is observed, projected
into the result's space (Step 2.2) and placed on its map, where nothing else moves; the
page's data files are then written anew. Nothing is served: an open page loads them
again. Observations go to the store, where an experiment finds them later.
"""

import contextlib
import dataclasses
import re
import time
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path

from conceptevo_jax.analysis.dynamics.diversity import neuron_scale
from conceptevo_jax.config import Config, plain
from conceptevo_jax.data import require_same_pool
from conceptevo_jax.errors import DataError, UsageError
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
from conceptevo_jax.reports.explorer_page.page import sheets_of, space_key, with_courses
from conceptevo_jax.stimuli import Search
from conceptevo_jax.store import Store, load_record
from conceptevo_jax.store.stage_folders import PARTIAL
from conceptevo_jax.training import Row, read_run, read_table, snapshots, trained_model
from conceptevo_jax.training.table import TABLE
from conceptevo_jax.types import Embedding, Epoch, Layout, Observation, Space

LoadConfig = Callable[[Path], Config]
"""Reads the configuration of a result folder."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Refreshed:
    """A page as it was just written.

    Attributes:
      page: The page.
      epochs: The training's snapshots in it.
      finished: Whether the training has ended.
    """

    page: Path
    epochs: Sequence[Epoch]
    finished: bool


def choose_space(folder: Path, load: LoadConfig) -> Path:
    """The newest result beside the training's store whose images are the training's.

    Args:
      folder: Of the training.
      load: Reads a result's configuration.

    Raises:
      DataError: if there is none with a space, a map and a scene.
    """
    store, wanted = Store(folder.parent), read_run(current_folder(folder))["train"]
    found = [path.parent for path in store.root.parent.glob(f"*/{SCENE}")]
    for result in sorted(found, key=lambda path: -path.stat().st_mtime):
        # What cannot be read, or whose images are gone, is no candidate.
        with contextlib.suppress(DataError, UsageError):
            space = load_record(result / "space", Space, result)
            images = prepare_images(store, load(result).dataset)
            same_pool = images.pool.pool_id == space.pool_id
            if same_pool and images.train.images_id == wanted:
                return result
    raise DataError(
        f"no result folder in {store.root.parent} has a space made of the images that "
        f"{folder.name} learns from: name one with space=RESULT_FOLDER, or run an "
        "experiment with a space, such as unified_space, on the same data set first."
    )


def follow_on_map(
    folder: Path,
    result: Path,
    config: Config,
    *,
    interval: float,
    wait: bool,
    patches: bool = True,
) -> Iterator[Refreshed]:
    """Write the page of a training after each of its snapshots, until it ends.

    Args:
      folder: Of the training, in a store.
      result: A result folder with a space, a map and a scene.
      config: The configuration it was made with.
      interval: Seconds between two looks.
      wait: Whether to wait for more until the training is finished.
      patches: Whether the page holds images.

    Returns:
      What was written to `live-<run>/` beside the store, each time.

    Raises:
      DataError: if the result has no scene, or is of other images.
    """
    live = _Live(folder, result, config, patches=patches)
    told: tuple[int, bool] | None = None
    while True:
        # Asked first: what was finished before a look needs no other one.
        finished = (current_folder(folder) / "manifest.json").is_file()
        count = live.look()
        if count and (count, finished) != told:
            told = count, finished
            yield live.write(finished=finished)
        if finished or not wait:
            return
        time.sleep(interval)


class _Live:
    """A training on a map, as far as it has come."""

    def __init__(
        self, folder: Path, result: Path, config: Config, *, patches: bool
    ) -> None:
        self.folder, self.config = folder, config
        about, store = read_run(current_folder(folder)), Store(folder.parent)
        self.space = load_record(result / "space", Space, result)
        layout = load_record(result / "layout", Layout, result)
        self.scene = _scene(result, self.space, layout)
        self.images = prepare_images(store, config.dataset)
        pool = self.images.pool.pool_id
        require_same_pool(pool, self.space.pool_id, f"the space in {result}")
        self.name = about["name"]
        self.model = trained_model(current_folder(folder), about)
        self.key = folder.name.removesuffix(PARTIAL).rpartition("-")[2]
        search = Search(**plain(config.method.stimuli))
        self.observe = Observer(
            store,
            self.images,
            self.model,
            self.key,
            search,
            config.method.projection.stimuli,
            config.dataset.sample_images,
        )
        self.base = next(one for one in self.scene.courses if one.is_base)
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
        self.seen: dict[Epoch, Observation] = {}
        self.keys: dict[Epoch, str] = {}
        self.placed: dict[Epoch, Embedding] = {}

    def look(self) -> int:
        """Observe and project what is new; how many snapshots there are."""
        folder = current_folder(self.folder)
        if (folder / TABLE).is_file():
            self.rows = _timed(read_table(folder / TABLE))
            self.shots = snapshots(folder, self.name, self.model)
            known = {shot.epoch: shot for shot in self.shots}
            new = [
                known[row.epoch]
                for row in self.rows
                if row.epoch in known and row.epoch not in self.seen
            ]
            for shot, looked in zip(new, self.observe.each(new), strict=True):
                self.seen[shot.epoch], self.keys[shot.epoch] = looked
                found = self.seen[shot.epoch].found
                self.placed[shot.epoch] = project_neurons(found, self.space)
        return len(self.seen)

    def write(self, *, finished: bool) -> Refreshed:
        """Write the scene and its page."""
        scene = self._describe()
        if not self.patches:
            scene = without_patches(scene)
        sheets = sheets_of(scene, self.images)
        saved = save_scene(self.target / SCENE, scene, sheets)
        page = write_folder(
            [saved], self.target, title=scene.title, live=True, finished=finished
        )
        return Refreshed(page=page, epochs=list(self.seen), finished=finished)

    def _describe(self) -> Scene:
        base = pool_rows(self.base, self.scene.pictures)
        if not self.patches:
            base = dataclasses.replace(base, corners=base.corners[:, :, :0])
        course = describe_run(self._projected(), self.frame, is_base=False)
        scene = dataclasses.replace(self.scene, title=f"{self.name}, live")
        return with_courses(scene, [base, course], self.images)

    def _projected(self) -> Projected:
        known = self.config.runs.get(self.name)
        first = [row.step for row in self.rows if row.epoch == 0]
        run = TrainedRun(
            name=self.name,
            key=self.key,
            model=self.model,
            rows=self.rows,
            snapshots=self.shots,
            observations=self.seen,
            keys=self.keys,
            reports=self._reports(),
        )
        return Projected(
            run=run,
            title=self.name if known is None else known.title,
            placed=self.placed,
            alignments={},
            # Before the first epoch's end `init` alone is shown, and needs none.
            steps_per_epoch=first[0] if first else 1,
            base_images=self.space.covered,
        )

    def _reports(self) -> list[dict]:
        """Of the monitor, where one watches the training."""
        files = sorted(current_folder(self.folder).glob("monitor-*.jsonl"))
        return read_reports(files[0]) if files else []


def _timed(rows: list[Row]) -> list[Row]:
    """Rows whose time is known: within the first epoch it is not before its end."""
    ended = any(row.epoch == 0 for row in rows)
    return [row for row in rows if ended or row.epoch == "init"]


def _scene(result: Path, space: Space, layout: Layout) -> Scene:
    scene = load_scene(result / SCENE, result).scene
    if scene.space_id != space_key(space, layout):
        raise DataError(
            f"{result / SCENE} is not of the space and map beside it: run the "
            "experiment again; finished stages are reused."
        )
    return scene

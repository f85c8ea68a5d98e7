"""Follow a training on the map of a finished result, in a page that refreshes itself.

The training and the result are only read. Every new snapshot is observed, projected
into the result's space (Step 2.2) and placed on its map, where nothing else moves; then
the page's data files are rewritten. No server runs: an open page reloads the files.
Observations go to the store, where an experiment finds them later.
"""

import contextlib
import time
from collections.abc import Callable, Iterator
from pathlib import Path

from conceptevo_jax.config import Config
from conceptevo_jax.errors import DataError, UsageError
from conceptevo_jax.explorer import SCENE
from conceptevo_jax.pipeline.images import prepare_images
from conceptevo_jax.pipeline.trained_run import TrainingIdentity
from conceptevo_jax.pipeline.training_folder import has_ended
from conceptevo_jax.reports.explorer_page.live_run import LiveRun, PageUpdate
from conceptevo_jax.store import Store, load_record
from conceptevo_jax.types import Space

LoadConfig = Callable[[Path], Config]
"""Reads the configuration of a result folder."""


def choose_space(folder: Path, load: LoadConfig) -> Path:
    """The newest result with the same images, next to the training's store.

    Args:
      folder: The training's folder.
      load: Reads a result's configuration.

    Raises:
      DataError: if there is no such result with a space, a map and a scene.
    """
    store = Store(folder.parent)
    train_images_id = TrainingIdentity.from_folder(folder).train_images_id
    result_folders = [path.parent for path in store.root.parent.glob(f"*/{SCENE}")]
    for result in sorted(result_folders, key=lambda path: -path.stat().st_mtime):
        # What cannot be read, or whose images are gone, is no candidate.
        with contextlib.suppress(DataError, UsageError):
            space = load_record(result / "space", Space, result)
            images = prepare_images(store, load(result).dataset)
            same_pool = images.pool.pool_id == space.pool_id
            if same_pool and images.train.images_id == train_images_id:
                return result
    raise DataError(
        f"no result folder in {store.root.parent} has a space made from the images "
        f"that {folder.name} learns from: name one with space=RESULT_FOLDER, or first "
        "run an experiment with a space, such as unified_space, on the same data set."
    )


def follow_on_map(
    folder: Path,
    result: Path,
    config: Config,
    *,
    interval: float,
    wait: bool,
    patches: bool = True,
) -> Iterator[PageUpdate]:
    """Write the page of a training after each of its snapshots, until it ends.

    Args:
      folder: The training's folder, in a store.
      result: A result folder with a space, a map and a scene.
      config: The configuration of the result.
      interval: Seconds between two updates.
      wait: Whether to wait for more until the training is finished.
      patches: Whether the page holds images.

    Yields:
      What each update wrote to `live-<run>/` next to the store.

    Raises:
      DataError: if the result has no scene, or has other images.
    """
    live_run = LiveRun(folder, result, config, patches=patches)
    written_state: tuple[int, bool] | None = None
    while True:
        # Before the update: a training that was finished by then has nothing new after.
        finished = has_ended(folder)
        count = live_run.update()
        if count and (count, finished) != written_state:
            written_state = count, finished
            yield live_run.write(finished=finished)
        if finished or not wait:
            return
        time.sleep(interval)

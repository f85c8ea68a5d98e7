"""Add one finished training to an existing space, by Step 2.2 alone.

The space and its map are only read: existing points do not move.
"""

import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from conceptevo_jax.config import Config
from conceptevo_jax.data import require_same_pool
from conceptevo_jax.epochs import Epoch
from conceptevo_jax.errors import DataError
from conceptevo_jax.figures import save_figure
from conceptevo_jax.pipeline.images import Images, prepare_images
from conceptevo_jax.pipeline.observe import Observer
from conceptevo_jax.pipeline.outcome import write_csv
from conceptevo_jax.pipeline.projected_run import (
    ProjectedRun,
    join_space,
    snapshot_rows,
)
from conceptevo_jax.pipeline.trained_run import TrainedRun, TrainingIdentity
from conceptevo_jax.pipeline.unified import shown_epochs
from conceptevo_jax.projection import place_points, project_neurons
from conceptevo_jax.reports.unified_space.training_maps import depth_map
from conceptevo_jax.store import (
    Entry,
    Store,
    load_record,
    require_no_outward_links,
    save_record,
)
from conceptevo_jax.types import Layout, Space


@dataclasses.dataclass(frozen=True, kw_only=True)
class AddedRun:
    """A run that was added to a space.

    Attributes:
      name: The run's name.
      folder: The folder of its vectors and points, one record per snapshot.
      rows: One per snapshot, as in `tables/snapshots.csv`.
    """

    name: str
    folder: Path
    rows: Sequence[dict[str, Any]]


def add_run(result: Path, config: Config, training: str) -> AddedRun:
    """Project every snapshot of a training into the space of a result folder.

    Args:
      result: A result folder that holds `space` and `layout`.
      config: The configuration of the result.
      training: The training's folder, or its key in the store next to the results.

    Returns:
      What was written to `<result>/projected/<run>`.

    Raises:
      DataError: if the training is missing or its name cannot be part of a path, the
        space belongs to another pool, or a link leads out of the result.
    """
    space = load_record(result / "space", Space, result)
    layout = load_record(result / "layout", Layout, result)
    store = Store(result.parent / "store")
    entry = _find(store, training)
    images = prepare_images(store, config.dataset)
    require_same_pool(images.pool.pool_id, space.pool_id, f"the space in {result}")
    identity = TrainingIdentity.from_folder(entry.path)
    run_name = identity.name.replace(" ", "-")
    folder = result / "projected" / f"{run_name}-{entry.key}"
    require_no_outward_links(folder, result)
    run = _observe_run(
        TrainedRun.from_folder(entry.path, identity), store, config, images
    )
    vectors = {
        epoch: project_neurons(observation.found, space)
        for epoch, observation in run.observations.items()
    }
    projected_run = join_space(run, run.name, vectors, space)
    _write(folder, projected_run, layout, space)
    rows = snapshot_rows([projected_run])
    write_csv(folder / "snapshots.csv", rows)
    return AddedRun(name=run.name, folder=folder, rows=rows)


def _find(store: Store, training: str) -> Entry:
    trainings = [e for e in store.entries() if e.stage == "train" and e.finished]
    name = Path(training).name
    for entry in trainings:
        if name in (entry.key, entry.path.name):
            return entry
    listed = "; ".join(f"{e.key} ({e.about})" for e in trainings) or "none"
    raise DataError(
        f"{store.root} has no finished training {training!r}. It has: {listed}."
    )


def _observe_run(
    run: TrainedRun, store: Store, config: Config, images: Images
) -> TrainedRun:
    """The run with observations of all its snapshots."""
    observer = Observer.from_config(config, store, images, run.model, run.key)
    epochs = [snapshot.epoch for snapshot in run.snapshots]
    pairs = dict(zip(epochs, observer.observe_all(run.snapshots), strict=True))
    return dataclasses.replace(
        run,
        observations={epoch: observation for epoch, (observation, _) in pairs.items()},
        keys={epoch: key for epoch, (_, key) in pairs.items()},
    )


def _write(
    folder: Path, projected_run: ProjectedRun, layout: Layout, space: Space
) -> None:
    points: dict[Epoch, np.ndarray] = {}
    for epoch, embedding in projected_run.placed.items():
        points[epoch] = place_points(layout, embedding.vectors)
        save_record(folder / f"epoch_{epoch}", embedding, stage="project")
        np.save(folder / f"epoch_{epoch}" / "points.npy", points[epoch])
    points_on_map = {
        projected_run.snapshot(e): points[e] for e in shown_epochs(projected_run)
    }
    background = layout.points[: len(space.neurons.coverage)]
    figure = depth_map([projected_run], space.base, background, points_on_map)
    save_figure(figure, folder / "map")

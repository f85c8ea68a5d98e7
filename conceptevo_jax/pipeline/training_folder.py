"""Watch a running training from outside, by the files that it writes."""

import time
from collections.abc import Iterator
from pathlib import Path

from conceptevo_jax.data import DecodedImages, open_decoded
from conceptevo_jax.epochs import Epoch
from conceptevo_jax.errors import DataError
from conceptevo_jax.monitor import ConceptMonitor, Report
from conceptevo_jax.pipeline.monitor_reports import is_watched
from conceptevo_jax.pipeline.trained_run import (
    TrainedRun,
    TrainingIdentity,
    current_folder,
)
from conceptevo_jax.places import typed_place
from conceptevo_jax.store import Store, load_record, read_manifest
from conceptevo_jax.store.records import MANIFEST
from conceptevo_jax.training import RUN, Row
from conceptevo_jax.training.table import TABLE
from conceptevo_jax.types import Space


def find_training(training: str, store: Store) -> Path:
    """The folder of a training, finished or not, by its path or its key.

    Args:
      training: Path or key.
      store: The store in which trainings are looked up by key.

    Raises:
      DataError: if there is no such training, with the existing ones.
    """
    folder = typed_place(training, "TRAINING").absolute()
    if (current_folder(folder) / RUN).is_file():
        return folder
    trainings = [entry for entry in store.entries() if entry.stage == "train"]
    for entry in trainings:
        if training in (entry.key, entry.path.name):
            return entry.path
    listed = (
        ", ".join(f"{e.key} ({e.about or 'unfinished'})" for e in trainings) or "none"
    )
    raise DataError(
        f"{training} is not the folder of a training, and {store.root} has none with "
        f"that key. It has: {listed}."
    )


def follow(
    folder: Path, result: Path | None, *, interval: float, wait: bool
) -> Iterator[tuple[Report, Row]]:
    """Report on every epoch of a training, including future ones.

    Args:
      folder: The training's folder, in a store.
      result: A result folder whose space is used, or None.
      interval: Seconds between two checks.
      wait: Whether to wait for more until the training is finished.

    Raises:
      DataError: if the images are not in the store.
    """
    identity = TrainingIdentity.from_folder(folder)
    space = None
    if result is not None:
        space = load_record(result / "space", Space, result)
    pool_id = identity.train_images_id if space is None else space.pool_id
    images = _images(Store(folder.parent), pool_id)
    monitor = ConceptMonitor.of_model(identity.model, space, images)
    reported_epochs: set[Epoch] = set()
    while True:
        # Asked first: what was finished before a look needs no other one.
        finished = has_ended(folder)
        yield from _new(read_so_far(folder, identity), monitor, reported_epochs)
        if finished or not wait:
            return
        time.sleep(interval)


def _new(
    run: TrainedRun | None, monitor: ConceptMonitor, reported_epochs: set[Epoch]
) -> Iterator[tuple[Report, Row]]:
    if run is None:
        return
    shots = {shot.epoch: shot for shot in run.snapshots}
    for row in run.rows:
        fresh = row.epoch in shots and row.epoch not in reported_epochs
        if fresh and is_watched(row.epoch):
            reported_epochs.add(row.epoch)
            yield monitor.update(row.epoch, shots[row.epoch].load()), row


def has_ended(folder: Path) -> bool:
    """Whether a training in a store is finished."""
    return (current_folder(folder) / MANIFEST).is_file()


def read_so_far(
    folder: Path, identity: TrainingIdentity, reports: Path | None = None
) -> TrainedRun | None:
    """A training that may still be running, as saved; None before its first snapshot.

    Args:
      folder: The training's folder.
      identity: The run, its model and its training images.
      reports: The file of the monitor's reports, or None to read none.

    Raises:
      DataError: as for `TrainedRun.from_folder`.
    """
    if not (current_folder(folder) / TABLE).is_file():
        return None
    return TrainedRun.from_folder(folder, identity, reports)


def _images(store: Store, pool_id: str) -> DecodedImages:
    for entry in store.entries():
        if entry.stage != "images" or not entry.finished:
            continue
        # Its manifest first: opening compares the checksum of all pixels.
        inputs = read_manifest(entry.path, store.root).get("inputs")
        if isinstance(inputs, dict) and inputs.get("pool") == pool_id:
            return open_decoded(entry.path)
    raise DataError(
        f"{store.root} holds no decoded images {pool_id}, which the monitor needs: "
        "train with dataset.keep_decoded=true, or with monitor=on."
    )

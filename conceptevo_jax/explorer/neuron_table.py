"""The table of neurons: a row per run, snapshot and neuron."""

import io
from collections.abc import Iterator, Sequence
from typing import Any

import numpy as np
import pyarrow as pa
from jaxtyping import Int
from PIL import Image

from conceptevo_jax.epochs import SnapshotId
from conceptevo_jax.explorer.patch_cutter import PatchCutter
from conceptevo_jax.explorer.scene import Course, Scene
from conceptevo_jax.types import neuron_ids

PATCHES = 3
"""Patches of a neuron, side by side in its image."""

LIFE_EVENTS = ("born", "settled", "left", "died")

SCHEMA = pa.schema(
    [
        ("id", pa.string()),
        ("run", pa.string()),
        ("epoch", pa.string()),
        ("progress", pa.float64()),
        ("site", pa.string()),
        ("index", pa.int32()),
        ("x", pa.float32()),
        ("y", pa.float32()),
        ("dead", pa.bool_()),
        ("coverage", pa.float32()),
        ("movement", pa.float32()),
        ("group", pa.int32()),
        ("concept", pa.string()),
        ("top_class", pa.string()),
        ("strongest_response", pa.float32()),
        ("born", pa.string()),
        ("settled", pa.string()),
        ("left", pa.string()),
        ("died", pa.string()),
        ("patch", pa.struct([("bytes", pa.binary()), ("path", pa.string())])),
    ]
)
"""`born`, `settled`, `left` and `died` name snapshots as `epoch` does; null for never.
`progress` is the snapshot's position on axes: the amount of training before it.
`strongest_response` is the neuron's largest response to an image of the pool; null for
a dead neuron."""


def record_batches(
    scene: Scene, cutter: PatchCutter | None
) -> Iterator[pa.RecordBatch]:
    """The rows of `neurons.parquet`, a snapshot at a time.

    Args:
      scene: The scene.
      cutter: Of its patches; None for none.
    """
    for course in scene.courses:
        for snapshot in range(len(course.epochs)):
            columns = neuron_columns(scene, course, snapshot)
            columns["patch"] = _patch_images(course, snapshot, cutter)
            arrays = [
                pa.array(columns[field.name], field.type, from_pandas=True)
                for field in SCHEMA
            ]
            yield pa.record_batch(arrays, schema=SCHEMA)


def neuron_columns(scene: Scene, course: Course, snapshot: int) -> dict[str, Any]:
    """All columns but `patch` of one snapshot's rows, by name.

    Args:
      scene: The scene.
      course: One of its runs.
      snapshot: Number of the run's snapshot.
    """
    epoch, n = course.epochs[snapshot], course.dead.shape[1]
    group = course.group[snapshot]
    return {
        "id": neuron_ids(str(SnapshotId(course.name, epoch)), course.sites),
        "run": [course.name] * n,
        "epoch": [str(epoch)] * n,
        "progress": [float(course.progress[snapshot])] * n,
        "site": [site.name for site in course.sites for _ in range(site.channels)],
        "index": [c for site in course.sites for c in range(site.channels)],
        "x": course.points[snapshot, :, 0],
        "y": course.points[snapshot, :, 1],
        "dead": course.dead[snapshot],
        "coverage": course.coverage[snapshot].astype(np.float32),
        "movement": course.movement[snapshot].astype(np.float32),
        "group": [None if number < 0 else int(number) for number in group],
        "concept": [
            None if number < 0 else scene.groups[number]["name"] for number in group
        ],
        "top_class": top_classes(scene, course.image_ids[snapshot]),
        "strongest_response": course.peaks[snapshot, :, 0].astype(np.float32),
        **_life_columns(course),
    }


def _life_columns(course: Course) -> dict[str, list[str | None]]:
    """The epochs of the events of each neuron's concept; None for what never was."""
    return {
        event: [None if place < 0 else str(course.epochs[place]) for place in places]
        for event, places in zip(LIFE_EVENTS, course.lives[1:], strict=True)
    }


def top_classes(scene: Scene, image_ids: Int[np.ndarray, "n k"]) -> list[str | None]:
    """The class that most of each neuron's stimuli are of; None without any.

    Args:
      scene: The scene.
      image_ids: Stimuli per neuron, as rows of the scene's images; unused slots -1.
    """
    labels = scene.pictures.labels
    if not len(labels):
        return [None] * len(image_ids)
    stimulus_labels = np.where(image_ids < 0, -1, labels[image_ids])
    counts = (stimulus_labels[:, :, None] == np.arange(len(scene.classes))).sum(axis=1)
    return [scene.classes[row.argmax()] if row.any() else None for row in counts]


def _patch_images(
    course: Course, snapshot: int, cutter: PatchCutter | None
) -> list[dict[str, bytes | None] | None]:
    """The column `patch`; None for a neuron without patches."""
    n = course.dead.shape[1]
    if cutter is None:
        return [None] * n
    images: list[dict[str, bytes | None] | None] = []
    for neuron in range(n):
        patches = cutter.patches(
            course, snapshot, neuron, count=PATCHES, size=len(cutter)
        )
        image = {"bytes": _encode_strip(patches), "path": None} if patches else None
        images.append(image)
    return images


def _encode_strip(patches: Sequence[np.ndarray]) -> bytes:
    file = io.BytesIO()
    strip = Image.fromarray(np.concatenate(patches, axis=1))
    strip.save(file, "WEBP", quality=80, method=2)
    return file.getvalue()

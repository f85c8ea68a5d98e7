"""A scene as files that other tools open: parquet, and TensorBoard's projector.

`neurons.parquet` has a row per run, snapshot and neuron, for pandas, DuckDB and
embedding-atlas, whose image column `patch` is a struct of `bytes` and `path`.
`projector/` has the vectors of each run at its last snapshot in which any neuron has a
place, without those that have none. Rows are written snapshot by snapshot, so memory
does not grow with a run's length. With patches, 31,000 rows take 11 s and 20 MB.
"""

import io
import math
import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.parquet as pq
from jaxtyping import Int, UInt8
from PIL import Image

from conceptevo_jax.explorer.scene import Course, Saved, Scene, without_patches
from conceptevo_jax.explorer.sheets import read_tiles
from conceptevo_jax.store import replacing, require_closed, write_text
from conceptevo_jax.store.files import replace_folder, temporary_beside
from conceptevo_jax.types import neuron_ids

NEURONS = "neurons.parquet"
PROJECTOR = "projector"

SHOWN = 3
"""Patches of a neuron, side by side in its image."""

_LARGEST_SPRITE = 8192
_CONFIG = "projector_config.pbtxt"

_SCHEMA = pa.schema(
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
        ("top_class", pa.string()),
        ("born", pa.float64()),
        ("settled", pa.float64()),
        ("died", pa.float64()),
        ("patch", pa.struct([("bytes", pa.binary()), ("path", pa.string())])),
    ]
)
"""`born`, `settled` and `died` are epochs of training; what is not known is null."""


def write_tables(saved: Saved, folder: Path, *, patches: bool = True) -> list[Path]:
    """Write `neurons.parquet` and `projector/`, each whole or not at all.

    Args:
      saved: The scene.
      folder: Where they go.
      patches: Whether they hold images.

    Returns:
      The parquet file and the projector's configuration.

    Raises:
      DataError: if a sheet cannot be read, or a link leads out of the folder.
    """
    require_closed(folder, folder)
    scene = saved.scene if patches else without_patches(saved.scene)
    cut = Cutter(saved, scene) if scene.pictures.tile else None
    path = folder / NEURONS
    with (
        replacing(path) as file,
        pq.ParquetWriter(file, _SCHEMA, compression="zstd") as writer,
    ):
        for batch in _batches(scene, cut):
            writer.write_batch(batch)
    return [path, _write_projector(scene, folder / PROJECTOR, cut)]


class Cutter:
    """Cuts patches out of a scene's images."""

    def __init__(self, saved: Saved, scene: Scene) -> None:
        own = scene.pictures
        self.tiles = read_tiles(saved.sheets, len(own.rows), own.tile)
        self.share = own.tile / own.side

    def patches(
        self, course: Course, snapshot: int, neuron: int, *, count: int, size: int
    ) -> list[UInt8[np.ndarray, "size size 3"]]:
        """A neuron's strongest patches, all of one size; fewer where it has fewer."""
        shown = []
        length = max(1, round(course.length[neuron] * self.share))
        for slot in range(min(count, course.image_ids.shape[2])):
            image = int(course.image_ids[snapshot, neuron, slot])
            if image >= 0:
                corner = course.corners[snapshot, neuron, slot] * self.share
                top, left = np.minimum(np.rint(corner).astype(int), len(self) - length)
                patch = self.tiles[image, top : top + length, left : left + length]
                shown.append(_resized(patch, size))
        return shown

    def __len__(self) -> int:
        return self.tiles.shape[1]


def _resized(patch: UInt8[np.ndarray, "h w 3"], size: int) -> np.ndarray:
    how = Image.Resampling.NEAREST if len(patch) < size else Image.Resampling.BOX
    return np.asarray(Image.fromarray(patch).resize((size, size), how))


def _batches(scene: Scene, cut: Cutter | None) -> Iterator[pa.RecordBatch]:
    for course in scene.courses:
        for snapshot in range(len(course.epochs)):
            columns = _columns(scene, course, snapshot)
            columns["patch"] = _images(course, snapshot, cut)
            arrays = [
                pa.array(columns[field.name], field.type, from_pandas=True)
                for field in _SCHEMA
            ]
            yield pa.record_batch(arrays, schema=_SCHEMA)


def _columns(scene: Scene, course: Course, snapshot: int) -> dict[str, Any]:
    epoch, n = course.epochs[snapshot], course.dead.shape[1]
    group = course.group[snapshot]
    _, born, settled, died = (_times(course, row) for row in course.lives)
    return {
        "id": neuron_ids(f"{course.name}@{epoch}", course.sites),
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
        "group": [None if own < 0 else int(own) for own in group],
        "top_class": top_classes(scene, course.image_ids[snapshot]),
        "born": born,
        "settled": settled,
        "died": died,
    }


def _times(course: Course, places: Int[np.ndarray, " n"]) -> np.ndarray:
    return np.where(places < 0, np.nan, course.progress[np.maximum(places, 0)])


def top_classes(scene: Scene, image_ids: Int[np.ndarray, "n k"]) -> list[str | None]:
    """The class that most of each neuron's stimuli are of; None without any."""
    labels = scene.pictures.labels
    if not len(labels):
        return [None] * len(image_ids)
    own = np.where(image_ids < 0, -1, labels[image_ids])
    counts = (own[:, :, None] == np.arange(len(scene.classes))).sum(axis=1)
    return [scene.classes[row.argmax()] if row.any() else None for row in counts]


def _images(course: Course, snapshot: int, cut: Cutter | None) -> list[dict | None]:
    n = course.dead.shape[1]
    if cut is None:
        return [None] * n
    found: list[dict | None] = []
    for neuron in range(n):
        shown = cut.patches(course, snapshot, neuron, count=SHOWN, size=len(cut))
        found.append({"bytes": _encoded(shown), "path": None} if shown else None)
    return found


def _encoded(patches: Sequence[np.ndarray]) -> bytes:
    file = io.BytesIO()
    strip = Image.fromarray(np.concatenate(patches, axis=1))
    strip.save(file, "WEBP", quality=80, method=2)
    return file.getvalue()


def _write_projector(scene: Scene, folder: Path, cut: Cutter | None) -> Path:
    temporary = temporary_beside(folder)
    try:
        told = [
            _embedding(scene, course, f"{number}-{_plain(course.name)}", temporary, cut)
            for number, course in enumerate(scene.courses)
        ]
        write_text(temporary / _CONFIG, "".join(told))
        replace_folder(temporary, folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return folder / _CONFIG


def _plain(name: str) -> str:
    return re.sub(r"[^\w.-]+", "-", name)


def _embedding(
    scene: Scene, course: Course, name: str, folder: Path, cut: Cutter | None
) -> str:
    """Write one run's files; its entry in the configuration, empty without a place."""
    placed = np.isfinite(course.vectors).all(axis=2) & ~course.dead
    if not placed.any():
        return ""
    snapshot = int(np.flatnonzero(placed.any(axis=1))[-1])
    own = np.flatnonzero(placed[snapshot])
    vectors = course.vectors[snapshot, own]
    lines = ["\t".join(f"{value:.6g}" for value in row) for row in vectors.tolist()]
    write_text(folder / name / "vectors.tsv", _lines(lines))
    write_text(folder / name / "metadata.tsv", _metadata(scene, course, snapshot, own))
    title = f"{course.name}@{course.epochs[snapshot]}"
    told = [
        f"tensor_name: {_quoted(title)}",
        f'tensor_path: "{name}/vectors.tsv"',
        f'metadata_path: "{name}/metadata.tsv"',
    ]
    if cut is not None:
        size = _write_sprite(course, snapshot, own, folder / name / "sprite.png", cut)
        side = f"single_image_dim: {size}"
        told.append(f'sprite {{ image_path: "{name}/sprite.png" {side} {side} }}')
    return "embeddings {\n" + _lines(f"  {line}" for line in told) + "}\n"


def _metadata(
    scene: Scene, course: Course, snapshot: int, own: Int[np.ndarray, " _"]
) -> str:
    columns = _columns(scene, course, snapshot)
    names = ("id", "site", "group", "top_class", "coverage", "movement")
    lines = ["\t".join(names)]
    for neuron in own.tolist():
        lines.append("\t".join(_cell(columns[name][neuron]) for name in names))
    return _lines(lines)


def _cell(value: object) -> str:
    if value is None or (isinstance(value, float | np.floating) and math.isnan(value)):
        return ""
    if isinstance(value, float | np.floating):
        return f"{value:.6g}"
    return " ".join(str(value).split())


def _write_sprite(
    course: Course, snapshot: int, own: Int[np.ndarray, " _"], path: Path, cut: Cutter
) -> int:
    """The strongest patch of every neuron, row by row in a square; its side."""
    columns = math.ceil(math.sqrt(len(own)))
    size = min(len(cut), _LARGEST_SPRITE // columns)
    sheet = np.full((columns * size, columns * size, 3), 255, np.uint8)
    for at, neuron in enumerate(own.tolist()):
        top, left = (size * part for part in divmod(at, columns))
        for patch in cut.patches(course, snapshot, neuron, count=1, size=size):
            sheet[top : top + size, left : left + size] = patch
    Image.fromarray(sheet).save(path)
    return size


def _quoted(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")
    return f'"{escaped}"'


def _lines(lines: Iterator[str] | Sequence[str]) -> str:
    return "".join(f"{line}\n" for line in lines)

"""Neurons in the space as files for TensorBoard's projector.

For each run they hold the last snapshot in which any neuron has a vector, without the
neurons that have none.
"""

import math
import re
import shutil
from collections.abc import Iterator, Sequence
from pathlib import Path

import numpy as np
from jaxtyping import Int
from PIL import Image

from conceptevo_jax.epochs import SnapshotId
from conceptevo_jax.explorer.neuron_table import neuron_columns
from conceptevo_jax.explorer.patch_cutter import PatchCutter
from conceptevo_jax.explorer.scene import Course, Scene
from conceptevo_jax.store import write_text
from conceptevo_jax.store.files import replace_folder, temporary_beside

_LARGEST_SPRITE = 8192
_CONFIG = "projector_config.pbtxt"


def write_projector(scene: Scene, folder: Path, cutter: PatchCutter | None) -> Path:
    """Write a folder for TensorBoard's projector, completely or not at all.

    Args:
      scene: The scene.
      folder: Replaced if it is there.
      cutter: Of the scene's patches; None for none.

    Returns:
      The projector's configuration.
    """
    temporary = temporary_beside(folder)
    try:
        entries = [
            _write_run(scene, course, number, temporary, cutter)
            for number, course in enumerate(scene.courses)
        ]
        write_text(temporary / _CONFIG, "".join(entries))
        replace_folder(temporary, folder)
    finally:
        shutil.rmtree(temporary, ignore_errors=True)
    return folder / _CONFIG


def _file_name(name: str) -> str:
    return re.sub(r"[^\w.-]+", "-", name)


def _write_run(
    scene: Scene,
    course: Course,
    number: int,
    folder: Path,
    cutter: PatchCutter | None,
) -> str:
    """Write one run's files; returns its entry in the configuration.

    A run without any neuron with a vector is not written, and its entry is empty.
    """
    name = f"{number}-{_file_name(course.name)}"
    is_placed = np.isfinite(course.vectors).all(axis=2) & ~course.dead
    if not is_placed.any():
        return ""
    snapshot = int(np.flatnonzero(is_placed.any(axis=1))[-1])
    neurons = np.flatnonzero(is_placed[snapshot])
    vectors = course.vectors[snapshot, neurons].tolist()
    lines = ["\t".join(f"{component:.6g}" for component in row) for row in vectors]
    write_text(folder / name / "vectors.tsv", _join_lines(lines))
    metadata = _metadata(scene, course, snapshot, neurons)
    write_text(folder / name / "metadata.tsv", metadata)
    title = str(SnapshotId(course.name, course.epochs[snapshot]))
    settings = [
        f"tensor_name: {_quote(title)}",
        f'tensor_path: "{name}/vectors.tsv"',
        f'metadata_path: "{name}/metadata.tsv"',
    ]
    if cutter is not None:
        sprite = folder / name / "sprite.png"
        size = _write_sprite(course, snapshot, neurons, sprite, cutter)
        # Once for the width of an image, once for its height.
        size_line = f"single_image_dim: {size}"
        settings.append(
            f'sprite {{ image_path: "{name}/sprite.png" {size_line} {size_line} }}'
        )
    return "embeddings {\n" + _join_lines(f"  {line}" for line in settings) + "}\n"


def _metadata(
    scene: Scene, course: Course, snapshot: int, neurons: Int[np.ndarray, " _"]
) -> str:
    columns = neuron_columns(scene, course, snapshot)
    names = ("id", "site", "group", "top_class", "coverage", "movement")
    lines = ["\t".join(names)]
    for neuron in neurons.tolist():
        lines.append("\t".join(_format_cell(columns[name][neuron]) for name in names))
    return _join_lines(lines)


def _format_cell(cell: object) -> str:
    if cell is None or (isinstance(cell, float | np.floating) and math.isnan(cell)):
        return ""
    if isinstance(cell, float | np.floating):
        return f"{cell:.6g}"
    return " ".join(str(cell).split())


def _write_sprite(
    course: Course,
    snapshot: int,
    neurons: Int[np.ndarray, " _"],
    path: Path,
    cutter: PatchCutter,
) -> int:
    """Write the strongest patch of every neuron, row by row in a square.

    Returns the side of a patch in pixels.
    """
    columns = math.ceil(math.sqrt(len(neurons)))
    size = min(len(cutter), _LARGEST_SPRITE // columns)
    sheet = np.full((columns * size, columns * size, 3), 255, np.uint8)
    for index, neuron in enumerate(neurons.tolist()):
        y, x = (size * cell for cell in divmod(index, columns))
        for patch in cutter.patches(course, snapshot, neuron, count=1, size=size):
            sheet[y : y + size, x : x + size] = patch
    Image.fromarray(sheet).save(path)
    return size


def _quote(text: str) -> str:
    escaped = text.replace("\\", "\\\\").replace('"', '\\"').replace("\n", " ")
    return f'"{escaped}"'


def _join_lines(lines: Iterator[str] | Sequence[str]) -> str:
    return "".join(f"{line}\n" for line in lines)

"""Read a scene, and check it before making a page: it may come from somebody else.

Checksums detect damage, but the author of a scene also writes them. So all numbers must
be within their ranges, and a sheet must be a still WebP of the size that the images
need, with no other content. Only its header is read: the browser decodes it.
"""

import dataclasses
import re
from collections.abc import Iterator, Mapping
from pathlib import Path
from typing import Any

import numpy as np

from conceptevo_jax.epochs import Epoch
from conceptevo_jax.errors import DataError
from conceptevo_jax.explorer.saving import sheet_paths
from conceptevo_jax.explorer.scene import (
    FORMAT,
    Course,
    Pictures,
    SavedScene,
    Scene,
)
from conceptevo_jax.explorer.sheets import COLUMNS, MAX_TILE_SIDE, PER_SHEET
from conceptevo_jax.store import (
    checksum,
    flaw_of_name,
    load_record,
    read_file,
    read_manifest,
)
from conceptevo_jax.store.kinds import matches_type
from conceptevo_jax.types import neuron_count

_LOSSLESS, _KEY_FRAME, _SIDE = 0x2F, b"\x9d\x01\x2a", 2**14 - 1
"""How pictures in a WebP file begin, and the bits of a side's length."""

_EPOCH = re.compile(r"init|step\d{1,12}")

MAX_GROUPS = 255
"""Largest number of groups, numbered in a byte in which one value means none."""

_Rule = tuple[bool, str]

_REMEDY = "Run the experiment again; finished stages are reused."


def load_scene(folder: Path, allowed_folder: Path | None = None) -> SavedScene:
    """Read what `save_scene` wrote.

    Args:
      folder: Of the scene.
      allowed_folder: The result folder that no link may lead out of; by default
        `folder`.

    Returns:
      The scene, with the resolved paths of its sheets.

    Raises:
      DataError: naming the file that is missing, damaged, of another version, or not
        what a scene needs.
    """
    allowed_folder = allowed_folder or folder
    manifest = read_manifest(folder / "scene", allowed_folder)
    if manifest.get("format") != FORMAT:
        raise DataError(
            f"{folder} holds a scene of format {manifest.get('format')}, this version "
            f"reads {FORMAT}: run the experiment again; finished stages are reused."
        )
    runs: Any = manifest.get("runs")
    checksums: Any = manifest.get("sheets")
    if not matches_type(runs, int) or not matches_type(checksums, list[str]):
        raise DataError(f"{folder} does not list its runs and sheets. {_REMEDY}")
    head = load_record(folder / "scene", Scene, allowed_folder)
    courses = [
        load_record(folder / f"run-{number}", Course, allowed_folder)
        for number in range(runs)
    ]
    scene = dataclasses.replace(head, courses=courses)
    flaw = flaw_of_scene(scene, len(checksums))
    if flaw is not None:
        raise DataError(f"{folder} is not a consistent scene: {flaw}. {_REMEDY}")
    sheets = sheet_paths(folder, len(checksums))
    for number, sheet in enumerate(sheets):
        _require_sheet(sheet, allowed_folder, checksums[number], number, scene.pictures)
    return SavedScene(scene=scene, sheets=[sheet.resolve() for sheet in sheets])


def _require_sheet(
    path: Path,
    allowed_folder: Path,
    expected_checksum: str,
    number: int,
    pictures: Pictures,
) -> None:
    try:
        content = read_file(path, allowed_folder)
        if checksum(content) != expected_checksum:
            raise ValueError("its checksum does not fit")
        flaw = flaw_of_sheet(content, number, len(pictures.rows), pictures.tile)
        if flaw is not None:
            raise ValueError(flaw)
    except (OSError, ValueError) as error:
        raise DataError(
            f"{path} is missing or damaged ({error}): the scene is incomplete. "
            f"{_REMEDY}"
        ) from error


def flaw_of_scene(scene: Scene, sheets: int) -> str | None:
    """What is inconsistent in a scene; None if it is consistent.

    Args:
      scene: With its runs.
      sheets: Number of sheets that it lists.
    """
    for holds, flaw in _scene_rules(scene, sheets):
        if not holds:
            return flaw
    return None


def _scene_rules(scene: Scene, sheets: int) -> Iterator[_Rule]:
    """Whether each rule holds, and the flaw if it does not.

    Later rules rely on earlier ones.
    """
    pictures, names = scene.pictures, [course.name for course in scene.courses]
    tile = pictures.tile
    yield 0 <= tile <= min(pictures.side, MAX_TILE_SIDE), f"tiles of {tile} pixels"
    count = len(pictures.rows)
    yield len(pictures.labels) == count, "classes of other images"
    yield len(pictures.names) == (count if tile else 0), "names of other images"
    yield bool((np.diff(pictures.rows) > 0).all()), "images out of order"
    yield _are_in_range(pictures.rows, 0, None), "images outside of any pool"
    yield (
        _are_in_range(pictures.labels, 0, len(scene.classes)),
        "images of unknown classes",
    )
    needed_sheets = -(-count // PER_SHEET) if tile else 0
    yield sheets == needed_sheets, f"{sheets} sheets, not {needed_sheets}"
    yield len(scene.centers) == len(scene.groups), "middles of other groups"
    yield scene.radius >= 0, f"concepts of radius {scene.radius}"
    yield all(map(_is_concept, scene.groups)), "groups that are not concepts"
    yield len(set(names)) == len(names), "two runs of one name"
    yield any(course.is_base for course in scene.courses), "no base"
    base = next(course for course in scene.courses if course.is_base)
    yield (
        all(0 <= group["exemplar"] < base.dead.shape[1] for group in scene.groups),
        "exemplars that are no neurons of the base",
    )
    for course in scene.courses:
        flaw = flaw_of_name(course.name)
        yield flaw is None, f"a run called {course.name!r}: {flaw}"
        for holds, flaw in _course_rules(course, scene):
            yield holds, f"{course.name}: {flaw}"


def _course_rules(course: Course, scene: Scene) -> Iterator[_Rule]:
    (e, n), side = course.dead.shape, scene.pictures.side
    slots, patches = course.image_ids.shape, course.corners.shape
    yield e > 0, "no snapshot"
    yield all(map(_is_epoch, course.epochs)), "snapshots that are not epochs"
    yield all(site.channels > 0 for site in course.sites), "an empty site"
    yield neuron_count(course.sites) == n, "sites of other neurons"
    for name in ("nonfinite", "coverage"):
        yield getattr(course, name).shape == (e, n), f"{name} of other neurons"
    yield course.progress.shape == (e,), "progress of other snapshots"
    yield course.vectors.shape[2] == scene.centers.shape[1], "vectors of another space"
    yield (
        _are_in_range(course.image_ids, -1, len(scene.pictures.rows)),
        "unknown images",
    )
    yield course.peaks.shape == slots, "responses to other stimuli"
    yield patches[:3] in (slots, (e, n, 0)), "patches of other stimuli"
    yield patches[2] > 0 or not scene.pictures.tile or not slots[2], "no patches"
    yield _are_in_range(course.corners, -1, side), "patches outside of the images"
    yield course.length.shape == (n,), "patches of other neurons"
    yield _are_in_range(course.length, 1, side + 1), "patches larger than the images"
    yield (
        _are_in_range(course.group, -1, MAX_GROUPS),
        "groups that a page has no room for",
    )
    yield course.lives.shape == (5, n), "lives of other neurons"
    yield _are_in_range(course.lives, -1, e), "lives in unknown snapshots"
    lengths = {len(column) for column in course.measures.values()}
    yield lengths <= {e}, "measures of other snapshots"
    v, m, ranked_neurons = course.rank.shape
    yield (
        (v, ranked_neurons) == (len(course.evolutions), n),
        "ranks of other evolutions",
    )
    yield course.importance.shape == (v, m, 3, n), "scores of other evolutions"


def _is_concept(group: Mapping[str, Any]) -> bool:
    """Whether a group has the name and the numbers of a concept."""
    return (
        isinstance(group.get("name"), str)
        and isinstance(group.get("share"), (int, float))
        and all(
            isinstance(group.get(key), int) for key in ("label", "size", "exemplar")
        )
    )


def _is_epoch(epoch: Epoch) -> bool:
    """Whether it is one of what `conceptevo_jax.types.Epoch` lists."""
    return epoch >= 0 if isinstance(epoch, int) else bool(_EPOCH.fullmatch(epoch))


def _are_in_range(numbers: np.ndarray, low: int, end: int | None) -> bool:
    """Whether whole numbers are from `low` on and, where there is an end, below it."""
    if not numbers.size:
        return True
    return int(numbers.min()) >= low and (end is None or int(numbers.max()) < end)


def flaw_of_sheet(content: bytes, number: int, count: int, tile: int) -> str | None:
    """Why a file is not a sheet of a scene; None if it is.

    Args:
      content: The file.
      number: Of the sheet, from 0.
      count: Number of the scene's images.
      tile: Side of a tile in pixels.
    """
    rows = -(-min(count - number * PER_SHEET, PER_SHEET) // COLUMNS)
    width, height = COLUMNS * tile, rows * tile
    size = _still_size(content)
    if size is None:
        return "it is not a WebP file of a single picture"
    if size != (width, height):
        return f"it is {size[0]}×{size[1]} pixels, not {width}×{height}"
    return None


def _still_size(content: bytes) -> tuple[int, int] | None:
    """Width and height of a WebP file of a single chunk; None for any other file.

    See RFC 9649: one without metadata and movement is of a chunk `VP8L` or `VP8 `.
    """
    start, chunk, picture = content[:12], content[12:16], content[20:30]
    file_length, chunk_length = (
        int.from_bytes(content[offset : offset + 4], "little") for offset in (4, 16)
    )
    padded_length = chunk_length + chunk_length % 2
    is_whole = file_length + 8 == len(content) == padded_length + 20
    if (
        not is_whole
        or start[:4] != b"RIFF"
        or start[8:] != b"WEBP"
        or len(picture) < 10
    ):
        return None
    if chunk == b"VP8L" and picture[0] == _LOSSLESS:
        bits = int.from_bytes(picture[1:5], "little")
        return (bits & _SIDE) + 1, (bits >> 14 & _SIDE) + 1
    if chunk == b"VP8 " and picture[3:6] == _KEY_FRAME:
        sides = (int.from_bytes(picture[i : i + 2], "little") for i in (6, 8))
        width, height = (side & _SIDE for side in sides)
        return width, height
    return None

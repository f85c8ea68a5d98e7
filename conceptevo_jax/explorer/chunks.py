"""Scenes as compressed chunks of arrays, as a page reads them.

A chunk is a gzipped container: `CEVO`, the format and the header's length as unsigned
32-bit numbers, a JSON header padded to a multiple of eight bytes, and the arrays, each
padded likewise; little-endian throughout. The same scene gives the same bytes.

Largest rounding errors: a point by 1/131,068 of the map's width or height; coverage by
1/508; a movement and a response by 1/256 of itself; a component of a unit vector by
1/254; a score of importance by 1/131,068.
"""

import dataclasses
import gzip
import json
import struct
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from conceptevo_jax.explorer.scene import Course, Pictures, Scene, StudyGroup
from conceptevo_jax.explorer.sheets import COLUMNS, PER_SHEET
from conceptevo_jax.types import site_slices

FORMAT = 1
FINE_STEPS = 65534
"""Steps of a 16-bit number, with one more value to mark missing numbers."""

COARSE_STEPS = 254
"""The same of 8 bits."""

_TYPES = {"|u1": "u8", "|i1": "i8", "<u2": "u16", "<i2": "i16"}
_TYPES |= {"<u4": "u32", "<i4": "i32", "<f4": "f32"}

Chunk = tuple[str, bytes]


def page_chunks(
    title: str,
    scenes: Sequence[Scene],
    study_groups: Sequence[Sequence[StudyGroup]] = (),
) -> Iterator[Chunk]:
    """All chunks of a page, one at a time: `core`, then those of each run.

    Args:
      title: Of the page.
      scenes: A scene without patches has none in its chunks, either.
      study_groups: Groups of a study in each scene; none by default.
    """
    yield "core", _core_chunk(title, scenes, study_groups or [()] * len(scenes))
    number = 0
    for scene in scenes:
        for index, course in enumerate(scene.courses):
            yield f"patches-{number}", _patch_chunk(scene, course, first=index == 0)
            yield f"vectors-{number}", container({}, {"vectors": _directions(course)})
            number += 1


def container(meta: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> bytes:
    """Pack named arrays and a JSON value.

    Args:
      meta: The JSON value, without NaN.
      arrays: Of the types that `_TYPES` names, in any byte order.

    Returns:
      The gzipped container.
    """
    layout, blocks, offset = {}, [], 0
    for name, array in arrays.items():
        contiguous_array = np.ascontiguousarray(array)
        little_endian_array = contiguous_array.dtype.newbyteorder("<")
        block = contiguous_array.astype(little_endian_array, copy=False).tobytes()
        dtype, shape = _TYPES[little_endian_array.str], list(contiguous_array.shape)
        layout[name] = {"dtype": dtype, "shape": shape, "offset": offset}
        padded = block + bytes(-len(block) % 8)
        blocks.append(padded)
        offset += len(padded)
    header = json.dumps({"meta": meta, "arrays": layout}, allow_nan=False).encode()
    # The arrays start at a multiple of eight; 12 bytes come before the header.
    header += b" " * (-(12 + len(header)) % 8)
    start = b"CEVO" + struct.pack("<II", FORMAT, len(header))
    return gzip.compress(b"".join([start, header, *blocks]), 6, mtime=0)


def _core_chunk(
    title: str,
    scenes: Sequence[Scene],
    study_groups: Sequence[Sequence[StudyGroup]],
) -> bytes:
    """Everything that a page needs at its start: scenes, runs and their maps."""
    arrays: dict[str, np.ndarray] = {}
    scene_facts: list[dict[str, Any]] = []
    run_facts: list[dict[str, Any]] = []
    for number, (scene, groups) in enumerate(zip(scenes, study_groups, strict=True)):
        extent = _extent(scene.courses)
        scene_facts.append(_scene_facts(scene, extent, groups))
        arrays[f"labels-{number}"] = scene.pictures.labels.astype(np.uint16)
        for course in scene.courses:
            prefix = len(run_facts)
            for name, array in _run_arrays(course, extent).items():
                arrays[f"{prefix}.{name}"] = array
            run_facts.append(_run_facts(course, number, scene.pictures.side))
    meta = {"format": FORMAT, "title": title, "scenes": scene_facts, "runs": run_facts}
    return container(meta, arrays)


def _extent(courses: Sequence[Course]) -> list[float]:
    """Lowest x and y on the map, then the highest; 0 and 1 of an empty map."""
    placed_points = [
        course.points[np.isfinite(course.points).all(axis=2)] for course in courses
    ]
    points = np.concatenate(placed_points) if placed_points else np.zeros((0, 2))
    if not len(points):
        return [0.0, 0.0, 1.0, 1.0]
    return [*map(float, points.min(axis=0)), *map(float, points.max(axis=0))]


def _scene_facts(
    scene: Scene, extent: Sequence[float], study_groups: Sequence[StudyGroup]
) -> dict[str, Any]:
    groups = [dataclasses.asdict(group) for group in study_groups]
    return {
        **({"given": groups} if groups else {}),
        "title": scene.title,
        "base": scene.base,
        "method": scene.method,
        "stability": scene.stability,
        "classes": list(scene.classes),
        "extent": list(extent),
        "images": _sheet_facts(scene.pictures),
        "groups": [dict(group) for group in scene.groups],
    }


def _sheet_facts(pictures: Pictures) -> dict[str, int] | None:
    """How images lie on the sheets; None without sheets."""
    if not pictures.tile:
        return None
    return {
        "count": len(pictures.rows),
        "side": pictures.side,
        "tile": pictures.tile,
        "columns": COLUMNS,
        "per_sheet": PER_SHEET,
        "sheets": -(-len(pictures.rows) // PER_SHEET),
    }


def _run_facts(course: Course, scene: int, side: int) -> dict[str, Any]:
    starts = [neurons.start for neurons in site_slices(course.sites).values()]
    sites = [
        {
            "name": site.name,
            "channels": site.channels,
            "field": float(course.length[start]) / side,
        }
        for site, start in zip(course.sites, starts, strict=True)
    ]
    return {
        "name": course.name,
        "title": course.title,
        "architecture": course.architecture,
        "scene": scene,
        "is_base": course.is_base,
        "sites": sites,
        "k": course.image_ids.shape[2],
        "dimensions": course.vectors.shape[2],
        "epochs": list(course.epochs),
        "progress": course.progress.tolist(),
        "table": {name: list(column) for name, column in course.table.items()},
        "measures": {name: list(column) for name, column in course.measures.items()},
        "reports": [dict(report) for report in course.reports],
        "evolutions": [dict(evolution) for evolution in course.evolutions],
    }


def _run_arrays(course: Course, extent: Sequence[float]) -> dict[str, np.ndarray]:
    low, high = np.array(extent[:2]), np.array(extent[2:])
    size = np.where(high > low, high - low, 1.0)
    points = _quantise((course.points - low) / size, FINE_STEPS, np.uint16)
    points[~np.isfinite(course.points).all(axis=2)] = FINE_STEPS + 1
    arrays = {
        "points": points,
        "state": course.dead.astype(np.uint8) + 2 * course.nonfinite.astype(np.uint8),
        "coverage": _quantise(course.coverage, COARSE_STEPS, np.uint8),
        "moved": _bfloat16(course.movement),
        "group": _mark_missing(course.group, np.uint8),
        "lives": course.lives.astype(np.int16),
    }
    if course.evolutions:
        arrays["importance"] = _quantise(course.importance, FINE_STEPS, np.uint16)
        arrays["rank"] = _mark_missing(course.rank, np.uint32)
    return arrays


def _quantise(shares: np.ndarray, steps: int, dtype: type) -> np.ndarray:
    """Shares as whole numbers of steps; `steps` + 1 for NaN."""
    is_finite = np.isfinite(shares)
    clipped_shares = np.clip(np.where(is_finite, shares, 0.0), 0, 1)
    quantised_shares = np.rint(clipped_shares.astype(float) * steps)
    return np.where(is_finite, quantised_shares, steps + 1).astype(dtype)


def _bfloat16(values: np.ndarray) -> np.ndarray:
    """The upper halves of the bits of rounded 32-bit floats; NaN stays NaN.

    They keep the range of 32 bits, which responses of a failing training need.
    """
    bits = values.astype(np.float32).view(np.uint32)
    rounded_bits = bits + np.uint32(0x7FFF) + (bits >> 16 & 1)
    return np.where(np.isnan(values), 0x7FC0, rounded_bits >> 16).astype(np.uint16)


def _mark_missing(numbers: np.ndarray, dtype: type) -> np.ndarray:
    """Unsigned numbers: the largest of the type marks negative ones, as missing."""
    signed_numbers = numbers.astype(np.int64)
    return np.where(signed_numbers < 0, np.iinfo(dtype).max, signed_numbers).astype(
        dtype
    )


def _patch_chunk(scene: Scene, course: Course, *, first: bool) -> bytes:
    count = len(scene.pictures.rows)
    dtype = np.uint16 if count < np.iinfo(np.uint16).max else np.uint32
    ids = _mark_missing(course.image_ids, dtype)
    arrays = {"images": ids, "peaks": _bfloat16(course.peaks)}
    if not scene.pictures.tile:
        return container({}, arrays)
    arrays |= {
        "corners": _mark_missing(course.corners, np.uint16),
        "length": course.length.astype(np.uint16),
    }
    return container({"names": list(scene.pictures.names)} if first else {}, arrays)


def _directions(course: Course) -> np.ndarray:
    """Unit vectors in steps of 1/127; zeros without a place or for dead neurons."""
    vectors = course.vectors.astype(np.float64)
    is_placed = np.isfinite(vectors).all(axis=2) & ~course.dead
    vectors = np.where(is_placed[..., None], vectors, 0.0)
    norms = np.linalg.norm(vectors, axis=2, keepdims=True)
    return np.rint(127 * vectors / np.where(norms > 0, norms, 1)).astype(np.int8)

"""Scenes as compressed chunks of arrays, as a page reads them.

A chunk is a gzipped container: `CEVO`, the format and the header's length as unsigned
32-bit numbers, a JSON header padded to a multiple of eight bytes, and the arrays, each
padded likewise; little-endian throughout. The same scene gives the same bytes.

What is rounded, at most: a point by 1/131,068 of the map's width or height; coverage by
1/508; movement by 1/508 of the run's largest; a component of a unit vector by 1/254; a
score of importance by 1/131,068.
"""

import dataclasses
import gzip
import json
import struct
from collections.abc import Iterator, Mapping, Sequence
from typing import Any

import numpy as np

from conceptevo_jax.explorer.scene import Course, Given, Scene
from conceptevo_jax.explorer.sheets import COLUMNS, PER_SHEET
from conceptevo_jax.types import site_slices

FORMAT = 1
FINE = 65534
"""Steps of what 16 bits hold; one value is left for what is not there."""

COARSE = 254
"""The same of 8 bits."""

_TYPES = {"|u1": "u8", "|i1": "i8", "<u2": "u16", "<i2": "i16"}
_TYPES |= {"<u4": "u32", "<i4": "i32", "<f4": "f32"}

Chunk = tuple[str, bytes]


def chunks(
    title: str, scenes: Sequence[Scene], given: Sequence[Sequence[Given]] = ()
) -> Iterator[Chunk]:
    """All chunks of a page, one at a time: `core`, then those of each run.

    Args:
      title: Of the page.
      scenes: Those without patches have none in their chunks, either.
      given: Groups of a study in each scene; none by default.
    """
    yield "core", _core(title, scenes, given or [()] * len(scenes))
    number = 0
    for scene in scenes:
        for place, course in enumerate(scene.courses):
            yield f"patches-{number}", _patches(scene, course, first=place == 0)
            yield f"vectors-{number}", container({}, {"vectors": _directions(course)})
            number += 1


def container(meta: Mapping[str, Any], arrays: Mapping[str, np.ndarray]) -> bytes:
    """Pack named arrays and a JSON value."""
    told, parts, offset = {}, [], 0
    for name, array in arrays.items():
        held = np.ascontiguousarray(array)
        data = held.astype(held.dtype.newbyteorder("<"), copy=False).tobytes()
        dtype = _TYPES[held.dtype.newbyteorder("<").str]
        told[name] = {"dtype": dtype, "shape": list(held.shape), "offset": offset}
        padded = data + bytes(-len(data) % 8)
        parts.append(padded)
        offset += len(padded)
    header = json.dumps({"meta": meta, "arrays": told}, allow_nan=False).encode()
    header += b" " * (-(12 + len(header)) % 8)
    start = b"CEVO" + struct.pack("<II", FORMAT, len(header))
    return gzip.compress(b"".join([start, header, *parts]), 6, mtime=0)


def _core(
    title: str, scenes: Sequence[Scene], given: Sequence[Sequence[Given]]
) -> bytes:
    arrays: dict[str, np.ndarray] = {}
    shown: list[dict[str, Any]] = []
    runs: list[dict[str, Any]] = []
    for place, (scene, groups) in enumerate(zip(scenes, given, strict=True)):
        extent = _extent(scene.courses)
        shown.append(_scene(scene, extent, groups))
        arrays[f"labels-{place}"] = scene.pictures.labels.astype(np.uint16)
        for course in scene.courses:
            own = _run_arrays(course, extent)
            arrays |= {f"{len(runs)}.{name}": array for name, array in own.items()}
            runs.append(_run(course, place, scene.pictures.side))
    meta = {"format": FORMAT, "title": title, "scenes": shown, "runs": runs}
    return container(meta, arrays)


def _extent(courses: Sequence[Course]) -> list[float]:
    """The smallest and the largest place on the map; of an empty one, 0 and 1."""
    points = [one.points[np.isfinite(one.points).all(axis=2)] for one in courses]
    every = np.concatenate(points) if points else np.zeros((0, 2))
    if not len(every):
        return [0.0, 0.0, 1.0, 1.0]
    return [*map(float, every.min(axis=0)), *map(float, every.max(axis=0))]


def _scene(
    scene: Scene, extent: Sequence[float], given: Sequence[Given]
) -> dict[str, Any]:
    told = {"given": [dataclasses.asdict(group) for group in given]} if given else {}
    return {
        **told,
        "title": scene.title,
        "base": scene.base,
        "method": scene.method,
        "stability": scene.stability,
        "classes": list(scene.classes),
        "extent": list(extent),
        "images": _images(scene),
        "groups": [dict(group) for group in scene.groups],
    }


def _images(scene: Scene) -> dict[str, int] | None:
    own = scene.pictures
    if not own.tile:
        return None
    return {
        "count": len(own.rows),
        "side": own.side,
        "tile": own.tile,
        "columns": COLUMNS,
        "per_sheet": PER_SHEET,
        "sheets": -(-len(own.rows) // PER_SHEET),
    }


def _run(course: Course, scene: int, side: int) -> dict[str, Any]:
    starts = [where.start for where in site_slices(course.sites).values()]
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
        "measures": {name: list(values) for name, values in course.measures.items()},
        "reports": [dict(report) for report in course.reports],
        "moved": _largest(course),
        "evolutions": [dict(evolution) for evolution in course.evolutions],
    }


def _largest(course: Course) -> float:
    known = course.movement[np.isfinite(course.movement)]
    return float(known.max(initial=0)) or 1.0


def _run_arrays(course: Course, extent: Sequence[float]) -> dict[str, np.ndarray]:
    low, high = np.array(extent[:2]), np.array(extent[2:])
    size = np.where(high > low, high - low, 1.0)
    points = _steps((course.points - low) / size, FINE, np.uint16)
    points[~np.isfinite(course.points).all(axis=2)] = FINE + 1
    found = {
        "points": points,
        "state": course.dead.astype(np.uint8) + 2 * course.nonfinite.astype(np.uint8),
        "coverage": _steps(course.coverage, COARSE, np.uint8),
        "moved": _steps(course.movement / _largest(course), COARSE, np.uint8),
        "group": _known(course.group, np.uint8),
        "lives": course.lives.astype(np.int16),
    }
    if course.evolutions:
        found["importance"] = _steps(course.importance, FINE, np.uint16)
        found["rank"] = _known(course.rank, np.uint32)
    return found


def _steps(shares: np.ndarray, steps: int, dtype: type) -> np.ndarray:
    """Shares as whole numbers of steps; `steps` + 1 for what is not known."""
    known = np.isfinite(shares)
    whole = np.rint(np.clip(np.where(known, shares, 0.0), 0, 1).astype(float) * steps)
    return np.where(known, whole, steps + 1).astype(dtype)


def _known(numbers: np.ndarray, dtype: type) -> np.ndarray:
    """Whole numbers from 0; the type's largest for the negative, which are none."""
    exact = numbers.astype(np.int64)
    return np.where(exact < 0, np.iinfo(dtype).max, exact).astype(dtype)


def _patches(scene: Scene, course: Course, *, first: bool) -> bytes:
    count = len(scene.pictures.rows)
    dtype = np.uint16 if count < np.iinfo(np.uint16).max else np.uint32
    ids = _known(course.image_ids, dtype)
    if not scene.pictures.tile:
        return container({}, {"images": ids})
    arrays = {
        "images": ids,
        "corners": _known(course.corners, np.uint16),
        "length": course.length.astype(np.uint16),
    }
    return container({"names": list(scene.pictures.names)} if first else {}, arrays)


def _directions(course: Course) -> np.ndarray:
    """Unit vectors in steps of 1/127; zeros without a place or for dead neurons."""
    exact = course.vectors.astype(np.float64)
    shown = np.isfinite(exact).all(axis=2) & ~course.dead
    exact = np.where(shown[..., None], exact, 0.0)
    norms = np.linalg.norm(exact, axis=2, keepdims=True)
    return np.rint(127 * exact / np.where(norms > 0, norms, 1)).astype(np.int8)

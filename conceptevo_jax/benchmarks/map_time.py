"""The share of the demo's time that its map, made by UMAP, takes.

The share comes from the demo's record, if there is a demo result next to this one; in
any case a map of a configured number of points is timed here, after a first one that
compiles.
"""

import json
from functools import partial
from pathlib import Path

import numpy as np

from conceptevo_jax.benchmarks.rows import SHARE, Row
from conceptevo_jax.benchmarks.timing import fastest_seconds
from conceptevo_jax.projection import fit_layout

DIM = 30


def measure_maps(points: int, demo: Path, *, turns: int) -> list[Row]:
    """Time of a map, and the share of the demo's time that its own map took.

    Args:
      points: Number of points on the map.
      demo: Result folder of the demo, if there is one.
      turns: Number of rounds of the timing.
    """
    vectors = np.random.default_rng(0).normal(size=(points, DIM)).astype(np.float32)
    (seconds,) = fastest_seconds({"map": partial(_points, vectors)}, turns).values()
    share, why = map_share(demo)
    return [
        Row(
            part="maps",
            what=f"map of {points:,} points and its stability",
            seconds=seconds,
            rate=points / seconds,
            unit="points",
        ),
        Row(part="maps", what="the demo's map", value=share, measure=SHARE, why=why),
    ]


def map_share(demo: Path) -> tuple[float | None, str]:
    """Share of a result's time that its map took, and of what, or why none is known."""
    path = demo / "results.json"
    if not path.is_file():
        return None, "not run: needs a demo result in the same folder"
    demo_results = json.loads(path.read_text("utf-8"))
    layout_seconds, total_seconds = (
        demo_results["timings"].get("layout"),
        demo_results["seconds"],
    )
    if not layout_seconds:
        return None, "not run: the demo took its map from the store"
    return (
        layout_seconds / total_seconds,
        f"{layout_seconds:.1f} s of {total_seconds:.0f} s",
    )


def _points(vectors: np.ndarray) -> np.ndarray:
    return fit_layout(vectors).points

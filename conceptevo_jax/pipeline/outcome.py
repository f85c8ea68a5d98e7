"""What an experiment leaves behind: claims, tables and `results.json`.

A claim compares a number measured in this very run with what the paper says of it. One
that does not hold is reported as such; one that was not measured says why.
"""

import csv
import dataclasses
import io
import math
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from conceptevo_jax.analysis.statistics.intervals import Interval
from conceptevo_jax.store import versions, write_json, write_text

SCHEMA = 1
"""Version of the layout of `results.json`."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class Claim:
    """One claim of a result.

    Attributes:
      id: A name without spaces.
      paper: What the paper says of it, or None where it says nothing.
      rule: What must be so for the claim to hold, in words. A number that has an
        interval clears a bound by its end, one that has none by itself.
      measured: The number found, or None.
      interval: 95 % interval of it, or None.
      n: How many things were measured.
      holds: Whether the rule is met; None if not measured.
      why: What the number is made of, or why there is none.
    """

    id: str
    paper: str | None
    rule: str
    measured: float | None
    interval: Interval | None
    n: int
    holds: bool | None
    why: str


def finite(value: float | None) -> float | None:
    """The value, or None where JSON has no number for it."""
    return value if value is not None and math.isfinite(value) else None


def write_results(
    folder: Path,
    *,
    experiment: str,
    scale: str,
    method: str,
    seeds: Sequence[int],
    base: str | None,
    device: str,
    seconds: float,
    timings: Mapping[str, float],
    claims: Sequence[Claim],
    **further: Any,
) -> Path:
    """Write `results.json`, whole or not at all.

    Everything but `seconds` and `timings` is the same for the same seed on the same
    machine.

    Args:
      folder: The result folder.
      experiment: Name of the experiment.
      scale: Name of the scale.
      method: Name of the method.
      seeds: Of the repeats.
      base: Name of the base snapshot, or None without one.
      device: Kind of device that computed it.
      seconds: Of the whole call.
      timings: Seconds by stage.
      claims: In the order they are to be told.
      **further: More entries.
    """
    path = folder / "results.json"
    write_json(
        path,
        {
            "schema": SCHEMA,
            "versions": versions(),
            "experiment": experiment,
            "scale": scale,
            "method": method,
            "seeds": list(seeds),
            "base": base,
            "device": device,
            "seconds": seconds,
            "timings": timings,
            "claims": list(claims),
            **further,
        },
    )
    return path


def write_csv(path: Path, rows: Sequence[Mapping[str, Any]]) -> Path:
    """Write rows of equal keys as CSV, whole or not at all; None becomes empty.

    Without rows there are no columns either, so there is no file.

    Args:
      path: The file.
      rows: All of the same keys.
    """
    if not rows:
        path.unlink(missing_ok=True)
        return path
    text = io.StringIO(newline="")
    writer = csv.DictWriter(text, list(rows[0]), lineterminator="\n")
    writer.writeheader()
    writer.writerows(rows)
    write_text(path, text.getvalue())
    return path

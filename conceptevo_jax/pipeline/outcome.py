"""The results of an experiment: claims, tables and `results.json`.

A claim compares a number measured in this run with the paper's statement. A claim
that does not hold is reported as such; a claim that was not measured gives the reason.
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
      paper: The paper's statement, or None if it makes none.
      rule: The condition for the claim to hold, in words. A number with an
        interval is compared by the end of the interval, otherwise by its value.
      measured: The measured number, or None.
      interval: Its 95 % interval, or None.
      n: Number of observations.
      holds: Whether the rule is met; None if not measured.
      why: Details of the number, or why there is none.
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
    """The value, or None if JSON has no number for it."""
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
      seeds: Seeds of the repeats.
      base: Name of the base snapshot, or None without one.
      device: Kind of device that computed it.
      seconds: Duration of the whole call.
      timings: Seconds by stage.
      claims: The claims, in the order of the report.
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
      rows: Rows with the same keys.
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

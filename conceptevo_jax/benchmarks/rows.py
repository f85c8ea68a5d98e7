"""Rows of the benchmark's table, in the same form for every part, and their claims."""

import dataclasses
import importlib.metadata
import importlib.util
import subprocess
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import jax

from conceptevo_jax.figures import Ratio
from conceptevo_jax.pipeline.outcome import Claim, finite


@dataclasses.dataclass(frozen=True, kw_only=True)
class Row:
    """One thing that was measured, or was not, with the reason.

    Attributes:
      part: Of the benchmark.
      what: Was done.
      peer: What it is compared with; empty where nothing is.
      seconds: Of the fastest turn; None where not measured.
      rate: Units of work a second.
      unit: Of work.
      bytes: Needed at once.
      value: The number that the row is about.
      measure: What `value` is: a ratio to the peer, an exponent, seconds, bytes.
      bound: What `value` must be, `>= 2` or `<= 1.1`; empty where nothing is claimed.
      claim: Name of the claim that it is.
      device: It ran on.
      why: What the number is made of, or why there is none.
    """

    part: str
    what: str
    peer: str = ""
    seconds: float | None = None
    rate: float | None = None
    unit: str = ""
    bytes: int | None = None
    value: float | None = None
    measure: str = ""
    bound: str = ""
    claim: str = ""
    device: str = dataclasses.field(default_factory=lambda: device_name())
    why: str = ""


TIMES_AS_FAST, TIMES_THE_TIME = "times as fast as the peer", "times the peer's time"
FORWARD_PASSES = "forward passes of the same images"
PEERS = ("gensim", "torch", "torchvision")
"""Packages that ours may be compared with."""

SECONDS, BYTES, EXPONENT, SHARE = "seconds", "bytes", "exponent", "share"


def device_name() -> str:
    """Kind of the first device, such as `cpu`."""
    return str(jax.devices()[0].device_kind)


def is_within_bound(row: Row) -> bool | None:
    """Whether the row's value is within its bound; None without one of them."""
    value = finite(row.value)
    if value is None or not row.bound:
        return None
    sign, bound = row.bound.split()
    return value >= float(bound) if sign == ">=" else value <= float(bound)


def row_claims(rows: Sequence[Row]) -> list[Claim]:
    """A claim for every row with a bound."""
    return [
        Claim(
            id=row.claim,
            paper=None,
            rule=f"{_name(row)}: {row.measure} {row.bound}",
            measured=finite(row.value),
            interval=None,
            n=1,
            holds=is_within_bound(row),
            why=row.why,
        )
        for row in rows
        if row.bound
    ]


def _name(row: Row) -> str:
    return f"{row.part}: {row.what}" + (f" against {row.peer}" if row.peer else "")


def upper_bound_claim(
    name: str, rule: str, measured: float | None, upper_bound: float, why: str
) -> Claim:
    """A claim that a number is within its bound; if not measured, it gives the reason.

    Args:
      name: The claim's id.
      rule: What should hold, in words.
      measured: The number; None where it was not measured.
      upper_bound: What it may be at most.
      why: What was measured, or the reason that it was not.
    """
    return Claim(
        id=name,
        paper=None,
        rule=rule,
        measured=finite(measured),
        interval=None,
        n=1,
        holds=None if measured is None else measured <= upper_bound,
        why=why,
    )


def table(rows: Sequence[Row]) -> list[dict[str, Any]]:
    """The rows for a CSV file, with whether each holds."""
    return [dataclasses.asdict(row) | {"holds": is_within_bound(row)} for row in rows]


def speed_ratios(rows: Sequence[Row]) -> list[Ratio]:
    """The rows that compare speeds, as times as fast as the peer."""
    ratios = []
    for row in rows:
        value = finite(row.value)
        if value is None or row.measure not in (TIMES_AS_FAST, TIMES_THE_TIME):
            continue
        bound = float(row.bound.split()[1]) if row.bound else None
        if row.measure == TIMES_THE_TIME:
            value, bound = 1 / value, None if bound is None else 1 / bound
        name = f"{row.what}, beside: {row.peer}"
        ratios.append(Ratio(name=name, value=value, bound=bound))
    return ratios


def about_software() -> dict[str, Any]:
    """Commit of a checkout, None elsewhere, and versions of the peers installed."""
    call = ["git", "-C", str(Path(__file__).parent), "describe", "--always", "--dirty"]
    try:
        finished_process = subprocess.run(
            call, capture_output=True, text=True, check=True
        )
        commit = finished_process.stdout.strip()
    except (OSError, subprocess.CalledProcessError):
        commit = None
    return {"commit": commit, "peers": {name: _version(name) for name in PEERS}}


def _version(name: str) -> str | None:
    try:
        return importlib.metadata.version(name)
    except importlib.metadata.PackageNotFoundError:
        return None


def why_missing(*modules: str) -> str | None:
    """Why what needs these modules was not run; None if all are installed."""
    missing = [name for name in modules if importlib.util.find_spec(name) is None]
    if not missing:
        return None
    extra = "peers" if missing == ["gensim"] else "peers,parity"
    return f"not run: needs {', '.join(missing)}, pip install 'conceptevo-jax[{extra}]'"

"""Rows that two checkouts measured alternately, as ratios of old to new with spread.

A ratio is computed within each round, whose two calls follow one another; the median of
the rounds is shown with the minimum and the maximum. Above 1 the new side is faster, or
needs less.
"""

import math
import statistics
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any, NamedTuple

from conceptevo_jax.benchmarks.rows import BYTES, SECONDS
from conceptevo_jax.figures import Ratio

ResultRow = Mapping[str, Any]
"""A `Row` as `results.json` has it; of another commit it may have other fields, too."""


class CheckoutBenchmark(NamedTuple):
    """A checkout, and what one call of its benchmark left.

    Attributes:
      folder: The checkout.
      software: Commit and versions of peers, by its own account.
      settings: Its whole configuration, by dotted name.
      rows: Of its table.
    """

    folder: Path
    software: dict[str, Any]
    settings: dict[str, Any]
    rows: list[ResultRow]


def different_settings(
    new: CheckoutBenchmark, old: CheckoutBenchmark
) -> dict[str, list[Any]]:
    """Settings that both know and that differ, `[new, old]`, by dotted name.

    Args:
      new: The side under test.
      old: The one it is compared with.
    """
    return {
        name: [value, old.settings[name]]
        for name, value in new.settings.items()
        if name != "run_dir" and old.settings.get(name, value) != value
    }


def compare(
    part: str, side_pairs: Sequence[tuple[CheckoutBenchmark, CheckoutBenchmark]]
) -> list[dict[str, Any]]:
    """Ratios of the rows that both sides have, matched by what was done and the peer.

    Seconds and bytes are compared; rows made of others (a ratio to a peer, an exponent)
    are left out. What only one side has, or nobody measured, says so.

    Args:
      part: Of the benchmark, which all rows are of.
      side_pairs: New and old side of each, one at least.
    """
    tables = [[{_key(row): row for row in side.rows} for side in r] for r in side_pairs]
    keys = dict.fromkeys(key for pair in tables for side in pair for key in side)
    folders = [side.folder for side in side_pairs[0]]
    comparisons = []
    for key in keys:
        sides = [[pair[i][key] for pair in tables if key in pair[i]] for i in (0, 1)]
        if all(sides):
            shared = [(a[key], b[key]) for a, b in tables if key in a and key in b]
            comparisons += _compare_row(key, shared)
        else:
            folder = folders[0] if sides[0] else folders[1]
            comparisons.append(_comparison_row(key, why=f"only in {folder}"))
    return comparisons or [
        _comparison_row((part, "", ""), why="it leaves no rows to compare")
    ]


def checkout_speed_ratios(comparisons: Sequence[ResultRow], peer: str) -> list[Ratio]:
    """How many times as fast the new side is, of each comparison with times.

    Args:
      comparisons: From `compare`.
      peer: The old side's name in the figure.
    """
    return [
        Ratio(
            name=f"{comparison['part']}: {_title(comparison)}, beside: {peer}",
            value=ratio,
        )
        for comparison in comparisons
        if comparison["quantity"] == SECONDS
        and (ratio := comparison["ratio"]) is not None
    ]


def _title(comparison: ResultRow) -> str:
    """What was done, and by which peer where it was none of ours."""
    return (
        f"{comparison['what']} ({comparison['peer']})"
        if comparison["peer"]
        else comparison["what"]
    )


def _key(row: ResultRow) -> tuple[str, str, str]:
    return row["part"], row["what"], row["peer"]


def _compare_row(
    key: tuple[str, str, str], row_pairs: Sequence[tuple[ResultRow, ResultRow]]
) -> list[dict[str, Any]]:
    """A comparison each for seconds and bytes, or why there is none."""
    comparisons = []
    for quantity in (SECONDS, BYTES):
        pairs = [(a, b) for a, b in row_pairs if a[quantity] and b[quantity]]
        if pairs:
            comparisons.append(_ratio(key, quantity, pairs))
    if comparisons:
        return comparisons
    reasons = [row["why"] for pair in row_pairs for row in pair if row["value"] is None]
    return [_comparison_row(key, why=reasons[0] or "not measured")] if reasons else []


def _ratio(
    key: tuple[str, str, str],
    quantity: str,
    pairs: Sequence[tuple[ResultRow, ResultRow]],
) -> dict[str, Any]:
    costs = [[float(row[quantity]) for row in pair] for pair in pairs]
    new, old = (statistics.median(side) for side in zip(*costs, strict=True))
    comparison = _comparison_row(
        key, quantity=quantity, new=new, old=old, rounds=len(pairs)
    )
    for pair in pairs:
        new_work, old_work = map(_work_units, pair)
        if new_work and old_work and not math.isclose(new_work, old_work, rel_tol=1e-6):
            unit = pair[0]["unit"]
            reason = (
                f"not comparable: {new_work:,.0f} {unit} here, {old_work:,.0f} there"
            )
            return comparison | {"why": reason}
    ratios = [old_cost / new_cost for new_cost, old_cost in costs]
    ratio_range = {"low": min(ratios), "high": max(ratios)}
    return comparison | {"ratio": statistics.median(ratios)} | ratio_range


def _work_units(row: ResultRow) -> float | None:
    """Units of work that a row's time went into; None where it names none."""
    return row["rate"] * row["seconds"] if row["rate"] and row["seconds"] else None


def _comparison_row(key: tuple[str, str, str], **columns: Any) -> dict[str, Any]:
    names = ("quantity", "new", "old", "ratio", "low", "high", "rounds")
    titles = dict(zip(("part", "what", "peer"), key, strict=True))
    return titles | dict.fromkeys(names) | {"why": ""} | columns

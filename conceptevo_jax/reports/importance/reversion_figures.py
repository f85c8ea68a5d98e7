"""Bar figures of accuracy after reverting evolutions, from `tables/reversion.csv`."""

from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure

from conceptevo_jax.analysis.importance.reversion import DIRECTIONS, METRICS
from conceptevo_jax.epochs import epoch_label
from conceptevo_jax.figures import Bars, draw_bars, save_figure
from conceptevo_jax.reports.importance.tables import RANDOM_QUANTILE
from conceptevo_jax.types import record

Rows = Sequence[Mapping[str, Any]]

GROUP_TITLES = {
    "sampled": "training images used for the ranking",
    "other": "other training images",
    "test": "test images",
}
"""Labels of the groups of images of the class in figures."""


@record
class _Series:
    """A row of panels, and the table rows that it draws.

    Attributes:
      title: The title.
      direction: One of `DIRECTIONS`.
      group: One of `GROUPS`.
      metric: One of `METRICS`.
    """

    title: str
    direction: str
    group: str
    metric: str


def draw_reversion(rows: Rows, folder: Path, titles: Mapping[str, str]) -> list[Path]:
    """Draw `tables/reversion.csv`, of one seed or aggregated over several.

    Args:
      rows: The rows of the table.
      folder: The result folder.
      titles: Titles of the runs.

    Returns:
      The PNG files, first the one that corresponds to Fig. 7.
    """
    figure_paths = []
    for metric in METRICS:
        title = (
            f"Change of {metric.replace('top', 'top-')} accuracy when a quarter of a "
            "site's evolutions is reverted, mean over sites, repeats and classes"
        )
        series = [
            _Series(title=group_title, direction="reverted", group=group, metric=metric)
            for group, group_title in GROUP_TITLES.items()
        ]
        figure = _bars_figure(rows, titles, title, series)
        path = folder / "figures" / f"reversion_{metric}"
        figure_paths.append(save_figure(figure, path)[0])
    figure = _specificity_figure(rows, titles)
    figure_paths.append(save_figure(figure, folder / "figures" / "specificity")[0])
    return figure_paths


def _specificity_figure(rows: Rows, titles: Mapping[str, str]) -> Figure:
    """Effect of the evolutions on the class, next to their effect on the others."""
    title = (
        "Which classes the evolutions serve: change of top-1 accuracy on test images "
        "of this class and of the others when evolutions are reverted, and when they "
        "are patched into the earlier network"
    )
    series = [
        _Series(
            title=f"{direction}: {class_title}",
            direction=direction,
            group=group,
            metric="top1",
        )
        for direction in DIRECTIONS
        for group, class_title in (
            ("test", "this class"),
            ("elsewhere", "other classes"),
        )
    ]
    return _bars_figure(rows, titles, title, series)


def _bars_figure(
    rows: Rows, titles: Mapping[str, str], title: str, series: Sequence[_Series]
) -> Figure:
    """Panels of bars: a row per series, a column per evolution."""
    rows_by_evolution: dict[tuple[str, str], list[Mapping[str, Any]]] = {}
    for row in rows:
        evolution = row["run"], str(row["evolution"])
        rows_by_evolution.setdefault(evolution, []).append(row)
    columns = list(rows_by_evolution.values())
    bins = dict.fromkeys(row["bin"] for row in rows if row["bin"] != RANDOM_QUANTILE)
    return draw_bars(
        [_column_title(column[0], titles) for column in columns],
        [(line.title, [_bars(column, line) for column in columns]) for line in series],
        names=list(bins),
        axis="change of accuracy, percentage points",
        line="the same number at random",
        whiskers=f"95 % interval over {'seeds' if _over_seeds(rows) else 'classes'}",
        title=title,
    )


def _column_title(row: Mapping[str, Any], titles: Mapping[str, str]) -> str:
    """The run, the snapshots unless they differ by seed, and their accuracies."""
    snapshots = f"{epoch_label(row['before'])} → {epoch_label(row['after'])}"
    # A table over several seeds joins the values in which they differ by a bar.
    evolution = f"evolution {row['evolution']}" if "|" in snapshots else snapshots
    low, high = (_parse_number(row[f"train_top1_{end}"]) for end in ("before", "after"))
    relative_note = ", relative" if "True" in str(row["relative"]) else ""
    return (
        f"{titles[row['run']]}\n{evolution}\naccuracy {low:.2f} → "
        f"{high:.2f}{relative_note}"
    )


def _bars(rows: Rows, series: _Series) -> Bars:
    """One panel: bars for the bins, and the random quantile as the line across."""
    key = (series.direction, series.group, series.metric)
    panel = [r for r in rows if (r["direction"], r["group"], r["metric"]) == key]
    bins = [row for row in panel if row["bin"] != RANDOM_QUANTILE]
    (line,) = (
        _parse_number(row["change"]) for row in panel if row["bin"] == RANDOM_QUANTILE
    )
    ends = ("change_low", "change_high") if _over_seeds(rows) else ("low", "high")
    low, high = (
        100 * np.array([_parse_number(row[end]) for row in bins]) for end in ends
    )
    changes = 100 * np.array([_parse_number(row["change"]) for row in bins])
    return Bars(
        values=changes,
        low=low,
        high=high,
        line=100 * line,
        message=_difference_message(changes, 100 * line),
    )


def _difference_message(changes: Float[np.ndarray, " q"], random_change: float) -> str:
    """How the most important evolutions differ from random ones, in words.

    Args:
      changes: Of accuracy in percentage points, the most important bin first.
      random_change: Of as many evolutions at random.
    """
    difference = float(changes[0]) - random_change
    if not np.isfinite(difference):
        return "not measured"
    return f"top bin: {difference:+.1f} points against random"


def _over_seeds(rows: Rows) -> bool:
    """Whether the table is aggregated over seeds: its means have their own columns."""
    return "change_low" in rows[0]


def _parse_number(cell: Any) -> float:
    """A number of a table; NaN for none, or where only some seeds have one."""
    try:
        return float(cell)
    except (TypeError, ValueError):
        return float("nan")

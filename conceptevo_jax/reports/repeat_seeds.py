"""`seeds=3`: an experiment repeated with several seeds, its numbers aggregated.

Each repeat draws other weights, batches, samples and maps; the images and their pools
stay the same. Each repeat has a complete result folder, and the aggregate another.
"""

import copy
import csv
import dataclasses
from collections.abc import Sequence
from pathlib import Path
from typing import Any

import numpy as np

from conceptevo_jax.analysis.statistics.intervals import mean_interval
from conceptevo_jax.config import Config
from conceptevo_jax.pipeline.outcome import Claim, write_csv
from conceptevo_jax.pipeline.result_folder import default_folder
from conceptevo_jax.reports.unified_space.settings import CollapseSettings

SEED_STEP = 10_000
"""Step between the seeds of repeats, away from those that recipes were chosen on."""


_SNAPSHOTS = ("epoch", "before", "after", "concept", "born", "settled", "left", "died")
_QUARTILES = ("born_median", "born_low", "born_high")

LABEL_COLUMNS = frozenset(("class", "neuron", "site", *_SNAPSHOTS, *_QUARTILES))
"""Columns of names, which are never averaged even if they are numbers."""


def repeats(config: Config) -> list[Config]:
    """One configuration per seed, each with its own result folder.

    The first repeat is the experiment without `seeds`; in the others
    every seed except that of the images is shifted.
    """
    folder = default_folder(config)
    return [_repeat(config, number, folder) for number in range(config.seeds)]


def _repeat(config: Config, number: int, folder: Path) -> Config:
    repeat = copy.deepcopy(config)
    repeat.seeds = 1
    repeat.seed += number
    repeat.run_dir = str(folder.with_name(f"{folder.name}-{number}"))
    for run in repeat.runs.values():
        run.seed += SEED_STEP * number
    rule = CollapseSettings.of(repeat).collapse
    if rule is not None:
        rule.seeds = [seed + SEED_STEP * number for seed in rule.seeds]
    return repeat


def aggregate_claims(
    seeds: Sequence[int], claims_by_seed: Sequence[Sequence[Claim]]
) -> list[Claim]:
    """Each claim over all seeds: the mean with Student's interval over seeds.

    It holds if it holds for every seed that decided it.

    Args:
      seeds: The seeds of the repeats.
      claims_by_seed: The claims of each repeat.
    """
    tables = [{claim.id: claim for claim in claims} for claims in claims_by_seed]
    ids = dict.fromkeys(claim.id for claims in claims_by_seed for claim in claims)
    return [_over_seeds(seeds, [table.get(name) for table in tables]) for name in ids]


def _over_seeds(seeds: Sequence[int], claims: Sequence[Claim | None]) -> Claim:
    claims_made = [
        (seed, claim) for seed, claim in zip(seeds, claims, strict=True) if claim
    ]
    measured = [
        (seed, claim.measured)
        for seed, claim in claims_made
        if claim.measured is not None
    ]
    values = [value for _, value in measured]
    # What never came to pass has no number, and has failed all the same.
    judged = [claim.holds for _, claim in claims_made if claim.holds is not None]
    by_seed = "".join(f"; seed {seed}: {value:.3f}" for seed, value in measured)
    first = claims_made[0][1]
    return dataclasses.replace(
        first,
        rule=f"for every seed: {first.rule}",
        measured=float(np.mean(values)) if values else None,
        interval=mean_interval(values),
        n=len(values),
        holds=all(judged) if judged else None,
        why=f"holds for {sum(judged)} of {len(judged)} seeds{by_seed}"
        if judged
        else first.why,
    )


def aggregate_tables(folders: Sequence[Path], target: Path) -> list[Path]:
    """Aggregate, row by row, every table that has the same form in all repeats.

    A value that is the same for every seed is kept. A number becomes its mean, with
    the ends of Student's 95 % interval in `<column>_low` and `<column>_high`, unless it
    is itself the end of an interval; if all seeds agree, both equal that number.
    Other values, and columns in `LABEL_COLUMNS`, list the seeds' values. Tables
    whose rows differ in number or columns, such as those of snapshots of runs that
    ended early, are left out, and remain in each seed's folder.

    Args:
      folders: Result folders of the repeats; the tables of the first are aggregated.
      target: The common result folder.

    Returns:
      The files written.
    """
    names = [path.name for path in sorted((folders[0] / "tables").glob("*.csv"))]
    written = []
    for name in names:
        tables = [_read(folder / "tables" / name) for folder in folders]
        if tables[0] and all(_same_columns(table, tables[0]) for table in tables):
            rows = [_aggregate(rows) for rows in zip(*tables, strict=True)]
            written.append(write_csv(target / "tables" / name, _equalise_columns(rows)))
    return written


def _read(path: Path) -> list[dict[str, str]]:
    if not path.is_file():
        return []
    with path.open(newline="") as file:
        return list(csv.DictReader(file))


def _same_columns(
    table: Sequence[dict[str, str]], first: Sequence[dict[str, str]]
) -> bool:
    return len(table) == len(first) and list(table[0]) == list(first[0])


def _aggregate(rows: Sequence[dict[str, str]]) -> dict[str, Any]:
    aggregated_row: dict[str, Any] = {}
    for column in rows[0]:
        cell_texts = [row[column] for row in rows]
        cell_numbers = [_number(text) for text in cell_texts]
        if len(set(cell_texts)) == 1:
            aggregated_row[column] = cell_texts[0]
        elif column not in LABEL_COLUMNS and None not in cell_numbers:
            values = [number for number in cell_numbers if number is not None]
            aggregated_row[column] = float(np.mean(values))
            if not column.endswith(("low", "high")):
                low, high = mean_interval(values) or (None, None)
                aggregated_row |= {f"{column}_low": low, f"{column}_high": high}
        else:
            aggregated_row[column] = " | ".join(cell_texts)
    return aggregated_row


def _number(text: str) -> float | None:
    try:
        return float(text)
    except ValueError:
        return None


def _equalise_columns(rows: Sequence[dict[str, Any]]) -> list[dict[str, Any]]:
    """The same columns in every row; those of an interval next to their number."""
    columns: list[str] = []
    for row in rows:
        position = 0
        for name in row:
            if name in columns:
                position = columns.index(name) + 1
            else:
                columns.insert(position, name)
                position += 1
    return [{name: row.get(name, _end(row, name)) for name in columns} for row in rows]


def _end(row: dict[str, Any], name: str) -> Any:
    """The end of an interval if all seeds agreed: the number itself."""
    return row.get(name.removesuffix("_low").removesuffix("_high"))

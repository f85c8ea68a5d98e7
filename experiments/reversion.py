"""Figure 7: what reverting evolutions does to accuracy.

    conceptevo experiment=reversion                (about an hour on two cores)
    conceptevo experiment=reversion seeds=3        (what the claims are judged by)
    conceptevo experiment=reversion scale=smoke    (about three minutes)

For each run, class and evolution between milestones of training accuracy: rank the
neurons of every site by importance on sampled images, and take a quarter of the
channels of the later snapshot from the earlier one. Expect the accuracy to fall most
for the most important quarter. `tables/reversion.csv` holds all groups of images, top-1
and top-5, the effect on other classes, and the reverse experiment.
"""

import csv
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from conceptevo_jax.analysis.importance.reversion import METRICS
from conceptevo_jax.config import Config
from conceptevo_jax.figures import Bars, draw_bars, save_figure
from conceptevo_jax.pipeline.outcome import write_csv
from conceptevo_jax.pipeline.plan import Step, plan_reversion
from conceptevo_jax.pipeline.runs import Job
from conceptevo_jax.pipeline.session import Outcome, Session
from conceptevo_jax.reports.importance.claims import reversion_claims
from conceptevo_jax.reports.importance.evolutions import (
    chosen_classes,
    evolutions_of,
    training_jobs,
)
from conceptevo_jax.reports.importance.measure import Measures
from conceptevo_jax.reports.importance.tables import (
    RANDOM,
    evolution_row,
    reversion_rows,
    site_rows,
)

PAPER = {
    "vgg16 1": "VGG16 5 to 21, top-1 train: -.129 -.037 -.017 +.007 | -.036",
    "vgg16 2": "VGG16 21 to 207, top-1 train: -.178 -.070 -.037 +.003 | -.051",
    "inception_v3 1": "InceptionV3 1 to 11: -.324 -.094 -.054 -.042 | -.106",
    "inception_v3 2": "InceptionV3 11 to 121: -.480 -.119 -.092 +.014 | -.116",
    "convnext_tiny 1": "ConvNeXt 1 to 3: -.178 -.073 -.016 +.102 | -.022",
    "convnext_tiny 2": "ConvNeXt 3 to 96: -.139 -.054 -.027 -.003 | -.051",
}
"""The numbers behind Fig. 7, as the authors' records have them: four bins | random."""

Rows = Sequence[Mapping[str, Any]]

OWN = {
    "sampled": "training images that made the ranking",
    "other": "other training images",
    "test": "test images",
}


def jobs(config: Config) -> list[Job]:
    """Everything to train; nothing is observed."""
    return training_jobs(config)


def plan(config: Config) -> list[Step]:
    """What follows training."""
    return plan_reversion(config, list(config.runs))


def run(config: Config, session: Session) -> Outcome:
    """Do it all, or reuse what is stored, and write the result folder."""
    trained = session.train(jobs(config))
    found = {name: evolutions_of(config, one) for name, one in trained.items()}
    labels = chosen_classes(config, len(session.images.classes))
    names = session.images.classes
    rows, sites, evolved, claims = [], [], [], []
    for name, evolutions in found.items():
        measures = Measures(session, trained[name])
        for evolution in evolutions:
            reversions = []
            for label in labels:
                with session.stage(f"revert {name}", of=evolution.named(names[label])):
                    reversion, _ = measures.reversion(evolution, label)
                reversions.append(reversion)
                importance, _ = measures.importance(
                    evolution, label, config.reversion.train_images
                )
                evolved.append(evolution_row(evolution, importance, names[label]))
            rows += reversion_rows(evolution, reversions)
            sites += site_rows(evolution, reversions)
            claims += reversion_claims(evolution, reversions, PAPER)
    tables = session.folder / "tables"
    for table, lines in (
        ("reversion", rows),
        ("reversion_sites", sites),
        ("evolutions", evolved),
    ):
        write_csv(tables / f"{table}.csv", lines)
    titles = {name: config.runs[name].title for name in found}
    look = draw(rows, session.folder, titles)
    return Outcome(
        base=None,
        claims=claims,
        further={"reversion": rows, "evolutions": evolved},
        look_next=[*look, tables / "reversion.csv"],
    )


def draw_seeds(config: Config, folder: Path) -> list[Path]:
    """Draw what several seeds have in common, from their aggregated table."""
    with (folder / "tables" / "reversion.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    return draw(rows, folder, {name: run.title for name, run in config.runs.items()})


def draw(rows: Rows, folder: Path, titles: Mapping[str, str]) -> list[Path]:
    """Draw `tables/reversion.csv`, of one seed or aggregated over several.

    Args:
      rows: Its rows.
      folder: The result folder.
      titles: Of the runs.

    Returns:
      The PNG files, the one like Fig. 7 first.
    """
    whiskers = f"95 % interval over {'seeds' if _over_seeds(rows) else 'classes'}"
    drawn = []
    for metric in METRICS:
        title = (
            f"Change of {metric.replace('top', 'top-')} accuracy when a quarter of a "
            "site's evolutions is reverted, mean over sites, repeats and classes"
        )
        shown = [(f"{OWN[g]}", "reverted", g, metric) for g in OWN]
        drawn.append((f"reversion_{metric}", title, shown))
    title = (
        "Whom the evolutions serve: what becomes of this class and of the others when "
        "they are reverted, and when they are brought into the earlier network. Top-1 "
        "accuracy on test images"
    )
    shown = [
        ("reverted: this class", "reverted", "test", "top1"),
        ("reverted: other classes", "reverted", "elsewhere", "top1"),
        ("transplanted: this class", "transplanted", "test", "top1"),
        ("transplanted: other classes", "transplanted", "elsewhere", "top1"),
    ]
    drawn.append(("specificity", title, shown))
    written = []
    for name, title, lines in drawn:
        figure = _figure(rows, titles, title, lines, whiskers)
        written.append(save_figure(figure, folder / "figures" / name)[0])
    return written


def _figure(
    rows: Rows,
    titles: Mapping[str, str],
    title: str,
    lines: Sequence[tuple[str, str, str, str]],
    whiskers: str,
) -> Figure:
    evolutions = dict.fromkeys((row["run"], str(row["evolution"])) for row in rows)
    by_column = [
        [row for row in rows if (row["run"], str(row["evolution"])) == one]
        for one in evolutions
    ]
    names = dict.fromkeys(row["bin"] for row in rows if row["bin"] != RANDOM)
    return draw_bars(
        [_column(own[0], titles) for own in by_column],
        [(label, [_bars(own, *which) for own in by_column]) for label, *which in lines],
        names=list(names),
        line="as many random ones",
        whiskers=whiskers,
        title=title,
    )


def _column(row: Mapping[str, Any], titles: Mapping[str, str]) -> str:
    """The run, the snapshots unless they differ by seed, and their accuracies."""
    ends = f"{row['before']} → {row['after']}"
    named = f"evolution {row['evolution']}" if "|" in ends else ends
    low, high = (_number(row[f"train_top1_{end}"]) for end in ("before", "after"))
    relative = ", relative" if "True" in str(row["relative"]) else ""
    return f"{titles[row['run']]}\n{named}\naccuracy {low:.2f} → {high:.2f}{relative}"


def _bars(rows: Rows, direction: str, group: str, metric: str) -> Bars:
    wanted = (direction, group, metric)
    own = [r for r in rows if (r["direction"], r["group"], r["metric"]) == wanted]
    bins = [row for row in own if row["bin"] != RANDOM]
    (line,) = (_number(row["change"]) for row in own if row["bin"] == RANDOM)
    ends = ("change_low", "change_high") if _over_seeds(rows) else ("low", "high")
    low, high = (np.array([_number(row[end]) for row in bins]) for end in ends)
    values = np.array([_number(row["change"]) for row in bins])
    return Bars(values=values, low=low, high=high, line=line)


def _over_seeds(rows: Rows) -> bool:
    return "change_low" in rows[0]


def _number(value: Any) -> float:
    """A number of a table; NaN for none, or where only some seeds have one."""
    try:
        return float(value)
    except (TypeError, ValueError):
        return float("nan")

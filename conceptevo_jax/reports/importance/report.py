"""The evolutions of a run that matter for each class: measured, tabled and drawn.

What `important_evolutions` is made of, and a part of the demo.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from conceptevo_jax.config import Config
from conceptevo_jax.figures import save_figure
from conceptevo_jax.pipeline.outcome import Claim, write_csv
from conceptevo_jax.pipeline.runs import Job, TrainedRun
from conceptevo_jax.pipeline.session import Session
from conceptevo_jax.reports.importance.claims import important_claims
from conceptevo_jax.reports.importance.figures import class_figure, evolutions_figure
from conceptevo_jax.reports.importance.measure import Important, find_important
from conceptevo_jax.reports.importance.tables import (
    evolution_row,
    top_neurons,
    top_rows,
)
from conceptevo_jax.types import record

TABLED = 20
"""Neurons per class and evolution in `top_evolutions.csv`."""


@record
class Report:
    """What is told of the evolutions of several runs.

    Attributes:
      found: The runs' evolutions themselves.
      claims: Three per evolution.
      further: For `results.json`: the class shown of each run, and a row per evolution
        and class.
      figures: PNG files; of each run the evolutions and the class they matter for.
      tables: CSV files.
    """

    found: list[Important]
    claims: list[Claim]
    further: dict[str, Any]
    figures: list[Path]
    tables: list[Path]


def report_important(session: Session, runs: Sequence[TrainedRun]) -> Report:
    """Measure the evolutions of several runs, and write their tables and figures."""
    found = [find_important(session, run) for run in runs]
    observed = session.train([_observe(session.config, one) for one in found])
    summary, top, claims, figures = [], [], [], []
    for one in found:
        seen = observed[one.run.name]
        rows = important_rows(session, one)
        summary += rows[0]
        top += rows[1]
        claims += important_claims(session, one, seen)
        with session.stage("figures", of=one.run.name):
            figures += draw_important(session, one, seen)
    names, folder = session.images.classes, session.folder / "tables"
    shown = {one.run.name: names[one.label] for one in found}
    return Report(
        found=found,
        claims=claims,
        further={"shown": shown, "evolutions": summary},
        figures=figures,
        tables=[
            write_csv(folder / "top_evolutions.csv", top),
            write_csv(folder / "evolutions.csv", summary),
        ],
    )


def _observe(config: Config, one: Important) -> Job:
    """Observe a run's milestones, which its accuracy has chosen."""
    return Job(
        name=one.run.name,
        run=config.runs[one.run.name],
        dataset=config.dataset,
        search=config.method.stimuli,
        projecting=config.method.projection.stimuli,
        epochs=tuple(one.epochs),
        sample=config.dataset.sample_images,
    )


def important_rows(
    session: Session, one: Important
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Rows of `evolutions.csv` and of `top_evolutions.csv`."""
    names, seed = session.images.classes, session.config.seed
    summary, top = [], []
    for evolution, importances in one.pairs():
        for importance in importances:
            name = names[importance.label]
            summary.append(evolution_row(evolution, importance, name))
            first = top_neurons(importance, TABLED, seed)
            top += top_rows(evolution, importance, name, first)
    return summary, top


def draw_important(
    session: Session, one: Important, observed: TrainedRun
) -> list[Path]:
    """Draw the run's most important evolutions, and the class they matter for.

    Args:
      session: Images, settings and folder.
      one: What to draw.
      observed: The run with its milestones observed.
    """
    config, images = session.config, session.images
    figure = evolutions_figure(
        images, observed, one.evolutions, one.shown, config.importance, config.seed
    )
    folder = session.folder / "figures"
    first = save_figure(figure, folder / f"evolutions_{one.run.name}")[0]
    figure = class_figure(images, one.label, one.shown[0].images)
    second = save_figure(figure, folder / f"class_of_{one.run.name}")[0]
    return [first, second]

"""The evolutions of a run that matter for each class: measured, tabled and drawn.

The content of `important_evolutions`, and a part of the demo.
"""

from collections.abc import Sequence
from pathlib import Path
from typing import Any

from conceptevo_jax.config import Config
from conceptevo_jax.pipeline.outcome import Claim, write_csv
from conceptevo_jax.pipeline.runs import Job
from conceptevo_jax.pipeline.session import Session
from conceptevo_jax.pipeline.trained_run import TrainedRun
from conceptevo_jax.reports.importance.claims import importance_claims
from conceptevo_jax.reports.importance.figures import draw_importance
from conceptevo_jax.reports.importance.run_importance import (
    RunImportance,
    measure_run_importance,
)
from conceptevo_jax.reports.importance.tables import importance_rows
from conceptevo_jax.types import record


@record
class ImportanceReport:
    """Report on the evolutions of several runs.

    Attributes:
      run_importances: The evolutions of every run and their importances.
      claims: Three claims per evolution.
      further: For `results.json`: the class that figures show for each run, and a row
        per evolution and class.
      figures: PNG files; for each run the evolutions and the class they matter for.
      tables: CSV files.
    """

    run_importances: list[RunImportance]
    claims: list[Claim]
    further: dict[str, Any]
    figures: list[Path]
    tables: list[Path]


def report_importance(session: Session, runs: Sequence[TrainedRun]) -> ImportanceReport:
    """Measure the evolutions of several runs, and write their tables and figures.

    Args:
      session: Images, store, settings and folder.
      runs: The runs, with all their snapshots.
    """
    run_importances = [measure_run_importance(session, run) for run in runs]
    observed_runs = session.train(
        [_observation_job(session.config, run) for run in run_importances]
    )
    class_names, folder = session.images.classes, session.folder / "tables"
    summary_rows, neuron_rows, claims, figures, featured_class_by_run = (
        [],
        [],
        [],
        [],
        {},
    )
    for run_importance in run_importances:
        name = run_importance.run.name
        observed_run = observed_runs[name]
        run_rows = importance_rows(session, run_importance)
        summary_rows += run_rows[0]
        neuron_rows += run_rows[1]
        claims += importance_claims(session, run_importance, observed_run)
        with session.stage("figures", subject=name):
            figures += draw_importance(session, run_importance, observed_run)
        featured_class_by_run[name] = class_names[run_importance.featured_label]
    return ImportanceReport(
        run_importances=run_importances,
        claims=claims,
        further={"shown": featured_class_by_run, "evolutions": summary_rows},
        figures=figures,
        tables=[
            write_csv(folder / "top_evolutions.csv", neuron_rows),
            write_csv(folder / "evolutions.csv", summary_rows),
        ],
    )


def _observation_job(config: Config, run_importance: RunImportance) -> Job:
    """Observe the milestones of a run, which depend on its accuracy."""
    name = run_importance.run.name
    return Job.from_config(config, name, epochs=tuple(run_importance.epochs))

"""Figure 7: how reverting evolutions changes accuracy.

    conceptevo experiment=reversion                (about an hour on two cores)
    conceptevo experiment=reversion seeds=3        (judges the claims)
    conceptevo experiment=reversion scale=smoke    (about three minutes)

For each run, class and evolution between milestones of training accuracy: rank the
neurons of every site by importance on sampled images, and replace a quarter of the
channels of the later snapshot by those of the earlier one (activation patching). Expect
the accuracy to fall most for the most important quarter. `tables/reversion.csv` holds
all groups of images, top-1 and top-5, the effect on other classes, and the reverse
experiment.
"""

import csv
from pathlib import Path

from conceptevo_jax.config import Config
from conceptevo_jax.pipeline.outcome import write_csv
from conceptevo_jax.pipeline.plan import Step
from conceptevo_jax.pipeline.runs import Job
from conceptevo_jax.pipeline.session import Outcome, Session
from conceptevo_jax.reports.importance.evolutions import (
    evolutions_of,
    measured_classes,
    training_jobs,
)
from conceptevo_jax.reports.importance.measure import (
    EvolutionMeasures,
    measure_reversions,
)
from conceptevo_jax.reports.importance.plan import plan_reversion
from conceptevo_jax.reports.importance.reversion_claims import reversion_claims
from conceptevo_jax.reports.importance.reversion_figures import draw_reversion
from conceptevo_jax.reports.importance.tables import (
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
"""The numbers behind Fig. 7, from the authors' records: four bins | random."""


def jobs(config: Config) -> list[Job]:
    """Everything to train; nothing is observed."""
    return training_jobs(config)


def plan(config: Config) -> list[Step]:
    """What follows training."""
    return plan_reversion(config, list(config.runs))


def run(config: Config, session: Session) -> Outcome:
    """Do it all, or reuse what is stored, and write the result folder.

    Args:
      config: The experiment's settings.
      session: Images, store and result folder.
    """
    trained = session.train(jobs(config))
    # A run without milestones is refused before anything is measured.
    evolutions = {name: evolutions_of(config, run) for name, run in trained.items()}
    class_names = session.images.classes
    labels = measured_classes(config, len(class_names))
    rows, site_table_rows, summary_rows, claims = [], [], [], []
    for name, run_evolutions in evolutions.items():
        measures = EvolutionMeasures(session, trained[name])
        for evolution in run_evolutions:
            reversions, importances = measure_reversions(
                session, measures, evolution, labels
            )
            summary_rows += [
                evolution_row(evolution, importance, class_names[importance.label])
                for importance in importances
            ]
            rows += reversion_rows(evolution, reversions)
            site_table_rows += site_rows(evolution, reversions)
            claims += reversion_claims(evolution, reversions, PAPER)
    tables = session.folder / "tables"
    write_csv(tables / "reversion.csv", rows)
    write_csv(tables / "reversion_sites.csv", site_table_rows)
    write_csv(tables / "evolutions.csv", summary_rows)
    figures = draw_reversion(rows, session.folder, _titles(config))
    return Outcome(
        base=None,
        claims=claims,
        further={"reversion": rows, "evolutions": summary_rows},
        look_next=[*figures, tables / "reversion.csv"],
    )


def draw_seeds(config: Config, folder: Path) -> list[Path]:
    """Draw the mean over several seeds, from their aggregated table.

    Args:
      config: Titles of the runs.
      folder: The result folder, with `tables/reversion.csv`.

    Returns:
      The PNG files.
    """
    with (folder / "tables" / "reversion.csv").open(newline="") as file:
        rows = list(csv.DictReader(file))
    return draw_reversion(rows, folder, _titles(config))


def _titles(config: Config) -> dict[str, str]:
    return {name: run.title for name, run in config.runs.items()}

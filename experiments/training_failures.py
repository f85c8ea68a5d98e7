"""Figures 2 and 8: how healthy trainings differ from failing and overfitted ones.

    conceptevo experiment=training_failures                (half an hour on two cores)
    conceptevo experiment=training_failures seeds=3        (judges the claims; an hour)
    conceptevo experiment=training_failures scale=smoke    (about five minutes)

Two bases, neither of them a compared run, and runs of three architectures: well
trained (VGG16 with two seeds, for the noise floor), with too large a learning rate,
without regularisation, and one that loses what it learnt and recovers. Every snapshot
is projected, drawn and measured; the monitor watches every training. The
paper claims that failing runs lose diversity, well-trained runs gain it, and overfitted
runs move less.
"""

from collections.abc import Mapping, Sequence
from itertools import chain
from typing import Any

from conceptevo_jax.config import Config
from conceptevo_jax.pipeline.outcome import write_csv
from conceptevo_jax.pipeline.plan import SPACE_STEPS, Step, plan_explorer
from conceptevo_jax.pipeline.runs import Job
from conceptevo_jax.pipeline.session import Outcome, Session
from conceptevo_jax.projection import warm_up
from conceptevo_jax.reports.concepts.measure import NamedConcepts, run_lifetimes
from conceptevo_jax.reports.concepts.report import report_concepts
from conceptevo_jax.reports.explorer_page.page import explore
from conceptevo_jax.reports.training_failures.claims import (
    PaperNumbers,
    run_claims,
    space_claims,
)
from conceptevo_jax.reports.training_failures.course import (
    accuracy_milestones,
    epochs_on_map,
)
from conceptevo_jax.reports.training_failures.figures import draw_groups
from conceptevo_jax.reports.training_failures.life_tables import (
    birth_rows,
    lifetime_rows,
)
from conceptevo_jax.reports.training_failures.measure import (
    RunMeasurements,
    measure_runs,
)
from conceptevo_jax.reports.training_failures.roles import (
    check_roles,
    compared_runs,
    healthy_runs,
)
from conceptevo_jax.reports.training_failures.settings import FailuresSettings
from conceptevo_jax.reports.training_failures.tables import (
    measure_rows,
    monitor_rows,
    movement_rows,
    site_rows,
)
from conceptevo_jax.stimuli import BASE_SAMPLE

ENTROPY = {
    "vgg16": "1.60, 1.97, 2.06, 2.09 at epochs 0, 5, 21, 207",
    "vgg16_large_lr": "2.03, 1.89, -1.52, -1.52 at epochs 3, 12, 13, 14",
    "convnext_tiny_large_lr": "1.64, 1.57, 1.54, 1.34 at epochs 13 to 16",
    "inception_v3_unstable": "1.89, 1.85, 1.73, 1.91 at epochs 4, 70, 71, 100",
}
"""The paper's entropies (Sec. 4.5), by run."""

MOVEMENT = {
    "vgg16 1": "1.34",
    "vgg16 2": "1.30",
    "vgg16_no_dropout 1": "1.11",
    "vgg16_no_dropout 2": "0.98",
    "convnext_tiny 1": "1.39",
    "convnext_tiny 2": "1.42",
    "convnext_tiny_no_decay 1": "1.35",
    "convnext_tiny_no_decay 2": "1.39",
}
"""The paper's movements, by run and stage: 25 to 50 and 50 to 75 % accuracy."""

GAPS = {
    "vgg16_no_dropout": "top-1 train/test .99/.37, top-5 1/.61 at epoch 30",
    "convnext_tiny_no_decay": "top-1 train/test .94/.57, top-5 .99/.80 at epoch 32",
}
"""The paper's accuracies of overfitted runs (footnote 6)."""

PAPER = PaperNumbers(entropy=ENTROPY, movement=MOVEMENT, gaps=GAPS)


def jobs(config: Config) -> list[Job]:
    """The bases' last epochs, and every snapshot of the compared runs."""
    check_roles(config)
    return [_job(config, name) for name in config.runs]


def plan(config: Config) -> list[Step]:
    """What follows training."""
    return [*SPACE_STEPS, *plan_explorer(config, jobs(config))]


def _job(config: Config, name: str) -> Job:
    is_base = name in FailuresSettings.of(config).bases
    last_epoch = config.runs[name].epochs - 1
    return Job.from_config(
        config,
        name,
        epochs=(last_epoch,) if is_base else None,
        sample=BASE_SAMPLE if is_base else None,
    )


def run(config: Config, session: Session) -> Outcome:
    """Do it all, or reuse what is stored, and write the result folder.

    Args:
      config: The experiment's settings.
      session: Images, store and result folder.
    """
    trained = session.train(jobs(config), meanwhile=warm_up)
    settings, classes = FailuresSettings.of(config), len(session.images.classes)
    compared = compared_runs(config)
    milestones = accuracy_milestones(
        trained, [*healthy_runs(config), *settings.overfitted]
    )
    map_epochs = {
        name: epochs_on_map(trained[name], milestones.get(name), classes)
        for name in compared
    }
    measurements = [
        measure_runs(session, trained, base, compared, map_epochs)
        for base in settings.bases
    ]
    movements = [
        row
        for base_measurements in measurements
        for row in movement_rows(base_measurements, milestones, MOVEMENT)
    ]
    space, joint_layout = measurements[0].space, measurements[0].joint_layout
    concepts = report_concepts(
        session, space, FailuresSettings.of(config).concept_groups
    )
    _write_tables(session, measurements, movements, concepts.named)
    session.save_space(space.base_space.space, joint_layout.layout)
    page = explore(session, space, joint_layout, concepts.named)
    claims = []
    for base_measurements in measurements:
        claims += space_claims(config, base_measurements, milestones, classes, PAPER)
    claims += run_claims(config, session, space, PAPER)
    tables = session.folder / "tables"
    with session.stage("figures"):
        figures = draw_groups(
            session.images,
            measurements[0],
            concepts.named,
            settings.groups,
            settings.again,
            session.folder / "figures",
        )
    return Outcome(
        base=space.base_snapshot,
        claims=claims,
        further={
            "movement": movements,
            "map_stability": [
                base_measurements.joint_layout.layout.stability
                for base_measurements in measurements
            ],
        },
        look_next=[
            *page,
            *concepts.written,
            *figures,
            tables / "measures.csv",
            tables / "movement.csv",
        ],
    )


def _write_tables(
    session: Session,
    measurements: Sequence[RunMeasurements],
    movements: Sequence[Mapping[str, Any]],
    named: NamedConcepts,
) -> None:
    """Write all tables; those that need at most one space use the first."""
    space, classes = measurements[0].space, session.images.classes
    labels = session.images.pool.labels
    lifetimes_by_run = {
        name: run_lifetimes(projected, named.concepts, labels)
        for name, projected in space.runs.items()
    }
    for name, rows in (
        ("measures", list(chain.from_iterable(map(measure_rows, measurements)))),
        ("movement", movements),
        ("movement_sites", list(chain.from_iterable(map(site_rows, measurements)))),
        ("lifetimes", lifetime_rows(space, lifetimes_by_run)),
        (
            "first_concepts",
            birth_rows(space, named, lifetimes_by_run, classes),
        ),
        ("monitor", monitor_rows(space)),
    ):
        write_csv(session.folder / "tables" / f"{name}.csv", rows)

"""Figures 2 and 8: what tells healthy trainings from failing and overfitted ones.

    conceptevo experiment=training_failures                (half an hour on two cores)
    conceptevo experiment=training_failures seeds=3        (judges the claims; an hour)
    conceptevo experiment=training_failures scale=smoke    (about five minutes)

Two bases, which are none of the compared runs, and runs of three architectures: well
trained (VGG16 under two seeds: the noise floor), with too large a learning rate,
without regularisation, and one that loses what it learnt and recovers. Every snapshot
is projected, drawn and measured, and was watched by the monitor while it trained. The
paper says: failing runs lose diversity, well-trained ones gain it, overfitted ones move
less.
"""

import contextlib
from collections.abc import Mapping, Sequence
from typing import Any

from conceptevo_jax.analysis.dynamics.concept_onset import group_base
from conceptevo_jax.analysis.importance.milestones import Milestones, find_milestones
from conceptevo_jax.config import Config
from conceptevo_jax.errors import UsageError, unknown_name
from conceptevo_jax.pipeline.outcome import Claim, write_csv
from conceptevo_jax.pipeline.plan import SPACE, Step, plan_explorer
from conceptevo_jax.pipeline.runs import Job, TrainedRun
from conceptevo_jax.pipeline.session import Outcome, Session
from conceptevo_jax.pipeline.unified import BASE_SAMPLE
from conceptevo_jax.projection import warm_up
from conceptevo_jax.reports.explorer_page.page import explore
from conceptevo_jax.reports.training_failures import claims as claims_of
from conceptevo_jax.reports.training_failures.figures import draw_groups
from conceptevo_jax.reports.training_failures.measure import InSpace, measure_runs
from conceptevo_jax.reports.training_failures.tables import (
    birth_rows,
    lifetime_rows,
    lives_of,
    measure_rows,
    movement_rows,
    site_rows,
)
from conceptevo_jax.types import Epoch

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


def jobs(config: Config) -> list[Job]:
    """The bases' last epochs, and every snapshot of the compared runs."""
    _check(config)
    return [_job(config, name) for name in config.runs]


def plan(config: Config) -> list[Step]:
    """What follows training."""
    return [*SPACE, *plan_explorer(config, jobs(config))]


def _check(config: Config) -> None:
    of = config.failures
    if config.base not in of.bases:
        raise UsageError(f"failures.bases must contain base={config.base}.")
    grouped = [name for group in of.groups.values() for name in group]
    named = (*of.bases, *grouped, *of.again, *of.collapsing)
    for name in (*named, *of.overfitted, *of.recovering):
        if name not in config.runs:
            raise unknown_name("run in failures", name, config.runs)
    shared = set(of.bases) & set(grouped)
    if shared:
        raise UsageError(f"a base is no compared run, but {sorted(shared)} are both.")


def _job(config: Config, name: str) -> Job:
    is_base = name in config.failures.bases
    last = config.runs[name].epochs - 1
    return Job(
        name=name,
        run=config.runs[name],
        dataset=config.dataset,
        search=config.method.stimuli,
        projecting=config.method.projection.stimuli,
        epochs=(last,) if is_base else None,
        sample=BASE_SAMPLE if is_base else config.dataset.sample_images,
    )


def run(config: Config, session: Session) -> Outcome:
    """Do it all, or reuse what is stored, and write the result folder."""
    trained = session.train(jobs(config), meanwhile=warm_up)
    of, classes = config.failures, session.images.classes
    compared = [name for group in of.groups.values() for name in group]
    marks = _milestones(trained, [*_healthy(config), *of.overfitted])
    drawn = {
        name: _drawn(trained[name], marks.get(name), len(classes)) for name in compared
    }
    spaces = [
        measure_runs(session, trained, base, compared, drawn) for base in of.bases
    ]
    first = spaces[0]
    lives = {name: lives_of(one) for name, one in first.runs.items()}
    groups = group_base(
        first.home.placed[first.home.epochs[-1]],
        first.home.stimuli(first.home.epochs[-1]),
        session.images.pool.labels,
        count=of.concept_groups,
        seed=config.seed,
    )
    tables = session.folder / "tables"
    measured = [row for space in spaces for row in measure_rows(space)]
    moved = [row for space in spaces for row in movement_rows(space, marks, MOVEMENT)]
    for name, rows in (
        ("measures", measured),
        ("movement", moved),
        ("movement_sites", [row for space in spaces for row in site_rows(space)]),
        ("lifetimes", lifetime_rows(first, lives)),
        ("first_concepts", birth_rows(first, groups, lives, classes)),
        ("monitor", _report_rows(first)),
    ):
        write_csv(tables / f"{name}.csv", rows)
    session.save_space(first.made.space, first.layout)
    with session.stage("explorer"):
        page = explore(
            session,
            first.home,
            list(first.runs.values()),
            first.made.space,
            first.layout,
            first.points,
        )
    claims = []
    for space in spaces:
        claims += _claims_in(config, space, marks, len(classes))
    claims += _claims_of_runs(config, session, first)
    with session.stage("figures"):
        look = draw_groups(first, of.groups, of.again, session.folder / "figures")
    return Outcome(
        base=first.made.space.base,
        claims=claims,
        further={
            "movement": moved,
            "map_stability": [space.layout.stability for space in spaces],
        },
        look_next=[*page, *look, tables / "measures.csv", tables / "movement.csv"],
    )


def _milestones(
    trained: Mapping[str, TrainedRun], names: Sequence[str]
) -> dict[str, Milestones]:
    """Milestones of accuracy, of those runs that have them."""
    found = {}
    for name in names:
        with contextlib.suppress(UsageError):
            found[name] = find_milestones(name, trained[name].rows)
    return found


def _healthy(config: Config) -> list[str]:
    """The first run of every group, and those that repeat it."""
    of = config.failures
    first = [group[0] for group in of.groups.values()]
    return [*first, *(name for name in of.again if name not in first)]


def _drawn(run: TrainedRun, marks: Milestones | None, classes: int) -> list[Epoch]:
    """What a map shall show of a run: the turns it took, and its milestones."""
    course = claims_of.course_of(run.rows, classes)
    turns = claims_of.landmarks([row.epoch for row in run.rows], course)
    return ["init", *turns, *(() if marks is None else marks.epochs)]


def _claims_in(
    config: Config, space: InSpace, marks: dict, classes: int
) -> list[Claim]:
    """Claims of diversity and movement, in one base's space."""
    of, claims = config.failures, []
    courses = {
        name: claims_of.course_of(one.run.rows, classes)
        for name, one in space.runs.items()
    }
    for name in _healthy(config):
        claims += claims_of.grows(space, name, courses[name], ENTROPY.get(name))
    for name in of.collapsing:
        claims += claims_of.shrinks(space, name, courses[name], ENTROPY.get(name))
        claims += claims_of.falls_in_time(space, name, courses[name])
    for name in of.recovering:
        claims += claims_of.recovers(space, name, courses[name], ENTROPY.get(name))
    for name in of.overfitted:
        well = _well_trained(config, name)
        claims += claims_of.moves_less(space, well, name, marks, MOVEMENT)
    return claims


def _claims_of_runs(config: Config, session: Session, space: InSpace) -> list[Claim]:
    """Claims that need no base: overfitting, and the monitor's."""
    of, runs, classes = config.failures, space.runs, len(session.images.classes)
    claims = []
    for name in of.overfitted:
        well, images = runs[_well_trained(config, name)], len(session.images.test)
        shown = config.runs[name].eval_images, images
        claims.append(claims_of.overfits(well, runs[name], shown, GAPS.get(name)))
    for name in of.collapsing:
        course = claims_of.course_of(runs[name].run.rows, classes)
        claims.append(claims_of.alarm_in_time(runs[name], course))
    for name in of.recovering:
        course = claims_of.course_of(runs[name].run.rows, classes)
        claims.append(claims_of.not_given_up(runs[name], course))
    claims += [claims_of.no_alarm(runs[name]) for name in _healthy(config)]
    return claims


def _well_trained(config: Config, name: str) -> str:
    return next(g[0] for g in config.failures.groups.values() if name in g)


def _report_rows(space: InSpace) -> list[dict[str, Any]]:
    """What the monitor said of every snapshot."""
    rows = []
    for name, one in space.runs.items():
        for report in one.run.reports:
            accuracy = one.run.row(report["epoch"]).test_top1
            row = {"run": name, "epoch": report["epoch"], "test_top1": accuracy}
            row |= {"status": report["status"], "reasons": "; ".join(report["reasons"])}
            rows.append(row | report["measures"])
    return rows

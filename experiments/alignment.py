"""Figures 4 and 5: does the space align, and do its groups look alike?

    conceptevo experiment=alignment
    conceptevo experiment=alignment seeds=3        (judges the claims)
    conceptevo experiment=alignment scale=smoke
    conceptevo study build runs/alignment-demo     (the questionnaire for people)

Four architectures, two of which serve as base in turn. Alignment is judged without
people, on images that neither built the space nor chose a setting, under the method in
use and those it is compared with. Then groups of neurons that lie together are put to
machine participants: a network that is in no space sees nothing but their patches. What
people say stays open until people have answered. `dataset=shapes` judges against known
concepts, too.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np

from conceptevo_jax.analysis import Alignment
from conceptevo_jax.config import Config
from conceptevo_jax.figures import save_figure
from conceptevo_jax.pipeline.outcome import Claim, write_csv
from conceptevo_jax.pipeline.plan import SPACE, Step, plan_explorer
from conceptevo_jax.pipeline.projected_run import AGREEMENTS, verdict_row
from conceptevo_jax.pipeline.runs import Job
from conceptevo_jax.pipeline.session import Outcome, Session
from conceptevo_jax.projection import warm_up
from conceptevo_jax.reports.alignment.claims import (
    Judged,
    intruder_claims,
    learnt_claims,
    method_claims,
)
from conceptevo_jax.reports.alignment.figures import draw_alignment
from conceptevo_jax.reports.alignment.machine_raters import ask_machines
from conceptevo_jax.reports.alignment.measure import (
    Placed,
    align_pairs,
    alignment_jobs,
    base_pairs,
    every_pair,
    lay_out_all,
    place_all,
)
from conceptevo_jax.reports.alignment.study_cards import Asked, ask
from conceptevo_jax.reports.alignment.study_claims import (
    category_rows,
    evaluate,
    study_claims,
)
from conceptevo_jax.reports.alignment.study_report import roc_figure
from conceptevo_jax.reports.explorer_page.page import explore_unified
from conceptevo_jax.study import save_study
from conceptevo_jax.study.design.tasks import Task
from conceptevo_jax.study.raters.machine import MachinePanel, intruder_hits


def jobs(config: Config) -> list[Job]:
    """Everything to train: the compared runs, and the judge."""
    return alignment_jobs(config)


def plan(config: Config) -> list[Step]:
    """What follows training."""
    return [*SPACE, *plan_explorer(config, jobs(config))]


def run(config: Config, session: Session) -> Outcome:
    """Do it all, or reuse what is stored, and write the result folder."""
    trained = session.train(jobs(config), meanwhile=warm_up)
    placed = place_all(session, trained)
    spaces = {}
    for method, placed_by in placed.items():
        with session.stage("align", of=method):
            spaces[method] = [(bases, _judge(session, bases)) for bases in placed_by]
    first = spaces[config.method.name]
    home, pairs = first[0]
    on_map = lay_out_all(session, home)
    # The page lists the groups of the study that the folder holds.
    with session.stage("study"):
        asked = ask(session, home)
    save_study(session.folder, asked.study)
    page = explore_unified(session, on_map)
    with session.stage("align"):
        every = align_pairs(session, home, every_pair(home))
    judge = config.alignment.judge
    panel = None
    if judge is not None:
        with session.stage("machine participants"):
            panel = ask_machines(asked.study, trained[judge], seed=config.seed)
    _write_tables(session, spaces, every, asked)
    folder = session.folder
    with session.stage("figures"):
        draw_alignment(folder / "figures", spaces, every, asked)
    look = [folder / f"figures/{name}.png" for name in ("methods", "pairs", "tasks")]
    claims = [
        *method_claims(config.method.name, spaces),
        *learnt_claims(home, pairs),
        *_study_claims(session, asked, panel),
    ]
    if panel is not None:
        look.append(folder / "figures/roc.png")
    about = [
        {"method": name, "base": one.home, "space": one.made.report}
        for name, own in placed.items()
        for one in own
    ]
    return Outcome(
        base=home.home,
        claims=claims,
        further={"spaces": about, "study": asked.study.id},
        look_next=[
            *page,
            *look,
            folder / "tables/methods.csv",
            folder / "tables/pairs.csv",
        ],
    )


def _judge(session: Session, placed: Placed) -> Judged:
    return align_pairs(session, placed, base_pairs(placed))


def _questions(asked: Asked) -> list[Task]:
    return [task for task in asked.study.tasks if not task.check]


def _study_claims(
    session: Session, asked: Asked, panel: MachinePanel | None
) -> list[Claim]:
    """What machine participants say; tables and Figure 5 besides."""
    tasks = _questions(asked)
    answers = () if panel is None else panel.answers
    evaluated = evaluate(tasks, answers, seed=session.config.seed)
    claims = study_claims(evaluated, machine=panel is not None)
    if panel is None:
        return claims
    found = intruder_hits(tasks, panel.likeness)
    tables, figures = session.folder / "tables", session.folder / "figures"
    write_csv(tables / "machine_participants.csv", category_rows(evaluated))
    write_csv(tables / "machine_tasks.csv", _task_rows(tasks, panel, found))
    save_figure(roc_figure(evaluated, machine=True), figures / "roc")
    return [*intruder_claims(tasks, found, evaluated.participants), *claims]


def _task_rows(
    tasks: Sequence[Task], panel: MachinePanel, found: np.ndarray
) -> list[dict[str, Any]]:
    """A row per card: what it is, and how alike it is to the task's other cards."""
    return [
        {
            "task": task.id,
            "category": task.category,
            "card": number,
            "neuron": neuron,
            "intruder": number == task.intruder,
            "likeness": float(alike),
            "intruder_found": float(hit),
        }
        for task, row, hit in zip(tasks, panel.likeness, found, strict=True)
        for number, (neuron, alike) in enumerate(
            zip(task.cards, row, strict=True), start=1
        )
    ]


def _write_tables(
    session: Session,
    spaces: Mapping[str, Sequence[tuple[Placed, Judged]]],
    every: Judged,
    asked: Asked,
) -> None:
    tables = session.folder / "tables"
    rows = [
        {"method": method, "base": placed.base, "snapshot": a, **row}
        for method, own in spaces.items()
        for placed, judged in own
        for (a, _), one in judged.items()
        for row in _verdict_rows(one)
    ]
    write_csv(tables / "methods.csv", rows)
    pairs = [
        {"a": a, "b": b, **row}
        for (a, b), one in every.items()
        for row in _verdict_rows(one)
    ]
    write_csv(tables / "pairs.csv", pairs)
    write_csv(tables / "groups.csv", _group_rows(asked))


def _verdict_rows(one: Alignment) -> list[dict[str, Any]]:
    names = [*AGREEMENTS, *(["planted"] if one.planted is not None else [])]
    return [verdict_row(one, name) for name in names]


def _group_rows(asked: Asked) -> list[dict[str, Any]]:
    """A row per neuron shown, with those it stands in for."""
    rows = []
    for cards in asked.cards:
        group, instead = cards.group, {new: old for old, new in cards.replaced}
        for neuron in (*group.members, group.intruder):
            rows.append(
                {
                    "group": group.name,
                    "category": group.category,
                    "neuron": neuron,
                    "intruder": neuron == group.intruder,
                    "instead_of": instead.get(neuron, ""),
                }
            )
    return rows

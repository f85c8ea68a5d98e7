"""Figure 1: three architectures in one space of concepts.

    conceptevo experiment=unified_space                (about four minutes on two cores)
    conceptevo experiment=unified_space scale=smoke    (about a minute)

Trains a VGG19 as the base, an InceptionV3 and a ConvNeXt, and places the neurons of all
three, at every epoch, in the base's space. Three neighbourhoods are circled, chosen by
rule: those whose neurons, of every model, respond most similarly to held-out images.
Expect similar patches in the same circle for all architectures. `tables/coverage.csv`
reports how many of the other architectures' stimuli the base covers.
"""

from collections.abc import Sequence
from typing import Any

import numpy as np

from conceptevo_jax.config import Config
from conceptevo_jax.epochs import Epoch
from conceptevo_jax.figures import save_figure
from conceptevo_jax.pipeline.joint_layout import JointLayout
from conceptevo_jax.pipeline.outcome import finite, write_csv
from conceptevo_jax.pipeline.plan import SPACE_STEPS, Step, plan_explorer
from conceptevo_jax.pipeline.projected_run import (
    ProjectedRun,
    alignment_rows,
    epoch_rows,
    loss_rows,
    snapshot_rows,
)
from conceptevo_jax.pipeline.runs import Job
from conceptevo_jax.pipeline.runs_in_space import RunsInSpace
from conceptevo_jax.pipeline.session import Outcome, Session
from conceptevo_jax.pipeline.unified import space_facts, space_jobs, unify
from conceptevo_jax.projection import warm_up
from conceptevo_jax.reports.concepts.measure import NamedConcepts
from conceptevo_jax.reports.concepts.report import report_concepts
from conceptevo_jax.reports.explorer_page.page import explore
from conceptevo_jax.reports.unified_space.claims import (
    accuracy_claim,
    alignment_claims,
    cross_alignment_claims,
)
from conceptevo_jax.reports.unified_space.figures import (
    run_curves,
    shared_space,
)
from conceptevo_jax.reports.unified_space.training_maps import training_map


def jobs(config: Config) -> list[Job]:
    """Everything to train: the base and the compared architectures."""
    return space_jobs(config)


def plan(config: Config) -> list[Step]:
    """What follows training."""
    return [*SPACE_STEPS, *plan_explorer(config, jobs(config))]


def run(config: Config, session: Session) -> Outcome:
    """Do it all, or reuse what is stored, and write the result folder.

    Args:
      config: The whole configuration.
      session: Store, images and result folder.
    """
    trained = session.train(jobs(config), meanwhile=warm_up)
    space, joint_layout = unify(session, trained)
    concepts = report_concepts(session, space)
    with session.stage("figures"):
        _draw(session, space, joint_layout, concepts.named)
    rows, coverage = snapshot_rows(space.compared), coverage_rows(space)
    tables = session.folder / "tables"
    write_csv(tables / "snapshots.csv", rows)
    write_csv(tables / "coverage.csv", coverage)
    write_csv(tables / "epochs.csv", epoch_rows([space.base, *space.compared]))
    write_csv(tables / "alignment.csv", alignment_rows(space.compared))
    write_csv(tables / "embedding_loss.csv", loss_rows(space.base_space))
    page = explore(session, space, joint_layout, concepts.named)
    accuracies = [
        accuracy_claim(
            projected_run, images=len(session.images.test), threshold=0.75, paper=None
        )
        for projected_run in space.compared
    ]
    figures = ("unified_space", "training_map", "runs")
    pictures = [session.folder / f"figures/{name}.png" for name in figures]
    return Outcome(
        base=space.base_snapshot,
        claims=[
            *accuracies,
            *cross_alignment_claims(space.compared),
            *alignment_claims(rows),
        ],
        further={
            "space": space_facts(space, joint_layout.layout),
            "snapshots": rows,
            "coverage": coverage,
        },
        look_next=[
            *page,
            *concepts.written,
            *pictures,
            tables / "coverage.csv",
            tables / "alignment.csv",
        ],
    )


def _draw(
    session: Session,
    space: RunsInSpace,
    joint_layout: JointLayout,
    named: NamedConcepts,
) -> None:
    folder, points = session.folder / "figures", joint_layout.points
    projected_runs = [space.base, *space.compared]
    figure = shared_space(session.images, projected_runs, points, named)
    save_figure(figure, folder / "unified_space")
    figure = training_map(space.compared, space.base, points, session.images, named)
    save_figure(figure, folder / "training_map")
    save_figure(run_curves(space.compared), folder / "runs")


def coverage_rows(space: RunsInSpace) -> list[dict[str, Any]]:
    """Per observed snapshot: how many of its stimuli have a vector from the base.

    `covered` is the share of a live neuron's stimuli that are also a stimulus of a base
    neuron, which Step 2.2 of the paper uses; `nothing_covered` is the share of
    live neurons without any; `by_chance` is the share for images drawn at random.
    `policy` is the share of stimuli with a vector according to the method in use.
    """
    return [
        _coverage_row(projected_run, epoch, space.base_space.space.covered)
        for projected_run in (space.base, *space.compared)
        for epoch in projected_run.epochs
    ]


def _coverage_row(
    projected_run: ProjectedRun, epoch: Epoch, covered: np.ndarray
) -> dict[str, Any]:
    stimuli = projected_run.stimuli(epoch)
    live = ~stimuli.dead
    used = stimuli.image_ids[live] >= 0
    has_vector = covered[stimuli.image_ids[live]] & used
    nothing: Sequence[bool] = ~has_vector.any(axis=1)
    return {
        "run": projected_run.run.name,
        "architecture": projected_run.run.model.name,
        "epoch": epoch,
        "live": int(live.sum()),
        "covered": finite(projected_run.share_in_base(epoch)),
        "nothing_covered": finite(float(np.mean(nothing))) if live.any() else None,
        "by_chance": float(covered.mean()),
        "policy": finite(projected_run.coverage(epoch)),
    }

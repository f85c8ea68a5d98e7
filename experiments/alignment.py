"""Figures 4 and 5: does the space align, and do its groups look similar?

    conceptevo experiment=alignment
    conceptevo experiment=alignment seeds=3        (judges the claims)
    conceptevo experiment=alignment scale=smoke
    conceptevo study build runs/alignment-demo     (the questionnaire for people)

Four architectures, two of which serve as base in turn. Alignment is measured without
people, on images used neither to build the space nor to choose settings, for the method
in use and those it is compared with. Then groups of neurons that lie close together are
shown to machine participants: a network that is in no space and sees only their
patches. Claims about people stay open until people have answered. `dataset=shapes` also
compares with known concepts. Expect the method in use above the others for every pair
of architectures, and machine participants to find intruders more often than by chance.
"""

from conceptevo_jax.config import Config
from conceptevo_jax.figures import save_figure
from conceptevo_jax.pipeline.plan import SPACE_STEPS, Step, plan_explorer
from conceptevo_jax.pipeline.runs import Job
from conceptevo_jax.pipeline.session import Outcome, Session
from conceptevo_jax.projection import warm_up
from conceptevo_jax.reports.alignment.claims import (
    answer_claims,
    control_claims,
    method_claims,
)
from conceptevo_jax.reports.alignment.figures import draw_alignment
from conceptevo_jax.reports.alignment.machine_raters import ask_machines
from conceptevo_jax.reports.alignment.measure import (
    align_pairs,
    align_with_bases,
    every_pair,
)
from conceptevo_jax.reports.alignment.settings import AlignmentSettings
from conceptevo_jax.reports.alignment.spaces import (
    lay_out_all,
    place_all,
    space_reports,
)
from conceptevo_jax.reports.alignment.study_cards import make_group_study
from conceptevo_jax.reports.alignment.study_figures import roc_figure
from conceptevo_jax.reports.alignment.study_measure import evaluate
from conceptevo_jax.reports.alignment.tables import write_machine_tables, write_tables
from conceptevo_jax.reports.alignment.training_jobs import alignment_jobs
from conceptevo_jax.reports.concepts.report import report_concepts
from conceptevo_jax.reports.explorer_page.page import explore
from conceptevo_jax.study import save_study


def jobs(config: Config) -> list[Job]:
    """Everything to train: the compared runs, and the machine participants' network."""
    return alignment_jobs(config)


def plan(config: Config) -> list[Step]:
    """What follows training."""
    return [*SPACE_STEPS, *plan_explorer(config, jobs(config))]


def run(config: Config, session: Session) -> Outcome:
    """Do it all, or reuse what is stored, and write the result folder.

    Args:
      config: The configuration.
      session: Its images, store and result folder.
    """
    trained = session.train(jobs(config), meanwhile=warm_up)
    placements = place_all(session, trained)
    spaces = align_with_bases(session, placements)
    space, base_alignments = spaces[config.method.name][0]
    joint_layout = lay_out_all(session, space)
    # The study comes before the page, which lists its groups.
    with session.stage("study"):
        group_study = make_group_study(session, space)
    save_study(session.folder, group_study.study)
    concepts = report_concepts(session, space)
    pages = explore(session, space, joint_layout, concepts.named)
    alignments = align_pairs(session, space, every_pair(space))
    panel, tasks = None, group_study.questions
    judge = AlignmentSettings.of(config).judge
    if judge is not None:
        with session.stage("machine participants"):
            panel = ask_machines(group_study.study, trained[judge], seed=config.seed)
    answers = () if panel is None else panel.answers
    evaluation = evaluate(tasks, answers, seed=config.seed)
    tables, figures = session.folder / "tables", session.folder / "figures"
    write_tables(tables, spaces, alignments, group_study)
    write_machine_tables(tables, tasks, panel, evaluation)
    figure_names = ["methods", "pairs", "tasks"]
    with session.stage("figures"):
        draw_alignment(figures, spaces, alignments, group_study)
        if panel is not None:
            save_figure(roc_figure(evaluation, machine=True), figures / "roc")
            figure_names.append("roc")
    claims = [
        *method_claims(config.method.name, spaces),
        *control_claims(space, base_alignments),
        *answer_claims(tasks, panel, evaluation),
    ]
    return Outcome(
        base=space.base_snapshot,
        claims=claims,
        further={
            "spaces": space_reports(placements),
            "study": group_study.study.id,
        },
        look_next=[
            *pages,
            *concepts.written,
            *(figures / f"{name}.png" for name in figure_names),
            tables / "methods.csv",
            tables / "pairs.csv",
        ],
    )

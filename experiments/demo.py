"""The main job: several real training runs, healthy and failing, in one space.

    conceptevo experiment=demo                (four to thirteen minutes on two cores)
    conceptevo experiment=demo scale=smoke    (two to five minutes, generated images)

Trains a VGG19 as the base and five runs that are compared: a VGG16 that trains well,
one with a learning rate that rises too far, one without dropout, an InceptionV3 and a
ConvNeXt. Every snapshot of every run is projected into the base's space, and its
alignment is measured on held-out images. Expect the healthy runs' neurons to spread
over the map as training goes on, and the neurons of the failing run to die. For the
well-trained VGG16 the evolutions that matter most for a class are also shown.
"""

from collections.abc import Mapping, Sequence

from conceptevo_jax.analysis.statistics.intervals import share_interval
from conceptevo_jax.config import Config, RunConfig
from conceptevo_jax.errors import unknown_name
from conceptevo_jax.figures import save_figure
from conceptevo_jax.pipeline.base_space import BaseSpace
from conceptevo_jax.pipeline.joint_layout import JointLayout
from conceptevo_jax.pipeline.outcome import Claim, write_csv
from conceptevo_jax.pipeline.plan import SPACE_STEPS, Step, plan_explorer
from conceptevo_jax.pipeline.projected_run import (
    ProjectedRun,
    alignment_rows,
    epoch_rows,
    loss_rows,
    snapshot_rows,
)
from conceptevo_jax.pipeline.runs import Job, Until
from conceptevo_jax.pipeline.runs_in_space import RunsInSpace
from conceptevo_jax.pipeline.session import Outcome, Session
from conceptevo_jax.pipeline.trained_run import TrainedRun
from conceptevo_jax.pipeline.unified import space_facts, space_jobs, unify
from conceptevo_jax.projection import warm_up
from conceptevo_jax.reports.concepts.measure import NamedConcepts
from conceptevo_jax.reports.concepts.report import report_concepts
from conceptevo_jax.reports.explorer_page.page import explore
from conceptevo_jax.reports.importance.plan import plan_importance
from conceptevo_jax.reports.importance.report import report_importance
from conceptevo_jax.reports.unified_space.claims import accuracy_claim, alignment_claims
from conceptevo_jax.reports.unified_space.figures import (
    run_curves,
    shared_space,
)
from conceptevo_jax.reports.unified_space.settings import CollapseRule, CollapseSettings
from conceptevo_jax.reports.unified_space.training_maps import training_map
from conceptevo_jax.training import Row

WELL_TRAINED = "vgg16"


def jobs(config: Config) -> list[Job]:
    """Everything to train: the base, the compared runs, the collapse with each seed."""
    if WELL_TRAINED not in config.runs:
        raise unknown_name("run of the demo", WELL_TRAINED, config.runs)
    return [*space_jobs(config), *collapse_jobs(config).values()]


def plan(config: Config) -> list[Step]:
    """What follows training."""
    explorer = plan_explorer(config, jobs(config))
    return [*SPACE_STEPS, *plan_importance(config, [WELL_TRAINED]), *explorer]


def collapse_jobs(config: Config) -> dict[int, Job]:
    """Repeats of the failing run by seed, trained only until they have collapsed."""
    rule = CollapseSettings.of(config).collapse
    if rule is None:
        return {}
    failing_run = config.runs[rule.run]
    until = Until(learns=rule.learns, collapses=rule.collapses)
    return {
        seed: Job(
            name=f"{rule.run} seed {seed}",
            run=_reseed_config(failing_run, seed),
            dataset=config.dataset,
            until=until,
        )
        for seed in rule.seeds
        if seed != failing_run.seed
    }


def _reseed_config(run: RunConfig, seed: int) -> RunConfig:
    changes = {"seed": seed, "early_steps": [], "eval_images": 100}
    return RunConfig(**{**vars(run), **changes})


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
    rows = snapshot_rows(space.compared)
    tables = session.folder / "tables"
    write_csv(tables / "snapshots.csv", rows)
    write_csv(tables / "epochs.csv", epoch_rows([space.base, *space.compared]))
    write_csv(tables / "alignment.csv", alignment_rows(space.compared))
    write_csv(tables / "embedding_loss.csv", loss_rows(space.base_space))
    importance = report_importance(session, [trained[WELL_TRAINED]])
    page = explore(
        session, space, joint_layout, concepts.named, importance.run_importances
    )
    claims = [
        accuracy_claim(
            space.runs[WELL_TRAINED],
            images=len(session.images.test),
            threshold=0.80,
            paper="well-trained VGG16: top-5 train accuracy .96 (Fig. 2a, ImageNet)",
        ),
        collapse_claim(
            CollapseSettings.of(config).collapse, _collapse_tables(config, trained)
        ),
        positive_claim(space.base_space),
        *alignment_claims(rows),
        *importance.claims,
    ]
    figures = ("training_map", "shared_space", "runs")
    pictures = [session.folder / f"figures/{name}.png" for name in figures]
    return Outcome(
        base=space.base_snapshot,
        claims=claims,
        further={
            "space": space_facts(space, joint_layout.layout),
            "snapshots": rows,
            **importance.further,
        },
        look_next=[
            *page,
            *concepts.written,
            *pictures,
            *importance.figures,
            tables / "snapshots.csv",
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
    figure = training_map(space.compared, space.base, points, session.images, named)
    save_figure(figure, folder / "training_map")
    figure = shared_space(session.images, _architectures(space), points, named)
    save_figure(figure, folder / "shared_space")
    save_figure(run_curves(space.compared), folder / "runs")


def _architectures(space: RunsInSpace) -> list[ProjectedRun]:
    """The base, the well-trained run, and the first run of a third architecture."""
    pair = [space.base, space.runs[WELL_TRAINED]]
    known = {run.run.model.name for run in pair}
    others = [run for run in space.compared if run.run.model.name not in known]
    return [*pair, *others[:1]]


def _collapse_tables(
    config: Config, trained: Mapping[str, TrainedRun]
) -> list[Sequence[Row]]:
    rule = CollapseSettings.of(config).collapse
    if rule is None:
        return []
    demo_runs = [rule.run] if config.runs[rule.run].seed in rule.seeds else []
    repeated = [job.name for job in collapse_jobs(config).values()]
    return [trained[name].rows for name in (*demo_runs, *repeated)]


def collapse_claim(rule: CollapseRule | None, tables: Sequence[Sequence[Row]]) -> Claim:
    """The failing run learns first and collapses later, with several seeds.

    Args:
      rule: When a run counts as learnt and as collapsed; None without a failing run.
      tables: Rows of the failing run's trainings, one list per seed.
    """
    paper = "VGG16, lr .05: top-5 .62 .30 .01 .00 at epochs 3 12 13 14 (Fig. 2b)"
    if rule is None or not tables:
        return Claim(
            id="learns_then_collapses",
            paper=paper,
            rule="no rule was configured",
            measured=None,
            interval=None,
            n=0,
            holds=None,
            why="not run: this configuration lists no failing run and seeds",
        )
    curves = [[row.test_top1 for row in rows] for rows in tables]
    verdicts = [_has_collapsed(curve, rule.learns, rule.collapses) for curve in curves]
    curve_ends = "; ".join(f"best {max(c):.2f}, last {c[-1]:.2f}" for c in curves)
    return Claim(
        id="learns_then_collapses",
        paper=paper,
        rule=f"test top-1 first >= {rule.learns} and later <= {rule.collapses} in at "
        "least 5 of 6 seeds (judged on these seeds; the interval is for other seeds)",
        measured=sum(verdicts) / len(verdicts),
        interval=share_interval(sum(verdicts), len(verdicts)),
        n=len(verdicts),
        holds=6 * sum(verdicts) >= 5 * len(verdicts),
        why=f"{sum(verdicts)} of {len(verdicts)} seeds: {curve_ends}",
    )


def _has_collapsed(curve: Sequence[float], learns: float, collapses: float) -> bool:
    first = next((i for i, value in enumerate(curve) if value >= learns), None)
    return first is not None and min(curve[first:]) <= collapses


def positive_claim(fitted_space: BaseSpace) -> Claim:
    """Learning pulls co-activated neurons together."""
    fit = fitted_space.fit
    end = float(fit.positive[-1])
    fall = 1 - end / fit.start_positive
    return Claim(
        id="positive_term_falls",
        paper=None,
        rule="the positive-pair term of Eq. 1 falls by >= 50 % from its random start "
        "(judged by the value: there is no interval)",
        measured=fall,
        interval=None,
        n=fit.pairs,
        holds=fall >= 0.5,
        why=f"positive term {fit.start_positive:.3f} to {end:.3f}, "
        f"total {fit.start_total:.3f} to {float(fit.total[-1]):.3f}",
    )

"""The main job: several real training runs, healthy and failing, in one space.

    conceptevo experiment=demo                (four to ten minutes on two cores)
    conceptevo experiment=demo scale=smoke    (two to five minutes, generated images)

Trains a VGG19 as the base and five runs that are compared: a VGG16 that trains well,
one with a learning rate that rises too far, one without dropout, an InceptionV3 and a
ConvNeXt. Every snapshot of every run is projected into the base's space and judged on
held-out images. Expect the healthy runs' neurons to spread over the map as training
goes on, and a row in which the failing run's die. Of the well-trained VGG16 the
evolutions that matter most for a class are shown, too.
"""

from collections.abc import Mapping, Sequence

from conceptevo_jax.analysis.statistics.intervals import share_interval
from conceptevo_jax.config import CollapseConfig, Config, RunConfig
from conceptevo_jax.errors import unknown_name
from conceptevo_jax.figures import save_figure
from conceptevo_jax.pipeline.base_space import BaseSpace
from conceptevo_jax.pipeline.outcome import Claim, write_csv
from conceptevo_jax.pipeline.plan import SPACE, Step, plan_explorer, plan_importance
from conceptevo_jax.pipeline.projected_run import (
    Projected,
    alignment_rows,
    epoch_rows,
    loss_rows,
    snapshot_rows,
)
from conceptevo_jax.pipeline.runs import Job, TrainedRun, Until
from conceptevo_jax.pipeline.session import Outcome, Session
from conceptevo_jax.pipeline.unified import Unified, space_jobs, unify
from conceptevo_jax.projection import warm_up
from conceptevo_jax.reports.explorer_page.page import explore_unified
from conceptevo_jax.reports.importance.report import report_importance
from conceptevo_jax.reports.unified_space.claims import accuracy_claim, alignment_claims
from conceptevo_jax.reports.unified_space.figures import (
    run_curves,
    shared_space,
    training_map,
)
from conceptevo_jax.training import Row

WELL_TRAINED = "vgg16"


def jobs(config: Config) -> list[Job]:
    """Everything to train: the base, the compared runs, the collapse under seeds."""
    if WELL_TRAINED not in config.runs:
        raise unknown_name("run of the demo", WELL_TRAINED, config.runs)
    return [*space_jobs(config), *collapse_jobs(config).values()]


def plan(config: Config) -> list[Step]:
    """What follows training."""
    explorer = plan_explorer(config, jobs(config))
    return [*SPACE, *plan_importance(config, [WELL_TRAINED]), *explorer]


def collapse_jobs(config: Config) -> dict[int, Job]:
    """By seed, the failing run again, trained only until it has collapsed."""
    rule = config.collapse
    if rule is None:
        return {}
    shown = config.runs[rule.run]
    until = Until(learns=rule.learns, collapses=rule.collapses)
    return {
        seed: Job(
            name=f"{rule.run} seed {seed}",
            run=_reseeded(shown, seed),
            dataset=config.dataset,
            until=until,
        )
        for seed in rule.seeds
        if seed != shown.seed
    }


def _reseeded(run: RunConfig, seed: int) -> RunConfig:
    changes = {"seed": seed, "early_steps": [], "eval_images": 100}
    return RunConfig(**{**vars(run), **changes})


def run(config: Config, session: Session) -> Outcome:
    """Do it all, or reuse what is stored, and write the result folder."""
    trained = session.train(jobs(config), meanwhile=warm_up)
    found = unify(session, trained)
    with session.stage("figures"):
        _draw(session, found)
    rows = snapshot_rows(found.compared)
    tables = session.folder / "tables"
    write_csv(tables / "snapshots.csv", rows)
    write_csv(tables / "epochs.csv", epoch_rows([found.base, *found.compared]))
    write_csv(tables / "alignment.csv", alignment_rows(found.compared))
    write_csv(tables / "embedding_loss.csv", loss_rows(found.made))
    important = report_importance(session, [trained[WELL_TRAINED]])
    page = explore_unified(session, found, important.run_importances)
    claims = [
        accuracy_claim(
            _run(found, WELL_TRAINED),
            images=len(session.images.test),
            least=0.80,
            paper="well-trained VGG16: top-5 train accuracy .96 (Fig. 2a, ImageNet)",
        ),
        collapse_claim(config.collapse, _collapse_tables(config, trained)),
        positive_claim(found.made),
        *alignment_claims(rows),
        *important.claims,
    ]
    figures = ("training_map", "shared_space", "runs")
    look = [session.folder / f"figures/{name}.png" for name in figures]
    return Outcome(
        base=found.made.space.base,
        claims=claims,
        further={"space": found.about(), "snapshots": rows, **important.further},
        look_next=[
            *page,
            *look,
            *important.figures,
            tables / "snapshots.csv",
            tables / "alignment.csv",
        ],
    )


def _run(found: Unified, name: str) -> Projected:
    return next(one for one in found.compared if one.run.name == name)


def _draw(session: Session, found: Unified) -> None:
    folder, points = session.folder / "figures", found.points
    save_figure(
        training_map(found.compared, found.base, points), folder / "training_map"
    )
    pair = [found.base, _run(found, WELL_TRAINED)]
    save_figure(shared_space(session.images, pair, points), folder / "shared_space")
    save_figure(run_curves(found.compared), folder / "runs")


def _collapse_tables(
    config: Config, trained: Mapping[str, TrainedRun]
) -> list[Sequence[Row]]:
    rule = config.collapse
    if rule is None:
        return []
    shown = [rule.run] if config.runs[rule.run].seed in rule.seeds else []
    again = [job.name for job in collapse_jobs(config).values()]
    return [trained[name].rows for name in (*shown, *again)]


def collapse_claim(
    rule: CollapseConfig | None, tables: Sequence[Sequence[Row]]
) -> Claim:
    """The failing run learns first and collapses later, under several seeds."""
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
    did = [_collapsed(curve, rule.learns, rule.collapses) for curve in curves]
    told = "; ".join(f"best {max(c):.2f}, last {c[-1]:.2f}" for c in curves)
    return Claim(
        id="learns_then_collapses",
        paper=paper,
        rule=f"test top-1 first >= {rule.learns} and later <= {rule.collapses} in at "
        "least 5 of 6 seeds (of these seeds; the interval is of others)",
        measured=sum(did) / len(did),
        interval=share_interval(sum(did), len(did)),
        n=len(did),
        holds=6 * sum(did) >= 5 * len(did),
        why=f"{sum(did)} of {len(did)} seeds: {told}",
    )


def _collapsed(curve: Sequence[float], learns: float, collapses: float) -> bool:
    first = next((i for i, value in enumerate(curve) if value >= learns), None)
    return first is not None and min(curve[first:]) <= collapses


def positive_claim(made: BaseSpace) -> Claim:
    """Learning pulls co-activated neurons together."""
    fit = made.fit
    end = float(fit.positive[-1])
    fall = 1 - end / fit.start_positive
    return Claim(
        id="positive_term_falls",
        paper=None,
        rule="the positive-pair term of Eq. 1 falls by >= 50 % from its random start "
        "(the value: there is no interval)",
        measured=fall,
        interval=None,
        n=fit.pairs,
        holds=fall >= 0.5,
        why=f"positive term {fit.start_positive:.3f} to {end:.3f}, "
        f"total {fit.start_total:.3f} to {float(fit.total[-1]):.3f}",
    )

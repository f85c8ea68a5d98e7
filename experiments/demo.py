"""The main job: several real training runs, healthy and failing, in one space.

    conceptevo experiment=demo                (about five minutes on two cores)
    conceptevo experiment=demo scale=smoke    (about a minute, generated images)

Trains a VGG19 as the base and three VGG16 that are compared: well trained, with a
learning rate that rises too far, and without dropout. Every snapshot of every run is
projected into the base's space and judged on held-out images. Expect the healthy
runs' neurons to spread over the map as training goes on, and a row in which the
failing run's die.
"""

from collections.abc import Mapping, Sequence

from conceptevo_jax.config import CollapseConfig, Config, RunConfig
from conceptevo_jax.errors import unknown_name
from conceptevo_jax.figures import save_figure
from conceptevo_jax.stages.pictures import (
    Points,
    run_curves,
    shared_space,
    shown_epochs,
    training_map,
)
from conceptevo_jax.stages.projected import (
    AGREEMENTS,
    Projected,
    alignment_rows,
    epoch_rows,
    loss_rows,
    project_all,
    snapshot_rows,
)
from conceptevo_jax.stages.results import Claim, share_interval, write_csv
from conceptevo_jax.stages.runs import Job, TrainedRun, Until
from conceptevo_jax.stages.session import Outcome, Session
from conceptevo_jax.stages.space import BaseSpace, embed_base, lay_out
from conceptevo_jax.training import Row
from conceptevo_jax.types import Layout

BASE_SAMPLE = 4096
"""Pool images by which the base neurons' responses are ranked."""

WELL_TRAINED = "vgg16"


def jobs(config: Config) -> list[Job]:
    """Everything to train: the base, the compared runs, the collapse under seeds."""
    if WELL_TRAINED not in config.runs:
        raise unknown_name("run of the demo", WELL_TRAINED, config.runs)
    base = config.runs[config.base]
    first = _job(config, config.base, (base.epochs - 1,), BASE_SAMPLE)
    sample = config.dataset.sample_images
    compared = [
        _job(config, name, None, sample) for name in config.runs if name != config.base
    ]
    return [first, *compared, *collapse_jobs(config).values()]


def _job(config: Config, name: str, epochs: tuple | None, sample: int) -> Job:
    return Job(
        name=name,
        run=config.runs[name],
        dataset=config.dataset,
        search=config.method.stimuli,
        epochs=epochs,
        sample=sample,
    )


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
    trained = session.train(jobs(config))
    base, store = trained[config.base], session.store
    epoch = next(iter(base.observations))
    made, key = session.timed(
        "space",
        embed_base,
        store,
        session.images,
        base,
        epoch,
        config.method,
        config.seed,
    )
    everything = project_all(session, trained, config.base, made, key)
    home = everything.pop(config.base)
    compared = list(everything.values())
    layout, points = _lay_out(session, home, compared)
    session.save_space(made.space, layout)
    session.timed("figures", _draw, session, home, compared, points)
    rows = snapshot_rows(compared)
    tables = session.folder / "tables"
    write_csv(tables / "snapshots.csv", rows)
    write_csv(tables / "epochs.csv", epoch_rows([home, *compared]))
    write_csv(tables / "alignment.csv", alignment_rows(compared))
    write_csv(tables / "embedding_loss.csv", loss_rows(made))
    claims = [
        accuracy_claim(trained[WELL_TRAINED], len(session.images.test)),
        collapse_claim(config.collapse, _collapse_tables(config, trained)),
        positive_claim(made),
        *alignment_claims(rows),
    ]
    further = {"space": _about_space(made, layout), "snapshots": rows}
    figures = ("training_map", "shared_space", "runs")
    look = [session.folder / f"figures/{name}.png" for name in figures]
    return Outcome(
        base=made.space.base,
        claims=claims,
        further=further,
        look_next=[*look, tables / "snapshots.csv", tables / "alignment.csv"],
    )


def _lay_out(
    session: Session, home: Projected, compared: Sequence[Projected]
) -> tuple[Layout, Points]:
    """One map of the base and all shown snapshots, in one fixed order."""
    shown = [(home, home.epochs[-1])]
    shown += [(one, epoch) for one in compared for epoch in shown_epochs(one)]
    vectors = [one.placed[epoch].vectors for one, epoch in shown]
    config = session.config
    layout, points = session.timed(
        "layout", lay_out, session.store, vectors, config.method.layout, config.seed
    )
    names = [f"{one.run.name}@{epoch}" for one, epoch in shown]
    return layout, dict(zip(names, points, strict=True))


def _draw(
    session: Session, home: Projected, compared: Sequence[Projected], points: Points
) -> None:
    folder, at = session.folder / "figures", (home, home.epochs[-1])
    base = f"{home.run.name}@{home.epochs[-1]}"
    save_figure(
        training_map(compared, base, home.title, points), folder / "training_map"
    )
    other = next(one for one in compared if one.run.name == WELL_TRAINED)
    pair = [at, (other, other.epochs[-1])]
    save_figure(shared_space(session.images, pair, points), folder / "shared_space")
    save_figure(run_curves(compared), folder / "runs")


def _about_space(made: BaseSpace, layout: Layout) -> dict:
    fit = made.fit
    return {
        "pool": made.space.pool_id,
        "pairs_per_repeat": fit.pairs,
        "isolated_neurons": fit.isolated,
        "loss_start": fit.start_total,
        "loss_end": float(fit.total[-1]),
        "positive_start": fit.start_positive,
        "positive_end": float(fit.positive[-1]),
        "images": made.report,
        "map_stability": layout.stability,
    }


def _collapse_tables(
    config: Config, trained: Mapping[str, TrainedRun]
) -> list[Sequence[Row]]:
    rule = config.collapse
    if rule is None:
        return []
    again = [trained[job.name].rows for job in collapse_jobs(config).values()]
    own = config.runs[rule.run].seed in rule.seeds
    return [trained[rule.run].rows, *again] if own else again


def accuracy_claim(run: TrainedRun, images: int) -> Claim:
    """The well-trained run really is."""
    last = run.rows[-1]
    return Claim(
        id="well_trained_accuracy",
        paper="well-trained VGG16: top-5 train accuracy .96 (Fig. 2a, ImageNet)",
        rule="top-1 test accuracy of the well-trained VGG16 >= 0.80",
        measured=last.test_top1,
        interval=share_interval(round(last.test_top1 * images), images),
        n=images,
        holds=last.test_top1 >= 0.80,
        why=f"epoch {last.epoch}; train top-1 {last.train_top1:.3f}, "
        f"top-5 train/test {last.train_top5:.3f}/{last.test_top5:.3f}",
    )


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
        "least 5 of 6 seeds",
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
        rule="the positive-pair term of Eq. 1 falls by >= 50 % from its random start",
        measured=fall,
        interval=None,
        n=fit.pairs,
        holds=fall >= 0.5,
        why=f"positive term {fit.start_positive:.3f} to {end:.3f}, "
        f"total {fit.start_total:.3f} to {float(fit.total[-1]):.3f}",
    )


def alignment_claims(rows: Sequence[Mapping]) -> list[Claim]:
    """Per definition of agreement: is every snapshot above its permutation null?"""
    claims = []
    for name in AGREEMENTS:
        judged = [row for row in rows if row[f"above_null_{name}"] is not None]
        above = sum(row[f"above_null_{name}"] for row in judged)
        below = [
            f"{r['run']}@{r['epoch']}" for r in judged if not r[f"above_null_{name}"]
        ]
        aucs = [row[f"auc_{name}"] for row in judged]
        told = f"AUC {min(aucs):.2f} to {max(aucs):.2f}" if aucs else "nothing judged"
        missing = f"; not above: {', '.join(below)}" if below else ""
        left_out = f"; {len(rows) - len(judged)} snapshots with too few live neurons"
        claims.append(
            Claim(
                id=f"aligned_{name}",
                paper="concepts of other models and epochs align: human AUC .86 to .90",
                rule="held-out alignment of every snapshot with >= 20 live neurons is "
                "above its permutation null",
                measured=above / len(judged) if judged else None,
                interval=share_interval(above, len(judged)) if judged else None,
                n=len(judged),
                holds=above == len(judged) if judged else None,
                why=told + missing + left_out,
            )
        )
    return claims

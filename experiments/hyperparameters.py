"""Sec. 4.1: are the paper's settings near the best, and is there a better projection?

    conceptevo experiment=hyperparameters
    conceptevo experiment=hyperparameters seeds=3        (judges the claims)
    conceptevo experiment=hyperparameters scale=smoke

One setting at a time around the paper's, over the ranges of the paper, and then around
the method in use. Quality is the held-out alignment of other architectures with the
base, on the selection images; beside it stands the time. Nothing here is a result about
alignment: what was chosen on these images and seeds is judged by
`experiment=alignment`, on others.
"""

from collections.abc import Mapping, Sequence
from typing import Any

import numpy as np
from jaxtyping import Float
from matplotlib.figure import Figure

from conceptevo_jax.analysis.statistics.intervals import mean_interval
from conceptevo_jax.config import Config
from conceptevo_jax.figures import Factor, draw_factors, save_figure
from conceptevo_jax.pipeline.outcome import Claim, finite, write_csv
from conceptevo_jax.pipeline.plan import SPACE, Step
from conceptevo_jax.pipeline.projected_run import AGREEMENTS
from conceptevo_jax.pipeline.runs import Job
from conceptevo_jax.pipeline.session import Outcome, Session
from conceptevo_jax.reports.hyperparameters.measure import (
    Trial,
    Tried,
    attempt,
    is_centre,
    read_all,
    trial_jobs,
    trials_of,
)

NEAR = 0.01
"""AUC that a setting near the best may lie below it."""

Done = Sequence[tuple[Trial, Mapping[str, Tried]]]
"""Trials, and how they did with each base."""


def jobs(config: Config) -> list[Job]:
    """Everything to train."""
    return trial_jobs(config)


def plan(config: Config) -> list[Step]:
    """What follows training."""
    of = config.hyperparameters
    count = len(trials_of(config)) * len(of.bases)
    step = Step(stage="try", about=f"{count} spaces", seconds=count * 10.0, bytes=None)
    return [SPACE[0], step]


def run(config: Config, session: Session) -> Outcome:
    """Do it all, or reuse what is stored, and write the result folder."""
    trials = trials_of(config)
    trained = session.train(jobs(config))
    responses = {}
    for name, trained_run in trained.items():
        with session.stage("respond", of=name):
            responses[name] = read_all(session, trained_run)
    done = []
    for trial in trials:
        with session.stage(
            "try", of=f"{trial.factor} {trial.value}".strip() or trial.centre
        ):
            scores = {
                base: attempt(session, trial, base, responses)
                for base in config.hyperparameters.bases
            }
        done.append((trial, scores))
    tables, folder = session.folder / "tables", session.folder / "figures"
    write_csv(tables / "trials.csv", _rows(config, done))
    look = []
    for name in dict.fromkeys(trial.centre for trial in trials):
        own = [one for one in done if one[0].centre == name]
        figure = _figure(config, name, own)
        look += save_figure(figure, folder / f"around_{name}")[:1]
    return Outcome(
        base=None,
        claims=_claims(config, done),
        further={"quality": "mean AUC over agreements, bases and other runs"},
        look_next=[*look, tables / "trials.csv"],
    )


def _quality(tried: Tried) -> float:
    """Mean AUC over agreements and all other runs."""
    return float(tried.aucs.mean())


def _by_run(tried: Tried) -> Float[np.ndarray, " r"]:
    """Mean AUC over agreements of each other run."""
    return tried.aucs.mean(axis=1)


def _overall(found: Mapping[str, Tried]) -> float:
    return float(np.mean([_quality(one) for one in found.values()]))


def _centre(config: Config, trial: Trial) -> bool:
    methods = {config.method.name: config.method} | config.methods
    return is_centre(trial, methods[trial.centre])


def _rows(config: Config, done: Done) -> list[dict[str, Any]]:
    """A row per trial, base and run."""
    return [
        {
            "around": trial.centre,
            "setting": trial.factor or "all",
            "value": "as it is" if not trial.factor else str(trial.value),
            "is_centre": _centre(config, trial),
            "base": base,
            "run": name,
            **{
                f"auc_{agreement}": finite(float(auc))
                for agreement, auc in zip(AGREEMENTS, aucs, strict=True)
            },
            "fit_seconds": tried.fit_seconds,
            "space_seconds": tried.space_seconds,
            "why_not": tried.why or "",
        }
        for trial, found in done
        for base, tried in found.items()
        for name, aucs in zip(tried.runs, tried.aucs, strict=True)
    ]


def _by_factor(done: Done) -> Mapping[tuple[str, str], Done]:
    """The trials of each setting, in the order in which they were tried."""
    found: dict[tuple[str, str], list[tuple[Trial, Mapping[str, Tried]]]] = {}
    for trial, tried in done:
        if trial.factor:
            found.setdefault((trial.centre, trial.factor), []).append((trial, tried))
    return found


def _claims(config: Config, done: Done) -> list[Claim]:
    """Per setting: is the value in use near the best that was tried?"""
    claims = []
    for (centre, factor), own in _by_factor(done).items():
        values = [_overall(found) for _, found in own]
        used = [place for place, (trial, _) in enumerate(own) if _centre(config, trial)]
        if not used:
            continue
        best = int(np.nanargmax(values))
        lacks = values[best] - values[used[0]]
        pairs = [
            (own[best][1][base], own[used[0]][1][base])
            for base in config.hyperparameters.bases
        ]
        gaps = np.concatenate([_by_run(one) - _by_run(other) for one, other in pairs])
        interval = mean_interval(gaps.tolist())
        most = lacks if interval is None else interval[1]
        told = "; ".join(
            _outcome(trial, value, _seconds(found))
            for (trial, found), value in zip(own, values, strict=True)
        )
        claims.append(
            Claim(
                id=f"{centre}_{factor}_near_best",
                paper=_PAPER.get(factor) if centre == "paper" else None,
                rule=f"mean AUC of the best value tried above that of "
                f"{own[used[0]][0].value} by at most {NEAR}: upper end of the 95 % "
                "interval over pairs of a base and a run (of one pair, the value)",
                measured=finite(lacks),
                interval=interval,
                n=len(gaps),
                holds=bool(most <= NEAR),
                why=told,
            )
        )
    return claims


def _outcome(trial: Trial, value: float, seconds: float) -> str:
    if np.isnan(value):
        return f"{trial.value}: diverges"
    return f"{trial.value}: {value:.3f} in {seconds:.1f} s"


_PAPER = {
    "stimuli.k": "k = 10, tested from 5 to 30 (Sec. 4.1)",
    "embedding.dim": "dimension 30, tested from 5 to 100 (Sec. 4.1)",
    "embedding.negatives": "R = 3, tested from 0 to 5 (Sec. 4.1)",
    "embedding.learning_rate": "rate .05, tested from .001 to .5 (Sec. 4.1)",
    "projection.learning_rate": "rate .002, tested from .001 to .5 (Sec. 4.1)",
}


def _seconds(found: Mapping[str, Tried]) -> float:
    """Mean time of a trial over the bases; NaN where it failed with one."""
    times = [
        np.nan
        if one.fit_seconds is None or one.space_seconds is None
        else one.fit_seconds + one.space_seconds
        for one in found.values()
    ]
    return float(np.mean(times))


def _figure(config: Config, centre: str, done: Done) -> Figure:
    bases = config.hyperparameters.bases
    factors = [
        Factor(
            name=factor,
            values=tuple(_told(trial.value) for trial, _ in own),
            centre=next(
                (i for i, (trial, _) in enumerate(own) if _centre(config, trial)), None
            ),
            quality=np.array([[_quality(found[b]) for _, found in own] for b in bases]),
            seconds=np.array([_seconds(found) for _, found in own]),
        )
        for (_, factor), own in _by_factor(done).items()
    ]
    titles = [f"space of {config.runs[base].title}" for base in bases]
    title = (
        f"One setting at a time around method {centre} (grey: its own value). Held-out "
        "alignment of other architectures, mean AUC, on the selection images; seconds "
        "for learning neuron vectors, embedding images and projecting"
    )
    return draw_factors(factors, titles, quality="mean AUC", title=title)


def _told(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "none" if value is None else f"{value:g}"

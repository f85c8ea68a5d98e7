"""How often the monitor is wrong: alarms in healthy, failing and recovering trainings.

    conceptevo experiment=monitor_rates                (half an hour on two cores)
    conceptevo experiment=monitor_rates scale=smoke    (one of each recipe)

Many small runs of three architectures on 1,600 photographs. Rules and recipes were
chosen on other seeds. A run counts if it did what its recipe is for: a healthy one
learns and keeps it, a failing one first learns and ends at chance, a recovering one
loses more than half of its best accuracy and comes back. `tables/rates.csv` holds the
rates with exact intervals, `tables/runs.csv` every run, those that did otherwise too.
"""

import dataclasses
from collections.abc import Callable, Sequence
from typing import Any

from conceptevo_jax.analysis.statistics.intervals import exact_interval
from conceptevo_jax.config import Config
from conceptevo_jax.errors import unknown_name
from conceptevo_jax.monitor import DAMAGED, LOST
from conceptevo_jax.pipeline.outcome import Claim, write_csv
from conceptevo_jax.pipeline.plan import Step
from conceptevo_jax.pipeline.runs import Job, TrainedRun
from conceptevo_jax.pipeline.session import Outcome, Session
from conceptevo_jax.reports.training_failures.claims import LEARNT, course_of
from conceptevo_jax.training import Row
from conceptevo_jax.types import record

HEALTHY, FAILING, RECOVERING, OTHER = "healthy", "failing", "recovering", "other"

CAME_BACK = 0.75
"""Share of its best accuracy that a run which lost it must come back to."""

FEWEST = {HEALTHY: 20, FAILING: 20, RECOVERING: 10}
"""Runs of a kind without which a rate says little."""

LARGEST_RATE = 0.1
"""Rate of errors that claims allow."""


@record
class Watched:
    """One run and what the monitor said of it.

    Attributes:
      recipe: Its configuration.
      model: Its architecture.
      meant: What the recipe is for.
      kind: What became of it; `other` if that is not what its recipe is for.
      dropped: The epoch in which accuracy fell below half of its best, if it did.
      alarms: Epoch and status of every alarm.
      rows: Its table, whole epochs alone.
    """

    recipe: str
    model: str
    meant: str
    kind: str
    dropped: int | None
    alarms: tuple[tuple[int, str], ...]
    rows: tuple[Row, ...]

    @property
    def in_time(self) -> bool:
        """Whether an alarm came no later than the drop."""
        return self.dropped is not None and any(
            e <= self.dropped for e, _ in self.alarms
        )

    @property
    def called_lost(self) -> bool:
        """Whether it was ever called lost."""
        return any(status == LOST for _, status in self.alarms)

    @property
    def called_damaged(self) -> bool:
        """Whether it was ever called damaged."""
        return any(status == DAMAGED for _, status in self.alarms)


def jobs(config: Config) -> list[Job]:
    """Every recipe under each of its seeds; nothing is observed but by the monitor."""
    kinds = (HEALTHY, FAILING, RECOVERING)
    rate_jobs = []
    for name, rate in config.rates.items():
        if name not in config.runs:
            raise unknown_name("run in rates", name, config.runs)
        if rate.kind not in kinds:
            raise unknown_name(f"rates.{name}.kind", rate.kind, kinds)
        for seed in seeds_of(config, name):
            run = dataclasses.replace(config.runs[name], seed=seed)
            title = _job_name(name, seed)
            rate_jobs.append(
                Job(name=title, run=run, dataset=config.dataset, monitor=True)
            )
    return rate_jobs


def seeds_of(config: Config, recipe: str) -> list[int]:
    """The seeds of a recipe, or the first so many of them.

    Args:
      config: Holds recipes and their seeds.
      recipe: Its name.
    """
    return config.rates[recipe].seeds[: config.rate_seeds]


def _job_name(recipe: str, seed: int) -> str:
    return f"{recipe} seed {seed}"


def plan(config: Config) -> list[Step]:
    """Nothing follows training but counting."""
    return []


def run(config: Config, session: Session) -> Outcome:
    """Train and watch all, or reuse what is stored, and count.

    Args:
      config: Recipes, with what each is for.
      session: Trains, and gives the result folder.
    """
    trained = session.train(jobs(config))
    classes = len(session.images.classes)
    watched = [
        watch(trained[_job_name(name, seed)], name, rate.kind, classes)
        for name, rate in config.rates.items()
        for seed in seeds_of(config, name)
    ]
    tables = session.folder / "tables"
    rates = rate_rows(watched)
    write_csv(tables / "rates.csv", rates)
    write_csv(tables / "runs.csv", run_rows(watched))
    return Outcome(
        base=None,
        claims=[_claim(row) for row in rates if row["model"] == "all"],
        further={"rates": rates},
        look_next=[tables / "rates.csv", tables / "runs.csv"],
    )


def watch(run: TrainedRun, recipe: str, meant: str, classes: int) -> Watched:
    """Judge a run by its own accuracy, and list the monitor's alarms.

    Args:
      run: Finished, with its monitor's reports.
      recipe: Its name.
      meant: What the recipe is for.
      classes: Number of classes, for the accuracy of chance.
    """
    rows = [row for row in run.rows if isinstance(row.epoch, int)]
    course = course_of(rows, classes)
    best, last = rows[course.best].test_top1, rows[-1].test_top1
    if course.dropped is None:
        fine = best >= LEARNT and last >= CAME_BACK * best
        kind = HEALTHY if fine else OTHER
    elif last <= 1.5 / classes:
        kind = FAILING
    else:
        kind = RECOVERING if last >= CAME_BACK * best else OTHER
    return Watched(
        recipe=recipe,
        model=run.model.name,
        meant=meant,
        kind=kind if kind == meant else OTHER,
        dropped=course.dropped,
        alarms=tuple(
            (report["epoch"], report["status"])
            for report in run.reports
            if report["status"] in (DAMAGED, LOST)
        ),
        rows=tuple(rows),
    )


ERRORS: dict[str, tuple[str, str, Callable[[Watched], bool]]] = {
    "false_alarm": (
        HEALTHY,
        "healthy runs in which any alarm is raised",
        lambda watched: bool(watched.alarms),
    ),
    "false_stop": (
        HEALTHY,
        "healthy runs that are called lost",
        lambda watched: watched.called_lost,
    ),
    "late": (
        FAILING,
        "failing runs without an alarm by the epoch in which accuracy drops",
        lambda watched: not watched.in_time,
    ),
    "missed": (
        FAILING,
        "failing runs that are never called lost",
        lambda watched: not watched.called_lost,
    ),
    "unseen": (
        RECOVERING,
        "recovering runs without an alarm by the epoch in which accuracy drops",
        lambda watched: not watched.in_time,
    ),
    "given_up": (
        RECOVERING,
        "recovering runs that are called lost",
        lambda watched: watched.called_lost,
    ),
}
"""Ways to be wrong: of which kind of runs, in words, and when."""


def rate_rows(watched: Sequence[Watched]) -> list[dict[str, Any]]:
    """The rate of every error with its exact interval, over all and by architecture."""
    rows = []
    for name, (kind, rule, is_error) in ERRORS.items():
        for model in ("all", *sorted({watched_run.model for watched_run in watched})):
            kind_runs = [
                watched_run
                for watched_run in watched
                if watched_run.kind == kind and model in ("all", watched_run.model)
            ]
            wrong = sum(map(is_error, kind_runs))
            low, high = exact_interval(wrong, len(kind_runs)) or (None, None)
            rows.append(
                {
                    "error": name,
                    "rule": rule,
                    "model": model,
                    "errors": wrong,
                    "runs": len(kind_runs),
                    "rate": wrong / len(kind_runs) if kind_runs else None,
                    "low": low,
                    "high": high,
                }
            )
    return rows


def run_rows(watched: Sequence[Watched]) -> list[dict[str, Any]]:
    """One row per run: what became of it, and when the monitor spoke."""
    return [
        {
            "recipe": watched_run.recipe,
            "model": watched_run.model,
            "meant": watched_run.meant,
            "kind": watched_run.kind,
            "best": max(row.test_top1 for row in watched_run.rows),
            "last": watched_run.rows[-1].test_top1,
            "dropped": watched_run.dropped,
            "first_alarm": watched_run.alarms[0][0] if watched_run.alarms else None,
            "first_lost": next((e for e, s in watched_run.alarms if s == LOST), None),
            "damaged": sum(status == DAMAGED for _, status in watched_run.alarms),
            "lost": sum(status == LOST for _, status in watched_run.alarms),
            "accuracies": " ".join(f"{row.test_top1:.2f}" for row in watched_run.rows),
        }
        for watched_run in watched
    ]


def _claim(row: dict[str, Any]) -> Claim:
    kind, rule, _ = ERRORS[row["error"]]
    low, high = row["low"], row["high"]
    enough = row["runs"] >= FEWEST[kind]
    return Claim(
        id=row["error"],
        paper=None,
        rule=f"{rule}: upper end of the exact 95 % interval at most {LARGEST_RATE:.0%}",
        measured=row["rate"],
        interval=None if low is None else (low, high),
        n=row["runs"],
        holds=high <= LARGEST_RATE if enough else None,
        why=f"{row['errors']} of {row['runs']} runs"
        if enough
        else f"{row['runs']} {kind} runs are fewer than the {FEWEST[kind]} needed",
    )

"""How often the monitor is wrong: alarms in healthy, failing and recovering trainings.

    conceptevo experiment=monitor_rates                (half an hour on two cores)
    conceptevo experiment=monitor_rates scale=smoke    (one of each recipe)

Many small runs of three architectures on 1,600 photographs. Rules and recipes were
chosen on other seeds. A run is counted if it behaved as its recipe intends: a healthy
run learns and keeps its accuracy, a failing run first learns and ends at chance, a
recovering run loses more than half of its best accuracy and recovers.
`tables/rates.csv` holds the rates with exact intervals, `tables/runs.csv` all runs,
including those not counted.
"""

import dataclasses

from conceptevo_jax.config import Config
from conceptevo_jax.errors import unknown_name
from conceptevo_jax.pipeline.outcome import write_csv
from conceptevo_jax.pipeline.plan import Step
from conceptevo_jax.pipeline.runs import Job
from conceptevo_jax.pipeline.session import Outcome, Session
from conceptevo_jax.reports.monitor_rates.claims import rate_claim
from conceptevo_jax.reports.monitor_rates.measure import (
    FAILING,
    HEALTHY,
    RECOVERING,
    watch,
)
from conceptevo_jax.reports.monitor_rates.settings import MonitorRatesSettings
from conceptevo_jax.reports.monitor_rates.tables import rate_rows, run_rows


def jobs(config: Config) -> list[Job]:
    """Every recipe with each of its seeds; only the monitor observes them."""
    kinds = (HEALTHY, FAILING, RECOVERING)
    rate_jobs = []
    for name, rate in MonitorRatesSettings.of(config).rates.items():
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
    """The seeds of a recipe, up to the configured number.

    Args:
      config: Holds recipes and their seeds.
      recipe: Its name.
    """
    settings = MonitorRatesSettings.of(config)
    return settings.rates[recipe].seeds[: settings.rate_seeds]


def _job_name(recipe: str, seed: int) -> str:
    return f"{recipe} seed {seed}"


def plan(config: Config) -> list[Step]:
    """Only counting follows training."""
    return []


def run(config: Config, session: Session) -> Outcome:
    """Train and monitor all runs, or reuse what is stored, and count the alarms.

    Args:
      config: The recipes and the behaviour that each intends.
      session: Trains the runs and provides the result folder.
    """
    trained = session.train(jobs(config))
    classes = len(session.images.classes)
    watched = [
        watch(trained[_job_name(name, seed)], name, rate.kind, classes)
        for name, rate in MonitorRatesSettings.of(config).rates.items()
        for seed in seeds_of(config, name)
    ]
    tables = session.folder / "tables"
    rates = rate_rows(watched)
    write_csv(tables / "rates.csv", rates)
    write_csv(tables / "runs.csv", run_rows(watched))
    return Outcome(
        base=None,
        claims=[rate_claim(row) for row in rates if row["model"] == "all"],
        further={"rates": rates},
        look_next=[tables / "rates.csv", tables / "runs.csv"],
    )

"""Which runs the experiment on alignment trains, and the epochs that it observes."""

from collections.abc import Sequence

import numpy as np

from conceptevo_jax.config import Config, MethodConfig
from conceptevo_jax.epochs import Epoch
from conceptevo_jax.errors import UsageError, unknown_name
from conceptevo_jax.pipeline.runs import Job
from conceptevo_jax.reports.alignment.settings import AlignmentSettings
from conceptevo_jax.stimuli import BASE_SAMPLE

EPOCHS_WITHOUT_MILESTONES = 4
"""Whole epochs of a run that are compared if it names no milestones."""


def compared_runs(config: Config) -> list[str]:
    """Names of all runs that are in a space.

    Raises:
      UsageError: for a base or judge that is not a run, or a judge that is compared.
    """
    settings = AlignmentSettings.of(config)
    for name in (*settings.bases, *filter(None, [settings.judge])):
        if name not in config.runs:
            raise unknown_name("run in alignment", name, config.runs)
    if not settings.bases or settings.judge in settings.bases:
        raise UsageError(
            f"alignment.bases is {settings.bases} and alignment.judge "
            f"{settings.judge!r}: name at least one base, and a judge that is not a "
            "base."
        )
    return [name for name in config.runs if name != settings.judge]


def compared_epochs(config: Config, name: str) -> tuple[Epoch, ...]:
    """The untrained network, a run's milestones, and its last epoch.

    Args:
      config: The configuration.
      name: The run's name.
    """
    run = config.runs[name]
    count = min(EPOCHS_WITHOUT_MILESTONES, run.epochs)
    spread = np.linspace(0, run.epochs - 1, count).round().astype(int)
    epochs = set(run.milestones or spread.tolist()) | {run.epochs - 1}
    return ("init", *sorted(epochs))


def endpoints(epochs: Sequence[Epoch]) -> tuple[Epoch, ...]:
    """The untrained network and the last epoch, at which methods are compared."""
    return (epochs[0], epochs[-1])


def alignment_jobs(config: Config, method: MethodConfig | None = None) -> list[Job]:
    """Train and observe every compared run; the judge is only trained.

    Args:
      config: The configuration.
      method: Another method, which needs only the endpoints of each run; None for the
        method in use, and the judge.
    """
    settings = AlignmentSettings.of(config)
    epochs_by_run = _epochs_by_run(config, only_endpoints=method is not None)
    jobs = [
        Job.from_config(
            config,
            name,
            epochs=epochs,
            sample=BASE_SAMPLE if name in settings.bases else None,
            method=method,
        )
        for name, epochs in epochs_by_run.items()
    ]
    if settings.judge is not None and method is None:
        run = config.runs[settings.judge]
        jobs.append(Job(name=settings.judge, run=run, dataset=config.dataset))
    return jobs


def _epochs_by_run(
    config: Config, *, only_endpoints: bool
) -> dict[str, tuple[Epoch, ...]]:
    """The epochs at which each compared run is observed."""
    epochs_by_run = {
        name: compared_epochs(config, name) for name in compared_runs(config)
    }
    if not only_endpoints:
        return epochs_by_run
    return {name: endpoints(epochs) for name, epochs in epochs_by_run.items()}

"""What an experiment prints: its plan and its results."""

from pathlib import Path
from types import ModuleType

from rich.table import Table

from conceptevo_jax.cli.console import CONSOLE
from conceptevo_jax.cli.store_commands import size
from conceptevo_jax.config import Config
from conceptevo_jax.pipeline.outcome import Claim
from conceptevo_jax.pipeline.plan import (
    duration,
    is_for_gpu,
    plan_images,
    plan_job,
    total_seconds,
)
from conceptevo_jax.pipeline.result_folder import find_folder, keyed_folder
from conceptevo_jax.pipeline.session import Outcome, worker_count
from conceptevo_jax.printable import printable_name
from conceptevo_jax.reports.repeat_seeds import repeats


def print_outcome(
    config: Config, outcome: Outcome, numbers_path: Path, seconds: float
) -> None:
    """Print the claims as a table, and the files to look at next.

    Args:
      config: The experiment's configuration.
      outcome: The results.
      numbers_path: The file with all numbers.
      seconds: Duration of the call.
    """
    title = f"{config.name} · scale {config.scale_name} · method {config.method.name}"
    table = Table(title=title)
    for heading in ("claim", "measured", "holds", "what was measured"):
        table.add_column(heading, overflow="fold")
    for claim in outcome.claims:
        table.add_row(claim.id, _format_measured(claim), _verdict(claim), claim.why)
    CONSOLE.print(table)
    CONSOLE.print(f"{seconds:.0f} s. All numbers: {_short_path(numbers_path)}")
    CONSOLE.print("Look next at:")
    for path in filter(Path.exists, outcome.look_next):
        CONSOLE.print(f"  {_short_path(path)}", soft_wrap=True)


def _format_measured(claim: Claim) -> str:
    if claim.measured is None:
        return "-"
    low, high = claim.interval or (None, None)
    interval = "" if low is None else f" [{low:.2f}, {high:.2f}]"
    value = claim.measured
    return f"{value:.3f}{interval}" if abs(value) >= 0.001 else f"{value:.2g}{interval}"


def _verdict(claim: Claim) -> str:
    return {True: "yes", False: "NO", None: "not run"}[claim.holds]


def _short_path(path: Path) -> str:
    working_folder = Path.cwd()
    short_path = (
        path.relative_to(working_folder)
        if path.is_relative_to(working_folder)
        else path
    )
    return printable_name(str(short_path))


def print_plan(config: Config, module: ModuleType, promised: dict[Path, Path]) -> None:
    """Print the stages, and the time and disk space that they need.

    Args:
      config: The experiment's configuration.
      module: The experiment.
      promised: Result folders of earlier plans of a sweep; this plan's is added.
    """
    jobs = [job for seed_config in repeats(config) for job in module.jobs(seed_config)]
    first, steps = plan_images(config.dataset), [plan_job(job) for job in jobs]
    steps += [
        step for seed_config in repeats(config) for step in module.plan(seed_config)
    ]
    on_gpu = any(map(is_for_gpu, config.runs.values()))
    unit = "one H100 (assumed)" if on_gpu else "one core"
    table = Table("stage", "what", unit, "disk", title=f"plan of {config.name}")
    for step in (first, *steps):
        time_text = "-" if on_gpu and step is first else duration(step.seconds)
        size_text = "-" if step.bytes is None else size(step.bytes)
        table.add_row(step.stage, step.about, time_text, size_text)
    CONSOLE.print(table)
    workers = 1 if on_gpu else worker_count(config.workers, len(jobs))
    hardware = "on one GPU" if on_gpu else f"in {workers} processes"
    time_total = duration(total_seconds(steps, workers))
    disk_text = size(sum(step.bytes or 0 for step in (first, *steps)))
    result_folder, keyed_result_folder = (
        find_folder(config, None).folder,
        keyed_folder(config),
    )
    if promised.setdefault(result_folder, keyed_result_folder) != keyed_result_folder:
        result_folder = (
            keyed_result_folder  # as another job of the sweep would have written there
        )
    CONSOLE.print(
        f"Estimate: {time_total} {hardware}, {disk_text} of disk, without stages "
        "marked -. "
        f"Finished stages are reused.\nResults would go to "
        f"{_short_path(result_folder)}; nothing was done."
    )

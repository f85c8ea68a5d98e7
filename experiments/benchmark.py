r"""Time and memory costs, compared with other tools that do the same work in the same
run.

    conceptevo experiment=benchmark
    conceptevo experiment=benchmark 'benchmark.parts=[embedding,growth]'
    conceptevo experiment=benchmark scale=smoke
    conceptevo experiment=benchmark 'benchmark.parts=[embedding]' \
        benchmark.beside=../before          # a checkout of an earlier commit
    conceptevo experiment=benchmark scale=gpu benchmark.minutes=10

Each number is the fastest of several rounds. Networks are untrained and images real or
noise, since costs do not depend on what was learnt. gensim and PyTorch are measured if
they are installed (`pip install "conceptevo-jax[peers,parity]"`), the explorer's page
in Chromium, if installed, drawn without a GPU; otherwise a row says what is missing.
For the method of measurement see docs/performance.md.
"""

import os
from collections.abc import Sequence
from itertools import chain
from pathlib import Path

import jax
from hydra.core.hydra_config import HydraConfig

from conceptevo_jax.benchmarks.analysis import require_costs
from conceptevo_jax.benchmarks.beside import compare_checkouts
from conceptevo_jax.benchmarks.budget import (
    Budget,
    MeasuredPart,
    Measurement,
    interleave_by_importance,
    skipped_measurement,
)
from conceptevo_jax.benchmarks.parts import PARTS
from conceptevo_jax.benchmarks.rows import (
    about_software,
    row_claims,
    speed_ratios,
    table,
)
from conceptevo_jax.benchmarks.settings import BenchmarkSettings
from conceptevo_jax.config import Config
from conceptevo_jax.errors import unknown_name
from conceptevo_jax.figures import draw_ratios, save_figure
from conceptevo_jax.pipeline.outcome import write_csv
from conceptevo_jax.pipeline.plan import Step
from conceptevo_jax.pipeline.runs import Job
from conceptevo_jax.pipeline.session import Outcome, Session

# PyTorch, and the processes of two checkouts, use the device's memory, too: read when
# jax is asked for its devices, which it has not been yet.
os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")


TABLES = ("benchmark", "beside", "costs", "page")
"""All that a call may write."""


def jobs(config: Config) -> list[Job]:
    """Nothing is trained."""
    return []


def plan(config: Config) -> list[Step]:
    """The measurements; their duration is unknown."""
    settings = BenchmarkSettings.of(config)
    detail = (
        f", {settings.rounds} rounds against {settings.beside}"
        if settings.beside
        else ""
    )
    if settings.minutes is not None:
        detail = f", within {settings.minutes:g} minutes"
    return [
        Step(stage="measure", about=name + detail, seconds=None, bytes=None)
        for name in parts_to_measure(config)
    ]


def parts_to_measure(config: Config) -> list[str]:
    """The parts to measure.

    Raises:
      UsageError: for an unknown part, with the valid names.
    """
    parts = BenchmarkSettings.of(config).parts
    for name in parts:
        if name not in PARTS:
            raise unknown_name("part of the benchmark", name, PARTS)
    return parts or list(PARTS)


def run(config: Config, session: Session) -> Outcome:
    """Measure every part, and write the result folder.

    Args:
      config: Parts, sizes and time limit, under `benchmark`.
      session: Gives images and the result folder.
    """
    settings, parts = BenchmarkSettings.of(config), parts_to_measure(config)
    require_costs(settings.costs)
    clear_results(session.folder)
    if settings.beside is not None:
        words = HydraConfig.get().overrides.task
        return compare_checkouts(session, Path(settings.beside), parts, words)
    measured = measure(session, [PARTS[name](config, session) for name in parts])
    rows, claims = measured.rows, measured.claims
    look_next = _write_tables(session.folder, measured)
    further = {"software": about_software(), **measured.tables}
    ratios = speed_ratios(rows)
    if ratios:
        figure = draw_ratios(ratios, title=f"Speed against others, {rows[0].device}")
        look_next[:0] = save_figure(figure, session.folder / "figures" / "ratios")[:1]
    further["benchmark"] = table(rows)
    return Outcome(base=None, claims=claims, further=further, look_next=look_next)


def measure(session: Session, parts: Sequence[Sequence[Measurement]]) -> MeasuredPart:
    """Measure part by part, or in a limited time the most important rows first.

    The tables are written after every measurement, so a killed call keeps
    them. Measurements that exceed the device's memory are reported as not run.

    Args:
      session: Gives the time limit and the result folder.
      parts: Measurements of each part, the most informative part first.
    """
    minutes = BenchmarkSettings.of(session.config).minutes
    budget = Budget(minutes, spent_seconds=sum(session.timings.values(), 0.0))
    order = (
        chain.from_iterable(parts)
        if minutes is None
        else interleave_by_importance(parts)
    )
    all_parts = MeasuredPart([], [], {})
    for measurement in order:
        measured_part = _measure_within_budget(session, budget, measurement)
        all_parts.rows.extend(measured_part.rows)
        all_parts.claims.extend(
            [*measured_part.claims, *row_claims(measured_part.rows)]
        )
        for name, lines in measured_part.tables.items():
            all_parts.tables.setdefault(name, []).extend(lines)
        _write_tables(session.folder, all_parts)
    return all_parts


def _measure_within_budget(
    session: Session, budget: Budget, measurement: Measurement
) -> MeasuredPart:
    """The rows of a measurement; if time or memory is short, a row that says so."""
    title = f"{measurement.part}: {measurement.what}"
    reason = budget.reason_to_skip(measurement)
    if reason is None:
        session.console.print(title)
        try:
            with session.stage(f"measure {measurement.part}"):
                return budget.time_measurement(measurement)
        except jax.errors.JaxRuntimeError as error:
            reason = f"not run: {str(error).splitlines()[0]}"
            if "RESOURCE_EXHAUSTED" not in reason:
                raise
    session.console.print(f"{title}: {reason}")
    return skipped_measurement(measurement, reason)


def _write_tables(folder: Path, measured_part: MeasuredPart) -> list[Path]:
    """Write all rows and the additional tables of a part, except empty ones."""
    tables = {"benchmark": table(measured_part.rows), **measured_part.tables}
    return [
        write_csv(folder / "tables" / f"{name}.csv", lines)
        for name, lines in tables.items()
        if lines
    ]


def clear_results(folder: Path) -> None:
    """Remove the tables of an earlier call, which may have measured other things."""
    for name in TABLES:
        (folder / "tables" / f"{name}.csv").unlink(missing_ok=True)
    for suffix in ("png", "pdf"):
        (folder / "figures" / f"ratios.{suffix}").unlink(missing_ok=True)

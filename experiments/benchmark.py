r"""What things cost, beside others that do the same work in the same run.

    conceptevo experiment=benchmark
    conceptevo experiment=benchmark 'benchmark.parts=[embedding,growth]'
    conceptevo experiment=benchmark scale=smoke
    conceptevo experiment=benchmark 'benchmark.parts=[embedding]' \
        benchmark.beside=../before          # a checkout of an earlier commit
    conceptevo experiment=benchmark scale=gpu benchmark.minutes=10

Each number is the fastest of several turns. Networks are untrained and images real or
noise: costs do not depend on what was learnt. gensim and PyTorch are measured where
they are installed (`pip install "conceptevo-jax[peers,parity]"`), the explorer's page
in Chromium where it is, drawn without a GPU; otherwise a row says what it needs. How
the numbers came about: docs/performance.md.
"""

import os
from collections.abc import Callable, Sequence
from functools import partial
from itertools import chain
from pathlib import Path
from typing import Any

import jax
import numpy as np
from hydra.core.hydra_config import HydraConfig

from conceptevo_jax.benchmarks.analysis import cost_rows, measure_costs, require_costs
from conceptevo_jax.benchmarks.beside import run_beside
from conceptevo_jax.benchmarks.budget import (
    Budget,
    Measured,
    Measurement,
    by_importance,
    skipped_measurement,
)
from conceptevo_jax.benchmarks.cost_claims import cost_claims
from conceptevo_jax.benchmarks.embedding import measure_embedding
from conceptevo_jax.benchmarks.growth import (
    PER_GROUP,
    grow_classes,
    grow_images,
    grow_neurons,
    grow_snapshots,
)
from conceptevo_jax.benchmarks.image_vectors import measure_image_vectors
from conceptevo_jax.benchmarks.maps import measure_maps
from conceptevo_jax.benchmarks.networks import measure_network
from conceptevo_jax.benchmarks.page import measure_pages
from conceptevo_jax.benchmarks.rows import (
    Row,
    about_software,
    row_claims,
    speed_ratios,
    table,
)
from conceptevo_jax.benchmarks.stimuli import measure_stimuli
from conceptevo_jax.config import Config
from conceptevo_jax.devices import cores
from conceptevo_jax.errors import unknown_name
from conceptevo_jax.figures import draw_ratios, save_figure
from conceptevo_jax.models import build_model
from conceptevo_jax.pipeline.outcome import write_csv
from conceptevo_jax.pipeline.plan import Step
from conceptevo_jax.pipeline.runs import Job, training_of
from conceptevo_jax.pipeline.session import Outcome, Session

# PyTorch, and the processes of two checkouts, use the device's memory, too: read when
# jax is asked for its devices, which it has not been yet.
os.environ.setdefault("XLA_PYTHON_CLIENT_PREALLOCATE", "false")

EMBEDDING_REPEATS = 100

WEIGHTS = {"convnext_tiny": 2.0, "inception_v3": 4.0}
"""Expected length of measuring a network, compiled by XLA and by PyTorch, in those of
VGG16; assumed from how long XLA compiles them on a CPU."""

TABLES = ("benchmark", "beside", "costs", "page")
"""All that a call may write."""


def jobs(config: Config) -> list[Job]:
    """Nothing is trained."""
    return []


def plan(config: Config) -> list[Step]:
    """What is measured; nobody knows how long it takes."""
    settings = config.benchmark
    detail = (
        f", {settings.rounds} times beside {settings.beside}" if settings.beside else ""
    )
    if settings.minutes is not None:
        detail = f", as far as {settings.minutes:g} minutes go"
    return [
        Step(stage="measure", about=name + detail, seconds=None, bytes=None)
        for name in chosen_parts(config)
    ]


def chosen_parts(config: Config) -> list[str]:
    """The parts to measure.

    Raises:
      UsageError: for an unknown one, with the valid names.
    """
    for name in config.benchmark.parts:
        if name not in PARTS:
            raise unknown_name("part of the benchmark", name, PARTS)
    return config.benchmark.parts or list(PARTS)


def run(config: Config, session: Session) -> Outcome:
    """Measure every part, and write the result folder.

    Args:
      config: Parts, sizes and time limit, under `benchmark`.
      session: Gives images and the result folder.
    """
    settings, parts = config.benchmark, chosen_parts(config)
    require_costs(settings.costs)
    clear_results(session.folder)
    if settings.beside is not None:
        words = HydraConfig.get().overrides.task
        return run_beside(session, Path(settings.beside), parts, words)
    measured = measure(session, [PARTS[name](config, session) for name in parts])
    rows, claims = measured.rows, measured.claims
    look_next = _write_tables(session.folder, measured)
    further = {"software": about_software(), **measured.tables}
    ratios = speed_ratios(rows)
    if ratios:
        figure = draw_ratios(ratios, title=f"Speed beside others, {rows[0].device}")
        look_next[:0] = save_figure(figure, session.folder / "figures" / "ratios")[:1]
    further["benchmark"] = table(rows)
    return Outcome(base=None, claims=claims, further=further, look_next=look_next)


def measure(session: Session, parts: Sequence[Sequence[Measurement]]) -> Measured:
    """Measure part by part, or in a limited time what tells most.

    The tables are written after every measurement, so that a call that is killed keeps
    them. What a device has no memory for is reported as not run.

    Args:
      session: Gives the time limit and the result folder.
      parts: Measurements of each part, the most telling part first.
    """
    minutes = session.config.benchmark.minutes
    budget = Budget(minutes, spent=sum(session.timings.values(), 0.0))
    order = chain.from_iterable(parts) if minutes is None else by_importance(parts)
    whole = Measured([], [], {})
    for measurement in order:
        done = _measured(session, budget, measurement)
        whole.rows.extend(done.rows)
        whole.claims.extend([*done.claims, *row_claims(done.rows)])
        for name, lines in done.tables.items():
            whole.tables.setdefault(name, []).extend(lines)
        _write_tables(session.folder, whole)
    return whole


def _measured(session: Session, budget: Budget, measurement: Measurement) -> Measured:
    """What a measurement leaves: if there is no time or memory, a row that says so."""
    about, why = (
        f"{measurement.part}: {measurement.what}",
        budget.reason_to_skip(measurement),
    )
    if why is None:
        session.console.print(about)
        try:
            with session.stage(f"measure {measurement.part}"):
                return budget.timed(measurement)
        except jax.errors.JaxRuntimeError as error:
            why = f"not run: {str(error).splitlines()[0]}"
            if "RESOURCE_EXHAUSTED" not in why:
                raise
    session.console.print(f"{about}: {why}")
    return skipped_measurement(measurement, why)


def _write_tables(folder: Path, measured: Measured) -> list[Path]:
    """Write all rows, and the tables that a part has besides; empty ones are not."""
    tables = {"benchmark": table(measured.rows), **measured.tables}
    return [
        write_csv(folder / "tables" / f"{name}.csv", lines)
        for name, lines in tables.items()
        if lines
    ]


def clear_results(folder: Path) -> None:
    """Remove what an earlier call left, which may have measured other things."""
    for name in TABLES:
        (folder / "tables" / f"{name}.csv").unlink(missing_ok=True)
    for ending in ("png", "pdf"):
        (folder / "figures" / f"ratios.{ending}").unlink(missing_ok=True)


def _costs(config: Config, session: Session) -> list[Measurement]:
    def measure_run(name: str) -> Measured:
        costs = measure_costs(config, session, name)
        return Measured(
            cost_rows(costs), cost_claims(config, name, costs), {"costs": costs}
        )

    what = ", ".join(["training step", *config.benchmark.costs])
    return [
        Measurement(
            part="costs",
            what=f"{what} of {name}",
            call=partial(measure_run, name),
            weight=WEIGHTS.get(run.model.name, 1.0),
        )
        for name, run in config.runs.items()
    ]


def _page(config: Config, session: Session) -> list[Measurement]:
    settings = config.benchmark

    def call() -> Measured:
        pages, claims = measure_pages(
            neurons=settings.neurons,
            snapshots=settings.snapshots,
            many_neurons=settings.many_neurons,
        )
        return Measured([], claims, {"page": pages})

    return [Measurement(part="page", what="the explorer's page", call=call)]


def _rows_of(
    part: str, what: str, call: Callable[[], list[Row]], weight: float = 1.0
) -> Measurement:
    """A measurement that leaves rows alone."""
    return Measurement(
        part=part, what=what, call=lambda: Measured(call(), [], {}), weight=weight
    )


def _embedding(config: Config, session: Session) -> list[Measurement]:
    settings = config.benchmark
    call = partial(
        measure_embedding,
        neurons=settings.embedded_neurons,
        groups=settings.embedded_neurons // PER_GROUP,
        repeats=EMBEDDING_REPEATS,
        turns=settings.turns,
        cores=len(cores()),
        loop_pairs=settings.loop_pairs,
    )
    return [_rows_of("embedding", "pairs a second", call, weight=0.5)]


def _image_vectors(config: Config, session: Session) -> list[Measurement]:
    settings = config.benchmark
    call = partial(
        measure_image_vectors,
        neurons=settings.embedded_neurons,
        images=settings.solved_images,
        turns=settings.turns,
    )
    return [_rows_of("image vectors", "closed form", call, weight=0.5)]


def _stimuli(config: Config, session: Session) -> list[Measurement]:
    settings = config.benchmark
    sizes = [(config.preset, settings.images, settings.turns)]
    if settings.full_images and config.preset != "full":
        sizes.append(("full", settings.full_images, settings.full_turns))

    def call(preset: str, images: int, turns: int, compute: str) -> list[Row]:
        return measure_stimuli(
            build_model("vgg16", preset=preset, classes=10),
            batch=images,
            batches=settings.sweep_batches,
            turns=turns,
            compiles=settings.compiled_sweep,
            compute=compute,
        )

    return [
        _rows_of(
            "stimuli", f"vgg16 ({size[0]}), {compute}", partial(call, *size, compute)
        )
        for size in sizes
        for compute in settings.computes
    ]


def _networks(config: Config, session: Session) -> list[Measurement]:
    settings = config.benchmark
    sizes = [(config.preset, settings.images, settings.turns, settings.compiled)]
    if settings.full_images and config.preset != "full":
        sizes.append(
            ("full", settings.full_images, settings.full_turns, settings.full_compiled)
        )

    def call(name: str, compute: str, preset: str, *size: Any) -> list[Row]:
        (count, turns, compiled), rng = size, np.random.default_rng(0)
        run = config.runs[name]
        # As many as in `costs`, whose compiled programs are then found again.
        classes = len(session.images.classes)
        model = build_model(run.model.name, preset=preset, classes=classes)
        return measure_network(
            model,
            training_of(run).optimizer,
            rng.integers(0, 256, (count, model.size, model.size, 3), np.uint8),
            rng.integers(0, classes, count, np.int32),
            turns=turns,
            compiles=run.model.name in compiled,
            compute=compute,
        )

    return [
        _rows_of(
            "networks",
            f"forward pass and training step of {name} ({size[0]}), {compute}",
            partial(call, name, compute, *size),
            WEIGHTS.get(run.model.name, 1.0),
        )
        for size in sizes
        for name, run in config.runs.items()
        for compute in settings.computes
    ]


def _maps(config: Config, session: Session) -> list[Measurement]:
    demo = session.folder.with_name(f"demo-{config.scale_name}")
    points, turns = config.benchmark.map_points, config.benchmark.full_turns
    call = partial(measure_maps, points, demo, turns=turns)
    return [_rows_of("maps", f"of {points:,} points", call)]


def _growth(config: Config, session: Session) -> list[Measurement]:
    grow, neurons = config.benchmark.grow, config.benchmark.embedded_neurons

    def grow_model() -> list[Row]:
        most_classes = max(grow.classes)
        model = build_model("vgg16", preset=config.preset, classes=most_classes)
        return grow_classes(model, grow.classes, images=8)

    calls: dict[str, Callable[[], list[Row]]] = {
        "images": partial(grow_images, grow.images),
        "neurons": partial(grow_neurons, grow.neurons),
        "snapshots": partial(grow_snapshots, grow.snapshots, neurons),
        "classes": grow_model,
    }
    return [_rows_of("growth", f"with {what}", call) for what, call in calls.items()]


PARTS: dict[str, Callable[[Config, Session], list[Measurement]]] = {
    "costs": _costs,
    "page": _page,
    "embedding": _embedding,
    "image_vectors": _image_vectors,
    "stimuli": _stimuli,
    "networks": _networks,
    "maps": _maps,
    "growth": _growth,
}
"""What can be measured, by name."""

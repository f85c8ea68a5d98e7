r"""What things cost, beside others that do the same work in the same run.

    conceptevo experiment=benchmark
    conceptevo experiment=benchmark 'benchmark.parts=[embedding,growth]'
    conceptevo experiment=benchmark scale=smoke
    conceptevo experiment=benchmark 'benchmark.parts=[embedding]' \
        benchmark.beside=../before          # a checkout of an earlier commit

Each number is the fastest of several turns. Networks are untrained and images real or
noise: costs do not depend on what was learnt. gensim and PyTorch are measured where
they are installed (`pip install "conceptevo-jax[peers,parity]"`), the explorer's page
in Chromium where it is, drawn without a GPU; otherwise a row says what it needs. How
the numbers came about: docs/performance.md.
"""

from collections.abc import Callable
from pathlib import Path
from typing import Any, NamedTuple

import numpy as np
from hydra.core.hydra_config import HydraConfig

from conceptevo_jax.benchmarks.analysis import claims_of, cost_rows, measure_costs
from conceptevo_jax.benchmarks.beside import run_beside
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
    claims_of_rows,
    ratios_of,
    table,
)
from conceptevo_jax.benchmarks.stimuli import measure_stimuli
from conceptevo_jax.config import Config
from conceptevo_jax.devices import cores
from conceptevo_jax.errors import unknown_name
from conceptevo_jax.figures import draw_ratios, save_figure
from conceptevo_jax.models import build_model
from conceptevo_jax.stages.plan import Step
from conceptevo_jax.stages.results import Claim, write_csv
from conceptevo_jax.stages.runs import Job, training_of
from conceptevo_jax.stages.session import Outcome, Session

EMBEDDING_REPEATS = 100

TABLES = ("benchmark", "beside", "costs", "page")
"""All that a call may write."""


class Part(NamedTuple):
    """What a part leaves: rows of the table, claims of its own, tables of its own."""

    rows: list[Row]
    claims: list[Claim]
    tables: dict[str, list[dict[str, Any]]]


def jobs(config: Config) -> list[Job]:
    """Nothing is trained."""
    return []


def plan(config: Config) -> list[Step]:
    """What is measured; nobody knows how long it takes."""
    of = config.benchmark
    beside = f", {of.rounds} times beside {of.beside}" if of.beside else ""
    return [
        Step(stage="measure", about=name + beside, seconds=None, bytes=None)
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
    """Measure every part, and write the result folder."""
    clear_results(session.folder)
    if config.benchmark.beside is not None:
        other, words = Path(config.benchmark.beside), HydraConfig.get().overrides.task
        return run_beside(session, other, chosen_parts(config), words)
    rows: list[Row] = []
    claims: list[Claim] = []
    further: dict[str, Any] = {"software": about_software()}
    tables, look = session.folder / "tables", []
    for name in chosen_parts(config):
        part = session.timed(f"measure {name}", PARTS[name], config, session)
        rows += part.rows
        claims += [*part.claims, *claims_of_rows(part.rows)]
        further |= part.tables
        look += [write_csv(tables / f"{n}.csv", t) for n, t in part.tables.items() if t]
    further["benchmark"] = table(rows)
    if rows:
        look.insert(0, write_csv(tables / "benchmark.csv", further["benchmark"]))
    ratios = ratios_of(rows)
    if ratios:
        figure = draw_ratios(ratios, title=f"Speed beside others, {rows[0].device}")
        look[:0] = save_figure(figure, session.folder / "figures" / "ratios")[:1]
    return Outcome(base=None, claims=claims, further=further, look_next=look)


def clear_results(folder: Path) -> None:
    """Remove what an earlier call left, which may have measured other things."""
    for name in TABLES:
        (folder / "tables" / f"{name}.csv").unlink(missing_ok=True)
    for ending in ("png", "pdf"):
        (folder / "figures" / f"ratios.{ending}").unlink(missing_ok=True)


def _costs(config: Config, session: Session) -> Part:
    costs, claims = [], []
    for name in config.runs:
        own = measure_costs(config, session, name)
        costs += own
        claims += claims_of(config, name, own)
    return Part(cost_rows(costs), claims, {"costs": costs})


def _page(config: Config, session: Session) -> Part:
    of = config.benchmark
    pages, claims = measure_pages(
        neurons=of.neurons, snapshots=of.snapshots, many_neurons=of.many_neurons
    )
    return Part([], claims, {"page": pages})


def _embedding(config: Config, session: Session) -> Part:
    of = config.benchmark
    rows = measure_embedding(
        neurons=of.embedded_neurons,
        groups=of.embedded_neurons // PER_GROUP,
        repeats=EMBEDDING_REPEATS,
        turns=of.turns,
        cores=len(cores()),
        loop_pairs=of.loop_pairs,
    )
    return Part(rows, [], {})


def _image_vectors(config: Config, session: Session) -> Part:
    of = config.benchmark
    rows = measure_image_vectors(
        neurons=of.embedded_neurons, images=of.solved_images, turns=of.turns
    )
    return Part(rows, [], {})


def _stimuli(config: Config, session: Session) -> Part:
    of = config.benchmark
    model = build_model("vgg16", preset=config.preset, classes=10)
    rows = measure_stimuli(model, batch=of.images, batches=2, turns=of.turns)
    if of.full_images:
        full = build_model("vgg16", classes=10)
        rows += measure_stimuli(
            full, batch=of.full_images, batches=2, turns=of.full_turns
        )
    return Part(rows, [], {})


def _networks(config: Config, session: Session) -> Part:
    of, rows, rng = config.benchmark, [], np.random.default_rng(0)
    # As many as in `costs`, whose compiled programs are then found again.
    classes = len(session.images.classes)
    sizes = [(config.preset, of.images, of.turns, of.compiled)]
    if of.full_images and config.preset != "full":
        sizes.append(("full", of.full_images, of.full_turns, of.full_compiled))
    for preset, count, turns, compiled in sizes:
        for one in config.runs.values():
            model = build_model(one.model.name, preset=preset, classes=classes)
            shape = (count, model.size, model.size, 3)
            rows += measure_network(
                model,
                training_of(one).optimizer,
                rng.integers(0, 256, shape, np.uint8),
                rng.integers(0, classes, count, np.int32),
                turns=turns,
                compiles=one.model.name in compiled,
            )
    return Part(rows, [], {})


def _maps(config: Config, session: Session) -> Part:
    demo = session.folder.with_name(f"demo-{config.scale_name}")
    points, turns = config.benchmark.map_points, config.benchmark.full_turns
    return Part(measure_maps(points, demo, turns=turns), [], {})


def _growth(config: Config, session: Session) -> Part:
    grow, neurons = config.benchmark.grow, config.benchmark.embedded_neurons
    most = max(grow.classes)
    model = build_model("vgg16", preset=config.preset, classes=most)
    rows = [
        *grow_images(grow.images),
        *grow_neurons(grow.neurons),
        *grow_snapshots(grow.snapshots, neurons),
        *grow_classes(model, grow.classes, images=8),
    ]
    return Part(rows, [], {})


PARTS: dict[str, Callable[[Config, Session], Part]] = {
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

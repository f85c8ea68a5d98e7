"""The parts of the benchmark by name; each makes a list of measurements."""

from collections.abc import Callable
from functools import partial
from typing import Any

import numpy as np

from conceptevo_jax.benchmarks.analysis import cost_rows, measure_costs
from conceptevo_jax.benchmarks.budget import (
    MeasuredPart,
    Measurement,
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
from conceptevo_jax.benchmarks.map_time import measure_maps
from conceptevo_jax.benchmarks.networks import measure_network
from conceptevo_jax.benchmarks.page_costs import measure_pages
from conceptevo_jax.benchmarks.rows import (
    Row,
)
from conceptevo_jax.benchmarks.settings import BenchmarkSettings
from conceptevo_jax.benchmarks.stimuli import measure_stimuli
from conceptevo_jax.config import Config
from conceptevo_jax.devices import cores
from conceptevo_jax.models import build_model
from conceptevo_jax.pipeline.runs import training_of
from conceptevo_jax.pipeline.session import Session

EMBEDDING_REPEATS = 100


WEIGHTS = {"convnext_tiny": 2.0, "inception_v3": 4.0}
"""Expected length of measuring a network, compiled by XLA and by PyTorch, in those of
VGG16; assumed from how long XLA compiles them on a CPU."""


def _costs(config: Config, session: Session) -> list[Measurement]:
    def measure_run(name: str) -> MeasuredPart:
        costs = measure_costs(config, session, name)
        return MeasuredPart(
            cost_rows(costs), cost_claims(config, name, costs), {"costs": costs}
        )

    what = ", ".join(["training step", *BenchmarkSettings.of(config).costs])
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
    settings = BenchmarkSettings.of(config)

    def call() -> MeasuredPart:
        pages, claims = measure_pages(
            neurons=settings.neurons,
            snapshots=settings.snapshots,
            many_neurons=settings.many_neurons,
        )
        return MeasuredPart([], claims, {"page": pages})

    return [Measurement(part="page", what="the explorer's page", call=call)]


def _row_measurement(
    part: str, what: str, call: Callable[[], list[Row]], weight: float = 1.0
) -> Measurement:
    """A measurement that leaves rows alone."""
    return Measurement(
        part=part, what=what, call=lambda: MeasuredPart(call(), [], {}), weight=weight
    )


def _embedding(config: Config, session: Session) -> list[Measurement]:
    settings = BenchmarkSettings.of(config)
    call = partial(
        measure_embedding,
        neurons=settings.embedded_neurons,
        groups=settings.embedded_neurons // PER_GROUP,
        repeats=EMBEDDING_REPEATS,
        turns=settings.turns,
        cores=len(cores()),
        loop_pairs=settings.loop_pairs,
    )
    return [_row_measurement("embedding", "pairs a second", call, weight=0.5)]


def _image_vectors(config: Config, session: Session) -> list[Measurement]:
    settings = BenchmarkSettings.of(config)
    call = partial(
        measure_image_vectors,
        neurons=settings.embedded_neurons,
        images=settings.solved_images,
        turns=settings.turns,
    )
    return [_row_measurement("image vectors", "closed form", call, weight=0.5)]


def _stimuli(config: Config, session: Session) -> list[Measurement]:
    settings = BenchmarkSettings.of(config)
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
        _row_measurement(
            "stimuli", f"vgg16 ({size[0]}), {compute}", partial(call, *size, compute)
        )
        for size in sizes
        for compute in settings.computes
    ]


def _network_rows(
    config: Config, classes: int, name: str, compute: str, preset: str, *size: Any
) -> list[Row]:
    """Measure a run's network on random images; `size`: their number, and turns."""
    (count, turns, compiled), rng = size, np.random.default_rng(0)
    run = config.runs[name]
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


def _networks(config: Config, session: Session) -> list[Measurement]:
    settings = BenchmarkSettings.of(config)
    sizes = [(config.preset, settings.images, settings.turns, settings.compiled)]
    if settings.full_images and config.preset != "full":
        sizes.append(
            ("full", settings.full_images, settings.full_turns, settings.full_compiled)
        )

    # As many as in `costs`, so that its compiled programs are reused.
    call = partial(_network_rows, config, len(session.images.classes))
    return [
        _row_measurement(
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
    settings = BenchmarkSettings.of(config)
    points, turns = settings.map_points, settings.full_turns
    call = partial(measure_maps, points, demo, turns=turns)
    return [_row_measurement("maps", f"of {points:,} points", call)]


def _growth(config: Config, session: Session) -> list[Measurement]:
    settings = BenchmarkSettings.of(config)
    grow, neurons = settings.grow, settings.embedded_neurons

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
    return [
        _row_measurement("growth", f"with {what}", call) for what, call in calls.items()
    ]


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

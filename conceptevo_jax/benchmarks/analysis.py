"""Costs of importance, reversion, a training step and the monitor in forward passes.

A forward pass runs the same images through the same network, in one compiled call.
Networks are untrained, since costs do not depend on what was learnt.
"""

from collections.abc import Callable, Mapping, Sequence
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from conceptevo_jax.activations import read_activations
from conceptevo_jax.analysis.importance.activation_patching import patched_suffix
from conceptevo_jax.analysis.importance.reversion import DIRECTIONS
from conceptevo_jax.analysis.importance.vjp_sweep import compile_vjp_sweep
from conceptevo_jax.benchmarks.networks import FORWARD, STEP, TrainingSteps
from conceptevo_jax.benchmarks.planted import random_space
from conceptevo_jax.benchmarks.rows import FORWARD_PASSES, Row
from conceptevo_jax.benchmarks.settings import BenchmarkSettings
from conceptevo_jax.benchmarks.timing import fastest_seconds, memory_bytes
from conceptevo_jax.config import Config
from conceptevo_jax.errors import unknown_name
from conceptevo_jax.models import Model, Variables
from conceptevo_jax.monitor import ConceptMonitor
from conceptevo_jax.pipeline.runs import model_of, training_of
from conceptevo_jax.pipeline.session import Session
from conceptevo_jax.reports.importance.settings import ReversionSettings

SWEEP = "importance of all sites"

MONITOR = "update of the monitor"

REVERSION = "reversion at"
"""Followed by the site."""

COSTS = ("importance", "reversion", "monitor")
"""What may be measured besides a forward pass and a training step."""


def require_costs(names: Sequence[str]) -> None:
    """Refuse names that are not costs.

    Raises:
      UsageError: with the valid ones.
    """
    for name in names:
        if name not in COSTS:
            raise unknown_name("cost", name, COSTS)


def measure_costs(config: Config, session: Session, name: str) -> list[dict[str, Any]]:
    """Time and memory of one network's work, one row each.

    Args:
      config: Names the network, the number of images and the costs to measure.
      session: Holds the images.
      name: Name of the run whose network is measured.
    """
    count, train_images = BenchmarkSettings.of(config).images, len(session.images.train)
    model = model_of(config.runs[name], len(session.images.classes))
    calls, needs = _timed_calls(config, session, name, model)
    seconds = fastest_seconds(calls, BenchmarkSettings.of(config).turns)
    passes = _forward_passes(config, len(model.sites), seconds)
    return [
        {
            "run": name,
            "what": what,
            "images": count,
            "seconds": seconds.get(what),
            "forward_passes": passes.get(what),
            "bytes": needs.get(what),
            "share_of_epoch": seconds[MONITOR] / (seconds[STEP] * train_images / count)
            if what == MONITOR
            else None,
        }
        for what in seconds
    ]


def _timed_calls(
    config: Config, session: Session, name: str, model: Model
) -> tuple[dict[str, Callable[[], Any]], dict[str, int | None]]:
    """A call for each cost, and the memory that some of them need."""
    ends = model.init(seed=0), model.init(seed=1)
    train = session.images.train
    rows = np.arange(BenchmarkSettings.of(config).images) % len(train)
    pixels = jnp.asarray(np.asarray(train.pixels[rows]))
    labels = jnp.asarray(train.labels[rows])
    forward, sweep = jax.jit(model.logits), compile_vjp_sweep(model, model.sites)
    optimizer = training_of(config.runs[name]).optimizer
    training = TrainingSteps(model, optimizer, pixels, labels)
    calls: dict[str, Callable[[], Any]] = {FORWARD: partial(forward, ends[0], pixels)}
    needs = {
        FORWARD: memory_bytes(forward, ends[0], pixels),
        STEP: training.memory_bytes(),
    }
    costs = BenchmarkSettings.of(config).costs
    if "importance" in costs:
        calls[SWEEP] = partial(sweep, *ends, pixels, 0)
        needs[SWEEP] = memory_bytes(sweep, *ends, pixels, 0)
    calls[STEP] = training
    if "reversion" in costs:
        calls |= _reversions(config, model, ends, pixels)
    if "monitor" in costs:
        calls[MONITOR] = _Updates(session, model, ends)
    return calls, needs


def _forward_passes(
    config: Config, sites: int, seconds: Mapping[str, float]
) -> dict[str, float]:
    """Duration of each call in forward passes."""
    forward_seconds = seconds[FORWARD]
    # Both networks run once for all sites, repeats and directions: each call bears its
    # share.
    share = 2 * forward_seconds / reversion_calls(config, sites)
    return {
        what: (spent + (share if what.startswith(REVERSION) else 0)) / forward_seconds
        for what, spent in seconds.items()
    }


class _Updates:
    """Updates of a monitor that looks into a space, as it does in a training."""

    def __init__(
        self, session: Session, model: Model, ends: Sequence[Variables]
    ) -> None:
        pool, width = session.images.pool, session.config.method.embedding.dim
        space = random_space(model.sites, pool.pool_id, len(pool), width)
        images = session.images.pool_pixels
        self.monitor = ConceptMonitor.of_model(model, space, images)
        self.ends, self.epoch = ends, 0

    def __call__(self) -> tuple[()]:
        """Look at the next epoch."""
        self.monitor.update(self.epoch, self.ends[self.epoch % 2])
        self.epoch += 1
        return ()


def reversion_calls(config: Config, sites: int) -> int:
    """Number of reversions that use the activations of one batch.

    Args:
      config: Repeats of a reversion.
      sites: Number of sites.
    """
    return sites * ReversionSettings.of(config).repeats * len(DIRECTIONS)


def _reversions(
    config: Config, model: Model, ends: Sequence[Variables], pixels: Any
) -> dict[str, Callable[[], Any]]:
    """Per site, the call that reverts all bins and a random draw."""
    quantiles = ReversionSettings.of(config).bins + 1
    rng = np.random.default_rng(config.seed)
    read = jax.jit(read_activations(model, [site.name for site in model.sites]))
    old, new = (read(variables, pixels)[1] for variables in ends)
    calls: dict[str, Callable[[], Any]] = {}
    for site in model.sites:
        masks = jnp.asarray(rng.random((quantiles, site.channels)) < 1 / quantiles)
        activation, source_activation = new[site.name], old[site.name]
        calls[f"{REVERSION} {site.name}"] = partial(
            patched_suffix(model, site.name),
            ends[1],
            activation,
            source_activation,
            masks,
            pixels,
        )
    return calls


def cost_rows(costs: Sequence[dict[str, Any]]) -> list[Row]:
    """The same as rows of the benchmark's table."""
    return [
        Row(
            part="costs",
            what=f"{cost['what']}, {cost['run']}",
            peer="" if cost["what"] == FORWARD else FORWARD,
            seconds=cost["seconds"],
            rate=cost["images"] / cost["seconds"],
            unit="images",
            bytes=cost["bytes"],
            value=None if cost["what"] == FORWARD else cost["forward_passes"],
            measure="" if cost["what"] == FORWARD else FORWARD_PASSES,
        )
        for cost in costs
    ]

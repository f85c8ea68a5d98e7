"""What things cost, as ratios measured side by side in one run.

    conceptevo experiment=benchmark                (two minutes on two cores)
    conceptevo experiment=benchmark scale=smoke    (about a minute)

Untrained networks and real images: costs do not depend on what was learnt. Each number
is the fastest of several turns. A forward pass is that of the same images through the
same network, in one compiled call.
"""

from collections.abc import Callable, Sequence
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from conceptevo_jax.activations import read_activations
from conceptevo_jax.analysis.exchange import exchange
from conceptevo_jax.analysis.sensitivity import transposed
from conceptevo_jax.config import Config
from conceptevo_jax.models import Model, Variables, build_model
from conceptevo_jax.stages.costs import fastest, memory
from conceptevo_jax.stages.plan import Step
from conceptevo_jax.stages.results import Claim, finite, write_csv
from conceptevo_jax.stages.runs import Job, training_of
from conceptevo_jax.stages.session import Outcome, Session
from conceptevo_jax.training.optimizers import direction
from conceptevo_jax.training.step import State, Tally, make_train_step

FORWARD, SWEEP, STEP = "forward pass", "importance of all sites", "training step"

REVERSION = "reversion at"
"""Followed by the site."""


def jobs(config: Config) -> list[Job]:
    """Nothing is trained."""
    return []


def plan(config: Config) -> list[Step]:
    """What is measured; nobody knows how long it takes."""
    return [
        Step(stage="measure", about=name, seconds=None, bytes=None)
        for name in config.runs
    ]


def run(config: Config, session: Session) -> Outcome:
    """Measure every network, and write the result folder."""
    rows, claims = [], []
    for name in config.runs:
        costs = session.timed(f"measure {name}", measure, config, session, name)
        rows += costs
        claims += claims_of(name, costs)
    tables = session.folder / "tables"
    write_csv(tables / "costs.csv", rows)
    return Outcome(
        base=None,
        claims=claims,
        further={"costs": rows},
        look_next=[tables / "costs.csv"],
    )


def measure(config: Config, session: Session, name: str) -> list[dict[str, Any]]:
    """Time and memory of one network's work, one row each."""
    chosen, count = config.runs[name].model, config.benchmark.images
    classes = len(session.images.classes)
    model = build_model(chosen.name, preset=chosen.preset, classes=classes)
    ends = model.init(seed=0), model.init(seed=1)
    train = session.images.train
    rows = np.arange(count) % len(train)
    pixels = jnp.asarray(np.asarray(train.pixels[rows]))
    labels = jnp.asarray(train.labels[rows])
    forward, sweep = jax.jit(model.logits), transposed(model, model.sites)
    optimizer = direction(training_of(config.runs[name]).optimizer)
    step = make_train_step(model, optimizer)
    state = _state(optimizer, ends[1])
    rate = jnp.float32(0.01)
    seconds = fastest(
        {
            FORWARD: partial(forward, ends[0], pixels),
            SWEEP: partial(sweep, *ends, pixels, 0),
            **_reversions(config, model, ends, pixels),
        },
        config.benchmark.turns,
    )
    needs = {
        FORWARD: memory(forward, ends[0], pixels),
        SWEEP: memory(sweep, *ends, pixels, 0),
        STEP: memory(step, state, Tally.zero(), pixels, labels, rate),
    }
    one = seconds[FORWARD]
    # Both networks run once for all sites: each site bears its share.
    share = 2 * one / len(model.sites)
    passes = {
        what: (spent + (share if what.startswith(REVERSION) else 0)) / one
        for what, spent in seconds.items()
    }
    return [
        {
            "run": name,
            "what": what,
            "images": count,
            "seconds": seconds.get(what),
            "forward_passes": passes.get(what),
            "bytes": needs.get(what),
        }
        for what in (*seconds, STEP)
    ]


def _reversions(
    config: Config, model: Model, ends: Sequence[Variables], pixels: Any
) -> dict[str, Callable[[], Any]]:
    """Per site, the call that reverts all bins and a random draw."""
    quantiles = config.reversion.bins + 1
    rng = np.random.default_rng(config.seed)
    read = jax.jit(read_activations(model, [site.name for site in model.sites]))
    old, new = (read(variables, pixels)[1] for variables in ends)
    calls = {}
    for site in model.sites:
        masks = jnp.asarray(rng.random((quantiles, site.channels)) < 1 / quantiles)
        own, foreign = new[site.name], old[site.name]
        calls[f"{REVERSION} {site.name}"] = partial(
            exchange(model, site.name), ends[1], own, foreign, masks, pixels
        )
    return calls


def _state(optimizer: Any, variables: Variables) -> State:
    key = jax.random.key_data(jax.random.key(0))
    moments = optimizer.init(variables["params"])
    return State(variables, moments, jnp.int32(0), key)


def claims_of(name: str, costs: list[dict[str, Any]]) -> list[Claim]:
    """Importance and reversion stay within their bounds."""
    by_name = {row["what"]: row for row in costs}
    sweep, step = by_name[SWEEP], by_name[STEP]
    at_sites = [r["forward_passes"] for r in costs if r["what"].startswith(REVERSION)]
    known = sweep["bytes"] is not None and step["bytes"] is not None
    first, last, share = at_sites[0], at_sites[-1], 2 / len(at_sites)
    return [
        _bounded(
            f"importance_time_{name}",
            "all importances of all sites take <= 4 forward passes",
            sweep["forward_passes"],
            4,
            f"{1000 * sweep['seconds']:.1f} ms for {sweep['images']} images",
        ),
        _bounded(
            f"importance_memory_{name}",
            "and <= 2 times the memory of a training step on as many images",
            sweep["bytes"] / step["bytes"] if known else None,
            2,
            f"{sweep['bytes'] / 1e6:.0f} MB against {step['bytes'] / 1e6:.0f} MB"
            if known
            else "not run: this backend does not tell what a call needs",
        ),
        _bounded(
            f"reversion_time_{name}",
            "reverting all bins and a random draw at any one site takes <= 5 forward "
            "passes, its share of the two that all sites use together included",
            max(at_sites),
            5,
            f"{first:.2f} at the first site, {last:.2f} at the last; with both whole "
            f"networks run for one site alone, {max(at_sites) + 2 - share:.2f} at most",
        ),
        _bounded(
            f"reversion_gets_cheaper_{name}",
            "and less at later sites: the last takes less than the first; measured: "
            "its share of the first",
            last / first,
            1,
            "the slowest is "
            f"{max(at_sites):.2f}, the fastest {min(at_sites):.2f} forward passes",
        ),
    ]


def _bounded(
    name: str, rule: str, measured: float | None, most: float, why: str
) -> Claim:
    return Claim(
        id=name,
        paper=None,
        rule=rule,
        measured=finite(measured),
        interval=None,
        n=1,
        holds=None if measured is None else measured <= most,
        why=why,
    )

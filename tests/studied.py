"""Snapshots whose neurons lie where their planted concepts do, and studies of them."""

import numpy as np

from conceptevo_jax.study.design.candidates import Population
from conceptevo_jax.study.design.tasks import Task
from conceptevo_jax.types import Site

CONCEPTS, DIM = 10, 16
PLACES = np.linalg.qr(np.random.default_rng(1).normal(size=(DIM, DIM)))[0][:CONCEPTS]
BASE = "base@9"


def site(name, channels, **facts):
    facts = {"rectified": True, "receptive_field": 3, "stride": 1} | facts
    return Site(name=name, channels=channels, **facts)


def concepts_of(run, n):
    """The concept of each of a run's neurons, the same at all epochs."""
    return np.random.default_rng(list(run.encode())).integers(CONCEPTS, size=n)


def population(run, epoch, *, model=None, sizes=(40, 80), live=None, sites=None):
    sites = sites or tuple(site(f"s{row}", size) for row, size in enumerate(sizes))
    n = sum(one.channels for one in sites)
    rng = np.random.default_rng([*run.encode(), *str(epoch).encode()])
    lengths = rng.uniform(0.2, 3, size=(n, 1))
    vectors = lengths * PLACES[concepts_of(run, n)]
    vectors += 0.05 * lengths * rng.normal(size=(n, DIM))
    return Population(
        run=run,
        epoch=epoch,
        model=model or run,
        sites=sites,
        vectors=vectors.astype(np.float32),
        live=np.ones(n, bool) if live is None else live,
    )


def few(n, alive):
    """Marks of life of which only so many are true."""
    return np.arange(n) < alive


def everyone(*, sizes=(40, 80)):
    """A base, and two models; a later epoch of each has few live neurons."""
    alive = few(sum(sizes), 24)
    return [
        population("base", 9, sizes=sizes),
        population("vgg", 0, sizes=sizes),
        population("vgg", 5, sizes=sizes, live=alive),
        population("cnx", "init", sizes=sizes),
        population("cnx", 7, sizes=sizes, live=alive),
    ]


def tasks_of(category, count, *, cards=6):
    """Tasks of one category, the intruder on another card in each."""
    return [
        Task(
            id=f"{category}-{number}",
            category=category,
            cards=tuple(f"{category}-{number}/{card}" for card in range(cards)),
            intruder=number % cards + 1,
        )
        for number in range(count)
    ]

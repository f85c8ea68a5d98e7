"""A world of planted concepts, and snapshots whose neurons detect them."""

import dataclasses

import numpy as np
import pytest

from conceptevo_jax.analysis import Subject
from conceptevo_jax.types import Embedding, Responses, Site, Stimuli


def sites_of(*channels, rectified=False):
    """Sites `s0`, `s1`, … with these numbers of channels."""
    return tuple(
        Site(
            name=f"s{row}",
            channels=count,
            rectified=rectified,
            receptive_field=3,
            stride=1,
        )
        for row, count in enumerate(channels)
    )


class World:
    """Concepts, how strongly each occurs on every image, and where each lies."""

    def __init__(self, concepts=60, images=300, pool=400, dim=12, seed=0):
        self.rng = np.random.default_rng(seed)
        self.judgement = self.rng.normal(size=(images, concepts))
        self.pool = self.rng.normal(size=(pool, concepts))
        self.places = self.rng.normal(size=(concepts, dim))
        self.gain = self.rng.normal(size=(images, 1))

    def detectors(self, n):
        """Concepts of `n` neurons, drawn at random."""
        return self.rng.integers(len(self.places), size=n)

    def responses(self, strength, noise):
        """Noisy responses of neurons to concepts of the given strength."""
        noisy = strength + noise * self.rng.normal(size=strength.shape)
        return noisy.astype(np.float32)

    def subject(
        self, snapshot, concepts, *, sites=None, vectors=None, noise=0.5, gains=None
    ):
        """A snapshot whose neurons detect `concepts` and lie where these lie."""
        sites = sites or sites_of(len(concepts))
        strength = self.judgement[:, concepts]
        if gains is not None:
            strength = strength + self.gain * gains
        if vectors is None:
            spread = self.rng.normal(size=(len(concepts), self.places.shape[1]))
            vectors = self.places[concepts] + 0.2 * spread
        pool = self.responses(self.pool[:, concepts], noise)
        return Subject(
            snapshot=snapshot,
            responses=Responses(
                peaks=self.responses(strength, noise), sites=sites, images_id="judge"
            ),
            pool=Responses(peaks=pool, sites=sites, images_id="sample"),
            stimuli=stimuli_of(pool, sites),
            embedding=Embedding(
                vectors=vectors.astype(np.float32),
                coverage=np.ones(len(concepts), np.float32),
            ),
        )

    def pair(self, n=90, m=80, **changes):
        """A snapshot of `n` neurons and a base of `m`; `changes` are the snapshot's."""
        a = self.subject("vgg@4", self.detectors(n), **changes)
        return a, self.subject("base@9", self.detectors(m))


def stimuli_of(pool, sites, k=8):
    """The strongest `k` images of each neuron."""
    ids = np.argsort(-pool, axis=0)[:k].T.astype(np.int32)
    n = len(ids)
    return Stimuli(
        image_ids=ids,
        peaks=np.take_along_axis(pool.T, ids, axis=1),
        positions=np.zeros((n, k, 2), np.int32),
        count=np.full(n, k, np.int32),
        tied=np.zeros(n, bool),
        dead=np.zeros(n, bool),
        nonfinite=np.zeros(n, bool),
        grids=np.ones((len(sites), 2), np.int32),
        sites=sites,
        pool_id="pool",
    )


def rebuilt(subject, order, sites=None):
    """The same snapshot with its neurons taken in another order, or only some."""
    sites = sites or sites_of(len(order))
    fields = ("image_ids", "peaks", "positions", "count", "tied", "dead", "nonfinite")
    reordered = {name: getattr(subject.stimuli, name)[order] for name in fields}

    def responses(old):
        return dataclasses.replace(old, peaks=old.peaks[:, order], sites=sites)

    return dataclasses.replace(
        subject,
        responses=responses(subject.responses),
        pool=responses(subject.pool),
        stimuli=dataclasses.replace(subject.stimuli, sites=sites, **reordered),
        embedding=Embedding(
            vectors=subject.embedding.vectors[order],
            coverage=subject.embedding.coverage[order],
        ),
    )


@pytest.fixture
def world():
    """A fresh world, the same for every test."""
    return World()


@pytest.fixture
def reorder():
    """Takes some neurons of a snapshot, in a given order."""
    return rebuilt


@pytest.fixture
def make_sites():
    """Makes sites by their numbers of channels."""
    return sites_of

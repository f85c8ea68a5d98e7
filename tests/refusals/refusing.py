"""Calls of the public functions with one argument changed, and who refuses them."""

import dataclasses

import numpy as np
import pytest

import conceptevo_jax as ce
from conceptevo_jax.data import DecodedImages
from conceptevo_jax.errors import UsageError
from conceptevo_jax.types import (
    Snapshot,
)

COUNT, SIDE, CLASSES, K = 60, 32, 10, 3

PIXELS = np.random.default_rng(0).integers(0, 256, (COUNT, SIDE, SIDE, 3), np.uint8)
LABELS = np.arange(COUNT, dtype=np.int32) % CLASSES
KEYS = tuple(f"{row:04}" for row in range(COUNT))
TRAINING = ce.Training(epochs=1, batch_size=20, optimizer=ce.Optimizer(), seed=0)

SEEDS = [-1, 2**32, 0.5, True, "0", None]
COUNTS = [0, -1, 1.5, True, "3"]
"""No numbers of things, nor of classes, images, epochs or neighbours."""


def decoded(pixels=PIXELS, labels=LABELS, keys=KEYS):
    return DecodedImages(pixels=pixels, labels=labels, keys=keys)


def snapshot(variables, name="run"):
    return Snapshot(run=name, epoch=0, load=lambda: variables)


def refused(call, message, compilations, kind=UsageError):
    before = len(compilations)
    with pytest.raises(kind, match=message):
        call()
    assert compilations[before:] == []


def monitor(w, images=None, apply=None, sites=None, **settings):
    images = w.images if images is None else images
    sites = {"a": 4} if sites is None else sites
    settings = {"probe": COUNT, "k": K} | settings
    return ce.ConceptMonitor(None, images, apply, sites, **settings)


def base_space(w, **changes):
    given = {
        "model": w.model,
        "variables": w.variables,
        "stimuli": w.stimuli,
        "sample": w.responses,
        "pixels": w.images,
    }
    return ce.base_space(**(given | changes))


def subject(w, **changes):
    fields = {
        "snapshot": "run@0",
        "responses": w.responses,
        "pool": w.responses,
        "stimuli": w.stimuli,
        "embedding": w.embedding,
    }
    return ce.Subject(**(fields | changes))


def class_images(**changes):
    fields = {
        "label": 1,
        "train": PIXELS[:10],
        "rows": np.arange(10),
        "test": PIXELS[10:20],
        "elsewhere": PIXELS[20:26],
        "elsewhere_labels": np.array([0, 2, 3, 4, 5, 6]),
    }
    return ce.ClassImages(**(fields | changes))


def train(w, model=None, data=None, test=None, folder="unused", on_epoch=(), **changes):
    return ce.train(
        "run",
        model or w.model,
        w.images if data is None else data,
        w.images if test is None else test,
        dataclasses.replace(TRAINING, **changes),
        folder,
        on_epoch=on_epoch,
    )


def with_vectors(w, dim):
    vectors = np.ones((len(w.embedding.coverage), dim), np.float32)
    return dataclasses.replace(w.embedding, vectors=vectors)


def measured(w, label=0, rows=None, pixels=PIXELS, after=None):
    shot = snapshot(w.variables)
    rows = np.arange(len(pixels)) if rows is None else rows
    return ce.measure_importance(w.model)(
        shot, shot if after is None else after, pixels, rows, label
    )


def patches(w, stimuli=None, neuron=0, pixels=PIXELS):
    stimuli = w.stimuli if stimuli is None else stimuli
    return ce.neuron_patches(stimuli, w.windows, neuron, pixels, count=1)

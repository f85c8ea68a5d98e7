"""Variables, records and arguments that do not belong are refused by name."""

import dataclasses
from functools import partial
from pathlib import Path

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from planted import he_normal
from refusing import (
    CLASSES,
    COUNT,
    LABELS,
    PIXELS,
    K,
    base_space,
    class_images,
    decoded,
    measured,
    monitor,
    patches,
    refused,
    snapshot,
    subject,
    train,
    with_vectors,
)

import conceptevo_jax as ce
from conceptevo_jax.data import select_part
from conceptevo_jax.errors import DataError, UsageError
from conceptevo_jax.monitor import UNKNOWN, json_lines
from conceptevo_jax.stimuli import Search
from conceptevo_jax.types import (
    Embedding,
)

ENTRIES = {
    "stimuli": lambda w, v: w.find(v, w.images),
    "stimuli of two": lambda w, v: list(w.find.sweep_all([lambda: v] * 2, w.images)),
    "stimuli by candidates": lambda w, v: w.find_by_candidates(v, w.images),
    "base_space": lambda w, v: base_space(w, variables=v),
    "importance": lambda w, v: ce.measure_importance(w.model)(
        snapshot(w.variables), snapshot(v, "other"), PIXELS, np.arange(COUNT), 0
    ),
}


@pytest.mark.parametrize("name", ENTRIES)
def test_variables_of_another_model_are_refused_where_they_enter(
    name, at_hand, compilations
):
    call = partial(ENTRIES[name], at_hand)
    for variables, message in (
        (
            at_hand.variables["params"],
            r"are parameters alone: give all of \['params'\]",
        ),
        (
            [at_hand.variables],
            "must be a mapping of Flax collections.*not of type list",
        ),
        (snapshot(at_hand.variables), r"not of type Snapshot: give its load\(\)"),
    ):
        refused(partial(call, variables), message, compilations)


WRONG_VARIABLES = {
    "of another preset": (
        lambda own: he_normal(ce.build_model("vgg16", preset="small", classes=7)),
        r"not those of vgg16 \(tiny, 10 classes\): params/classifier\.0/bias is "
        r"\[\d+\], not \[\d+\]; .*and \d+ more\. They fit vgg16 \(small, 7 "
        r"classes\): build that model",
    ),
    "of other classes": (
        lambda own: ce.build_model("vgg16", preset="tiny", classes=3).shapes(),
        r"params/classifier\.6/bias is \[3\], not \[10\].*They fit vgg16 \(tiny, 3 ",
    ),
    "with a leaf less": (
        lambda own: {"params": own["params"] | {"features.0": {}}},
        r"params/features\.0/bias is missing; .*Build the model that they",
    ),
    "with a leaf more": (
        lambda own: {"params": own["params"] | {"extra": {"bias": np.zeros(3)}}},
        r"params/extra/bias is not expected\. ",
    ),
    "of integers": (
        lambda own: jax.tree.map(lambda leaf: leaf.astype(np.int8), own),
        "is int8, not float32",
    ),
    "of no arrays": (
        lambda own: jax.tree.map(lambda _: "a weight", own),
        "is a str, not an array",
    ),
}


@pytest.mark.parametrize("name", WRONG_VARIABLES)
def test_variables_of_another_model_are_refused_by_leaf(name, at_hand):
    change, message = WRONG_VARIABLES[name]
    with pytest.raises(UsageError, match=message):
        at_hand.model.require_variables(change(at_hand.variables))


def test_variables_of_another_architecture_fit_none(at_hand):
    other = ce.build_model("vgg19", preset="tiny", classes=CLASSES)
    message = r"features\.17/bias is missing; .*Build the model that they were"
    with pytest.raises(UsageError, match=message):
        at_hand.model.require_variables(other.shapes())


def test_variables_of_the_model_are_taken_in_any_float(at_hand):
    for dtype in (np.float32, np.float64, jnp.bfloat16):
        at_hand.model.require_variables(
            jax.tree.map(lambda leaf, d=dtype: leaf.astype(d), at_hand.variables)
        )
    at_hand.model.require_variables(at_hand.model.shapes())


def test_the_monitor_reports_variables_of_another_model(at_hand, compilations):
    watching = ce.ConceptMonitor.of_model(
        at_hand.model, None, at_hand.images, probe=COUNT, k=K
    )
    before = len(compilations)
    report = watching.update(0, at_hand.other)
    assert compilations[before:] == []
    assert report.status == UNKNOWN
    assert "UsageError: the variables are not those of vgg16" in report.reasons[0]


SMALL = PIXELS[:, :16, :16]
TWO = [PIXELS[..., 0]] * 2
OTHERS = {
    # The monitor
    "an array as images": (
        lambda w: monitor(w, images=PIXELS),
        "type DecodedImages, not nda",
    ),
    "no function": (lambda w: monitor(w, apply=3), "apply must be a function"),
    "a sink alone": (lambda w: monitor(w, sinks=print), r"list.*: write \[sinks\]"),
    "a path as a sink": (lambda w: monitor(w, sinks=["a.jsonl"]), "each of sinks must"),
    "names as sites": (lambda w: monitor(w, sites=["a"]), "site must be of type Site"),
    "no sites": (lambda w: monitor(w, sites={}), "no sites are named"),
    "a site twice": (
        lambda w: monitor(w, sites=w.model.sites[:1] * 2),
        "sites must have different names",
    ),
    "small images": (
        lambda w: ce.ConceptMonitor.of_model(w.model, None, decoded(pixels=SMALL)),
        "takes images of 32 pixels or more, not 16",
    ),
    # Stimuli and space
    "images as a pool": (
        lambda w: ce.find_stimuli(w.model, w.images),
        "type Pool, not",
    ),
    "a small pool": (
        lambda w: ce.find_stimuli(w.model, w.pool, Search(k=COUNT)),
        "more",
    ),
    "a pool of small images": (
        lambda w: ce.find_stimuli(
            w.model, select_part(decoded(pixels=SMALL), size=COUNT, seed=0)[0]
        ),
        "takes images of 32 pixels or more, not 16",
    ),
    "no sample": (
        lambda w: ce.find_stimuli(w.model, w.pool, sample=-1),
        "sample must be a whole number, 0 or more, not -1",
    ),
    "an array to sweep": (
        lambda w: ce.find_stimuli(w.model, w.pool)(w.variables, PIXELS),
        "the images to be swept must be of type DecodedImages, not ndarray",
    ),
    "an array as the pool's": (
        lambda w: base_space(w, pixels=PIXELS),
        "type DecodedImages",
    ),
    "a table of one row": (
        lambda w: ce.fit_layout(w.embedding.vectors[0]),
        r"vectors must be .*\(5,\)",
    ),
    "a wide distance": (
        lambda w: ce.fit_layout(w.embedding.vectors, min_dist=2.0),
        "min_dist must be from 0 to 1",
    ),
    "vectors of another space": (
        lambda w: ce.place_points(w.layout, w.embedding.vectors[:, :4]),
        r"\[n 5\].*of the map's own space",
    ),
    # Patches
    "decoded images": (
        lambda w: patches(w, pixels=w.images),
        "type DecodedImages.*`pixels`",
    ),
    "no such neuron": (lambda w: patches(w, neuron=10**6), "neuron 1000000 is none of"),
    "a neuron before the first": (lambda w: patches(w, neuron=-1), "neuron must be"),
    "part of the pool": (lambda w: patches(w, pixels=PIXELS[:1]), "pixels of 1 images"),
    "other windows": (
        lambda w: patches(w, w.stimuli.strongest(2)),
        r"windows are \(\d+",
    ),
    # Importance and reversion
    "a class beyond": (lambda w: measured(w, label=CLASSES), "class 10 is none of"),
    "a class below": (lambda w: measured(w, label=-1), "the class must be"),
    "a one-hot class": (lambda w: measured(w, label=np.eye(3)[0]), "the class must be"),
    "true as a class": (lambda w: measured(w, label=True), "the class must be"),
    "no image": (lambda w: measured(w, pixels=PIXELS[:0]), "class 0 has no images"),
    "few rows": (lambda w: measured(w, rows=np.arange(5)), r"rows are \[5\]"),
    "a mask of rows": (lambda w: measured(w, rows=LABELS == 0), r"rows are .*bool"),
    "small pixels": (lambda w: measured(w, pixels=SMALL), "32 pixels or more, not 16"),
    "weights as an end": (
        lambda w: measured(w, after=w.variables),
        "an end of an evolution must be of type Snapshot, not dict",
    ),
    "names of sites": (
        lambda w: ce.measure_reversion(w.model, ["features.0"]),
        "a site must be of type Site, not str. Take some of model.sites",
    ),
    "other rows": (lambda w: class_images(rows=np.arange(9)), r"rows are \[9\]"),
    "one-hot elsewhere": (
        lambda w: class_images(elsewhere_labels=np.eye(6, dtype=int)),
        r"elsewhere_labels are \[6 6\].*argmax",
    ),
    "the class elsewhere": (
        lambda w: class_images(elsewhere_labels=np.arange(6)),
        "elsewhere_labels hold class 1 itself",
    ),
    "two sizes": (
        lambda w: class_images(test=SMALL),
        r"\[16, 32\] pixels, but one size",
    ),
    "no class": (lambda w: class_images(label=-1), "the class must be a whole number"),
    # Alignment
    "a nameless run": (lambda w: subject(w, snapshot="vgg"), "'vgg' names no run"),
    # Training
    "an array to train on": (
        lambda w: train(w, data=PIXELS),
        "data must be of type Dec",
    ),
    "an array to test on": (
        lambda w: train(w, test=PIXELS),
        "test must be of type Dec",
    ),
    "more classes": (
        lambda w: train(w, model=ce.build_model("vgg16", preset="tiny", classes=3)),
        "has 3 classes, but the images have labels up to 9",
    ),
    "a module": (lambda w: train(w, model=w.model.module), "the model must be of type"),
    "less than no epoch": (lambda w: train(w, epochs=-1), "epochs must be .* not -1"),
    "half an epoch": (lambda w: train(w, epochs=0.5), "epochs must be .* not 0.5"),
    "a callable alone": (lambda w: train(w, on_epoch=print), r"write \[on_epoch\]"),
    "an endless rate": (
        lambda w: train(w, optimizer=ce.Optimizer(learning_rate=np.inf)),
        "learning_rate must be > 0",
    ),
    "a module's snapshots": (
        lambda w: ce.snapshots("unused", "run", w.model.module),
        "the model must be of type Model",
    ),
    # Data
    "a path as a name": (
        lambda w: ce.load_images(Path("photos"), "train", data_dir=None),
        "the name of a data set must be of type str",
    ),
    "nowhere to prepare": (
        lambda w: ce.load_images("fashion_mnist", "train", data_dir=None),
        "give data_dir",
    ),
}


@pytest.mark.parametrize("name", OTHERS)
def test_other_things_that_cannot_be_meant_are_refused(
    name, at_hand, compilations, tmp_path, monkeypatch
):
    monkeypatch.chdir(tmp_path)
    call, message = OTHERS[name]
    refused(lambda: call(at_hand), message, compilations)
    assert list(tmp_path.iterdir()) == []


RECORDS = {
    "stimuli of another pool": (
        lambda w: base_space(w, stimuli=dataclasses.replace(w.stimuli, pool_id="b")),
        "pool b is needed",
    ),
    "responses of another model": (
        lambda w: base_space(
            w, sample=dataclasses.replace(w.responses, sites=w.model.sites[:2])
        ),
        "the responses are of .* at 2 sites, but vgg16",
    ),
    "neurons of two spaces": (
        lambda w: ce.compare(
            subject(w), subject(w, embedding=with_vectors(w, 3)), seed=0
        ),
        "need the same space for their neurons.*5 dimensions and 3 dimensions",
    ),
    "a vector too few": (
        lambda w: subject(
            w, embedding=Embedding(vectors=np.ones((2, 5)), coverage=np.ones(2))
        ),
        "belong to another model",
    ),
    "concepts beyond": (
        lambda w: subject(w, concepts=np.full(len(w.stimuli.count), 64)),
        "concepts must be from 0 to 63",
    ),
    "stimuli of other sites": (
        lambda w: dataclasses.replace(w.stimuli, sites=w.model.sites[:1]),
        "rows for other sites",
    ),
}


@pytest.mark.parametrize("name", RECORDS)
def test_records_that_do_not_belong_together_are_refused(name, at_hand, compilations):
    call, message = RECORDS[name]
    refused(lambda: call(at_hand), message, compilations, DataError)


@pytest.mark.slow
def test_a_str_is_taken_wherever_a_path_is(at_hand, shape_images, tmp_path):
    images = shape_images(5)
    rows, where = np.arange(5), str(tmp_path / "pixels")
    assert len(ce.decode_images(images, rows, where)) == 5
    assert len(ce.load_images("fashion_mnist", "test", data_dir=str(tmp_path))) == 2000
    settings = ce.Training(epochs=0, batch_size=5, optimizer=ce.Optimizer(), seed=0)
    folder = str(tmp_path / "run")
    ce.train("run", at_hand.model, at_hand.images, at_hand.images, settings, folder)
    assert [s.name for s in ce.snapshots(folder, "run", at_hand.model)] == ["run@init"]
    write = json_lines(str(tmp_path / "reports.jsonl"))
    watching = monitor(at_hand, sinks=[write])
    watching.update_arrays(0, np.random.default_rng(0).normal(size=(COUNT, 4)))
    assert (tmp_path / "reports.jsonl").read_text().count("\n") == 1

"""What the API cannot mean is refused by name, before anything is compiled."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from refusing import (
    CLASSES,
    COUNT,
    COUNTS,
    KEYS,
    LABELS,
    PIXELS,
    SEEDS,
    SIDE,
    base_space,
    class_images,
    decoded,
    monitor,
    refused,
    snapshot,
    subject,
    train,
)

import conceptevo_jax as ce
from conceptevo_jax.analysis import ReversionOptions, ScoringSettings
from conceptevo_jax.data import OnDemand, decode_on_demand
from conceptevo_jax.projection import SpaceSettings
from conceptevo_jax.stimuli import Search


def test_what_is_compiled_is_counted(compilations):
    jax.jit(lambda x: jnp.sin(x) + 1.2345)(np.zeros(17, np.float32))
    assert compilations


WRONG_PIXELS = {
    "zero to one": ((PIXELS / 255).astype(np.float32), r"float32, .*round\(255 \*"),
    "float64": (PIXELS / 255, "float64, but uint8 from 0 to 255"),
    "bfloat16": (jnp.asarray(PIXELS, jnp.bfloat16), "bfloat16, but uint8"),
    "int64": (PIXELS.astype(np.int64), r"int64, .*astype\(np.uint8\)"),
    "boolean": (PIXELS > 127, "bool, but uint8"),
    "channels first": (np.moveaxis(PIXELS, -1, 1), r"\[60 3 32 32\].*moveaxis"),
    "grey": (PIXELS[..., 0], r"\[60 32 32\].*stack\(\[pixels\] \* 3, axis=-1\)"),
    "grey with an axis": (PIXELS[..., :1], r"\[60 32 32 1\].*repeat\(pixels, 3"),
    "one image": (PIXELS[0], r"\[32 32 3\].*pixels\[None\]"),
    "transparent": (
        np.repeat(PIXELS, 2, -1)[..., :4],
        r"\[60 32 32 4\].*\[\.\.\., :3\]",
    ),
    "oblong": (PIXELS[:, :, :20], r"\[60 32 20 3\].*squares"),
    "flat": (PIXELS.reshape(COUNT, -1), r"\[60 3072\], but \[i side side 3\]"),
    "a list": (list(PIXELS), "of type list.*np.stack"),
}


@pytest.mark.slow
@pytest.mark.parametrize("wrong", WRONG_PIXELS)
def test_pixels_that_are_no_uint8_rgb_are_refused(wrong, at_hand, compilations):
    pixels, message = WRONG_PIXELS[wrong]
    snap, few = snapshot(at_hand.variables), np.arange(len(pixels))
    measure = ce.measure_importance(at_hand.model)
    refused(lambda: decoded(pixels=pixels), message, compilations)
    refused(lambda: measure(snap, snap, pixels, few, 0), message, compilations)
    refused(
        lambda: ce.neuron_patches(at_hand.stimuli, at_hand.windows, 0, pixels, count=1),
        message,
        compilations,
    )
    for name in ("train", "test", "elsewhere"):
        refused(lambda n=name: class_images(**{n: pixels}), message, compilations)


def test_pixels_of_any_array_are_taken(shape_images, tmp_path):
    np.save(tmp_path / "pixels.npy", PIXELS)
    mapped = np.load(tmp_path / "pixels.npy", mmap_mode="r")
    for pixels in (PIXELS, mapped, jnp.asarray(PIXELS)):
        assert decoded(pixels=pixels).pixels is pixels
    assert isinstance(decode_on_demand(shape_images(5), np.arange(5)).pixels, OnDemand)


@pytest.mark.parametrize(
    ("labels", "message"),
    [
        (np.eye(CLASSES)[LABELS], r"labels are \[60 10\].*argmax\(axis=1\)"),
        (LABELS[:-1], "labels are 59, but there are 60 images"),
        (LABELS - 1, "labels: -1 of image 0 is no class"),
        (LABELS.astype(np.int64) + 2**31, "2147483648 of image 0 is no class"),
        (LABELS.astype(np.float32), r"\[60\] of float32.*astype\(np.int32\)"),
        (LABELS > 4, "bool, but one class number per image"),
        (LABELS.astype(str), "number classes that have names"),
        (3, r"labels are \[\] of int64"),
    ],
    ids=["one-hot", "short", "negative", "huge", "float", "bool", "names", "scalar"],
)
def test_labels_that_are_no_classes_are_refused(labels, message, compilations):
    refused(lambda: decoded(labels=labels), message, compilations)


@pytest.mark.parametrize("dtype", [np.int64, np.uint8, np.int16])
def test_labels_of_other_integers_are_the_same_labels(dtype):
    for labels in (LABELS.astype(dtype), LABELS.tolist()):
        images = decoded(labels=labels)
        assert images.labels.dtype == np.int32
        np.testing.assert_array_equal(images.labels, LABELS)


@pytest.mark.parametrize(
    ("keys", "message"),
    [
        (KEYS[:-1], "keys are 59, but there are 60 images"),
        ((*KEYS[:-1], "0007"), "keys: '0007' occurs more than once"),
        (range(COUNT), r"keys: 0 of image 0 is of type int.*str\(key\)"),
        ("0000", "keys are 1, but there are 60 images"),
    ],
    ids=["short", "repeated", "numbers", "text"],
)
def test_keys_that_are_no_ids_are_refused(keys, message, compilations):
    refused(lambda: decoded(keys=keys), message, compilations)


@pytest.mark.parametrize(
    ("rows", "message"),
    [
        (np.arange(24) < 5, r"bool, .*np.flatnonzero\(mask\)"),
        (np.array([0, 24]), "rows: 24 is none of 0 to 23"),
        (np.array([0, -1]), "rows: -1 is none of 0 to 23"),
        (np.array([3, 3]), "rows: 3 occurs more than once"),
        (np.array([0.0, 1.0]), "float64, but whole numbers"),
    ],
    ids=["mask", "beyond", "negative", "repeated", "float"],
)
def test_rows_that_are_not_there_are_refused(
    rows, message, shape_images, tmp_path, compilations
):
    images = shape_images(24)
    for decode in (
        lambda: ce.decode_images(images, rows, tmp_path / "a"),
        lambda: decode_on_demand(images, rows),
    ):
        refused(decode, message, compilations)
    assert not (tmp_path / "a").exists()


SEEDED = {
    "init": lambda w, seed, _: w.model.init(seed),
    "select_pool": lambda w, seed, i: ce.select_pool(i, seed=seed),
    "base_space": lambda w, seed, _: base_space(w, seed=seed),
    "SpaceSettings": lambda w, seed, _: SpaceSettings(seed=seed),
    "fit_layout": lambda w, seed, _: ce.fit_layout(w.embedding.vectors, seed=seed),
    "importance": lambda w, seed, _: ce.measure_importance(w.model, seed=seed),
    "reversion": lambda w, seed, _: ce.measure_reversion(
        w.model, w.model.sites, seed=seed
    ),
    "compare": lambda w, seed, _: ce.compare(subject(w), subject(w), seed=seed),
    "monitor": lambda w, seed, _: monitor(w, seed=seed),
    "train": lambda w, seed, _: train(w, seed=seed),
    "shapes": lambda w, seed, _: ce.load_images(
        "shapes", "train", data_dir=None, seed=seed
    ),
}


@pytest.mark.parametrize("seed", SEEDS, ids=repr)
@pytest.mark.parametrize("name", SEEDED)
def test_seeds_that_are_none_are_refused(
    name, seed, at_hand, shape_images, compilations
):
    call, images = SEEDED[name], shape_images(24)
    message = r"seed must be a whole number from 0 to 4294967295, not "
    refused(lambda: call(at_hand, seed, images), message, compilations)


def test_seeds_further_on_are_in_range_as_well(at_hand, compilations):
    vectors = at_hand.embedding.vectors
    message = "not 4294967296"
    refused(lambda: ce.fit_layout(vectors, seed=2**32 - 1), message, compilations)


def test_seeds_of_numpy_are_taken(shape_images):
    images = shape_images(24)
    pools = [ce.select_pool(images, size=5, seed=s) for s in (3, np.int64(3))]
    assert pools[0].pool_id == pools[1].pool_id
    largest = ce.select_pool(images, size=5, seed=2**32 - 1)
    assert len(largest) == 5


COUNTED = {
    "classes": lambda w, n: ce.build_model("vgg16", classes=n),
    "k": lambda w, n: Search(k=n),
    "the monitor's k": lambda w, n: monitor(w, k=n),
    "probe": lambda w, n: monitor(w, probe=n),
    "channels": lambda w, n: ce.ConceptMonitor(None, w.images, None, {"a": n}),
    "side": lambda w, n: ce.load_images("shapes", "train", data_dir=None, side=n),
    "train_images": lambda w, n: ce.load_images(
        "shapes", "train", data_dir=None, train_images=n
    ),
    "neighbors": lambda w, n: ce.place_points(w.layout, w.embedding.vectors, n),
    "stability_seeds": lambda w, n: ce.fit_layout(
        w.embedding.vectors, stability_seeds=n
    ),
    "UMAP's neighbors": lambda w, n: ce.fit_layout(w.embedding.vectors, neighbors=n),
    "responsive": lambda w, n: SpaceSettings(responsive=n),
    "max_pairs": lambda w, n: ce.compare(subject(w), subject(w), seed=0, max_pairs=n),
    "patches": lambda w, n: ce.neuron_patches(
        w.stimuli, w.windows, 0, w.images.pixels, count=n
    ),
    "pixels of a side": lambda w, n: ce.patch_windows(
        w.stimuli, side=n, input_size=SIDE
    ),
    "input_size": lambda w, n: ce.patch_windows(w.stimuli, side=SIDE, input_size=n),
    "batch_size": lambda w, n: ScoringSettings(batch_size=n),
    "bins": lambda w, n: ReversionOptions(bins=n),
    "repeats": lambda w, n: ReversionOptions(repeats=n),
    "test_images": lambda w, n: ReversionOptions(test_images=n),
    "batch_size of training": lambda w, n: train(w, batch_size=n),
    "eval_images": lambda w, n: train(w, eval_images=n),
    "early_steps": lambda w, n: train(w, early_steps=(n,)),
}


@pytest.mark.parametrize("count", COUNTS, ids=repr)
@pytest.mark.parametrize("name", COUNTED)
def test_numbers_of_things_that_are_none_are_refused(
    name, count, at_hand, compilations
):
    message = f"must be a whole number, [12] or more, not {count!r}"
    refused(lambda: COUNTED[name](at_hand, count), message, compilations)


@pytest.mark.parametrize("size", COUNTS, ids=repr)
def test_sizes_of_pools_that_are_none_are_refused(size, shape_images, compilations):
    refused(
        lambda: ce.select_pool(shape_images(24), size=size, seed=0),
        f"size is {size!r}, but must be a whole number from 1 to 24",
        compilations,
    )

"""Stimuli and responses of a real model against its plain forward pass."""

import dataclasses
from functools import partial

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from planted import he_normal

from conceptevo_jax.activations import Recorder, grids, read_peaks
from conceptevo_jax.data import decode_images, load_images, select_pool
from conceptevo_jax.models import build_model
from conceptevo_jax.stimuli import (
    Search,
    find_stimuli,
    narrow_sample,
    respond,
    stimuli_of_arrays,
    top_images_needed,
)

pytestmark = pytest.mark.slow

FIELDS = ("image_ids", "count", "tied", "dead", "nonfinite")
K = 4

# Exactly K images per neuron.
find = partial(find_stimuli, projection_images=None)
of_arrays = partial(stimuli_of_arrays, projection_images=None)


@pytest.fixture(scope="module")
def model():
    return build_model("vgg16", preset="tiny", classes=10)


@pytest.fixture(scope="module")
def variables(model):
    return he_normal(model)


@pytest.fixture(scope="module")
def images(tmp_path_factory):
    """A pool of 60 generated images and their pixels."""
    folder = tmp_path_factory.mktemp("shapes")
    shapes = load_images("shapes", "train", data_dir=folder, train_images=80)
    pool = select_pool(shapes, size=60, seed=2)
    return pool, decode_images(shapes, pool.rows, folder / "decoded")


@pytest.fixture(scope="module")
def maps(model, variables, images):
    """Every site's activations, by a plain forward pass."""
    recorder = Recorder([site.name for site in model.sites])
    inputs = model.normalise(jnp.asarray(images[1].pixels))
    model.module.apply(variables, inputs, tap=recorder)
    return [np.asarray(recorder.activations[site.name]) for site in model.sites]


@pytest.fixture(scope="module")
def found(model, variables, images):
    return find(model, images[0], Search(k=K), sample=20)(variables, images[1])


def test_candidates_by_bfloat16_lead_to_the_same_stimuli(
    model, variables, images, found
):
    search = Search(k=K, compute="bfloat16")
    stimuli, sample = find(model, images[0], search, sample=20)(variables, images[1])
    same = (stimuli.image_ids == found[0].image_ids).all(axis=1)
    assert same.mean() >= 0.99
    np.testing.assert_array_equal(stimuli.peaks[same], found[0].peaks[same])
    np.testing.assert_array_equal(sample.peaks, found[1].peaks)


@pytest.fixture(scope="module")
def peaks(maps):
    return np.concatenate([m.max(axis=(1, 2)) for m in maps], axis=1)


@pytest.mark.parametrize("ties", ["hash", "order"])
@pytest.mark.parametrize("dead", ["exclude", "keep"])
def test_the_strongest_of_many_are_what_a_search_for_few_finds(
    model, peaks, images, ties, dead
):
    # Whole numbers tie often, and a bound leaves slots empty.
    values = np.floor(np.clip(peaks * 3, 0, 6)).astype(np.float32)
    values[:, :3] = [0, 1, np.nan]

    def search(k):
        rules = Search(k=k, ties=ties, dead=dead)
        return of_arrays(values, model.sites, images[0], rules)

    few, many = search(K), search(5 * K)
    found = many.strongest(K)
    assert few.tied.any()
    assert (few.count < K).any() or dead == "keep"
    for field in dataclasses.fields(few):
        expected, value = getattr(few, field.name), getattr(found, field.name)
        np.testing.assert_array_equal(value, expected, err_msg=field.name)
    assert many.strongest(5 * K) is many


def test_a_models_stimuli_are_those_of_its_plain_forward_pass(
    model, images, found, peaks
):
    expected = of_arrays(peaks, model.sites, images[0], Search(k=K))
    for name in FIELDS:
        np.testing.assert_array_equal(
            getattr(found[0], name), getattr(expected, name), err_msg=name
        )
    np.testing.assert_allclose(found[0].peaks, expected.peaks, rtol=1e-4)
    assert 0 < found[0].dead.sum() < len(found[0].dead) / 2


@pytest.mark.parametrize("search", [None, Search(k=7, ties="order", dead="keep")])
def test_arrays_rank_as_a_search_that_sees_the_same_peaks(
    model, variables, images, search
):
    """With the defaults of both: the same images, to the last bit."""
    pool, decoded = images
    expected, sample = find_stimuli(model, pool, search)(variables, decoded)
    peaks = np.empty_like(sample.peaks)
    peaks[np.argsort(pool.order, kind="stable")] = sample.peaks
    stimuli = stimuli_of_arrays(peaks, model.sites, pool, search)
    for name in (*FIELDS, "peaks"):
        np.testing.assert_array_equal(
            getattr(stimuli, name), getattr(expected, name), err_msg=name
        )
    assert stimuli.pool_id == expected.pool_id


def test_a_tenth_of_the_pool_is_kept_but_never_fewer_than_the_stimuli():
    widths = [top_images_needed(10, 60, pool) for pool in (50, 200, 600, 60_000)]
    assert widths == [10, 20, 60, 60]
    assert top_images_needed(10, None, 60_000) == 10


def test_before_or_after_the_relu_positive_peaks_rank_the_same(
    model, variables, images, found
):
    search = Search(k=K, before_relu=True)
    before, _ = find(model, images[0], search)(variables, images[1])
    for name in (*FIELDS, "peaks", "positions", "grids"):
        np.testing.assert_array_equal(
            getattr(before, name), getattr(found[0], name), err_msg=name
        )


def test_positions_point_at_the_argmax_of_the_map(model, found, maps):
    stimuli, neuron = found[0], 0
    np.testing.assert_array_equal(stimuli.grids, grids(model))
    for site, activation in zip(model.sites, maps, strict=True):
        for channel in range(site.channels):
            ids = stimuli.image_ids[neuron]
            for image, at, peak in zip(
                ids, stimuli.positions[neuron], stimuli.peaks[neuron], strict=True
            ):
                if image < 0:
                    continue
                one = activation[image, :, :, channel]
                assert tuple(at) == np.unravel_index(one.argmax(), one.shape)
                assert peak == pytest.approx(one.max(), rel=1e-4)
            neuron += 1


def test_the_sample_is_seeded_with_the_pool(model, variables, images, found, peaks):
    pool, decoded = images
    rows = np.argsort(pool.order)[:20]
    np.testing.assert_allclose(found[1].peaks, peaks[rows], rtol=1e-4, atol=1e-6)
    smaller = find(model, pool, Search(k=K), sample=7)(variables, decoded)[1]
    narrowed = narrow_sample(found[1], pool, 7)
    np.testing.assert_array_equal(narrowed.peaks, smaller.peaks)
    assert narrowed.images_id == smaller.images_id != found[1].images_id


def test_held_out_responses_are_those_to_every_image(
    model, variables, images, found, peaks
):
    pool, decoded = images
    look = respond(read_peaks(model), model.sites, len(pool), pool.pool_id)
    responses = look(variables, decoded)
    np.testing.assert_allclose(responses.peaks, peaks, rtol=1e-4, atol=1e-6)
    assert responses.images_id == pool.pool_id
    assert responses.sites == model.sites


def test_broken_weights_are_seen_at_their_site(model, variables, images):
    """One filter of the last site is NaN: it alone is dead by being so."""
    name = model.sites[-1].name
    broken = jax.tree.map(np.array, variables)
    broken["params"][name]["kernel"][..., 5] = np.nan
    stimuli, _ = find(model, images[0], Search(k=K))(broken, images[1])
    expected = np.zeros(len(stimuli.dead), bool)
    expected[len(expected) - model.sites[-1].channels + 5] = True
    np.testing.assert_array_equal(stimuli.nonfinite, expected)
    assert stimuli.dead[expected].all()

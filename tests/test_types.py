"""Shape checks and names of the nouns."""

import dataclasses

import numpy as np
import pytest

from conceptevo_jax.types import (
    Embedding,
    Site,
    Snapshot,
    Stimuli,
    copied_neurons,
    neuron_count,
    neuron_ids,
    record,
    site_slices,
)

SITES = tuple(
    Site(name=name, channels=c, rectified=True, receptive_field=3, stride=1)
    for name, c in (("features.0", 2), ("features.2", 3))
)


def stimuli(**changes):
    fields = {
        "image_ids": np.zeros((5, 4), np.int32),
        "peaks": np.zeros((5, 4), np.float32),
        "positions": np.zeros((5, 4, 2), np.int32),
        "count": np.zeros(5, np.int32),
        "tied": np.zeros(5, bool),
        "dead": np.zeros(5, bool),
        "nonfinite": np.zeros(5, bool),
        "grids": np.ones((2, 2), np.int32),
        "sites": SITES,
        "pool_id": "pool",
    }
    return Stimuli(**(fields | changes))


def test_neurons_are_numbered_over_the_sites_in_order():
    assert neuron_count(SITES) == 5
    assert site_slices(SITES) == {"features.0": slice(0, 2), "features.2": slice(2, 5)}
    assert neuron_ids("vgg@3", SITES) == [
        "vgg@3/features.0/0",
        "vgg@3/features.0/1",
        "vgg@3/features.2/0",
        "vgg@3/features.2/1",
        "vgg@3/features.2/2",
    ]
    assert neuron_count(()) == 0 == len(neuron_ids("vgg@3", ()))


@pytest.mark.parametrize("epoch", [0, 12, "init", "step40"])
def test_a_snapshot_is_named_by_run_and_epoch_and_loads_when_asked(epoch):
    snapshot = Snapshot(run="vgg", epoch=epoch, load=lambda: {"params": {}})
    assert snapshot.name == f"vgg@{epoch}"
    assert snapshot.load() == {"params": {}}


def test_copies_are_counted_over_all_sites():
    later = dataclasses.replace(SITES[1], copies=(1,))
    sites = (SITES[0], later)
    where = SITES[0].channels + 1
    assert np.flatnonzero(copied_neurons(sites)).tolist() == [where]
    assert not copied_neurons(SITES).any()


def test_records_are_frozen_keyword_only_and_equal_only_to_themselves():
    @record
    class Pair:
        left: np.ndarray
        right: int = 3

    pair = Pair(left=np.arange(2))
    assert pair == pair
    assert pair != Pair(left=np.arange(2))
    with pytest.raises(dataclasses.FrozenInstanceError):
        pair.right = 4
    with pytest.raises(TypeError):
        Pair(np.arange(2))


@pytest.mark.parametrize("name", ["peaks", "positions", "count", "tied", "dead"])
def test_stimuli_of_unequal_length_are_refused_by_name(name):
    short = getattr(stimuli(), name)[:4]
    # jaxtyping, active in tests only, may be the first to notice.
    with pytest.raises((ValueError, TypeError), match=name):
        stimuli(**{name: short})


def test_stimuli_of_other_sites_are_refused():
    with pytest.raises(ValueError, match="5 rows for other sites"):
        stimuli(sites=SITES[:1])


def test_a_row_is_placed_when_all_of_it_is_finite():
    vectors = np.zeros((3, 2), np.float32)
    vectors[1, 0], vectors[2] = np.nan, np.nan
    embedding = Embedding(vectors=vectors, coverage=np.zeros(3, np.float32))
    np.testing.assert_array_equal(embedding.placed, [True, False, False])


def test_an_embedding_needs_one_coverage_per_vector():
    with pytest.raises((ValueError, TypeError), match="coverage"):
        Embedding(vectors=np.zeros((3, 2)), coverage=np.zeros(2))

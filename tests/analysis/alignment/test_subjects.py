"""Which neurons can be judged."""

import dataclasses

import numpy as np
import pytest

from conceptevo_jax.analysis.alignment.subjects import (
    live_neurons,
    neuron_rows,
    sample_neurons,
)
from conceptevo_jax.errors import DataError


def spoil(subject):
    """Neuron 0 dead, 1 unplaced, 2 not finite, 3 constant."""
    subject.stimuli.dead[0] = True
    subject.stimuli.image_ids[0] = -1
    subject.embedding.vectors[:2] = np.nan
    subject.responses.peaks[5, 2] = np.inf
    subject.responses.peaks[:, 3] = 0.7
    return subject


def test_four_causes_exclude_a_neuron(world):
    live, reason = live_neurons(spoil(world.subject("run@2", world.detectors(40))))
    np.testing.assert_array_equal(np.flatnonzero(~live), [0, 1, 2, 3])
    assert reason is None


def test_too_few_are_explained_cause_by_cause(world):
    live, reason = live_neurons(spoil(world.subject("run@2", world.detectors(23))))
    assert live.sum() == 19
    assert reason == (
        "run@2 has 19 live neurons of 23 on the held-out test images, at least 20 are "
        "needed (1 dead, 1 unplaced, 1 not finite, 1 constant)."
    )


def test_copies_of_an_earlier_site_are_no_neurons_of_their_own(world, make_sites):
    first, second = make_sites(25, 15)
    sites = (first, dataclasses.replace(second, copies=(0, 14)))
    live, _ = live_neurons(world.subject("r@0", world.detectors(40), sites=sites))
    np.testing.assert_array_equal(np.flatnonzero(~live), [25, 39])


def test_rows_belong_to_the_live_neurons_and_their_sites(world, make_sites):
    subject = spoil(world.subject("r@0", world.detectors(40), sites=make_sites(10, 30)))
    live, _ = live_neurons(subject)
    rows = neuron_rows(subject, live, rng=np.random.default_rng(0))
    assert list(rows.site) == ["s0"] * 6 + ["s1"] * 30
    sizes = {len(table) for table in (rows.agreement | rows.similarity).values()}
    assert sizes == {36} == {rows.stimuli.shape[0]}


def test_a_sample_takes_the_same_neurons_of_everything(world, rng):
    subject = world.subject("run@0", world.detectors(40))
    rows = neuron_rows(subject, np.ones(40, bool), rng=rng)
    sample = sample_neurons(rows, 25, rng=rng)
    assert len(set(sample.index)) == 25
    np.testing.assert_array_equal(
        sample.agreement["overlap"], rows.agreement["overlap"][sample.index]
    )
    np.testing.assert_array_equal(
        sample.similarity["space"], rows.similarity["space"][sample.index]
    )
    np.testing.assert_array_equal(
        sample.stimuli.toarray(), rows.stimuli.toarray()[sample.index]
    )
    assert sample_neurons(rows, 40, rng=rng) is rows


def test_records_of_another_model_are_refused(world):
    subject = world.subject("run@2", world.detectors(30))
    larger = world.subject("run@2", world.detectors(31))
    with pytest.raises(DataError, match=r"run@2 has 30 neurons .*'stimuli': 31"):
        dataclasses.replace(subject, stimuli=larger.stimuli)

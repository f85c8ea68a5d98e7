"""Runs in a base's space: what is projected, what it is called, what a map is of."""

import dataclasses

import numpy as np
import pytest

from conceptevo_jax.pipeline.joint_layout import vectors_on_map
from conceptevo_jax.pipeline.runs_in_space import align_with_base, place_runs

pytestmark = pytest.mark.slow

EPOCHS = ["init", "step1", 0, 1]


@pytest.fixture(scope="module")
def with_base(explored):
    """The base run is compared, too, as in the experiment on alignment."""
    base, run = explored.base.run, explored.run.run
    runs = {"vgg16": run, "base": base}
    return place_runs(explored.session, base, runs)


def test_runs_are_projected_at_all_their_snapshots_and_the_base_at_one(explored):
    space = explored.space
    assert space.base.epochs == [1]
    assert list(space.runs) == ["vgg16"]
    assert space.runs["vgg16"].epochs == EPOCHS
    assert space.compared == [space.runs["vgg16"]]


def test_a_base_that_is_compared_stays_in_its_place_and_apart(explored, with_base):
    assert list(with_base.runs) == ["vgg16", "base"]
    assert with_base.compared == [with_base.runs["vgg16"]]
    assert with_base.key == explored.space.key
    np.testing.assert_array_equal(
        with_base.runs["base"].placed[1].vectors, explored.base.placed[1].vectors
    )


def test_the_space_is_that_of_the_last_observed_snapshot(explored):
    run = explored.run.run
    spaces = [
        place_runs(explored.session, run.observed_at(*epochs), {})
        for epochs in (("init", 0), (0,))
    ]
    assert [space.base.epochs for space in spaces] == [[0], [0]]
    assert spaces[0].key == spaces[1].key
    assert spaces[0].base_snapshot == "vgg16@0"


def test_a_stored_space_is_called_what_its_run_is_called_now(explored):
    """Another experiment may have built it from the same training."""
    renamed = dataclasses.replace(explored.base.run, name="vgg16")
    space = place_runs(explored.session, renamed, {})
    assert space.key == explored.space.key
    assert space.base_space.space.base == "base@1"
    assert space.base_snapshot == "vgg16@1"


def test_a_map_is_of_the_base_once_and_of_the_snapshots_asked_for(with_base):
    vectors = vectors_on_map(with_base, {"vgg16": [1, "init"], "base": [1]})
    assert list(vectors) == ["base@1", "vgg16@init", "vgg16@1"]
    np.testing.assert_array_equal(
        vectors["vgg16@1"], with_base.runs["vgg16"].placed[1].vectors
    )


def test_alignment_judges_every_snapshot_and_moves_nothing(explored):
    aligned = align_with_base(explored.session, explored.space)
    run = aligned.runs["vgg16"]
    assert list(run.alignments) == EPOCHS
    assert {alignment.b for alignment in run.alignments.values()} == {"base@1"}
    assert run.placed is explored.run.placed
    assert aligned.base.alignments == {}

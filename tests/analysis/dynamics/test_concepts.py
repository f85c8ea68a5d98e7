"""Concepts of a planted base, and the neurons of a run that come and go among them."""

import numpy as np
import pytest
from selecting import stimuli

from conceptevo_jax.analysis.dynamics.concept_flow import concept_flow
from conceptevo_jax.analysis.dynamics.concepts import (
    cluster_base,
    concept_members,
    nearest_concept,
    no_concepts,
)
from conceptevo_jax.errors import UsageError
from conceptevo_jax.types import Embedding

N, D = 60, 6
SIZES = (30, 20, 10)


def placed(vectors):
    vectors = np.asarray(vectors, np.float32)
    return Embedding(vectors=vectors, coverage=np.ones(len(vectors), np.float32))


@pytest.fixture
def base(rng):
    """Three clusters whose neurons select images of one class each, and the members."""
    member = np.repeat(np.arange(3), SIZES)
    vectors = 4 * np.eye(3, D)[member] + 0.1 * rng.normal(size=(N, D))
    rows = rng.integers(0, 100, (N, 5)) * 3 + member[:, None]
    return placed(vectors), stimuli(rows), np.arange(300) % 3, member


def test_concepts_are_the_planted_clusters_the_largest_first(base):
    embedding, selected, labels, member = base
    concepts = cluster_base(embedding, selected, labels, count=3)
    assert concepts.label.tolist() == [0, 1, 2]
    assert concepts.size.tolist() == list(SIZES)
    np.testing.assert_allclose(concepts.share, 1)
    np.testing.assert_array_equal(
        nearest_concept(embedding.vectors, concepts.centers), member
    )


def test_an_exemplar_is_typical_and_nearest_to_the_centre(base):
    embedding, selected, labels, member = base
    # The neuron exactly at the centre selects images of another class.
    vectors, rows = embedding.vectors.copy(), selected.image_ids.copy()
    vectors[0], vectors[1] = 4 * np.eye(1, D)[0], 4 * np.eye(1, D)[0] + 0.01
    rows[0] = 2
    concepts = cluster_base(placed(vectors), stimuli(rows), labels, count=3)
    assert concepts.exemplar[0] == 1
    assert member[concepts.exemplar].tolist() == [0, 1, 2]


def test_the_radius_is_the_median_distance_within_concepts():
    # Two concepts of three neurons: directions 0, 90 and 0 degrees from the centre.
    vectors = [[1, 0, 0], [1, 0, 0], [1, 0.2, 0], [0, 0, 1], [0, 0, 1], [0, 0.2, 1]]
    selected = stimuli([[0]] * 6)
    concepts = cluster_base(placed(vectors), selected, np.zeros(1, int), count=2)
    side = np.array([1, 0.2]) / np.hypot(1, 0.2)
    apart = np.hypot(*(side - [1, 0]))
    # Of each three: a pair without distance and two pairs with this one.
    assert concepts.radius == pytest.approx(apart, rel=1e-6)


def test_too_few_live_neurons_are_refused(base):
    embedding, selected, labels, _ = base
    with pytest.raises(UsageError, match="60 live base neurons cannot make 61 groups"):
        cluster_base(embedding, selected, labels, count=61)


def test_without_concepts_no_neuron_belongs_to_one():
    embedding, dead = placed(np.ones((4, D))), np.zeros((1, 4), bool)
    assert concept_members(no_concepts(D), [embedding], dead).tolist() == [[-1] * 4]


def test_the_dead_and_those_without_a_place_belong_to_no_concept(base):
    embedding, selected, labels, member = base
    concepts = cluster_base(embedding, selected, labels, count=3)
    vectors, dead = embedding.vectors.copy(), np.zeros((1, N), bool)
    vectors[3], dead[0, 40] = np.nan, True
    expected = member.copy()
    expected[[3, 40]] = -1
    np.testing.assert_array_equal(
        concept_members(concepts, [placed(vectors)], dead)[0], expected
    )


def test_planted_births_moves_and_deaths_are_counted_exactly():
    members = np.array(
        [
            [0, 0, 0, 1, 1, -1],  # the last neuron is dead at first
            [0, 0, 1, 1, -1, 1],  # one moves from 0 to 1, one of 1 dies, one is born
            [0, -1, 0, -1, -1, 1],  # one dies, one goes back, one lives without a place
        ]
    )
    dead = np.zeros((3, 6), bool)
    dead[0, 5] = dead[1, 4] = dead[2, 4] = dead[2, 1] = True
    flow = concept_flow(members, dead, 3)
    assert flow.neurons.tolist() == [[3, 2, 0], [2, 3, 0], [2, 1, 0]]
    assert flow.entered.tolist() == [[0, 0, 0], [0, 2, 0], [1, 0, 0]]
    assert flow.left.tolist() == [[0, 0, 0], [1, 0, 0], [0, 2, 0]]
    assert flow.died.tolist() == [[0, 0, 0], [0, 1, 0], [1, 0, 0]]


def test_neurons_change_by_those_who_come_less_those_who_go(rng):
    members = rng.integers(-1, 4, (12, 200))
    dead = (members < 0) & (rng.random((12, 200)) < 0.5)
    flow = concept_flow(members, dead, 4)
    changes = (flow.entered - flow.left - flow.died)[1:]
    np.testing.assert_array_equal(np.diff(flow.neurons, axis=0), changes)
    assert (changes != 0).any()

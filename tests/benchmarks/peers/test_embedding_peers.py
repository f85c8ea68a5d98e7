"""The peers of the embedding do its work: same pairs, same loss, same groups found."""

import numpy as np
import pytest

from conceptevo_jax.benchmarks.embedding import mean_loss, measure_embedding
from conceptevo_jax.benchmarks.peers.embedding_peers import (
    DIM,
    NEGATIVES,
    RATE,
    Gensim,
    neighbor_pairs,
    shuffled_lists,
    update_pairwise,
)
from conceptevo_jax.benchmarks.planted import planted_stimuli, purity
from conceptevo_jax.benchmarks.rows import is_within_bound
from conceptevo_jax.embedding import co_activations, fit_neurons

NEURONS, GROUPS, REPEATS = 48, 3, 25


@pytest.fixture(scope="module")
def planted():
    return planted_stimuli(NEURONS, GROUPS)


def test_planted_neurons_take_their_stimuli_from_their_own_concept(planted):
    stimuli, groups = planted
    assert (stimuli.image_ids // 40 == groups[:, None]).all()
    assert all(len(set(row)) == 10 for row in stimuli.image_ids.tolist())


def test_purity_is_the_share_whose_nearest_is_of_the_same_group():
    vectors = np.array([[1, 0], [1, 0.1], [0, 1], [-0.1, 1], [1, 1.0]])
    assert purity(vectors, np.array([0, 0, 1, 1, 1])) == pytest.approx(4 / 5)


def test_every_list_is_a_path_over_the_neurons_of_its_image(planted, rng):
    stimuli, _ = planted
    lists = co_activations(stimuli)
    paths = list(shuffled_lists(stimuli, rng))
    neurons = np.concatenate([np.sort(path) for path in paths])
    np.testing.assert_array_equal(neurons, lists.neurons)
    assert len(neighbor_pairs(stimuli, 2, rng)) == 2 * len(lists.starts)


def test_one_pair_moves_both_of_its_neurons_as_the_formula_says(rng):
    vectors = rng.normal(size=(7, DIM))
    moved, before = vectors.copy(), vectors.copy()
    update_pairwise(moved, np.array([[1, 4]]), np.random.default_rng(5))
    again = np.random.default_rng(5)
    for own, partner in ((1, 4), (4, 1)):
        pull = 1 / (1 + np.exp(before[own] @ before[partner]))
        slope = pull * before[partner]
        # The second neuron's negatives see the first one moved.
        for drawn in again.integers(7, size=NEGATIVES):
            other = vectors[drawn]
            slope = slope - other / (1 + np.exp(-(other @ before[own])))
        vectors[own] = before[own] + RATE * slope
    np.testing.assert_allclose(moved, vectors)


@pytest.mark.slow
def test_batches_reach_the_loss_of_one_pair_at_a_time(planted):
    stimuli, groups = planted
    rng = np.random.default_rng(0)
    fit = {"repeats": REPEATS, "negatives_learn": False}
    ours = fit_neurons(stimuli, **fit)[0].vectors
    loop = rng.uniform(-0.5, 0.5, (NEURONS, DIM))
    start = loop.copy()
    update_pairwise(loop, neighbor_pairs(stimuli, REPEATS, rng), rng)
    judged = neighbor_pairs(stimuli, 20, rng)
    losses = [mean_loss(v.astype(np.float32), judged, rng) for v in (ours, loop, start)]
    assert losses[0] == pytest.approx(losses[1], rel=0.01)
    assert losses[0] < 0.95 * losses[2]
    assert purity(ours, groups) == purity(loop, groups) == 1


def test_gensim_finds_the_planted_groups_too(planted):
    pytest.importorskip("gensim", reason="the extra [peers] is not installed")
    stimuli, groups = planted
    with Gensim(stimuli, REPEATS, workers=1, seed=0) as gensim:
        assert len(gensim.path.read_text().splitlines()) == REPEATS * len(
            list(shuffled_lists(stimuli, np.random.default_rng(0)))
        )
        gensim()
        assert purity(gensim.vectors(), groups) == 1
    assert not gensim.path.exists()


@pytest.mark.slow
def test_without_gensim_its_claim_says_what_it_needs(monkeypatch):
    monkeypatch.setattr("importlib.util.find_spec", lambda name: None)
    rows = measure_embedding(
        neurons=64, groups=4, repeats=2, turns=1, cores=1, loop_pairs=10
    )
    against = {row.peer: row for row in rows if row.peer}
    gensim = against["gensim Word2Vec"]
    assert (gensim.value, is_within_bound(gensim)) == (None, None)
    assert gensim.why == "not run: needs gensim, pip install 'conceptevo-jax[peers]'"
    assert against["one pair at a time, NumPy"].value > 0

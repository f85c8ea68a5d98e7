"""Learned neuron vectors: planted concepts, reports, and settings out of range.

Most tests share one compiled loop: `repeats`, shapes and `negatives_learn` are fixed
in it, seed and learning rate are not.
"""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from conceptevo_jax.embedding import descent, fit_neurons
from conceptevo_jax.embedding.loss import pair_losses
from conceptevo_jax.errors import UsageError

GROUPS = 6
NEURONS = 10 * GROUPS
REPEATS = 50


def cosine(a, b):
    return float(a @ b / np.linalg.norm(a) / np.linalg.norm(b))


@pytest.fixture(scope="module")
def stimuli(plant):
    """Sixty neurons of six concepts and one, the last, of the first two."""
    return plant([*([i % GROUPS] for i in range(NEURONS)), [0, 1]])


@pytest.fixture(scope="module")
def learned(stimuli):
    return fit_neurons(stimuli, repeats=REPEATS, seed=1)


@pytest.mark.slow
def test_a_polysemantic_neuron_lies_between_its_groups(learned):
    vectors = learned[0].vectors
    centres = [vectors[group:NEURONS:GROUPS].mean(axis=0) for group in range(GROUPS)]
    near = [cosine(vectors[NEURONS], centre) for centre in centres]
    between = cosine(centres[0], centres[1])
    assert min(near[:2]) > max(near[2:])
    assert min(near[:2]) > between
    assert max(near[:2]) < min(cosine(vectors[g], centres[g]) for g in range(GROUPS))


@pytest.mark.slow
def test_neurons_with_more_shared_stimuli_lie_closer(make_stimuli):
    lists = [list(range(first, first + 10)) for first in (0, 0, 2, 5, 7, 9)]
    lists += [list(range(20 * i, 20 * i + 10)) for i in range(2, 10) for _ in range(4)]
    stimuli = make_stimuli(lists)
    near = np.zeros(5)
    for seed in range(4):
        vectors = fit_neurons(stimuli, repeats=100, seed=seed)[0].vectors
        near += [cosine(vectors[0], vectors[other]) for other in range(1, 6)]
    assert (np.diff(near) < 0).all()


def test_positive_term_falls_by_half_and_the_total_falls(learned):
    report = learned[1]
    assert report.positive[-1] < 0.5 * report.start_positive
    assert report.total[-1] < report.start_total
    assert report.total.shape == report.positive.shape == (REPEATS,)


def test_start_is_measured_before_any_update(stimuli, learned):
    report = learned[1]
    still = fit_neurons(stimuli, repeats=REPEATS, seed=1, learning_rate=1e-30)[1]
    assert still.start_total == report.start_total
    assert still.start_positive == report.start_positive
    # E[−log σ(x)] for x of variance d / 144 is log 2 + d / 1152, to second order.
    assert report.start_positive == pytest.approx(np.log(2) + 30 / 1152, abs=0.05)
    assert still.positive.mean() == pytest.approx(report.start_positive, abs=0.05)


@pytest.mark.slow
def test_batches_reach_the_loss_of_single_pairs(stimuli, learned):
    report = learned[1]
    assert report.batch_size == NEURONS + 1 < report.pairs
    single = fit_neurons(stimuli, batch_size=1, repeats=REPEATS, seed=2)[1]
    for term, within in (("total", 0.01), ("positive", 0.05)):
        reached, wanted = (getattr(r, term)[-10:].mean() for r in (report, single))
        assert reached == pytest.approx(wanted, rel=within)


def gradient_of_a_path(vectors, path, linked, inner, shares):
    """Of Eq. 1 over a path's pairs, for the rows of `inner` and the random ones."""

    def loss(own, random):
        total = 0.0
        # Each row enters its own gradient; its neighbours are where they were.
        for at, row in enumerate(inner, start=1):
            for other in (at - 1, at + 1):
                if linked[min(at, other)]:
                    still = jnp.asarray(vectors[path[other]])[None]
                    none = jnp.zeros((1, 0, 3))
                    pair = pair_losses(own[row][None], still, none, none)[0]
                    apart = -jax.nn.log_sigmoid(-(random @ own[row]))
                    total += pair[0] + shares * apart.sum()
        return total

    return loss


@pytest.mark.slow
def test_a_step_follows_the_gradients_of_all_pairs_of_its_neurons(rng):
    vectors = jnp.asarray(rng.normal(size=(9, 3)), jnp.float32)
    path, rows = [0, 1, 2, 3, 0], jnp.asarray([0, 1, 2, 3, 4, 5, 6, 7, 0])
    linked = jnp.asarray([1.0, 1.0, 0.0, 1.0])
    plan = descent.LoopSizes(9, 3, 2, 1, 3, True)

    @jax.jit
    def step(vectors):
        batch, rate = (rows, linked), jnp.float32(0.1)
        moved, products = descent._step(vectors, batch, rate=rate, plan=plan)
        of_all = (one[None] for one in (*products, linked))
        return moved, descent._losses(*of_all)

    moved, sums = step(vectors)
    loss = gradient_of_a_path(vectors, path, [1, 1, 0, 1], (0, 1, 2), 2 / 4)
    slopes = jax.grad(loss, argnums=(0, 1))(vectors[1:4], vectors[4:8])
    expected = np.asarray(vectors).copy()
    expected[1:4] -= 0.1 * np.asarray(slopes[0])
    expected[4:8] -= 0.1 * np.asarray(slopes[1])
    np.testing.assert_allclose(moved, expected, rtol=1e-4, atol=1e-6)
    # Of a pair the batch tells the loss of which its second neuron is one to move, and
    # of the random neurons the first R.
    pairs, apart = [(1, 2), (3, 0)], [(1, 2), (2, 1), (3, 1)]
    dot = np.asarray(vectors) @ np.asarray(vectors).T
    positive = sum(np.logaddexp(0, -dot[pair]) for pair in pairs)
    negative = sum(t * np.logaddexp(0, dot[n, [4, 5]]).sum() for n, t in apart)
    assert float(sums[1]) == pytest.approx(positive, rel=1e-5)
    assert float(sums[0]) == pytest.approx(positive + negative, rel=1e-5)


@pytest.mark.parametrize(
    ("negatives", "count"), [(0, 0), (1, 16), (2, 32), (3, 32), (5, 64), (20, 240)]
)
def test_random_neurons_grow_with_r_in_whole_registers(negatives, count):
    assert descent._shared_negatives(negatives) == count


@pytest.mark.slow
def test_dead_neurons_have_no_place_and_isolated_ones_stay(make_stimuli):
    stimuli = make_stimuli([[0, 1], [], [1, 2], [7]])
    settings = {"dim": 3, "negatives_learn": False}
    slow, report = fit_neurons(stimuli, learning_rate=0.01, **settings)
    fast, _ = fit_neurons(stimuli, learning_rate=0.05, **settings)
    assert np.isnan(slow.vectors[1]).all()
    assert slow.coverage.tolist() == [1, 0, 1, 1]
    assert slow.placed.tolist() == [True, False, True, True]
    assert (report.pairs, report.isolated) == (1, 1)
    np.testing.assert_array_equal(slow.vectors[3], fast.vectors[3])
    assert not np.array_equal(slow.vectors[0], fast.vectors[0])


def test_same_seed_same_bytes(stimuli, learned):
    again = fit_neurons(stimuli, repeats=REPEATS, seed=1)[0]
    other = fit_neurons(stimuli, repeats=REPEATS, seed=2)[0]
    assert again.vectors.tobytes() == learned[0].vectors.tobytes()
    assert other.vectors.tobytes() != learned[0].vectors.tobytes()


def test_a_loss_that_overflows_names_the_repeat(stimuli):
    with pytest.raises(UsageError, match=r"not finite from repeat \d of 50 on"):
        fit_neurons(stimuli, repeats=REPEATS, learning_rate=1e30)


@pytest.mark.parametrize(
    ("setting", "value"),
    [
        ("dim", 0),
        ("negatives", -1),
        ("repeats", 0),
        ("batch_size", -1),
        ("learning_rate", 0.0),
    ],
)
def test_settings_out_of_range_are_named(stimuli, setting, value):
    with pytest.raises(UsageError, match=f"{setting}={value} is out of range"):
        fit_neurons(stimuli, **{setting: value})


@pytest.mark.slow
def test_without_negatives_only_co_activated_pairs_count(stimuli):
    _, report = fit_neurons(stimuli, repeats=REPEATS, negatives=0)
    np.testing.assert_allclose(report.total, report.positive, rtol=1e-6)
    assert report.positive[-1] < report.start_positive

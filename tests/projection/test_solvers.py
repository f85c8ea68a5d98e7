"""Image vectors: both solvers against dense linear algebra."""

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from conceptevo_jax.errors import UsageError
from conceptevo_jax.projection import SOLVERS, SolveSettings, solvers
from conceptevo_jax.projection.solved_images import stimulus_matrix

N, IMAGES, K, D = 12, 40, 4, 3


def random_problem(make_stimuli, seed, duplicates=0):
    """A sparse A, neuron vectors V and a start E₀; some neurons may repeat others."""
    rng = np.random.default_rng(seed)
    lists = [
        rng.permutation(IMAGES)[: rng.integers(1, K + 1)].tolist() for _ in range(N)
    ]
    lists += lists[:duplicates]
    vectors, start = rng.normal(size=(len(lists), D)), rng.normal(size=(IMAGES, D))
    return stimulus_matrix(make_stimuli(lists), IMAGES), vectors, start


def closed(matrix, vectors, start, **options):
    return solvers.solve(matrix, vectors, start, SolveSettings(**options))


@given(seed=st.integers(0, 10_000), duplicates=st.integers(0, 4), zero=st.booleans())
def test_closed_form_equals_the_pseudoinverse(make_stimuli, seed, duplicates, zero):
    matrix, vectors, start = random_problem(make_stimuli, seed, duplicates)
    start = start * (not zero)
    found, report = closed(matrix, vectors, start)
    dense = matrix.toarray()
    expected = start + np.linalg.pinv(dense) @ (vectors - dense @ start)
    np.testing.assert_allclose(found, expected, atol=1e-7)
    assert report.rank == np.linalg.matrix_rank(dense)
    assert report.converged


@given(seed=st.integers(0, 10_000), ridge=st.sampled_from([0.01, 0.3, 1.0, 20.0]))
def test_ridge_equals_its_formula(make_stimuli, seed, ridge):
    matrix, vectors, start = random_problem(make_stimuli, seed, duplicates=2)
    found, _ = closed(matrix, vectors, start, ridge=ridge)
    dense = matrix.toarray()
    gram = dense @ dense.T + ridge * np.eye(len(dense))
    expected = start + dense.T @ np.linalg.solve(gram, vectors - dense @ start)
    np.testing.assert_allclose(found, expected, atol=1e-8)


@pytest.mark.parametrize("duplicates", [0, 3])
@pytest.mark.parametrize("ridge", [0.0, 0.5])
def test_descent_converges_to_the_closed_form(make_stimuli, duplicates, ridge):
    matrix, vectors, _ = random_problem(make_stimuli, 5, duplicates)
    zero = np.zeros((IMAGES, D))
    limit, _ = closed(matrix, vectors, zero, ridge=ridge)
    settings = SolveSettings(
        solver="gradient_descent", learning_rate=1.0, threshold=1e-12, ridge=ridge
    )
    found, _ = solvers.solve(matrix, vectors, zero, settings)
    np.testing.assert_allclose(found, limit, atol=1e-8)


def test_descent_keeps_what_the_neurons_leave_open(make_stimuli):
    matrix, vectors, start = random_problem(make_stimuli, 5)
    settings = SolveSettings(
        solver="gradient_descent", learning_rate=1.0, threshold=1e-10
    )
    found, report = solvers.solve(matrix, vectors, start, settings)
    np.testing.assert_allclose(found, closed(matrix, vectors, start)[0], atol=1e-6)
    open_to = np.eye(IMAGES) - np.linalg.pinv(matrix.toarray()) @ matrix.toarray()
    np.testing.assert_allclose(open_to @ found, open_to @ start, atol=1e-9)
    assert report.converged


def test_descent_takes_the_steps_of_its_formula(make_stimuli):
    matrix, vectors, start = random_problem(make_stimuli, 7)
    settings = SolveSettings(
        solver="gradient_descent", learning_rate=0.1, ridge=0.2, max_iterations=3
    )
    found, report = solvers.solve(matrix, vectors, start, settings)
    dense, images = matrix.toarray(), start
    for _ in range(3):
        slope = dense.T @ (dense @ images - vectors) + 0.2 * (images - start)
        images = images - 0.1 * slope
    np.testing.assert_allclose(found, images, rtol=1e-12)
    assert (report.iterations, report.converged) == (3, False)


def test_descent_stops_below_its_threshold(make_stimuli):
    matrix, vectors, start = random_problem(make_stimuli, 7)
    settings = SolveSettings(
        solver="gradient_descent", learning_rate=0.5, threshold=0.05
    )
    _, report = solvers.solve(matrix, vectors, start, settings)
    assert 0.04 < report.residual < 0.05
    assert report.converged


def test_descent_that_diverges_is_stopped(make_stimuli):
    settings = SolveSettings(solver="gradient_descent", learning_rate=50.0)
    with pytest.raises(UsageError, match=r"diverges at iteration.*learning_rate=50"):
        solvers.solve(*random_problem(make_stimuli, 7), settings)


def test_report_tells_what_is_left(make_stimuli):
    matrix, vectors, start = random_problem(make_stimuli, 9, duplicates=3)
    found, report = closed(matrix, vectors, start)
    left = matrix.toarray() @ found - vectors
    assert report.residual == pytest.approx(np.sqrt((left**2).sum() / len(left)))
    assert report.residual > 0.1, "two vectors for one list of stimuli cannot both fit"
    assert report.largest_norm == np.linalg.norm(found, axis=1).max()


def test_unfinished_conjugate_gradients_say_so(make_stimuli):
    problem = random_problem(make_stimuli, 9)
    _, report = closed(*problem, max_iterations=2)
    assert (report.iterations, report.converged) == (2, False)


def test_rank_is_not_counted_for_many_neurons(make_stimuli, monkeypatch):
    monkeypatch.setattr(solvers, "RANK_LIMIT", N - 1)
    assert closed(*random_problem(make_stimuli, 9))[1].rank is None


def test_nothing_to_learn_takes_no_step(make_stimuli):
    matrix, vectors, _ = random_problem(make_stimuli, 9)
    zero = np.zeros((IMAGES, D))
    for solver in SOLVERS:
        settings = SolveSettings(solver=solver)
        found, report = solvers.solve(matrix, 0 * vectors, zero, settings)
        assert not found.any()
        assert (report.iterations, report.converged) == (0, True)


def test_random_starts_are_seeded_and_in_range():
    first, again, other = (
        solvers.initial_images(500, D, "uniform", seed) for seed in (1, 1, 2)
    )
    assert first.tobytes() == again.tobytes() != other.tobytes()
    assert first.min() >= -0.5
    assert first.max() < 0.5
    assert first.var() == pytest.approx(1 / 12, rel=0.1)
    assert not solvers.initial_images(5, D, "zeros", 1).any()


@pytest.mark.parametrize("name", ["solver", "initial"])
def test_unknown_names_list_the_valid_ones(name):
    with pytest.raises(UsageError, match=rf"unknown {name} 'closd'.*Valid: \w+, \w+"):
        SolveSettings(**{name: "closd"})


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("ridge", -0.1),
        ("tolerance", 0.0),
        ("learning_rate", -1.0),
        ("threshold", 0.0),
        ("max_iterations", 0),
    ],
)
def test_numbers_out_of_range_are_named(name, value):
    with pytest.raises(UsageError, match=f"{name}={value} is out of range"):
        SolveSettings(**{name: value})

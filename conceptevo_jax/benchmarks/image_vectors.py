"""Image vectors in closed form compared with gradient descent, at the size of VGG16.

Both minimise the same loss on the same stimuli (Step 2.1) until the RMS distance of the
neurons from the means of their stimuli is below one threshold. Descent gets the largest
rate at which it is stable, not the paper's .002, which would take far too long.
"""

import dataclasses
from collections.abc import Callable, Mapping
from functools import partial

import numpy as np
from scipy import sparse
from scipy.sparse.linalg import svds

from conceptevo_jax.benchmarks.rows import BYTES, SECONDS, TIMES_AS_FAST, Row
from conceptevo_jax.benchmarks.timing import fastest_seconds, numpy_memory
from conceptevo_jax.projection.solvers import (
    SolveSettings,
    closed_form,
    gradient_descent,
    rms,
)

DIM, STIMULI = 30, 10

CLOSED_FORM, GRADIENT_DESCENT, EXACT_SOLUTION = (
    "closed form",
    "gradient descent",
    "exact",
)

THRESHOLD = 0.001
"""RMS distance at which both stop; neurons' vectors have a norm of about 1.6."""


def random_problem(
    neurons: int, images: int, seed: int = 0
) -> tuple[sparse.csr_array, np.ndarray]:
    """A, `[n i]`, of random stimuli, and random neurons' vectors `[n d]`.

    Image `i` is drawn in proportion to `1 / sqrt(i + 1)`, so that some are stimuli of
    hundreds of neurons and most of one or none, as in a trained network.

    Args:
      neurons: Rows of A.
      images: Columns of A.
      seed: Decides stimuli and vectors.
    """
    rng = np.random.default_rng(seed)
    candidate_images = (images * rng.random((neurons, 6 * STIMULI)) ** 2).astype(int)
    columns = np.stack(
        [
            rng.permutation(np.unique(candidates))[:STIMULI]
            for candidates in candidate_images
        ]
    )
    rows = np.repeat(np.arange(neurons), STIMULI)
    shares = np.full(columns.size, 1 / STIMULI)
    shape = (neurons, images)
    matrix = sparse.csr_array((shares, (rows, columns.reshape(-1))), shape=shape)
    return matrix, rng.uniform(-0.5, 0.5, (neurons, DIM))


def stable_rate(matrix: sparse.csr_array) -> float:
    """The largest rate of gradient descent at which no direction overshoots."""
    largest = np.asarray(svds(matrix, k=1, return_singular_vectors=False))
    return float(1 / largest.max() ** 2)


def _solvers(
    matrix: sparse.csr_array, vectors: np.ndarray
) -> dict[str, Callable[[], tuple[np.ndarray, int, bool]]]:
    """Calls of both solvers to one residual, and of the closed form to its own."""
    start = np.zeros((matrix.shape[1], DIM))
    exact_settings = SolveSettings()
    # The gradient's norm falls with the residual: its share of the start's is the rest.
    loose_settings = dataclasses.replace(
        exact_settings, tolerance=THRESHOLD / rms(vectors) / 3
    )
    descent_settings = SolveSettings(
        solver="gradient_descent",
        learning_rate=stable_rate(matrix),
        threshold=THRESHOLD,
    )
    return {
        CLOSED_FORM: partial(closed_form, matrix, vectors, start, loose_settings),
        GRADIENT_DESCENT: partial(
            gradient_descent, matrix, vectors, start, descent_settings
        ),
        EXACT_SOLUTION: partial(closed_form, matrix, vectors, start, exact_settings),
    }


def measure_image_vectors(*, neurons: int, images: int, turns: int) -> list[Row]:
    """Time of both, and time and memory of the closed form to its own tolerance.

    Args:
      neurons: Whose vectors are explained.
      images: That get vectors.
      turns: Of the timing.
    """
    matrix, vectors = random_problem(neurons, images)
    solvers = _solvers(matrix, vectors)
    seconds = fastest_seconds(solvers, turns)
    peak_bytes = numpy_memory(solvers[EXACT_SOLUTION])
    residuals, steps = {}, {}
    for name, solve in solvers.items():
        image_vectors, steps[name], _ = solve()
        residuals[name] = rms(matrix @ image_vectors - vectors)
    size = f"{neurons:,} neurons, {images:,} images"
    details = {
        n: f"{steps[n]} iterations, residual {residuals[n]:.1e}" for n in solvers
    }
    reached = (
        residuals[CLOSED_FORM] <= THRESHOLD and residuals[GRADIENT_DESCENT] <= THRESHOLD
    )
    return [
        *_rows_against_descent(seconds, details, reached=reached),
        *_rows_of_exact(
            size, seconds[EXACT_SOLUTION], peak_bytes, details[EXACT_SOLUTION]
        ),
    ]


def _rows_against_descent(
    seconds: Mapping[str, float], details: Mapping[str, str], *, reached: bool
) -> list[Row]:
    """Rows of both solvers at one residual, compared if both have `reached` it."""
    row = partial(Row, part="image vectors")
    return [
        row(what=CLOSED_FORM, seconds=seconds[CLOSED_FORM], why=details[CLOSED_FORM]),
        row(
            what=GRADIENT_DESCENT,
            seconds=seconds[GRADIENT_DESCENT],
            why=details[GRADIENT_DESCENT],
        ),
        row(
            what="closed form to the same residual",
            peer=GRADIENT_DESCENT,
            value=seconds[GRADIENT_DESCENT] / seconds[CLOSED_FORM] if reached else None,
            measure=TIMES_AS_FAST,
            bound=">= 1",
            claim="image_vectors_against_descent",
            why=f"{details[CLOSED_FORM]}, against {details[GRADIENT_DESCENT]}",
        ),
    ]


def _rows_of_exact(
    size: str, seconds: float, peak_bytes: int, details: str
) -> list[Row]:
    """Rows of the closed form's time and memory at its own tolerance."""
    row = partial(Row, part="image vectors")
    return [
        row(
            what=f"time of the closed form, {size}",
            seconds=seconds,
            value=seconds,
            measure=SECONDS,
            bound="<= 5",
            claim="image_vectors_time",
            why=details,
        ),
        row(
            what=f"memory of the closed form, {size}",
            bytes=peak_bytes,
            value=float(peak_bytes),
            measure=BYTES,
            bound="<= 2e9",
            claim="image_vectors_memory",
            why="allocated at once at most",
        ),
    ]

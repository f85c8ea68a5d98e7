"""Image vectors from neuron vectors: two ways to minimise the L2 loss of Step 2.1.

The loss is ½ Σₙ ‖mean of the vectors of n's stimuli − vₙ‖² + ½ λ ‖E − E₀‖², that is
½ ‖A E − V‖² + ½ λ ‖E − E₀‖² with A[n, i] = 1 / count[n] on stimuli. There are fewer
neurons than images, so the start E₀ determines what the neurons do not. Everything is
computed in float64 on the CPU: A is sparse and a product with it costs `n k d`
steps; conjugate gradients need tens to hundreds of products, descent at the paper's
rate ten thousand.
"""

import dataclasses
from collections.abc import Callable

import numpy as np
from jaxtyping import Float
from scipy import sparse

from conceptevo_jax.errors import DivergenceError, UsageError, unknown_name
from conceptevo_jax.streams import stream

RANK_LIMIT = 1_000
"""Largest number of neurons for which the rank is computed, by dense eigenvalues."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class SolveSettings:
    """How image vectors are solved for.

    Attributes:
      solver: A name in `SOLVERS`.
      initial: E₀: `zeros`, or `uniform` for U(−.5, .5) as in the authors' code.
      ridge: λ.
      tolerance: `closed_form` stops when the gradient's norm, in every dimension, has
        fallen to this share of what it was.
      learning_rate: Step of `gradient_descent` (paper: .002).
      threshold: `gradient_descent` stops at this RMS distance over neurons.
      max_iterations: Limit of both solvers, which report whether they converged.
    """

    solver: str = "closed_form"
    initial: str = "zeros"
    ridge: float = 0.0
    tolerance: float = 1e-10
    learning_rate: float = 0.002
    threshold: float = 0.001
    max_iterations: int = 10_000

    def __post_init__(self) -> None:
        if self.solver not in SOLVERS:
            raise unknown_name("solver", self.solver, SOLVERS)
        if self.initial not in INITIALS:
            raise unknown_name("initial", self.initial, INITIALS)
        if not self.ridge >= 0:
            raise UsageError(f"ridge={self.ridge} is out of range: 0 or above.")
        for name in ("tolerance", "learning_rate", "threshold", "max_iterations"):
            value = getattr(self, name)
            if not value > 0:
                raise UsageError(f"{name}={value} is out of range: above 0.")


@dataclasses.dataclass(frozen=True, kw_only=True)
class SolveReport:
    """How well image vectors explain the neurons' vectors.

    Attributes:
      residual: RMS over neurons of ‖mean of its stimuli's vectors − its vector‖.
      rank: Rank of A, None for more than `RANK_LIMIT` neurons.
      largest_norm: Norm of the longest image vector.
      iterations: Updates made.
      converged: Whether the stopping rule was met before the iterations ran out.
    """

    residual: float
    rank: int | None
    largest_norm: float
    iterations: int
    converged: bool


def solve(
    matrix: sparse.csr_array,
    neurons: Float[np.ndarray, "n d"],
    start: Float[np.ndarray, "i d"],
    settings: SolveSettings,
) -> tuple[Float[np.ndarray, "i d"], SolveReport]:
    """Find image vectors E whose means over stimuli are the neurons' vectors.

    Args:
      matrix: A, `[n i]`, with no empty rows.
      neurons: V, finite.
      start: E₀.
      settings: The solver and its settings.

    Returns:
      E in float64, and the report.

    Raises:
      DivergenceError: if gradient descent diverges.
    """
    target, begin = neurons.astype(np.float64), start.astype(np.float64)
    images, iterations, converged = SOLVERS[settings.solver](
        matrix, target, begin, settings
    )
    report = SolveReport(
        residual=rms(matrix @ images - target),
        rank=_rank(matrix),
        largest_norm=float(np.linalg.norm(images, axis=1).max()),
        iterations=iterations,
        converged=converged,
    )
    return images, report


def closed_form(
    matrix: sparse.csr_array,
    neurons: Float[np.ndarray, "n d"],
    start: Float[np.ndarray, "i d"],
    settings: SolveSettings,
) -> tuple[Float[np.ndarray, "i d"], int, bool]:
    """E = E₀ + Aᵀ (A Aᵀ + λ I)⁻¹ (V − A E₀), for λ = 0 E₀ + A⁺ (V − A E₀).

    By conjugate gradients on the normal equations (CGLS), all dimensions at once and
    without forming A Aᵀ: from zero it stays in the row space of A, so it finds the
    solution of least norm, even if duplicate neurons make A Aᵀ singular.

    Args:
      matrix: A, `[n i]`.
      neurons: V.
      start: E₀.
      settings: `ridge`, `tolerance` and `max_iterations`.

    Returns:
      E, the iterations, and whether the tolerance was met in every dimension.
    """
    transposed = matrix.T.tocsr()
    residual = neurons - matrix @ start
    update = np.zeros_like(start)
    gradient = transposed @ residual
    direction = gradient
    squared_norm = (gradient**2).sum(axis=0)
    squared_tolerance = settings.tolerance**2 * squared_norm
    for iteration in range(settings.max_iterations):
        # Dimensions are systems of their own: a finished one takes steps of 0.
        active = squared_norm > squared_tolerance
        if not active.any():
            return start + update, iteration, True
        mapped_direction = matrix @ direction
        penalty = settings.ridge * (direction**2).sum(axis=0)
        curvature = (mapped_direction**2).sum(axis=0) + penalty
        step = _ratio(squared_norm, curvature, active)
        update += step * direction
        residual -= step * mapped_direction
        gradient = transposed @ residual - settings.ridge * update
        previous_norm, squared_norm = squared_norm, (gradient**2).sum(axis=0)
        direction = gradient + _ratio(squared_norm, previous_norm, active) * direction
    has_converged = not (squared_norm > squared_tolerance).any()
    return start + update, settings.max_iterations, has_converged


def gradient_descent(
    matrix: sparse.csr_array,
    neurons: Float[np.ndarray, "n d"],
    start: Float[np.ndarray, "i d"],
    settings: SolveSettings,
) -> tuple[Float[np.ndarray, "i d"], int, bool]:
    """E ← E − rate · (Aᵀ (A E − V) + λ (E − E₀)), from E₀, all images at once.

    Args:
      matrix: A, `[n i]`.
      neurons: V.
      start: E₀.
      settings: `ridge`, `learning_rate`, `threshold` and `max_iterations`.

    Returns:
      E, the updates made, and whether the RMS distance fell below the threshold.

    Raises:
      DivergenceError: if the distance grows, because the learning rate is too large.
    """
    transposed = matrix.T.tocsr()
    images = start.copy()
    residual = matrix @ images - neurons
    residual_rms = initial_rms = rms(residual)
    for iteration in range(settings.max_iterations):
        if residual_rms < settings.threshold:
            return images, iteration, True
        gradient = transposed @ residual
        if settings.ridge:
            gradient += settings.ridge * (images - start)
        images -= settings.learning_rate * gradient
        residual = matrix @ images - neurons
        residual_rms = rms(residual)
        if not residual_rms < 100 * initial_rms:
            raise DivergenceError(
                f"gradient descent on image vectors diverges at iteration {iteration}: "
                f"RMS distance {residual_rms:.3g} after {initial_rms:.3g} at the "
                f"start, with learning_rate={settings.learning_rate}; lower it."
            )
    return images, settings.max_iterations, residual_rms < settings.threshold


def initial_images(count: int, dim: int, initial: str, seed: int) -> np.ndarray:
    """E₀ for `count` images as `float64[i d]`; see `SolveSettings.initial`.

    Args:
      count: Number of images.
      dim: Dimensions d.
      initial: A name in `INITIALS`.
      seed: Seed of random starts.
    """
    return INITIALS[initial](stream(seed, "initial image vectors"), (count, dim))


def rms(difference: Float[np.ndarray, "n d"]) -> float:
    """Root of the mean over neurons of a squared distance."""
    return float(np.sqrt((difference**2).sum(axis=1).mean()))


def _ratio(above: np.ndarray, below: np.ndarray, mask: np.ndarray) -> np.ndarray:
    """A quotient per dimension, 0 in those that are finished."""
    ratio = np.zeros_like(above)
    np.divide(above, below, out=ratio, where=mask)
    return ratio


def _rank(matrix: sparse.csr_array) -> int | None:
    count = matrix.shape[0]
    if count > RANK_LIMIT:
        return None
    values = np.linalg.eigvalsh((matrix @ matrix.T).toarray())
    return int((values > values[-1] * count * np.finfo(np.float64).eps).sum())


_Shape = tuple[int, int]
INITIALS: dict[str, Callable[[np.random.Generator, _Shape], np.ndarray]] = {
    "zeros": lambda generator, shape: np.zeros(shape),
    "uniform": lambda generator, shape: generator.uniform(-0.5, 0.5, shape),
}
"""The starts E₀ by name."""

SOLVERS: dict[str, Callable[..., tuple[np.ndarray, int, bool]]] = {
    "closed_form": closed_form,
    "gradient_descent": gradient_descent,
}
"""The solvers by name."""

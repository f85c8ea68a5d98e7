"""Build the unified semantic space and project other snapshots into it.

`build_space` is Step 2.1 of the paper's Sec. 3.2, `project_neurons` Step 2.2: once a
space exists, projecting a further run needs only its stimuli and does not change the
space. It costs one sparse product, `n k d` steps.
"""

import dataclasses
from collections.abc import Iterable, Mapping
from types import MappingProxyType
from typing import Any

import numpy as np
from jaxtyping import Array, Bool, Float

from conceptevo_jax.errors import (
    DataError,
    UsageError,
    require_count,
    require_seed,
    unknown_name,
)
from conceptevo_jax.projection.responsive import responsive_images
from conceptevo_jax.projection.solved_images import solved_images, stimulus_matrix
from conceptevo_jax.projection.solvers import SolveReport, SolveSettings, rms
from conceptevo_jax.types import Embedding, Space, Stimuli

POLICIES = ("covered", "random", "responsive")
"""Vectors of images that are no base neuron's stimulus: none; their
random start; or, for every image, the mean of the neurons that respond most."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class SpaceSettings:
    """How image vectors are computed.

    Attributes:
      policy: One of `POLICIES`.
      responsive: Number of neurons averaged per image with `responsive`.
      temperature: Temperature of the softmax over their ranks that weights them there;
        None for equal weights.
      solve: How image vectors are solved for with the other two policies.
      seed: Seed of random starts.
    """

    policy: str = "responsive"
    responsive: int = 20
    temperature: float | None = None
    solve: SolveSettings = dataclasses.field(default_factory=SolveSettings)
    seed: int = 0

    def __post_init__(self) -> None:
        if self.policy not in POLICIES:
            raise unknown_name("coverage policy", self.policy, POLICIES)
        require_count("responsive", self.responsive)
        require_seed(self.seed)
        if self.temperature is not None and not self.temperature > 0:
            raise UsageError(
                f"temperature={self.temperature} is out of range: above 0, or none."
            )
        if self.policy == "random" and self.solve.initial != "uniform":
            raise UsageError(
                f"policy 'random' keeps the random start of uncovered images, but "
                f"initial={self.solve.initial!r}; set initial to 'uniform'."
            )


@dataclasses.dataclass(frozen=True, kw_only=True)
class SpaceReport:
    """Quality of the space.

    Attributes:
      placed: Share of the pool's images that carry a vector.
      covered: Share of them that are a stimulus of at least one live base neuron.
      residual: RMS over base neurons of ‖projected − learned vector‖.
      largest_norm: Norm of the longest image vector.
      solve: The solver's report; None with `responsive`.
    """

    placed: float
    covered: float
    residual: float
    largest_norm: float
    solve: SolveReport | None


def build_space(
    stimuli: Stimuli,
    neurons: Embedding,
    *,
    base: str,
    pool_size: int,
    settings: SpaceSettings,
    quantiles: Float[np.ndarray, "n q"] | None = None,
    responses: Iterable[Float[Array, "b n"] | Float[np.ndarray, "b n"]] | None = None,
    method: Mapping[str, Any] = MappingProxyType({}),
) -> tuple[Space, SpaceReport]:
    """Compute the pool's image vectors from the base neurons' vectors (Step 2.1).

    Args:
      stimuli: The base snapshot's stimuli.
      neurons: Its learned vectors, from `fit_neurons`.
      base: The snapshot's name, `run@epoch`.
      pool_size: Images in the pool.
      settings: The coverage policy and its settings.
      quantiles: Quantiles of the base neurons' responses to a sample; needed by
        `responsive`.
      responses: Peak responses of the base neurons to the whole pool, in batches, read
        once; needed by `responsive`.
      method: Further settings of the space, to be recorded.

    Returns:
      The space and its report.

    Raises:
      UsageError: if `responsive` lacks its quantiles or responses.
      DataError: if stimuli, vectors, responses and pool do not fit each other.
    """
    _require_same_neurons(stimuli, neurons)
    if quantiles is None:
        quantiles = np.zeros((len(stimuli.count), 0), np.float32)
    images, solved = _images(
        stimuli, neurons, pool_size, settings, quantiles, responses
    )
    space = Space(
        base=base,
        pool_id=stimuli.pool_id,
        method=dataclasses.asdict(settings) | dict(method),
        sites=stimuli.sites,
        neurons=neurons,
        images=images,
        covered=_covered_images(stimuli, pool_size),
        quantiles=quantiles,
        residual=_residual(_project(stimuli, images), neurons),
    )
    return space, _report(space, solved)


def _require_same_neurons(stimuli: Stimuli, neurons: Embedding) -> None:
    if len(stimuli.count) != len(neurons.coverage) or not neurons.placed.any():
        raise DataError(
            f"{neurons.placed.sum()} of {len(neurons.coverage)} base neurons have a "
            f"vector, and there are stimuli of {len(stimuli.count)}; a space needs the "
            "vectors that were learnt from these stimuli."
        )


def _images(
    stimuli: Stimuli,
    neurons: Embedding,
    pool_size: int,
    settings: SpaceSettings,
    quantiles: np.ndarray,
    responses: Iterable[np.ndarray | Array] | None,
) -> tuple[Embedding, SolveReport | None]:
    """Image vectors for the policy, and the solver's report if one was used."""
    if settings.policy != "responsive":
        return solved_images(
            stimuli,
            neurons,
            pool_size=pool_size,
            settings=settings.solve,
            seed=settings.seed,
            keep_start=settings.policy == "random",
        )
    if responses is None or not quantiles.size:
        raise UsageError(
            "policy 'responsive' needs quantiles of the base neurons' responses and "
            "their responses to the pool; give both, or choose another policy."
        )
    images = responsive_images(
        responses,
        quantiles=quantiles,
        neurons=neurons,
        sites=stimuli.sites,
        count=settings.responsive,
        pool_size=pool_size,
        temperature=settings.temperature,
    )
    return images, None


def _covered_images(stimuli: Stimuli, pool_size: int) -> Bool[np.ndarray, " i"]:
    covered = np.zeros(pool_size, bool)
    covered[stimulus_matrix(stimuli, pool_size).indices] = True
    return covered


def _report(space: Space, solved: SolveReport | None) -> SpaceReport:
    placed = space.images.placed
    norms = np.linalg.norm(space.images.vectors[placed], axis=1)
    return SpaceReport(
        placed=float(placed.mean()),
        covered=float(space.covered.mean()),
        residual=space.residual,
        largest_norm=float(norms.max(initial=0)),
        solve=solved,
    )


def project_neurons(stimuli: Stimuli, space: Space) -> Embedding:
    """Place a snapshot's neurons at the mean of their stimuli's vectors (Step 2.2).

    Args:
      stimuli: The snapshot's stimuli, found on the space's pool.
      space: The unified space, which is only read.

    Returns:
      Vectors, NaN for neurons without a stimulus that has a vector, and the covered
      share of each neuron's stimuli.

    Raises:
      DataError: if the stimuli belong to another pool.

    Example:
      >>> placed = ce.project_neurons(stimuli, space)
      >>> placed.vectors.shape, bool(placed.placed[~stimuli.dead].all())
      ((164, 30), True)
    """
    if stimuli.pool_id != space.pool_id:
        raise DataError(
            f"the stimuli were found on pool {stimuli.pool_id}, but the space of "
            f"{space.base} is built on pool {space.pool_id}; find them on that pool, "
            "or build a space on theirs."
        )
    return _project(stimuli, space.images)


def _project(stimuli: Stimuli, images: Embedding) -> Embedding:
    matrix = stimulus_matrix(stimuli, len(images.coverage))
    placed = images.placed
    vectors = np.where(placed[:, None], images.vectors, 0).astype(np.float64)
    share = (matrix @ placed.astype(np.float64))[:, None]
    mean = np.full((len(share), vectors.shape[1]), np.nan)
    np.divide(matrix @ vectors, share, out=mean, where=share > 0)
    coverage = matrix @ images.coverage.astype(np.float64)
    return Embedding(
        vectors=mean.astype(np.float32), coverage=coverage.astype(np.float32)
    )


def _residual(projected: Embedding, neurons: Embedding) -> float:
    is_placed = projected.placed & neurons.placed
    if not is_placed.any():
        return 0.0
    return rms(
        (projected.vectors[is_placed] - neurons.vectors[is_placed]).astype(np.float64)
    )

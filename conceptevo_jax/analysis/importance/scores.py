"""Which evolutions matter for a class (paper, Sec. 3.3, Eq. 4).

The importance of a neuron's evolution is the share of the class's images for which the
class has a positive sensitivity to it. In addition to the paper, this reports the
split-half reliability of the ranking, and the difference of some sensitivities
from finite differences in double precision.
"""

import dataclasses
from collections.abc import Callable, Sequence

import jax
import numpy as np
from jaxtyping import Float, Int, UInt8

from conceptevo_jax.analysis.importance.endpoints import load_endpoint, overflow_error
from conceptevo_jax.analysis.importance.forward_differences import (
    DifferencesFunction,
    forward_differences,
)
from conceptevo_jax.analysis.importance.rankings import half_correlations, rank_neurons
from conceptevo_jax.analysis.importance.sensitivity import (
    TIES,
    SensitivityFunction,
    sensitivity_by_jvp,
    sensitivity_by_vjp,
)
from conceptevo_jax.data import require_pixels, require_rows
from conceptevo_jax.errors import (
    UsageError,
    require_count,
    require_seed,
    unknown_name,
)
from conceptevo_jax.models import Model, Variables
from conceptevo_jax.streams import stream
from conceptevo_jax.types import Importance, Site, Snapshot, neuron_count

METHODS = ("transpose", "jvp")

_CHECKED_IMAGES = 4
"""Images on which sensitivities are compared with finite differences."""


@dataclasses.dataclass(frozen=True, kw_only=True)
class ScoringSettings:
    """How importance is computed.

    Attributes:
      method: `transpose` (reverse mode, for all neurons together), or `jvp` (forward
        mode, one forward pass per neuron).
      sites: Names of the sites; if empty, all sites of the model.
      batch_size: Images per call; memory grows with it.
      checked: Number of the most important neurons, and the same number of random ones,
        whose sensitivity is compared with finite differences.
      ties: `one_sided`, the limit of Eq. 3 at ties, or `first`, as
        in autodiff and therefore in the authors' code: the first of equal maxima
        counts.
    """

    method: str = "transpose"
    sites: tuple[str, ...] = ()
    batch_size: int = 64
    checked: int = 10
    ties: str = "one_sided"

    def __post_init__(self) -> None:
        if self.method not in METHODS:
            raise unknown_name("importance method", self.method, METHODS)
        if self.ties not in TIES:
            raise unknown_name("derivative at ties", self.ties, TIES)
        require_count("batch_size", self.batch_size)
        require_count("checked", self.checked, minimum=0)


Measure = Callable[
    [Snapshot, Snapshot, UInt8[np.ndarray, "i h w 3"], Int[np.ndarray, " i"], int],
    Importance,
]
"""`measure(before, after, pixels, rows, label)`; `rows` identify images in a set."""


def select_sites(model: Model, names: Sequence[str]) -> tuple[Site, ...]:
    """The sites of these names, in forward order; without names, all sites of the
    model.

    Args:
      model: The architecture.
      names: Names of sites.

    Raises:
      UsageError: for an unknown site, with the valid ones.
    """
    valid_names = {model.site(name).name for name in names}
    return tuple(s for s in model.sites if not valid_names or s.name in valid_names)


def measure_importance(
    model: Model, scoring: ScoringSettings | None = None, *, seed: int = 0
) -> Measure:
    """Prepare to measure importances (paper, Sec. 3.3, Eqs. 2 to 4).

    Compiled once for any snapshots and classes.

    Args:
      model: The architecture of both snapshots of the evolution.
      scoring: How importance is computed; by default `ScoringSettings()`.
      seed: Seed of the random neurons to check and of the halves of images.

    Returns:
      The measure. It raises `UsageError` for no images, an unknown class, or a snapshot
      of another architecture, and `DataError` for one that is not finite.

    Raises:
      UsageError: for a seed out of range.

    Example:
      >>> rows = np.flatnonzero(pixels.labels == 3)[:8]
      >>> measure = ce.measure_importance(model)
      >>> importance = measure(before, after, pixels.pixels[rows], rows, 3)
      >>> importance.score.shape  # share of the images that an evolution speaks for
      (164,)
    """
    require_seed(seed)
    settings = scoring or ScoringSettings()
    sites = select_sites(model, settings.sites)
    return _ImportanceMeasure(
        model=model,
        sites=sites,
        sense=_prepare_sense(model, sites, settings),
        differences=forward_differences(model, sites),
        checked=settings.checked,
        seed=seed,
    )


def _prepare_sense(
    model: Model, sites: tuple[Site, ...], settings: ScoringSettings
) -> SensitivityFunction:
    method = (
        sensitivity_by_vjp if settings.method == "transpose" else sensitivity_by_jvp
    )
    return method(model, sites, settings.batch_size, settings.ties)


@dataclasses.dataclass(frozen=True, kw_only=True)
class _ImportanceMeasure:
    """A `Measure`, compiled once and called for each evolution and class."""

    model: Model
    sites: tuple[Site, ...]
    sense: SensitivityFunction
    differences: DifferencesFunction
    checked: int
    seed: int

    def __call__(
        self,
        before: Snapshot,
        after: Snapshot,
        pixels: UInt8[np.ndarray, "i h w 3"],
        rows: Int[np.ndarray, " i"],
        label: int,
    ) -> Importance:
        require_images(pixels, label, self.model)
        require_rows(rows, len(pixels))
        sensitivity, changed, endpoints = self._sense(before, after, pixels, label)
        score = (sensitivity > 0).mean(axis=0)
        checked = _neurons_to_check(score, sensitivity, self.checked, self.seed)
        return Importance(
            before=before.name,
            after=after.name,
            label=label,
            images=rows,
            sensitivity=sensitivity,
            score=score,
            changed=changed,
            halves=half_correlations(sensitivity, changed, self.sites, self.seed),
            checked=checked,
            difference=_relative_difference(
                self.differences, endpoints, pixels, label, checked, sensitivity
            ),
            sites=self.sites,
        )

    def _sense(
        self, before: Snapshot, after: Snapshot, pixels: np.ndarray, label: int
    ) -> tuple[np.ndarray, np.ndarray, tuple[Variables, Variables]]:
        """Sensitivities `[i n]`, which neurons changed, and both snapshots' weights.

        Raises:
          DataError: if a sensitivity is not finite.
        """
        endpoints = load_endpoint(self.model, before), load_endpoint(self.model, after)
        all_neurons = np.arange(neuron_count(self.sites))
        # Accelerators would round to 10 bits or so, and lose the sign of what is small.
        with jax.default_matmul_precision("highest"):
            sensitivity, changed = self.sense(*endpoints, pixels, label, all_neurons)
        finite = np.isfinite(sensitivity).all(axis=1)
        if not finite.all():
            ends, overflowing = (before, after), pixels[~finite][:1]
            raise overflow_error(self.model, ends, endpoints, overflowing)
        return sensitivity, changed, endpoints


def require_images(pixels: np.ndarray, label: int, model: Model) -> None:
    """Refuse a class without images or that the model lacks, and malformed pixels.

    Args:
      pixels: Images of the class.
      label: The class.
      model: The architecture.

    Raises:
      UsageError: naming the class.
    """
    require_count("the class", label, minimum=0)
    if label >= model.classes:
        raise UsageError(
            f"class {label} is none of the {model.classes} classes of {model.name}."
        )
    if not len(pixels):
        raise UsageError(
            f"class {label} has no images: an evolution matters for images. Take more "
            "images or another class."
        )
    require_pixels(pixels)
    model.require_size(pixels.shape[1])


def _neurons_to_check(
    score: np.ndarray, sensitivity: np.ndarray, count: int, seed: int
) -> Int[np.ndarray, " _"]:
    """The first `count` of the ranking, and the same number of others at random."""
    order = rank_neurons(score, sensitivity, seed)
    count = min(count, len(order) // 2)
    random_rest = stream(seed, "checked neurons").permutation(order[count:])[:count]
    return np.concatenate([order[:count], random_rest]).astype(np.int64)


def _relative_difference(
    differences: DifferencesFunction,
    endpoints: tuple[Variables, Variables],
    pixels: np.ndarray,
    label: int,
    checked: Int[np.ndarray, " _"],
    sensitivity: Float[np.ndarray, "i n"],
) -> float:
    """Largest difference to the exact sensitivities, relative to the largest of these.

    Of the checked neurons to the first few images; 0 where none is checked.
    """
    if not len(checked):
        return 0.0
    exact_sensitivity = differences(
        *endpoints, pixels[:_CHECKED_IMAGES], label, checked
    )
    difference = np.abs(
        exact_sensitivity - sensitivity[: len(exact_sensitivity), checked]
    ).max()
    return float(difference / (np.abs(exact_sensitivity).max() or 1))

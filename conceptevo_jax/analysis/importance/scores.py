"""Which evolutions matter for a class (paper, Sec. 3.3, Eq. 4).

The importance of a neuron's evolution is the share of the class's images for which the
class is sensitive to it in the positive. Beside each stand what the paper lacks: how
alike two halves of the images rank the neurons, and how far some sensitivities lie from
finite differences in double precision.
"""

import dataclasses
from collections.abc import Callable, Sequence

import jax
import numpy as np
from jaxtyping import Bool, Float, Int, UInt8
from scipy.stats import rankdata

from conceptevo_jax.analysis.importance.endpoints import load_end, overflow
from conceptevo_jax.analysis.importance.forward_differences import forward_differences
from conceptevo_jax.analysis.importance.sensitivity import TIES, by_jvp, by_transpose
from conceptevo_jax.analysis.statistics.intervals import known_mean
from conceptevo_jax.data import require_pixels, require_rows
from conceptevo_jax.errors import (
    UsageError,
    require_count,
    require_seed,
    unknown_name,
)
from conceptevo_jax.models import Model
from conceptevo_jax.streams import stream
from conceptevo_jax.types import Importance, Site, Snapshot, neuron_count, site_slices

METHODS = ("transpose", "jvp")

_CHECKED_IMAGES = 4
_DIVISIONS = 10
_FEWEST_RANKED = 3


@dataclasses.dataclass(frozen=True, kw_only=True)
class Scoring:
    """How importance is computed.

    Attributes:
      method: `transpose`, or `jvp` for one neuron after the other, which takes as many
        forward passes as there are neurons.
      sites: Names of the sites; all of the model's, where empty.
      batch_size: Images per call; memory grows with it.
      checked: Neurons whose sensitivity is compared with finite differences: so many
        of the most important, and as many random ones.
      ties: `one_sided`, the limit of Eq. 3 where values are equal, or `first`, as
        autodiff has it and so the authors' code: of equal maxima the first counts.
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
"""`measure(before, after, pixels, rows, label)`; `rows` say which images these are."""


def chosen_sites(model: Model, names: Sequence[str]) -> tuple[Site, ...]:
    """The sites so named, in forward order; all of them for no names.

    Raises:
      UsageError: for an unknown one, with the valid ones.
    """
    wanted = {model.site(name).name for name in names}
    return tuple(s for s in model.sites if not wanted or s.name in wanted)


def measure_importance(
    model: Model, scoring: Scoring | None = None, *, seed: int = 0
) -> Measure:
    """Prepare to measure importances; compiled once for any snapshots and classes.

    Args:
      model: The architecture of both ends of the evolution.
      scoring: How.
      seed: Decides which random neurons are checked, and how images are halved.

    Returns:
      The measure. It raises `UsageError` for no images, an unknown class, or a snapshot
      of another architecture, and `DataError` for one that is not finite.

    Raises:
      UsageError: for a seed out of range.
    """
    require_seed(seed)
    how = scoring or Scoring()
    sites = chosen_sites(model, how.sites)
    method = by_transpose if how.method == "transpose" else by_jvp
    sense = method(model, sites, how.batch_size, how.ties)
    differences = forward_differences(model, sites)
    everyone = np.arange(neuron_count(sites))

    def measure(
        before: Snapshot,
        after: Snapshot,
        pixels: UInt8[np.ndarray, "i h w 3"],
        rows: Int[np.ndarray, " i"],
        label: int,
    ) -> Importance:
        require_images(pixels, label, model)
        require_rows(rows, len(pixels))
        ends = load_end(model, before), load_end(model, after)
        # Accelerators would round to 10 bits or so, and lose the sign of what is small.
        with jax.default_matmul_precision("highest"):
            sensitivity, changed = sense(*ends, pixels, label, everyone)
        bad = ~np.isfinite(sensitivity).all(axis=1)
        if bad.any():
            raise overflow(model, (before, after), ends, pixels[bad][:1])
        score = (sensitivity > 0).mean(axis=0)
        checked = _to_check(score, sensitivity, how.checked, seed)
        difference = 0.0
        if len(checked):
            few = pixels[:_CHECKED_IMAGES]
            exact = differences(*ends, few, label, checked)
            difference = _difference(exact, sensitivity[: len(few), checked])
        return Importance(
            before=before.name,
            after=after.name,
            label=label,
            images=rows,
            sensitivity=sensitivity,
            score=score,
            changed=changed,
            halves=half_correlations(sensitivity, changed, sites, seed),
            checked=checked,
            difference=difference,
            sites=sites,
        )

    return measure


def require_images(pixels: np.ndarray, label: int, model: Model) -> None:
    """Refuse a class that has no images or that the model does not know, and pixels
    that are none.

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


def _to_check(
    score: np.ndarray, sensitivity: np.ndarray, count: int, seed: int
) -> Int[np.ndarray, " _"]:
    """The first `count` of the ranking, and as many of the others at random."""
    order = rank_neurons(score, sensitivity, seed)
    count = min(count, len(order) // 2)
    rest = stream(seed, "checked neurons").permutation(order[count:])[:count]
    return np.concatenate([order[:count], rest]).astype(np.int64)


def _difference(exact: np.ndarray, found: np.ndarray) -> float:
    """Largest difference as a share of the largest exact value, if there is any."""
    return float(np.abs(exact - found).max() / (np.abs(exact).max() or 1))


def rank_neurons(
    score: Float[np.ndarray, " n"],
    sensitivity: Float[np.ndarray, "i n"],
    seed: int,
    *numbers: int,
) -> Int[np.ndarray, " n"]:
    """Neurons from the most to the least important.

    Scores are multiples of one over the number of images, so many are equal: of these
    the one with the larger mean sensitivity comes first, then chance
    decides, by the seed and the numbers of the draw.
    """
    chance = stream(seed, "ranks of neurons", *numbers).permutation(len(score))
    return np.lexsort((chance, -sensitivity.mean(axis=0), -score))


def half_correlations(
    sensitivity: Float[np.ndarray, "i n"],
    changed: Bool[np.ndarray, " n"],
    sites: Sequence[Site],
    seed: int,
) -> Float[np.ndarray, " s"]:
    """Per site, how alike two halves of the images rank its changed neurons.

    Spearman's correlation of the rankings, mean over those of ten seeded divisions in
    which both halves tell neurons apart; NaN where fewer than three changed.
    """
    rng, count = stream(seed, "halves of images"), len(sensitivity)
    found = np.full((_DIVISIONS, len(sites)), np.nan)
    if count < 2:
        return found[0]
    for division in found:
        mixed = rng.permutation(count)
        halves = [mixed[: count // 2], mixed[count // 2 :]]
        for at, where in enumerate(site_slices(sites).values()):
            own = sensitivity[:, where][:, changed[where]]
            if own.shape[1] >= _FEWEST_RANKED:
                one, other = (_ranks(own[half]) for half in halves)
                if one.std() and other.std():
                    division[at] = np.corrcoef(one, other)[0, 1]
    return known_mean(found)


def class_correlation(found: Sequence[Importance]) -> float:
    """How alike different classes rank the neurons of one evolution.

    Spearman's correlation of the rankings at a site, mean over sites and pairs of
    classes: what halves of one class's images have to exceed if a ranking is to tell of
    the class. NaN for fewer than two classes.
    """
    if len(found) < 2:
        return float("nan")
    changed = np.any([one.changed for one in found], axis=0)
    means = []
    for where in site_slices(found[0].sites).values():
        own = [one.sensitivity[:, where][:, changed[where]] for one in found]
        if own[0].shape[1] >= _FEWEST_RANKED:
            ranks = np.array([_ranks(one) for one in own])
            ranks = ranks[ranks.std(axis=1) > 0]
            if len(ranks) > 1:
                table = np.corrcoef(ranks)
                means.append(table[np.triu_indices(len(table), 1)].mean())
    return float(np.mean(means)) if means else float("nan")


def _ranks(sensitivity: Float[np.ndarray, "i n"]) -> Float[np.ndarray, " n"]:
    """Ranks by score, then by mean sensitivity; equal ones share theirs."""
    keys = np.stack([(sensitivity > 0).mean(axis=0), sensitivity.mean(axis=0)])
    _, order = np.unique(keys, axis=1, return_inverse=True)
    return rankdata(order)

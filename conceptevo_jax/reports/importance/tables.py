"""Tables of importance and reversion, from their records."""

import itertools
from collections.abc import Sequence
from typing import Any

import numpy as np
from jaxtyping import Float

from conceptevo_jax.analysis.importance.rankings import rank_neurons
from conceptevo_jax.analysis.importance.reversion import DIRECTIONS, GROUPS, METRICS
from conceptevo_jax.analysis.statistics.intervals import (
    finite_mean,
    mean_interval,
    share_intervals,
)
from conceptevo_jax.pipeline.outcome import finite
from conceptevo_jax.reports.importance.evolutions import Evolution
from conceptevo_jax.reports.importance.measure import mean_halves
from conceptevo_jax.types import Importance, Reversion, copied_neurons, neuron_ids

RANDOM = "random"
"""The last of the quantiles: as many neurons drawn at random."""

JUDGED = GROUPS.index("other")
"""Claims rest on training images that the ranking never saw."""


def quantile_names(count: int) -> list[str]:
    """Names of the percentile bins, the most important first, and of the draw."""
    bins = count - 1
    ends = [f"{100 * i / bins:.0f}" for i in range(count)]
    return [f"{a}-{b} %" for a, b in itertools.pairwise(ends)] + [RANDOM]


def top_neurons(importance: Importance, count: int, seed: int) -> list[int]:
    """The most important neurons, copies of others left out."""
    order = rank_neurons(importance.score, importance.sensitivity, seed)
    copies = copied_neurons(importance.sites)
    return [neuron for neuron in order.tolist() if not copies[neuron]][:count]


def _of(evolution: Evolution) -> dict[str, Any]:
    low, high = evolution.accuracies
    return {
        "run": evolution.run.name,
        "evolution": evolution.number,
        "before": evolution.before.epoch,
        "after": evolution.after.epoch,
        "train_top1_before": low,
        "train_top1_after": high,
        "relative": evolution.relative,
    }


def evolution_row(
    evolution: Evolution, importance: Importance, class_name: str
) -> dict[str, Any]:
    """One row per evolution and class: how much there is to tell, and how surely."""
    n = len(importance.score)
    ends = share_intervals(importance.score, len(importance.images))
    return _of(evolution) | {
        "class": class_name,
        "images": len(importance.images),
        "neurons": n,
        "unchanged": int(n - importance.changed.sum()),
        "surely_positive": int((ends[:, 0] > 0.5).sum()),
        "surely_negative": int((ends[:, 1] < 0.5).sum()),
        "halves_correlation": mean_halves(importance),
        "checked": len(importance.checked),
        "largest_difference": importance.difference,
    }


def top_rows(
    evolution: Evolution,
    importance: Importance,
    class_name: str,
    neurons: Sequence[int],
) -> list[dict[str, Any]]:
    """The most important neurons of an evolution for a class, with intervals."""
    ids = neuron_ids(importance.after, importance.sites)
    ends = share_intervals(importance.score[list(neurons)], len(importance.images))
    mean = importance.sensitivity.mean(axis=0)
    return [
        _of(evolution)
        | {
            "class": class_name,
            "rank": rank,
            "neuron": ids[neuron].partition("/")[2],
            "importance": float(importance.score[neuron]),
            "low": float(low),
            "high": float(high),
            "mean_sensitivity": float(mean[neuron]),
        }
        for rank, (neuron, (low, high)) in enumerate(zip(neurons, ends, strict=True), 1)
    ]


def changes(
    found: Sequence[Reversion], direction: str
) -> Float[np.ndarray, "m r s q g 2"]:
    """Accuracy with exchanged channels less accuracy without, by class.

    Args:
      found: One evolution's reversions, one per class.
      direction: One of `DIRECTIONS`.
    """
    plain = "at_after" if direction == "reverted" else "at_before"
    return np.stack(
        [getattr(r, direction) - getattr(r, plain)[:, None, None] for r in found]
    )


def reversion_rows(
    evolution: Evolution, found: Sequence[Reversion]
) -> list[dict[str, Any]]:
    """Mean change of accuracy per group of images, metric, direction and quantile.

    Averaged over sites, repeats and those `classes` that have such images, as in the
    paper; `low` and `high` are the 95 % interval over classes, `sd_repeats` the
    deviation between repeats.
    """
    rows = []
    for direction in DIRECTIONS:
        values = changes(found, direction).mean(axis=2)
        plain = "at_after" if direction == "reverted" else "at_before"
        start = finite_mean(np.array([getattr(r, plain) for r in found]).mean(axis=1))
        names = quantile_names(values.shape[2])
        for g, group in enumerate(GROUPS):
            for m, metric in enumerate(METRICS):
                for q, name in enumerate(names):
                    own = values[:, :, q, g, m]
                    by_class = own.mean(axis=1)
                    low, high = mean_interval(by_class.tolist()) or (None, None)
                    spread = finite_mean(own)
                    many = len(spread) > 1
                    rows.append(
                        _of(evolution)
                        | {
                            "direction": direction,
                            "group": group,
                            "metric": metric,
                            "bin": name,
                            "change": finite(float(finite_mean(by_class))),
                            "low": low,
                            "high": high,
                            "sd_repeats": finite(float(spread.std(ddof=1)))
                            if many
                            else None,
                            "accuracy": finite(float(start[g, m])),
                            "classes": int(np.isfinite(by_class).sum()),
                        }
                    )
    return rows


def site_rows(evolution: Evolution, found: Sequence[Reversion]) -> list[dict[str, Any]]:
    """Mean change of top-1 accuracy by site, on images the ranking never saw."""
    values = finite_mean(changes(found, "reverted")[..., JUDGED, 0].mean(axis=1))
    names = quantile_names(values.shape[1])
    return [
        _of(evolution) | {"site": site.name, **dict(zip(names, row, strict=True))}
        for site, row in zip(found[0].sites, values.tolist(), strict=True)
    ]

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
from conceptevo_jax.pipeline.session import Session
from conceptevo_jax.reports.importance.evolutions import Evolution
from conceptevo_jax.reports.importance.measure import split_half_reliability
from conceptevo_jax.reports.importance.run_importance import RunImportance
from conceptevo_jax.types import Importance, Reversion, copied_neurons, neuron_ids

RANDOM_QUANTILE = "random"
"""The last of the quantiles: the same number of neurons at random."""

CLAIM_GROUP = GROUPS.index("other")
"""Claims use training images that the ranking did not use."""

TABLED_NEURONS = 20
"""Neurons per class and evolution in `top_evolutions.csv`."""


def quantile_names(count: int) -> list[str]:
    """Names of the percentile bins, the most important first, and of the random one."""
    bins = count - 1
    percentiles = [f"{100 * i / bins:.0f}" for i in range(count)]
    return [f"{a}-{b} %" for a, b in itertools.pairwise(percentiles)] + [
        RANDOM_QUANTILE
    ]


def top_neurons(importance: Importance, count: int, seed: int) -> list[int]:
    """The most important neurons, without those that copy another.

    Args:
      importance: Scores and sensitivities of `n` neurons.
      count: Neurons at most.
      seed: Orders equally important neurons.

    Returns:
      Their positions on the `n` axis, the most important first.
    """
    order = rank_neurons(importance.score, importance.sensitivity, seed)
    copies = copied_neurons(importance.sites)
    return [neuron for neuron in order.tolist() if not copies[neuron]][:count]


def _evolution_columns(evolution: Evolution) -> dict[str, Any]:
    accuracy_before, accuracy_after = evolution.accuracies
    return {
        "run": evolution.run.name,
        "evolution": evolution.number,
        "before": evolution.before.epoch,
        "after": evolution.after.epoch,
        "train_top1_before": accuracy_before,
        "train_top1_after": accuracy_after,
        "relative": evolution.relative,
    }


def evolution_row(
    evolution: Evolution, importance: Importance, class_name: str
) -> dict[str, Any]:
    """A row of `evolutions.csv`: the number of neurons that matter significantly.

    Args:
      evolution: The evolution.
      importance: Its importance for a class.
      class_name: The class.
    """
    n = len(importance.score)
    intervals = share_intervals(importance.score, len(importance.images))
    return _evolution_columns(evolution) | {
        "class": class_name,
        "images": len(importance.images),
        "neurons": n,
        "unchanged": int(n - importance.changed.sum()),
        "surely_positive": int((intervals[:, 0] > 0.5).sum()),
        "surely_negative": int((intervals[:, 1] < 0.5).sum()),
        "halves_correlation": split_half_reliability(importance),
        "checked": len(importance.checked),
        "largest_difference": importance.difference,
    }


def top_rows(
    evolution: Evolution,
    importance: Importance,
    class_name: str,
    neurons: Sequence[int],
) -> list[dict[str, Any]]:
    """The most important neurons of an evolution for a class, with intervals.

    Args:
      evolution: Which one.
      importance: Its importance for the class.
      class_name: The class.
      neurons: Positions of the neurons in the importance, the first in rank first.
    """
    ids = neuron_ids(importance.after, importance.sites)
    scores, images = importance.score[list(neurons)], len(importance.images)
    intervals = share_intervals(scores, images)
    mean_sensitivity = importance.sensitivity.mean(axis=0)
    return [
        _evolution_columns(evolution)
        | {
            "class": class_name,
            "rank": rank,
            "neuron": ids[neuron].partition("/")[2],
            "importance": float(importance.score[neuron]),
            "low": float(low),
            "high": float(high),
            "mean_sensitivity": float(mean_sensitivity[neuron]),
        }
        for rank, (neuron, (low, high)) in enumerate(
            zip(neurons, intervals, strict=True), 1
        )
    ]


def importance_rows(
    session: Session, run_importance: RunImportance
) -> tuple[list[dict[str, Any]], list[dict[str, Any]]]:
    """Rows of `evolutions.csv` and of `top_evolutions.csv`.

    Args:
      session: Names of the classes, and the seed.
      run_importance: The run's evolutions and their importances.
    """
    class_names, seed = session.images.classes, session.config.seed
    summary_rows, neuron_rows = [], []
    for evolution, importances in run_importance.pairs():
        for importance in importances:
            class_name = class_names[importance.label]
            summary_rows.append(evolution_row(evolution, importance, class_name))
            neurons = top_neurons(importance, TABLED_NEURONS, seed)
            neuron_rows += top_rows(evolution, importance, class_name, neurons)
    return summary_rows, neuron_rows


def accuracy_changes(
    reversions: Sequence[Reversion], direction: str
) -> Float[np.ndarray, "m r s q g 2"]:
    """Accuracy with patched channels minus accuracy without, by class.

    Args:
      reversions: Those of one evolution, one per class.
      direction: One of `DIRECTIONS`.

    Returns:
      Axes: class, repeat, site, quantile, group of images, metric.
    """
    baseline = _baseline_field(direction)
    return np.stack(
        [
            getattr(r, direction) - getattr(r, baseline)[:, None, None]
            for r in reversions
        ]
    )


def _baseline_field(direction: str) -> str:
    """The field of `Reversion` with the accuracy before any patching."""
    return "at_after" if direction == "reverted" else "at_before"


def reversion_rows(
    evolution: Evolution, reversions: Sequence[Reversion]
) -> list[dict[str, Any]]:
    """Mean change of accuracy per group of images, metric, direction and quantile.

    Averaged over sites, repeats and the `classes` with such images, as in the
    paper; `low` and `high` are the 95 % interval over classes, `sd_repeats` the
    standard deviation between repeats.

    Args:
      evolution: The evolution.
      reversions: One per class.
    """
    rows = []
    for direction in DIRECTIONS:
        site_means = accuracy_changes(reversions, direction).mean(axis=2)
        baselines = [getattr(r, _baseline_field(direction)) for r in reversions]
        accuracy = finite_mean(np.array(baselines).mean(axis=1))
        names = quantile_names(site_means.shape[2])
        for g, group in enumerate(GROUPS):
            for m, metric in enumerate(METRICS):
                for q, name in enumerate(names):
                    rows.append(
                        _evolution_columns(evolution)
                        | {
                            "direction": direction,
                            "group": group,
                            "metric": metric,
                            "bin": name,
                        }
                        | _change_columns(
                            site_means[:, :, q, g, m], float(accuracy[g, m])
                        )
                    )
    return rows


def _change_columns(
    changes: Float[np.ndarray, "m r"], accuracy: float
) -> dict[str, Any]:
    """The mean change over classes and repeats, with its uncertainty."""
    class_means = changes.mean(axis=1)
    low, high = mean_interval(class_means.tolist()) or (None, None)
    repeat_means = finite_mean(changes)
    # One repeat has no deviation.
    deviation = float(repeat_means.std(ddof=1)) if len(repeat_means) > 1 else None
    return {
        "change": finite(float(finite_mean(class_means))),
        "low": low,
        "high": high,
        "sd_repeats": finite(deviation),
        "accuracy": finite(accuracy),
        "classes": int(np.isfinite(class_means).sum()),
    }


def site_rows(
    evolution: Evolution, reversions: Sequence[Reversion]
) -> list[dict[str, Any]]:
    """Mean change of top-1 accuracy by site, on images the ranking did not use.

    Args:
      evolution: Which one.
      reversions: One per class.
    """
    changes = accuracy_changes(reversions, "reverted")[..., CLAIM_GROUP, 0]
    changes_by_site = finite_mean(changes.mean(axis=1))
    names = quantile_names(changes_by_site.shape[1])
    return [
        _evolution_columns(evolution)
        | {"site": site.name, **dict(zip(names, row, strict=True))}
        for site, row in zip(reversions[0].sites, changes_by_site.tolist(), strict=True)
    ]

"""The quality of a trial in one number, its mean AUC, and its mean time."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float

from conceptevo_jax.reports.hyperparameters.measure import Tried
from conceptevo_jax.reports.hyperparameters.trials import Trial

ScoredTrials = Sequence[tuple[Trial, Mapping[str, Tried]]]
"""Trials, each with its results by base."""


def mean_auc(tried: Tried) -> float:
    """Mean AUC over agreements and all runs except the base."""
    return float(tried.aucs.mean())


def auc_by_run(tried: Tried) -> Float[np.ndarray, " r"]:
    """Mean AUC over agreements of each run except the base."""
    return tried.aucs.mean(axis=1)


def overall_auc(results_by_base: Mapping[str, Tried]) -> float:
    """Mean AUC over the bases as well; NaN if the trial failed with a base."""
    return float(np.mean([mean_auc(tried) for tried in results_by_base.values()]))


def mean_seconds(results_by_base: Mapping[str, Tried]) -> float:
    """Mean time of a trial over the bases; NaN if it failed with a base."""
    times = [
        np.nan
        if tried.fit_seconds is None or tried.space_seconds is None
        else tried.fit_seconds + tried.space_seconds
        for tried in results_by_base.values()
    ]
    return float(np.mean(times))


def group_by_factor(trials: ScoredTrials) -> Mapping[tuple[str, str], ScoredTrials]:
    """The trials of each setting, by centre and setting, in the order of the trials."""
    groups: dict[tuple[str, str], list[tuple[Trial, Mapping[str, Tried]]]] = {}
    for trial, results_by_base in trials:
        if trial.factor:
            key = (trial.centre, trial.factor)
            groups.setdefault(key, []).append((trial, results_by_base))
    return groups

"""The quality of a trial in one number, its mean AUC, and its mean time."""

from collections.abc import Mapping, Sequence

import numpy as np
from jaxtyping import Float

from conceptevo_jax.reports.hyperparameters.measure import Tried
from conceptevo_jax.reports.hyperparameters.trials import Trial

ScoredTrials = Sequence[tuple[Trial, Mapping[str, Tried]]]
"""Trials, each with its results by base."""


def mean_auc(trial_result: Tried) -> float:
    """Mean AUC over agreements and all runs except the base."""
    return float(trial_result.aucs.mean())


def auc_by_run(trial_result: Tried) -> Float[np.ndarray, " r"]:
    """Mean AUC over agreements of each run except the base."""
    return trial_result.aucs.mean(axis=1)


def overall_auc(results_by_base: Mapping[str, Tried]) -> float:
    """Mean AUC over the bases as well; NaN if the trial failed with a base."""
    return float(
        np.mean([mean_auc(trial_result) for trial_result in results_by_base.values()])
    )


def mean_seconds(results_by_base: Mapping[str, Tried]) -> float:
    """Mean time of a trial over the bases; NaN if it failed with a base."""
    times = [
        np.nan
        if trial_result.fit_seconds is None or trial_result.space_seconds is None
        else trial_result.fit_seconds + trial_result.space_seconds
        for trial_result in results_by_base.values()
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

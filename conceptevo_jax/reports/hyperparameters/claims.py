"""Claims that the settings in use are near the best tried."""

from collections.abc import Mapping

import numpy as np
from jaxtyping import Float

from conceptevo_jax.analysis.statistics.intervals import mean_interval
from conceptevo_jax.config import Config
from conceptevo_jax.pipeline.outcome import Claim, finite
from conceptevo_jax.reports.hyperparameters.measure import Tried
from conceptevo_jax.reports.hyperparameters.quality import (
    ScoredTrials,
    auc_by_run,
    group_by_factor,
    mean_seconds,
    overall_auc,
)
from conceptevo_jax.reports.hyperparameters.settings import HyperparametersSettings
from conceptevo_jax.reports.hyperparameters.trials import Trial, has_centre_value

NEAR_BEST_AUC = 0.01
"""How far a setting near the best may lie below it, in AUC."""

_PAPER = {
    "stimuli.k": "k = 10, tested from 5 to 30 (Sec. 4.1)",
    "embedding.dim": "dimension 30, tested from 5 to 100 (Sec. 4.1)",
    "embedding.negatives": "R = 3, tested from 0 to 5 (Sec. 4.1)",
    "embedding.learning_rate": "rate .05, tested from .001 to .5 (Sec. 4.1)",
    "projection.learning_rate": "rate .002, tested from .001 to .5 (Sec. 4.1)",
}


def near_best_claims(config: Config, trials: ScoredTrials) -> list[Claim]:
    """Per setting: is the value in use near the best that was tried?

    Args:
      config: Names bases and centres.
      trials: Trials with their results.

    """
    claims = []
    for (centre, factor), factor_trials in group_by_factor(trials).items():
        used_trials = [
            index
            for index, (trial, _) in enumerate(factor_trials)
            if has_centre_value(config, trial)
        ]
        if used_trials:
            paper = _PAPER.get(factor) if centre == "paper" else None
            name = f"{centre}_{factor}_near_best"
            claims.append(
                _near_best_claim(config, name, paper, factor_trials, used_trials[0])
            )
    return claims


def _gap_by_run(
    config: Config, best: Mapping[str, Tried], used: Mapping[str, Tried]
) -> Float[np.ndarray, " r"]:
    """The best trial's AUC minus the used one's, per pair of a base and a run."""
    return np.concatenate(
        [
            auc_by_run(best[base]) - auc_by_run(used[base])
            for base in HyperparametersSettings.of(config).bases
        ]
    )


def _near_best_claim(
    config: Config, name: str, paper: str | None, trials: ScoredTrials, used_trial: int
) -> Claim:
    """The claim on one setting, whose value in use is that of `used_trial`."""
    aucs = [overall_auc(results_by_base) for _, results_by_base in trials]
    best_trial = int(np.nanargmax(aucs))
    gap = aucs[best_trial] - aucs[used_trial]
    run_gaps = _gap_by_run(config, trials[best_trial][1], trials[used_trial][1])
    interval = mean_interval(run_gaps.tolist())
    upper_end = gap if interval is None else interval[1]
    return Claim(
        id=name,
        paper=paper,
        rule=f"mean AUC of the best value tried exceeds that of "
        f"{trials[used_trial][0].value} by at most {NEAR_BEST_AUC}: upper end of the "
        "95 % interval over pairs of a base and a run (for a single pair, the value)",
        measured=finite(gap),
        interval=interval,
        n=len(run_gaps),
        holds=bool(upper_end <= NEAR_BEST_AUC),
        why="; ".join(
            _describe_trial(trial, auc, results_by_base)
            for (trial, results_by_base), auc in zip(trials, aucs, strict=True)
        ),
    )


def _describe_trial(
    trial: Trial, auc: float, results_by_base: Mapping[str, Tried]
) -> str:
    if np.isnan(auc):
        return f"{trial.value}: diverges"
    return f"{trial.value}: {auc:.3f} in {mean_seconds(results_by_base):.1f} s"

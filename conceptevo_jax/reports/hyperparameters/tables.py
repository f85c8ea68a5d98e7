"""The table of trials."""

from typing import Any

from conceptevo_jax.config import Config
from conceptevo_jax.pipeline.outcome import finite
from conceptevo_jax.pipeline.projected_run import AGREEMENTS
from conceptevo_jax.reports.hyperparameters.quality import ScoredTrials
from conceptevo_jax.reports.hyperparameters.trials import has_centre_value


def trial_rows(config: Config, trials: ScoredTrials) -> list[dict[str, Any]]:
    """A row per trial, base and run.

    Args:
      config: Names the centres.
      trials: Trials with their results.
    """
    return [
        {
            "around": trial.centre,
            "setting": trial.factor or "all",
            "value": "as it is" if not trial.factor else str(trial.value),
            "is_centre": has_centre_value(config, trial),
            "base": base,
            "run": name,
            **{
                f"auc_{agreement}": finite(float(auc))
                for agreement, auc in zip(AGREEMENTS, aucs, strict=True)
            },
            "fit_seconds": trial_result.fit_seconds,
            "space_seconds": trial_result.space_seconds,
            "why_not": trial_result.why or "",
        }
        for trial, results_by_base in trials
        for base, trial_result in results_by_base.items()
        for name, aucs in zip(trial_result.runs, trial_result.aucs, strict=True)
    ]

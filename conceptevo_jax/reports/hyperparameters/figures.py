"""The figures of trials: quality and time by value, a panel per setting."""

from pathlib import Path
from typing import Any

import numpy as np
from matplotlib.figure import Figure

from conceptevo_jax.config import Config
from conceptevo_jax.figures import Factor, draw_factors, save_figure
from conceptevo_jax.reports.hyperparameters.quality import (
    ScoredTrials,
    group_by_factor,
    mean_auc,
    mean_seconds,
)
from conceptevo_jax.reports.hyperparameters.settings import HyperparametersSettings
from conceptevo_jax.reports.hyperparameters.trials import has_centre_value


def save_figures(config: Config, trials: ScoredTrials, folder: Path) -> list[Path]:
    """Draw the trials around each centre.

    Args:
      config: Names bases and centres.
      trials: All trials, and how they did.
      folder: Where the figures go.
    """
    paths = []
    for centre in dict.fromkeys(trial.centre for trial, _ in trials):
        centre_trials = [pair for pair in trials if pair[0].centre == centre]
        figure = factors_figure(config, centre, centre_trials)
        paths += save_figure(figure, folder / f"around_{centre}")[:1]
    return paths


def factors_figure(config: Config, centre: str, trials: ScoredTrials) -> Figure:
    """Quality and time by value, a panel per setting.

    Args:
      config: Names bases and centres.
      centre: Name of the method that the trials differ from.
      trials: The trials around it, and how they did.
    """
    bases = HyperparametersSettings.of(config).bases
    factors = [
        Factor(
            name=factor,
            values=tuple(_format_setting(trial.value) for trial, _ in scored_trials),
            centre=next(
                (
                    index
                    for index, (trial, _) in enumerate(scored_trials)
                    if has_centre_value(config, trial)
                ),
                None,
            ),
            quality=np.array(
                [
                    [
                        mean_auc(results_by_base[base])
                        for _, results_by_base in scored_trials
                    ]
                    for base in bases
                ]
            ),
            seconds=np.array(
                [mean_seconds(results_by_base) for _, results_by_base in scored_trials]
            ),
        )
        for (_, factor), scored_trials in group_by_factor(trials).items()
    ]
    titles = [f"space of {config.runs[base].title}" for base in bases]
    title = (
        f"One setting at a time around method {centre} (grey: its own value). Held-out "
        "alignment of other architectures, mean AUC, on the validation images; seconds "
        "for learning neuron vectors, embedding images and projecting"
    )
    return draw_factors(factors, titles, quality="mean AUC", title=title)


def _format_setting(value: Any) -> str:
    if isinstance(value, str):
        return value
    return "none" if value is None else f"{value:g}"

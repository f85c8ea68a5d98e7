"""Checks of the settings of importance and reversion."""

from conceptevo_jax.analysis.importance.milestones import ACCURACIES
from conceptevo_jax.analysis.importance.reversion import ReversionOptions
from conceptevo_jax.analysis.importance.scores import select_sites
from conceptevo_jax.config import Config, require_positive, schema_values
from conceptevo_jax.errors import UsageError, unknown_name
from conceptevo_jax.pipeline.runs import model_of
from conceptevo_jax.reports.importance.evolutions import scoring_of
from conceptevo_jax.reports.importance.settings import (
    ImportanceSettings,
    ReversionSettings,
)


def check_importance(config: Config, classes: int) -> None:
    """Refuse settings of importance and reversion that cannot work.

    Args:
      config: The whole configuration.
      classes: Number of classes of the images.

    Raises:
      UsageError: naming the setting.
    """
    settings = ImportanceSettings.of(config)
    scoring, section = scoring_of(config), "importance"
    ReversionOptions(**schema_values(ReversionSettings.of(config)))
    require_positive(section, settings, ("images", "top", "patches"))
    if settings.accuracy not in ACCURACIES:
        raise unknown_name("importance.accuracy", settings.accuracy, ACCURACIES)
    if settings.classes is not None and not 1 <= settings.classes <= classes:
        raise UsageError(
            f"importance.classes must be from 1 to {classes}, the number of classes, "
            f"not {settings.classes}."
        )
    for name in scoring.sites and config.runs:
        select_sites(model_of(config.runs[name], classes), scoring.sites)

"""Checks of the settings of the comparison."""

from conceptevo_jax.config import Config, require_positive
from conceptevo_jax.errors import UsageError
from conceptevo_jax.pipeline.runs import model_of
from conceptevo_jax.reports.baseline_comparison.settings import BaselinesSettings


def check_baselines(config: Config, classes: int) -> None:
    """Refuse settings of the compared methods that cannot work.

    Args:
      config: The whole configuration.
      classes: Number of classes of the images.

    Raises:
      UsageError: naming the setting.
    """
    baselines = BaselinesSettings.of(config)
    counts = ("segments", "images", "discovery", "tested_images")
    require_positive("baselines", baselines, counts)
    if baselines.clusters < 2 or baselines.random_sets < 3:
        raise UsageError(
            f"baselines.clusters={baselines.clusters} and baselines.random_sets="
            f"{baselines.random_sets} are out of range: at least 2 and 3."
        )
    if baselines.site is not None and baselines.run in config.runs:
        model_of(config.runs[baselines.run], classes).site(baselines.site)

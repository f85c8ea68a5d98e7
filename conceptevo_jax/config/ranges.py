"""Checks of the ranges of numbers in settings."""

import math
from collections.abc import Sequence
from typing import Any

from conceptevo_jax.errors import UsageError


def require_positive(section: str, settings: Any, names: Sequence[str]) -> None:
    """Refuse numbers that are not positive and finite.

    Args:
      section: Name of that part, such as `dataset`; empty for the top level.
      settings: A part of the configuration.
      names: Names of the settings to check.

    Raises:
      UsageError: naming the setting.
    """
    for name in names:
        value = getattr(settings, name)
        if not 0 < value < math.inf:
            setting = f"{section}.{name}".removeprefix(".")
            raise UsageError(f"{setting} must be above 0, not {value}.")

"""Find an architecture by name.

Every module of this package that defines `ARCHITECTURES`, a mapping of names to
builders `build(preset, classes) -> Model`, is found by itself: adding an
architecture is adding one file.
"""

import importlib
import pkgutil
from collections.abc import Callable
from pathlib import Path

from conceptevo_jax.errors import unknown_name
from conceptevo_jax.models.tapped import Model

Builder = Callable[[str, int], Model]


def _discover() -> dict[str, Builder]:
    found: dict[str, Builder] = {}
    package = __name__.rpartition(".")[0]
    for module in pkgutil.iter_modules([str(Path(__file__).parent)]):
        loaded = importlib.import_module(f"{package}.{module.name}")
        found |= getattr(loaded, "ARCHITECTURES", {})
    return found


MODELS: dict[str, Builder] = _discover()
"""All architectures by name."""


def build_model(name: str, *, preset: str = "full", classes: int) -> Model:
    """Build an architecture.

    Args:
      name: A key of `MODELS`.
      preset: One of the architecture's sizes; all have `full`, `small` and `tiny`.
      classes: Number of logits.

    Raises:
      UsageError: for an unknown name or preset, with the valid ones.
    """
    if name not in MODELS:
        raise unknown_name("model", name, MODELS)
    return MODELS[name](preset, classes)

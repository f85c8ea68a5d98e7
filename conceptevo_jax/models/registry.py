"""Find an architecture by name.

Every module of this package that defines `ARCHITECTURES`, a mapping of names to
builders `build(preset, classes) -> Model`, is found automatically: to add an
architecture, add one file.
"""

import importlib
import pkgutil
from collections.abc import Callable
from pathlib import Path

import numpy as np

from conceptevo_jax.errors import require_count, unknown_name
from conceptevo_jax.models.tapped import Model, Variables
from conceptevo_jax.models.variables import differences, leaves_by_path

Builder = Callable[[str, int], Model]

PRESETS = ("full", "small", "tiny")
"""The sizes that every architecture has."""


def _discover() -> dict[str, Builder]:
    builders: dict[str, Builder] = {}
    package = __name__.rpartition(".")[0]
    for module in pkgutil.iter_modules([str(Path(__file__).parent)]):
        loaded = importlib.import_module(f"{package}.{module.name}")
        builders |= getattr(loaded, "ARCHITECTURES", {})
    return builders


MODELS: dict[str, Builder] = _discover()
"""All architectures by name."""


def build_model(name: str, *, preset: str = "full", classes: int) -> Model:
    """Build an architecture.

    Args:
      name: A key of `MODELS`.
      preset: One of the architecture's sizes; all have `full`, `small` and `tiny`.
      classes: Number of logits.

    Returns:
      The architecture without weights: `model.init(seed)` draws some.

    Raises:
      UsageError: for an unknown name or preset, with the valid ones, or fewer than one
        class.

    Example:
      >>> model = ce.build_model("vgg16", preset="tiny", classes=10)
      >>> variables = model.init(seed=0)
    """
    if name not in MODELS:
        raise unknown_name("model", name, MODELS)
    require_count("classes", classes)
    return MODELS[name](preset, classes)


def fitting_model(model: Model, variables: Variables) -> Model | None:
    """The model of the same architecture that variables belong to, if any does.

    Every preset is traced, up to two seconds each: use it only for error messages.

    Args:
      model: A model of the architecture; its preset is tried first.
      variables: Any tree.
    """
    classes = _classes(model, variables) if model.name in MODELS else None
    if classes is None:
        return None
    presets = sorted(PRESETS, key=lambda preset: preset != model.preset)
    models = (MODELS[model.name](preset, classes) for preset in presets)
    return next((m for m in models if not differences(m.shapes(), variables)), None)


def _classes(model: Model, variables: Variables) -> int | None:
    """Number of classes of the logits, by the axis that grows with classes."""
    leaves = leaves_by_path(variables)
    wider_model = MODELS[model.name](model.preset, model.classes + 1)
    shapes = leaves_by_path(model.shapes())
    for path, wider_leaf in leaves_by_path(wider_model.shapes()).items():
        narrow_shape, shape = shapes[path].shape, getattr(leaves.get(path), "shape", ())
        if narrow_shape != wider_leaf.shape and len(shape) == len(narrow_shape):
            return (
                shape[int(np.argmax(np.not_equal(narrow_shape, wider_leaf.shape)))]
                or None
            )
    return None

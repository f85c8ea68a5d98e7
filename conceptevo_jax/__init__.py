"""Watch concepts form, move and die inside neural networks while they train.

The names below are the Python API; everything else may move. They need no
configuration: the README draws two snapshots in about twenty lines.

They are imported at their first use, since importing jax takes seconds.
"""

from importlib import import_module
from typing import TYPE_CHECKING, Any

if TYPE_CHECKING:
    from conceptevo_jax.analysis import (
        ClassImages,
        Subject,
        compare,
        measure_importance,
        measure_reversion,
    )
    from conceptevo_jax.data import decode_images, load_images, select_pool
    from conceptevo_jax.models import build_model
    from conceptevo_jax.monitor import ConceptMonitor
    from conceptevo_jax.projection import (
        base_space,
        fit_layout,
        place_points,
        project_neurons,
    )
    from conceptevo_jax.stimuli import find_stimuli, neuron_patches, patch_windows
    from conceptevo_jax.training import Optimizer, Training, snapshots, train

__all__ = [
    "ClassImages",
    "ConceptMonitor",
    "Optimizer",
    "Subject",
    "Training",
    "base_space",
    "build_model",
    "compare",
    "decode_images",
    "find_stimuli",
    "fit_layout",
    "load_images",
    "measure_importance",
    "measure_reversion",
    "neuron_patches",
    "patch_windows",
    "place_points",
    "project_neurons",
    "select_pool",
    "snapshots",
    "train",
]

_PACKAGES = (
    "analysis",
    "data",
    "models",
    "monitor",
    "projection",
    "stimuli",
    "training",
)


def __getattr__(name: str) -> Any:
    if name in __all__:
        for package in _PACKAGES:
            module = import_module(f"{__name__}.{package}")
            if name in module.__all__:
                globals()[name] = value = getattr(module, name)
                return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__

"""Watch concepts form, move and die inside neural networks while they train.

The names below are the Python API; everything else may move. They need no
configuration: the README draws two snapshots in about twenty lines, and defaults are
those of `method=default`. Every docstring has an example, which the tests run after
`import conceptevo_jax as ce` and `import numpy as np`. What an example does not make
itself, such as `model`, `pool` or `pixels`, another one makes; `state` is a state
dictionary of torchvision.

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
    from conceptevo_jax.errors import DataError, DivergenceError, UsageError
    from conceptevo_jax.models import Model, build_model, from_torchvision
    from conceptevo_jax.monitor import ConceptMonitor
    from conceptevo_jax.projection import (
        base_space,
        fit_layout,
        place_points,
        project_neurons,
    )
    from conceptevo_jax.stimuli import (
        Search,
        find_stimuli,
        neuron_patches,
        patch_windows,
        stimuli_of_arrays,
    )
    from conceptevo_jax.training import (
        NonFiniteLossError,
        Optimizer,
        TimeUpError,
        Training,
        snapshots,
        train,
    )
    from conceptevo_jax.types import Site, Snapshot

__all__ = [
    "ClassImages",
    "ConceptMonitor",
    "DataError",
    "DivergenceError",
    "Model",
    "NonFiniteLossError",
    "Optimizer",
    "Search",
    "Site",
    "Snapshot",
    "Subject",
    "TimeUpError",
    "Training",
    "UsageError",
    "base_space",
    "build_model",
    "compare",
    "decode_images",
    "find_stimuli",
    "fit_layout",
    "from_torchvision",
    "load_images",
    "measure_importance",
    "measure_reversion",
    "neuron_patches",
    "patch_windows",
    "place_points",
    "project_neurons",
    "select_pool",
    "snapshots",
    "stimuli_of_arrays",
    "train",
]

_MODULES = (
    "errors",
    "types",
    "analysis",
    "data",
    "models",
    "monitor",
    "projection",
    "stimuli",
    "training",
)
"""Where the names are, those first that are imported fast."""


def __getattr__(name: str) -> Any:
    if name in __all__:
        for module_name in _MODULES:
            module = import_module(f"{__name__}.{module_name}")
            if name in getattr(module, "__all__", vars(module)):
                globals()[name] = value = getattr(module, name)
                return value
    raise AttributeError(f"module {__name__!r} has no attribute {name!r}")


def __dir__() -> list[str]:
    return __all__

"""Read a model's activations through its tap; sweep image sets in bounded memory."""

from conceptevo_jax.activations.sweep import Fold, map_batches, sweep
from conceptevo_jax.activations.taps import (
    Peaks,
    Reader,
    Recorder,
    chain,
    edit,
    grids,
    perturb,
    read_activations,
    read_peaks,
    resume,
    swap,
    tap_names,
)

__all__ = [
    "Fold",
    "Peaks",
    "Reader",
    "Recorder",
    "chain",
    "edit",
    "grids",
    "map_batches",
    "perturb",
    "read_activations",
    "read_peaks",
    "resume",
    "swap",
    "sweep",
    "tap_names",
]

"""Read a model's activations through its tap; sweep image sets in bounded memory."""

from conceptevo_jax.activations.sweep import Fold, sweep
from conceptevo_jax.activations.taps import (
    Peaks,
    Reader,
    Recorder,
    edit,
    grids,
    perturb,
    read_peaks,
    tap_names,
)

__all__ = [
    "Fold",
    "Peaks",
    "Reader",
    "Recorder",
    "edit",
    "grids",
    "perturb",
    "read_peaks",
    "sweep",
    "tap_names",
]

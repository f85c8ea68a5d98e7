"""Read a model's activations through its tap; sweep image sets in bounded memory."""

from conceptevo_jax.activations.folds import Fold
from conceptevo_jax.activations.memory_groups import Footprint, Load, run_in_groups
from conceptevo_jax.activations.reading import map_batches, read_all_peaks
from conceptevo_jax.activations.sweep import ScreenedSweep, Sweep
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
    "Footprint",
    "Load",
    "Peaks",
    "Reader",
    "Recorder",
    "ScreenedSweep",
    "Sweep",
    "chain",
    "edit",
    "grids",
    "map_batches",
    "perturb",
    "read_activations",
    "read_all_peaks",
    "read_peaks",
    "resume",
    "run_in_groups",
    "swap",
    "tap_names",
]

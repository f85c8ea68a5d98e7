"""Each neuron's strongest images: streaming top-k, merged on the device (Step 1.1)."""

from conceptevo_jax.stimuli.patches import (
    VIEWS,
    Windows,
    neuron_patches,
    patch_windows,
)
from conceptevo_jax.stimuli.search import (
    Search,
    find_stimuli,
    narrow_sample,
    observe,
    respond,
    stimuli_of_arrays,
)
from conceptevo_jax.stimuli.topk import TopK, top_k_fold

__all__ = [
    "VIEWS",
    "Search",
    "TopK",
    "Windows",
    "find_stimuli",
    "narrow_sample",
    "neuron_patches",
    "observe",
    "patch_windows",
    "respond",
    "stimuli_of_arrays",
    "top_k_fold",
]

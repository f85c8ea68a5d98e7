"""Each neuron's strongest images: streaming top-k, merged on the device (Step 1.1)."""

from conceptevo_jax.stimuli.patches import (
    VIEWS,
    Sheet,
    Windows,
    neuron_patches,
    patch_sheet,
    patch_windows,
)
from conceptevo_jax.stimuli.ranking import (
    PROJECTION_IMAGES,
    Search,
    top_images_needed,
)
from conceptevo_jax.stimuli.samples import (
    BASE_SAMPLE,
    narrow_sample,
    respond,
    sample_rows,
)
from conceptevo_jax.stimuli.search import (
    Observe,
    find_stimuli,
    observe,
    stimuli_of_arrays,
)
from conceptevo_jax.stimuli.topk import TopK, top_k_fold

__all__ = [
    "BASE_SAMPLE",
    "PROJECTION_IMAGES",
    "VIEWS",
    "Observe",
    "Search",
    "Sheet",
    "TopK",
    "Windows",
    "find_stimuli",
    "narrow_sample",
    "neuron_patches",
    "observe",
    "patch_sheet",
    "patch_windows",
    "respond",
    "sample_rows",
    "stimuli_of_arrays",
    "top_images_needed",
    "top_k_fold",
]

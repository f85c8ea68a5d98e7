"""State dictionaries as torchvision's networks have them, made without PyTorch."""

import jax
import numpy as np
from flax.traverse_util import flatten_dict

from conceptevo_jax.models import Model

NAMES = {"kernel": "weight", "scale": "weight", "mean": "running_mean"}
NAMES |= {"var": "running_var"}


def _shape(leaf: jax.ShapeDtypeStruct, word: str) -> tuple[int, ...]:
    """PyTorch's order of axes, spelled out by the number of them."""
    match leaf.shape:
        case (h, w, within, out):
            return (out, within, h, w)
        case (within, out):
            return (out, within)
        case (channels,):
            return (channels, 1, 1) if word == "layer_scale" else (channels,)


def torchvision_state(model: Model, rng: np.random.Generator) -> dict[str, np.ndarray]:
    """Random arrays by torchvision's names, and its counters of batches."""
    state = {}
    for (_, *modules, word), leaf in flatten_dict(model.shapes()).items():
        name = ".".join([*modules, NAMES.get(word, word)])
        state[name] = rng.normal(size=_shape(leaf, word)).astype(np.float32)
        if word == "var":
            counter = name.replace("running_var", "num_batches_tracked")
            state[counter] = np.array(3)
    return state

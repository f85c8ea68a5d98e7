"""Random weights for networks of PyTorch, with which no layer dies or overflows."""

import numpy as np
import torch


def draw_weights(
    rng: np.random.Generator, name: str, value: torch.Tensor
) -> torch.Tensor:
    """He-normal kernels; scales and variances about one; small biases and means."""
    if value.ndim == 0:
        return value
    if value.ndim in (2, 4):
        array = rng.normal(size=value.shape) * np.sqrt(2 / np.prod(value.shape[1:]))
    elif name.endswith(("weight", "var", "layer_scale")):
        array = rng.uniform(0.5, 1.5, value.shape)
    else:
        array = rng.normal(size=value.shape) * 0.1
    return torch.from_numpy(array.astype(np.float32))

"""Weights from torchvision's state dictionaries.

The modules of this package have torchvision's names, so a parameter's path
is its name there, except for the last word. Entries are transposed to Flax's order of
axes; none is guessed or left out. PyTorch is not needed: any arrays that NumPy can read
work, and files are read by `models/weight_files.py`.
"""

import os
from collections.abc import Iterable, Mapping
from pathlib import Path

import jax.numpy as jnp
import numpy as np
from flax.traverse_util import flatten_dict, unflatten_dict
from numpy.typing import ArrayLike

from conceptevo_jax.errors import DataError, require_type
from conceptevo_jax.models.tapped import Model, Variables
from conceptevo_jax.models.weight_files import as_array, read_weights

_LAST_WORDS = {
    "kernel": "weight",
    "scale": "weight",
    "mean": "running_mean",
    "var": "running_var",
}
"""The last word of a name in torchvision, if it differs from Flax."""

_BATCH_COUNTER = "num_batches_tracked"
"""A further entry of PyTorch's batch normalisation, which is unused by default."""

_FLATTENED_WEIGHT = "classifier.0.weight"
"""The linear layer that reads a flattened map: channels first in torchvision."""

_MAX_SHOWN = 5


def from_torchvision(
    model: Model, state: Mapping[str, ArrayLike] | str | os.PathLike[str]
) -> Variables:
    """Turn weights of torchvision into a model's variables.

    The published InceptionV3 weights were trained on pixels scaled to -1..1, which
    torchvision's `transform_input` restores: evaluate them with
    `dataclasses.replace(model, mean=(0.5,) * 3, std=(0.5,) * 3)`.

    Args:
      model: A model with the architecture, widths and classes of the weights.
      state: `module.state_dict()` of torchvision's `vgg16`, `vgg19`, `inception_v3` or
        `convnext_tiny`, arrays or tensors by name; or a file of them: `.npz`,
        `.safetensors` (needs safetensors) or `.pth` (needs PyTorch). Linear weights are
        [out in], kernels [out in h w].

    Returns:
      Flax collections of float32, as `model.init` makes them.

    Raises:
      UsageError: for a file of another format, or whose library is not installed.
      DataError: for missing, unexpected or misshaped entries, with their names, or a
        file that cannot be read.

    Example:
      >>> published = ce.from_torchvision(model, state)  # or "vgg16.pth"
      >>> np.savez("vgg16.npz", **state)
      >>> kernel = ce.from_torchvision(model, "vgg16.npz")["params"]["features.0"]
      >>> bool((kernel["bias"] == published["params"]["features.0"]["bias"]).all())
      True
      >>> ce.from_torchvision(model, {"conv1.weight": np.zeros((8, 3, 3, 3))})
      Traceback (most recent call last):
      conceptevo_jax.errors.DataError: These weights are not those of vgg16 (tiny, ...
    """
    require_type(model, Model, "the model", "Build it by ce.build_model.")
    if isinstance(state, str | os.PathLike):
        state = read_weights(Path(state))
    require_type(state, Mapping, "the weights", "Give module.state_dict(), or a file.")
    leaves = flatten_dict(model.shapes())
    arrays = _fitting_arrays(
        model,
        state,
        {name_in_torchvision(path): leaf.shape for path, leaf in leaves.items()},
    )
    channels = model.sites[-1].channels
    variables: Variables = unflatten_dict(
        {
            path: jnp.asarray(
                _to_flax_order(
                    name_in_torchvision(path),
                    arrays[name_in_torchvision(path)],
                    channels,
                )
            )
            for path in leaves
        }
    )
    return variables


def _fitting_arrays(
    model: Model,
    state: Mapping[str, ArrayLike],
    expected_shapes: Mapping[str, tuple[int, ...]],
) -> dict[str, np.ndarray]:
    """The entries as arrays, if they are all of the model's and no others."""
    state_names = {name for name in state if not name.endswith(_BATCH_COUNTER)}
    arrays = {
        name: as_array(state[name]) for name in state_names & expected_shapes.keys()
    }
    faults = {
        "missing": expected_shapes.keys() - state_names,
        "unexpected": state_names - expected_shapes.keys(),
        "misshaped": _describe_misshaped(arrays, expected_shapes),
    }
    if any(faults.values()):
        raise DataError(_complaint(model, faults))
    return arrays


def name_in_torchvision(path: tuple[str, ...]) -> str:
    """Torchvision's name of the leaf at `path`, whose first word is the collection."""
    *modules, word = path[1:]
    return ".".join([*modules, _LAST_WORDS.get(word, word)])


def _describe_misshaped(
    arrays: Mapping[str, np.ndarray], expected_shapes: Mapping[str, tuple[int, ...]]
) -> list[str]:
    expected = {name: _torch_shape(name, expected_shapes[name]) for name in arrays}
    return [
        f"{name} is {arrays[name].shape}, not {shape}"
        for name, shape in expected.items()
        if arrays[name].shape != shape
    ]


def _torch_shape(name: str, shape: tuple[int, ...]) -> tuple[int, ...]:
    """What `_to_flax_order` undoes: [h w in out] is [out in h w] there."""
    if name.endswith("layer_scale"):
        return (*shape, 1, 1)
    return (*shape[:-3:-1], *shape[:-2])


def _to_flax_order(name: str, array: np.ndarray, channels: int) -> np.ndarray:
    """The array in Flax's order; `channels` are those of a map that is flattened."""
    array = array.astype(np.float32)
    if array.ndim == 4:
        return array.transpose(2, 3, 1, 0)
    if array.ndim == 3:
        return array.reshape(-1)
    if name == _FLATTENED_WEIGHT and array.ndim == 2:
        array = array.reshape(len(array), channels, -1).swapaxes(1, 2)
        return array.reshape(len(array), -1).T
    return array.T


def _complaint(model: Model, faults: Mapping[str, Iterable[str]]) -> str:
    parts = [f"{kind}: {_listed(names)}" for kind, names in faults.items() if names]
    return (
        f"These weights are not those of {model.name} ({model.preset}, "
        f"{model.classes} classes). {'; '.join(parts)}. Build the model with the "
        "architecture, preset and number of classes that the weights were trained "
        "with, auxiliary head included."
    )


def _listed(names: Iterable[str]) -> str:
    """The first few, and how many there are more."""
    ordered = sorted(names)
    more = len(ordered) - _MAX_SHOWN
    return ", ".join(ordered[:_MAX_SHOWN]) + (f" and {more} more" if more > 0 else "")

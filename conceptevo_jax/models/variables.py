"""Whether variables belong to a model, by their tree, shapes and types."""

from collections.abc import Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

_MAX_SHOWN = 3


def differences(model_shapes: Mapping[str, Any], variables: Any) -> list[str]:
    """Descriptions of the leaves in which variables differ from a model's.

    Args:
      model_shapes: A model's shapes and types, from `Model.shapes`.
      variables: Any tree.

    Returns:
      One phrase per leaf, in the order of the trees; empty if they fit.
    """
    expected_leaves, leaves = leaves_by_path(model_shapes), leaves_by_path(variables)
    faults = []
    for path, leaf in expected_leaves.items():
        if path not in leaves:
            faults.append(f"{path} is missing")
        elif (fault := _fault(leaf, leaves[path])) is not None:
            faults.append(f"{path} is {fault}")
    unexpected_paths = [path for path in leaves if path not in expected_leaves]
    return faults + [f"{path} is not expected" for path in unexpected_paths]


def summary(faults: list[str]) -> str:
    """The first few of `differences`, and how many there are more."""
    more_count = len(faults) - _MAX_SHOWN
    return "; ".join(faults[:_MAX_SHOWN]) + (
        f"; and {more_count} more" if more_count > 0 else ""
    )


def leaves_by_path(tree: Any) -> dict[str, Any]:
    """Leaves by path: `params/features.0/kernel`."""
    leaves = jax.tree_util.tree_leaves_with_path(tree)
    return {
        "/".join(str(getattr(key, "key", key)) for key in path): leaf
        for path, leaf in leaves
    }


def _fault(expected: jax.ShapeDtypeStruct, leaf: Any) -> str | None:
    """How a leaf differs; floats of another precision do not."""
    try:
        dtype = jnp.result_type(leaf)
    except TypeError:
        return f"a {type(leaf).__name__}, not an array"
    if np.shape(leaf) != expected.shape:
        return f"{_listed(np.shape(leaf))}, not {_listed(expected.shape)}"
    is_same_dtype = dtype == expected.dtype
    are_floats = all(jnp.issubdtype(d, jnp.floating) for d in (dtype, expected.dtype))
    return None if is_same_dtype or are_floats else f"{dtype}, not {expected.dtype}"


def _listed(shape: tuple[int, ...]) -> str:
    """`[3 3 3 8]`; a single number is a scalar."""
    return f"[{' '.join(map(str, shape))}]" if shape else "a scalar"

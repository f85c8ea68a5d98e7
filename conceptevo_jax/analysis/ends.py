"""The two ends of an evolution: snapshots that fit a model and are finite."""

from collections.abc import Sequence
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np

from conceptevo_jax.errors import DataError, UsageError
from conceptevo_jax.models import Model, Variables
from conceptevo_jax.types import Snapshot


def load_end(model: Model, shot: Snapshot) -> Variables:
    """Load one end of an evolution.

    Raises:
      UsageError: if it is a snapshot of another architecture.
      DataError: if a weight of it is not finite.
    """
    variables = shot.load()
    _require_fits(model, variables, shot.name)
    for path, leaf in _leaves(variables).items():
        if not np.isfinite(np.asarray(leaf)).all():
            raise DataError(
                f"{shot.name} holds weights that are not finite ({path}), so an "
                "evolution from or to it has no importance. Choose a snapshot from "
                "before its training failed."
            )
    return variables


def overflow(
    model: Model,
    shots: Sequence[Snapshot],
    ends: Sequence[Variables],
    pixels: np.ndarray,
) -> DataError:
    """Say which end it is whose activations overflow."""
    bad = [
        shot.name
        for shot, variables in zip(shots, ends, strict=True)
        if not jnp.isfinite(model.logits(variables, jnp.asarray(pixels))).all()
    ]
    return DataError(
        f"{' and '.join(bad) or ' to '.join(shot.name for shot in shots)}: activations "
        "are not finite, so the evolution has no importance. Choose a snapshot from "
        "before the training failed."
    )


def _require_fits(model: Model, variables: Variables, name: str) -> None:
    wanted, found = (
        {path: tuple(leaf.shape) for path, leaf in _leaves(tree).items()}
        for tree in (model.shapes(), variables)
    )
    for path in sorted(wanted.keys() | found.keys()):
        if wanted.get(path) != found.get(path):
            raise UsageError(
                f"{name} is no snapshot of {model.name} ({model.preset}): {path} is "
                f"{found.get(path, 'missing')}, not {wanted.get(path, 'there')}. Both "
                "ends of an evolution must be of one architecture."
            )


def _leaves(variables: Variables) -> dict[str, Any]:
    leaves = jax.tree_util.tree_leaves_with_path(variables)
    return {
        "/".join(str(getattr(key, "key", key)) for key in path): leaf
        for path, leaf in leaves
    }

"""The two ends of an evolution: snapshots that fit a model and are finite."""

from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np

from conceptevo_jax.errors import DataError, require_type
from conceptevo_jax.models import Model, Variables
from conceptevo_jax.models.variables import leaves_by_path
from conceptevo_jax.types import Snapshot


def load_end(model: Model, shot: Snapshot) -> Variables:
    """Load one end of an evolution.

    Raises:
      UsageError: if it is a snapshot of another architecture.
      DataError: if a weight of it is not finite.
    """
    hint = "Take one of ce.snapshots, or conceptevo_jax.types.Snapshot."
    require_type(shot, Snapshot, "an end of an evolution", hint)
    variables = shot.load()
    model.require_variables(variables, f"the variables of {shot.name}")
    for path, leaf in leaves_by_path(variables).items():
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

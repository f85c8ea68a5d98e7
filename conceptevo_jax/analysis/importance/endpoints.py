"""The two endpoints of an evolution: snapshots that fit a model and are finite."""

from collections.abc import Sequence

import jax.numpy as jnp
import numpy as np

from conceptevo_jax.errors import DataError, require_type
from conceptevo_jax.models import Model, Variables
from conceptevo_jax.models.variables import leaves_by_path
from conceptevo_jax.types import Snapshot


def load_endpoint(model: Model, snapshot: Snapshot) -> Variables:
    """Load one endpoint of an evolution.

    Args:
      model: The architecture of both endpoints.
      snapshot: The endpoint.

    Raises:
      UsageError: if it is a snapshot of another architecture.
      DataError: if one of its weights is not finite.
    """
    hint = "Take one of ce.snapshots, or conceptevo_jax.types.Snapshot."
    require_type(snapshot, Snapshot, "an end of an evolution", hint)
    variables = snapshot.load()
    model.require_variables(variables, f"the variables of {snapshot.name}")
    for path, leaf in leaves_by_path(variables).items():
        if not np.isfinite(np.asarray(leaf)).all():
            raise DataError(
                f"{snapshot.name} holds weights that are not finite ({path}), so an "
                "evolution from or to it has no importance. Choose a snapshot from "
                "before its training failed."
            )
    return variables


def overflow_error(
    model: Model,
    snapshots: Sequence[Snapshot],
    endpoints: Sequence[Variables],
    pixels: np.ndarray,
) -> DataError:
    """The error that names the endpoints whose activations overflow.

    Args:
      model: The architecture of both endpoints.
      snapshots: Both endpoints of the evolution.
      endpoints: Their variables.
      pixels: Images on which the sensitivity is not finite.
    """
    overflowing_snapshots = [
        snapshot.name
        for snapshot, variables in zip(snapshots, endpoints, strict=True)
        if not jnp.isfinite(model.logits(variables, jnp.asarray(pixels))).all()
    ]
    names = " and ".join(overflowing_snapshots) or " to ".join(
        s.name for s in snapshots
    )
    return DataError(
        f"{names}: activations "
        "are not finite, so the evolution has no importance. Choose a snapshot from "
        "before the training failed."
    )

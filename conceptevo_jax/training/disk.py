"""The disk space of a run."""

import shutil
from pathlib import Path

import jax

from conceptevo_jax.errors import DataError
from conceptevo_jax.models import Model


def disk_bytes(model: Model, epochs: int, early: int, *, averaged: bool = False) -> int:
    """Estimated size of a run's checkpoints, in bytes.

    The optimiser's state counts as two sets of weights; if an average is kept, the
    weights themselves are one more.

    Args:
      model: The architecture.
      epochs: Number of epochs.
      early: Number of snapshots within epochs.
      averaged: Whether a moving average of the weights is kept.
    """
    weights: int = sum(
        leaf.size * leaf.dtype.itemsize for leaf in jax.tree.leaves(model.shapes())
    )
    return weights * (epochs + early + 1 + 2 * (2 + averaged))


def require_disk(folder: Path, needed: int) -> None:
    """Refuse to start what the disk cannot hold; files already in `folder` count.

    Args:
      folder: The folder of the checkpoints.
      needed: Total bytes of all checkpoints.
    """
    free = shutil.disk_usage(folder).free
    missing_bytes = needed - sum(
        f.stat().st_size for f in folder.rglob("*") if f.is_file()
    )
    if missing_bytes > free:
        raise DataError(
            f"the checkpoints need about {missing_bytes / 1e6:,.1f} MB more but "
            f"{folder} has {free / 1e6:,.1f} MB free: choose another run_dir, or free "
            "some space with `conceptevo clean`."
        )

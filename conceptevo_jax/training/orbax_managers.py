"""How Orbax writes a run's snapshots, and how it reports errors of the system."""

import contextlib
import os
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import jax
import numpy as np
import orbax.checkpoint as ocp
from jax.sharding import Mesh, NamedSharding

from conceptevo_jax.devices import MESH_AXIS, REPLICATED
from conceptevo_jax.store.files import naming_refusals

_REFUSAL_CODE = re.compile(r"os_error_code='(\d+)'")


@contextlib.contextmanager
def naming_orbax_refusals(folder: Path) -> Iterator[None]:
    """`naming_refusals` for Orbax, whose errors may hold the system's number as text.

    Raises:
      DataError: naming the folder, the reason and what to do.
    """
    with naming_refusals(folder):
        try:
            yield
        except ValueError as error:
            refusal = _REFUSAL_CODE.search(str(error))
            if refusal is None:
                raise
            number = int(refusal[1])
            raise OSError(number, os.strerror(number)) from error


def open_manager(
    folder: Path, prefix: str, kept_count: int | None
) -> ocp.CheckpointManager:
    """A manager of the checkpoints in one folder.

    Args:
      folder: Their folder.
      prefix: Their names are the prefix, `_` and a number.
      kept_count: Number of latest checkpoints to keep; None for all.
    """
    # Processes meet under names, which must differ where two managers save one epoch.
    multiprocessing = ocp.options.MultiprocessingOptions(
        barrier_sync_key_prefix=folder.name
    )
    options = ocp.CheckpointManagerOptions(
        max_to_keep=kept_count,
        step_prefix=prefix,
        multiprocessing_options=multiprocessing,
    )
    return ocp.CheckpointManager(folder, options=options)


def replace_checkpoint(manager: ocp.CheckpointManager, number: int, tree: Any) -> None:
    """Save a checkpoint, replacing one with the same number.

    Args:
      manager: The manager of its folder.
      number: Number of the epoch or step.
      tree: Arrays, on all devices.
    """
    if number in manager.all_steps():
        manager.delete(number)
    # Forced, because Orbax passes over a number below the latest one in silence.
    manager.save(number, args=ocp.args.StandardSave(tree), force=True)


def abstract_tree(tree: Any) -> Any:
    """Shapes and types to restore to, replicated on every process's first device.

    Orbax refuses arrays of a single process.
    """
    firsts = {device.process_index: device for device in reversed(jax.devices())}
    mesh = Mesh(np.array([firsts[process] for process in sorted(firsts)]), (MESH_AXIS,))
    sharding = NamedSharding(mesh, REPLICATED)

    def describe(leaf: Any) -> jax.ShapeDtypeStruct:
        return jax.ShapeDtypeStruct(leaf.shape, leaf.dtype, sharding=sharding)

    return jax.tree.map(describe, tree)

"""A one-dimensional mesh of all devices of all processes, over which a batch is
sharded.

Every process runs the same program over the same images. Weights are replicated, each
device works on its own rows of a batch, and collectives gather the results, so
that every process has them. One process with one device is a mesh of size one: nothing
is sharded, and nothing changes.

Every value that controls the program's flow must be the same in all processes, or one
waits for ever for another: use `first_decides` to read a clock or a disk.
"""

import ctypes
import os
import platform
import signal
import threading
from collections.abc import Callable
from typing import Any, TypeVar

import jax
import numpy as np
from jax.experimental import multihost_utils
from jax.sharding import (
    Mesh,
    NamedSharding,
    PartitionSpec,
    Sharding,
    SingleDeviceSharding,
)
from jaxtyping import Int

from conceptevo_jax.errors import DataError, UsageError

MESH_AXIS = "data"
"""Name of the mesh axis."""

REPLICATED, SHARDED = PartitionSpec(), PartitionSpec(MESH_AXIS)
"""Arrays that every device holds whole, and arrays whose rows the devices share."""

T = TypeVar("T")

_SIGTERM_RECEIVED = threading.Event()
"""Set once this process has received SIGTERM."""


def cores() -> list[int]:
    """The processor cores that this process may use."""
    if hasattr(os, "sched_getaffinity"):
        return sorted(os.sched_getaffinity(0))
    return list(range(os.cpu_count() or 1))


_MALLOPT = {-8: 1, -4: 0, -1: 2**29}
"""M_ARENA_MAX, M_MMAP_MAX and M_TRIM_THRESHOLD of glibc's mallopt(3)."""


def keep_memory() -> None:
    """Keep up to half a GiB of freed memory for the next call; before threads start.

    A network on a CPU allocates its working memory anew with each call. glibc returns
    large
    blocks to the system, which then clears them page by page: this takes a quarter to a
    third of InceptionV3's training step at demo scale.

    Does nothing with another allocator.
    """
    if platform.libc_ver()[0] == "glibc":
        for setting, value in _MALLOPT.items():
            ctypes.CDLL(None).mallopt(setting, value)


def start_processes() -> None:
    """Join the processes that were launched together; call before any other use of JAX.

    JAX learns their number from Slurm, Open MPI, Kubernetes and Cloud TPU; elsewhere
    JAX_COORDINATOR_ADDRESS, JAX_NUM_PROCESSES and JAX_PROCESS_ID must be set.

    Raises:
      UsageError: if their number is unknown, or they cannot be reached.
    """
    if jax.distributed.is_initialized():
        return
    # Orbax asks JAX's service by numbers of its own, so nobody else can: a signal would
    # be noticed by a checkpoint here and by none there.
    jax.config.update("jax_enable_preemption_service", False)
    try:
        jax.distributed.initialize(
            num_processes=_environment_integer("JAX_NUM_PROCESSES"),
            process_id=_environment_integer("JAX_PROCESS_ID"),
        )
    except (ValueError, RuntimeError) as error:
        raise UsageError(
            f"distributed=true, but the processes cannot be joined ({error}). Launch "
            "them with srun, mpirun or on a TPU, or set JAX_COORDINATOR_ADDRESS, "
            "JAX_NUM_PROCESSES and JAX_PROCESS_ID for each: see docs/launching.md."
        ) from error
    if threading.current_thread() is threading.main_thread():
        signal.signal(signal.SIGTERM, lambda *_: _SIGTERM_RECEIVED.set())


def _environment_integer(name: str) -> int | None:
    """A whole number from an environment variable that JAX does not read itself."""
    value = os.environ.get(name)
    return None if value is None else int(value)


def process_count() -> int:
    """Number of processes that work together; JAX is asked only if any were joined."""
    return jax.process_count() if jax.distributed.is_initialized() else 1


def is_first() -> bool:
    """Whether this is the process that writes files and prints results."""
    return process_count() == 1 or jax.process_index() == 0


def data_mesh() -> Mesh:
    """All devices of all processes, along one axis."""
    return Mesh(np.array(jax.devices()), (MESH_AXIS,))


def mesh_sharding(mesh: Mesh, spec: PartitionSpec) -> Sharding:
    """How arrays lie on the devices of a mesh.

    On one device, too, arrays are committed to it: JAX compiles a program anew for
    arguments that are not.

    Args:
      mesh: From `data_mesh`.
      spec: `REPLICATED` or `SHARDED`.
    """
    if mesh.size == 1:
        return SingleDeviceSharding(mesh.devices.item())
    return NamedSharding(mesh, spec)


def process_rows(mesh: Mesh, count: int) -> Int[np.ndarray, " _"]:
    """The rows that this process's devices work on, ascending.

    Args:
      mesh: From `data_mesh`.
      count: Rows over all processes, a multiple of the number of devices.
    """
    sharding = NamedSharding(mesh, SHARDED)
    parts = sharding.addressable_devices_indices_map((count,)).values()
    rows = np.arange(count)
    return np.concatenate(sorted((rows[part] for part in parts), key=lambda p: p[0]))


def shard(mesh: Mesh, local_tree: T, count: int) -> T:
    """Shard rows over the devices that work on them.

    Args:
      mesh: From `data_mesh`.
      local_tree: This process's rows of each array, from `process_rows`.
      count: Rows over all processes, a multiple of the number of devices.
    """
    sharding = mesh_sharding(mesh, SHARDED)
    if mesh.size == 1:
        return jax.device_put(local_tree, sharding)
    return jax.tree.map(
        lambda leaf: jax.make_array_from_process_local_data(
            sharding, leaf, (count, *leaf.shape[1:])
        ),
        local_tree,
    )


def replicate(mesh: Mesh, tree: T) -> T:
    """Replicate arrays on every device; all processes must give the same values.

    Args:
      mesh: From `data_mesh`.
      tree: Arrays, equal in all processes.
    """
    sharding = mesh_sharding(mesh, REPLICATED)
    if process_count() == 1:
        return jax.device_put(tree, sharding)

    def put(leaf: Any) -> jax.Array:
        if getattr(leaf, "sharding", None) == sharding:
            return leaf
        value = np.asarray(leaf)
        return jax.make_array_from_callback(
            value.shape, sharding, lambda index: value[index]
        )

    return jax.tree.map(put, tree)


def local_copy(tree: T) -> T:
    """A tree from `replicate`, on this process's first device only, without a copy."""
    return jax.tree.map(lambda leaf: leaf.addressable_data(0), tree)


def per_device(
    mesh: Mesh, call: Callable[..., Any], in_specs: Any, out_specs: Any
) -> Callable[..., Any]:
    """A function that every device calls on its own rows, to be compiled.

    Args:
      mesh: From `data_mesh`.
      call: Gets one device's rows of sharded arguments; its collectives run along
        `MESH_AXIS`.
      in_specs: `REPLICATED` or `SHARDED` for each argument.
      out_specs: The same for the results.
    """
    if mesh.size == 1:
        return call
    return jax.shard_map(
        call, mesh=mesh, in_specs=in_specs, out_specs=out_specs, check_vma=False
    )


def gather_rows(mesh: Mesh, tree: T, *, axis: int = 0) -> T:
    """Inside `per_device`: the rows of all devices, in order.

    Args:
      mesh: From `data_mesh`.
      tree: Arrays of this device's rows.
      axis: The axis of the rows.
    """
    if mesh.size == 1:
        return tree
    return jax.tree.map(
        lambda leaf: jax.lax.all_gather(leaf, MESH_AXIS, axis=axis, tiled=True), tree
    )


def first_decides(ask: Callable[[], bool]) -> bool:
    """The first process's value, in all processes; only the first computes it."""
    if process_count() == 1:
        return ask()
    decision = ask() if is_first() else False
    return bool(multihost_utils.broadcast_one_to_all(np.bool_(decision)))


def is_asked_to_end() -> bool:
    """Whether a scheduler asked any of several processes to end, by SIGTERM.

    All processes call this together and get the same answer. A single process ends
    directly at the signal.
    """
    if process_count() == 1:
        return False
    return bool(
        multihost_utils.process_allgather(np.bool_(_SIGTERM_RECEIVED.is_set())).any()
    )


def minimum_over_processes(value: int) -> int:
    """The smallest of all processes' values."""
    if process_count() == 1:
        return value
    return int(multihost_utils.process_allgather(np.int32(value)).min())


def is_out_of_memory(error: Exception) -> bool:
    """Whether a device or the machine ran out of memory."""
    return isinstance(error, MemoryError) or "RESOURCE_EXHAUSTED" in str(error)


def all_or_none(call: Callable[[], T]) -> T:
    """Make a call without collectives in every process; if one fails, all raise.

    Raises:
      MemoryError: if other processes ran out of memory.
      DataError: if others failed for another reason, which they report themselves.
    """
    if process_count() == 1:
        return call()
    results_so_far: list[T] = []
    failure: Exception | None = None
    try:
        results_so_far.append(call())
    except Exception as error:  # raised below, when the others know
        failure = error
    kind = 0 if failure is None else 1 if is_out_of_memory(failure) else 2
    kinds = multihost_utils.process_allgather(np.int32(kind))
    if failure is not None and kind == kinds.max():
        raise failure
    processes = ", ".join(map(str, np.flatnonzero(kinds == kinds.max())))
    if kinds.max() == 1:
        raise MemoryError(f"RESOURCE_EXHAUSTED in process {processes}")
    if kinds.max() == 2:
        raise DataError(
            f"process {processes} failed, so this one stops: see its output."
        )
    return results_so_far[0]


def call_in_first_process(call: Callable[[], object]) -> None:
    """Make a call only in the first process, while the others wait."""
    all_or_none(lambda: call() if is_first() else None)


def call_in_turn(call: Callable[[], T]) -> T:
    """Make a call in the first process, then in the others, which find its files."""
    first_return = all_or_none(lambda: call() if is_first() else None)
    return all_or_none(lambda: call() if first_return is None else first_return)

"""Groups of snapshots that fit in memory, so that images are read once per group.

The group's size is computed from measured sizes, and reduced if a
device still runs out of memory.
"""

import os
import warnings
from collections.abc import Callable, Iterator, Sequence
from pathlib import Path
from typing import NamedTuple, TypeVar

import jax

from conceptevo_jax.devices import (
    cores,
    data_mesh,
    is_out_of_memory,
    minimum_over_processes,
    replicate,
)
from conceptevo_jax.errors import UsageError
from conceptevo_jax.models import Variables

R = TypeVar("R")

SHARE = 0.8
"""Share of the free memory to use; the rest is for unmeasured use and fragmentation."""

Load = Callable[[], Variables]
"""Reads a snapshot's variables, such as `Snapshot.load`."""


class Footprint(NamedTuple):
    """Bytes that a pass takes on each device.

    `each` is what one more snapshot adds, its variables and its results so far; `once`
    is what the pass takes for any number of snapshots.
    """

    each: int
    once: int

    def fits(self, free: int) -> int:
        """Number of snapshots that fit into `free` bytes; at least one is tried."""
        return max(1, (free - self.once) // max(self.each, 1))


def tree_bytes(tree: object) -> int:
    """Bytes of all arrays of a tree, or of leaves with shapes and types."""
    return sum(leaf.size * leaf.dtype.itemsize for leaf in jax.tree.leaves(tree))


def free_bytes() -> int:
    """Memory that this process may still take on each of its devices, in bytes.

    The device's own report if there is one, otherwise the machine's available memory,
    of which a process that is bound to some of the processors gets their share.
    """
    memory_stats = [device.memory_stats() for device in jax.local_devices()]
    if all(stats and "bytes_limit" in stats for stats in memory_stats):
        free = min(s["bytes_limit"] - s.get("bytes_in_use", 0) for s in memory_stats)
        return int(SHARE * free)
    return int(SHARE * _available() * _processors() / len(memory_stats))


def run_in_groups(
    loads: Sequence[Load],
    work: Callable[[list[Variables]], Sequence[R]],
    footprint: Callable[[], Footprint],
    at_most: Callable[[], int] | None = None,
) -> Iterator[R]:
    """Process snapshots in groups that fit in memory.

    If a device runs out of memory, the group is halved, with a warning.

    Args:
      loads: The snapshots, read when their group is processed.
      work: From a group's variables to one result each.
      footprint: Measures the memory of `work`; called only for several snapshots.
      at_most: Returns, before every group, its largest size, at least one.

    Yields:
      The results, in order.

    Raises:
      UsageError: if the memory does not suffice for one snapshot.
    """
    size = min(len(loads), footprint().fits(free_bytes())) if len(loads) > 1 else 1
    mesh, finished_count = data_mesh(), 0
    while finished_count < len(loads):
        largest_group = size if at_most is None else max(1, min(size, at_most()))
        group = loads[
            finished_count : finished_count + minimum_over_processes(largest_group)
        ]
        try:
            group_results = work([replicate(mesh, load()) for load in group])
        except (jax.errors.JaxRuntimeError, MemoryError) as error:
            if not is_out_of_memory(error):
                raise
            if len(group) == 1:
                raise UsageError(
                    "one snapshot does not fit into the memory of the device together "
                    "with a batch of images: take a smaller preset, smaller images "
                    "(dataset.side), or a device with more memory."
                ) from error
            size = len(group) // 2
            warnings.warn(
                f"{len(group)} snapshots at a time do not fit into memory: going on "
                f"with {size}.",
                stacklevel=2,
            )
            continue
        yield from group_results
        finished_count += len(group)


def _available() -> int:
    """The machine's available memory; half of all memory if that is not reported."""
    table = Path("/proc/meminfo")
    if table.is_file():
        lines = dict(line.split(":") for line in table.read_text("utf-8").splitlines())
        return int(lines["MemAvailable"].split()[0]) * 1024
    return os.sysconf("SC_PHYS_PAGES") * os.sysconf("SC_PAGE_SIZE") // 2


def _processors() -> float:
    """Which share of the machine's processors this process may use."""
    return len(cores()) / (os.cpu_count() or 1)

"""Streaming reductions over the images of a sweep, on one device or on several.

With several devices, each keeps the state of the images it has seen; at the end the
folds join these states by collectives.
"""

from collections.abc import Callable
from typing import Any, NamedTuple

import jax
from jax.sharding import Mesh
from jaxtyping import Array, Bool, Int

from conceptevo_jax.activations.taps import Peaks
from conceptevo_jax.devices import (
    MESH_AXIS,
    REPLICATED,
    SHARDED,
    per_device,
    replicate,
)


class Fold(NamedTuple):
    """A streaming reduction over the batches of a sweep.

    `empty()` makes the state; `add(state, peaks, rows, valid)` is traced into the
    sweep: `rows` are image ids, `valid` is False for the padding of the last batch.
    `join(state, axis)` is traced if several devices have each seen their own images:
    by collectives along `axis` it merges their states into that of a device which saw
    all.
    """

    empty: Callable[[], Any]
    add: Callable[[Any, Peaks, Int[Array, " b"], Bool[Array, " b"]], Any]
    join: Callable[[Any, str], Any]


States = Any
"""One state per fold; with several devices a first axis has one row per device."""


class Folding(NamedTuple):
    """Several folds that share a sweep, compiled, with the interface of `Fold`.

    `alone()` are a single device's empty states.
    """

    alone: Callable[[], States]
    empty: Callable[[], States]
    add: jax.stages.Wrapped
    join: Callable[[States], States]


def folding(mesh: Mesh, folds: tuple[Fold, ...]) -> Folding:
    """Compile folds for the devices of a mesh.

    Args:
      mesh: The devices of the sweep.
      folds: Reductions that share it.
    """

    def empty() -> States:
        return tuple(fold.empty() for fold in folds)

    def add(states: States, peaks: Peaks, rows: Array, valid: Array) -> States:
        pairs = zip(folds, states, strict=True)
        return tuple(fold.add(state, peaks, rows, valid) for fold, state in pairs)

    def join(states: States) -> States:
        pairs = zip(folds, _local_state(states), strict=True)
        return tuple(fold.join(state, MESH_AXIS) for fold, state in pairs)

    if mesh.size == 1:

        def begin() -> States:
            return replicate(mesh, empty())

        return Folding(empty, begin, jax.jit(add), lambda states: states)
    return _folding_over_devices(mesh, empty, add, join)


def _folding_over_devices(
    mesh: Mesh,
    empty: Callable[[], States],
    add: Callable[..., States],
    join: Callable[[States], States],
) -> Folding:
    """Compile the reductions of all folds; each device has one row of the states."""

    def begin() -> States:
        return _as_row(empty())

    def add_local(states: States, *batch: Any) -> States:
        return _as_row(add(_local_state(states), *batch))

    return Folding(
        empty,
        jax.jit(per_device(mesh, begin, (), SHARDED)),
        jax.jit(per_device(mesh, add_local, (SHARDED,) * 4, SHARDED)),
        jax.jit(per_device(mesh, join, (SHARDED,), REPLICATED)),
    )


def _as_row(states: States) -> States:
    return jax.tree.map(lambda leaf: leaf[None], states)


def _local_state(states: States) -> States:
    return jax.tree.map(lambda leaf: leaf[0], states)

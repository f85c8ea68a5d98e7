"""Sensitivity of a class to the evolution of a neuron (paper, Eqs. 2 and 3).

Sensitivity is the derivative of the class logit of `before`, at its own activation,
in the direction in which one neuron's map changes from `before` to `after`: `jax.jvp`,
one-sided at the kinks of ReLUs and poolings (`models.kinks`).

For all neurons together, one reverse pass gives the logit's gradient at every site for
every image; its product with the change, summed over the neuron's map, is the same
number if there are no ties. After a ReLU many cells of a pooling window tie at 0:
at sites before a max pooling each window is corrected, to its gradient times the
largest change over its tied cells. Ties further on are left to autodiff, which uses
the first of tied cells and a zero derivative for a ReLU at exactly 0;
`docs/importance.md` reports the error at each site.

Images are sharded over all devices; every process gets the sensitivities of all.

Activations are taken after the nonlinearity. Before a ReLU the gradient is zero
wherever the neuron was off, so newly evolved responses would not count.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh
from jaxtyping import Array, Bool, Float, Int, UInt8

from conceptevo_jax.activations import perturb, read_activations
from conceptevo_jax.analysis.importance.vjp_sweep import (
    changed_neurons,
    compile_vjp_sweep,
)
from conceptevo_jax.data import sequential_batches
from conceptevo_jax.devices import (
    REPLICATED,
    SHARDED,
    data_mesh,
    gather_rows,
    per_device,
    process_rows,
    replicate,
    shard,
)
from conceptevo_jax.models import Model, Variables
from conceptevo_jax.types import Site, neuron_count, site_slices

TIES = ("one_sided", "first")
"""The derivative of a maximum of equal values: Eq. 3's limit, or that of autodiff,
whose gradient goes to the first of the values."""

TANGENTS = 4
"""Neurons per call of `jax.jvp`: more take memory and save little time."""

SensitivityFunction = Callable[
    [Variables, Variables, UInt8[np.ndarray, "i h w 3"], int, Int[np.ndarray, " _"]],
    tuple[Float[np.ndarray, "i _"], Bool[np.ndarray, " _"]],
]
"""`sense(before, after, pixels, label, neurons)`: the neurons' sensitivities, and which
of them changed."""


def sensitivity_by_vjp(
    model: Model, sites: tuple[Site, ...], batch_size: int, ties: str = "one_sided"
) -> SensitivityFunction:
    """Eq. 3 in reverse mode, for all neurons together: gradient times change.

    Takes about three forward passes of the images for any number of neurons.

    Args:
      model: The architecture.
      sites: The sites of the neurons.
      batch_size: Images per call and device.
      ties: One of `TIES`.
    """
    mesh = data_mesh()
    sweep = compile_vjp_sweep(model, sites, ties)
    if mesh.size > 1:
        local_sweep = sweep

        def sweep_shard(*args: Any) -> tuple[Float[Array, "b n"], Bool[Array, "b n"]]:
            return gather_rows(mesh, local_sweep(*args))

        in_specs = REPLICATED, REPLICATED, SHARDED, REPLICATED
        sweep = jax.jit(per_device(mesh, sweep_shard, in_specs, REPLICATED))

    def measure_sensitivity(
        before: Variables,
        after: Variables,
        pixels: np.ndarray,
        label: int,
        neurons: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray]:
        batches = []
        before, after = replicate(mesh, (before, after))
        for batch, valid in _sharded_batches(mesh, pixels, batch_size):
            parts = sweep(before, after, batch, label)
            batches.append([np.asarray(part)[valid][:, neurons] for part in parts])
        sensitivity, is_changed = (
            np.concatenate(p) for p in zip(*batches, strict=True)
        )
        return sensitivity, np.any(is_changed, axis=0)

    return measure_sensitivity


def sensitivity_by_jvp(
    model: Model, sites: tuple[Site, ...], batch_size: int, ties: str = "one_sided"
) -> SensitivityFunction:
    """Eq. 3 by its definition, in forward mode, for selected neurons one by one.

    Takes one forward pass of the images per neuron.

    Args:
      model: The architecture.
      sites: The sites of the neurons.
      batch_size: Images per call and device.
      ties: One of `TIES`.
    """
    mesh, names = data_mesh(), [site.name for site in sites]
    read_changes = _compile_changes(model, names, mesh)
    differentiated_model = model.one_sided() if ties == "one_sided" else model
    derive = _compile_jvp(differentiated_model, sites, mesh)

    def measure_sensitivity(
        before: Variables,
        after: Variables,
        pixels: np.ndarray,
        label: int,
        neurons: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray]:
        sensitivities, changes_by_batch = [], []
        before, after = replicate(mesh, (before, after))
        for batch, valid in _sharded_batches(mesh, pixels, batch_size):
            change, batch_changed = read_changes(before, after, batch)
            parts = [
                np.asarray(derive(before, change, batch, label, indices))[is_neuron]
                for indices, is_neuron in _padded_batches(neurons, TANGENTS)
            ]
            sensitivities.append(np.concatenate(parts).T[valid])
            changes_by_batch.append(
                np.asarray(batch_changed)[valid][:, neurons].any(axis=0)
            )
        return np.concatenate(sensitivities), np.any(changes_by_batch, axis=0)

    return measure_sensitivity


def _compile_jvp(
    model: Model, sites: tuple[Site, ...], mesh: Mesh
) -> Callable[..., Float[Array, "_ b"]]:
    """Compile the derivatives of a batch in the directions of a few neurons' changes.

    The change is sharded like the images; the derivatives are replicated.
    """
    slices, n = site_slices(sites), neuron_count(sites)

    def derive_shard(
        before: Variables,
        change: dict[str, Array],
        pixels: Array,
        label: Array,
        neurons: Int[Array, " _"],
    ) -> Float[Array, "_ b"]:
        def logit(eps: Mapping[str, Array]) -> Float[Array, " b"]:
            logits = model.logits(before, pixels, tap=perturb(eps))
            return jnp.take(logits, label, axis=1)

        def derivative(neuron: Int[Array, ""]) -> Float[Array, " b"]:
            mask = jnp.arange(n) == neuron
            tangent = {
                name: jnp.where(mask[None, None, None, slices[name]], change[name], 0)
                for name in slices
            }
            zero = jax.tree.map(jnp.zeros_like, change)
            return jax.jvp(logit, (zero,), (tangent,))[1]

        return gather_rows(mesh, jax.vmap(derivative)(neurons), axis=1)

    in_specs = REPLICATED, SHARDED, SHARDED, REPLICATED, REPLICATED
    return jax.jit(per_device(mesh, derive_shard, in_specs, REPLICATED))


def _compile_changes(
    model: Model, names: list[str], mesh: Mesh
) -> Callable[..., tuple[dict[str, Array], Bool[Array, "b n"]]]:
    """Compile the change of activations, sharded, and which changed, replicated."""
    read_sites = read_activations(model, names)

    def changes(
        before: Variables, after: Variables, pixels: Array
    ) -> tuple[dict[str, Array], Bool[Array, "b n"]]:
        _, activations = read_sites(before, pixels)
        _, activations_after = read_sites(after, pixels)
        change = {name: activations_after[name] - activations[name] for name in names}
        return change, gather_rows(mesh, changed_neurons(change))

    in_specs = REPLICATED, REPLICATED, SHARDED
    return jax.jit(per_device(mesh, changes, in_specs, (SHARDED, REPLICATED)))


def _sharded_batches(
    mesh: Mesh, pixels: np.ndarray, size: int
) -> Iterator[tuple[Array, Bool[np.ndarray, " b"]]]:
    """All images in batches of `size` per device, and which rows of each are valid."""
    batch_size = min(size, -(-len(pixels) // mesh.size)) * mesh.size
    local_rows = process_rows(mesh, batch_size)
    for rows, valid in sequential_batches(len(pixels), batch_size):
        yield shard(mesh, pixels[rows[local_rows]], batch_size), valid


def _padded_batches(
    neurons: np.ndarray, size: int
) -> list[tuple[np.ndarray, np.ndarray]]:
    """All neurons in batches of one size, and which rows of a batch are not padding."""
    batches = sequential_batches(len(neurons), min(size, len(neurons)))
    return [(neurons[rows], valid) for rows, valid in batches]

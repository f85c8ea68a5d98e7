"""Sensitivity of a class to the evolution of a neuron (paper, Eqs. 2 and 3).

The definition is the derivative of the class logit of `before`, at its own activation,
in the direction in which one neuron's map changes from `before` to `after`: `jax.jvp`,
one-sided where ReLUs and poolings have kinks (`models.kinks`).

For all neurons at once, one reverse pass gives the logit's gradient at every site for
every image; its product with the change, summed over the neuron's map, is the same
number where nothing is tied. After a ReLU many cells of a pooling's windows are, at 0:
at sites in front of a max pooling each window is corrected, its gradient times the
largest change over its tied cells. Ties further on are left to autodiff, which follows
the first of tied cells and no ReLU at exactly 0: `docs/importance.md` tells how much
that is, site by site.

Images are divided over all devices; every process gets the sensitivities to all.

Activations are taken after the nonlinearity. Before a ReLU the gradient is zero
wherever the neuron was off, and what it evolves from nothing would count for nothing.
"""

from collections.abc import Callable, Iterator, Mapping
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
from jax.sharding import Mesh
from jaxtyping import Array, Bool, Float, Int, UInt8

from conceptevo_jax.activations import Recorder, chain, perturb, read_activations
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
from conceptevo_jax.models import MaxPool, Model, Variables
from conceptevo_jax.models.pooling import tie_excess
from conceptevo_jax.types import Site, neuron_count, site_slices

TIES = ("one_sided", "first")
"""What derives a maximum of equal values: Eq. 3's limit, or autodiff, whose gradient
goes to the first of them."""

TANGENTS = 4
"""Neurons per call of `jax.jvp`: more take memory and save little time."""

Sense = Callable[
    [Variables, Variables, UInt8[np.ndarray, "i h w 3"], int, Int[np.ndarray, " _"]],
    tuple[Float[np.ndarray, "i _"], Bool[np.ndarray, " _"]],
]
"""`sense(before, after, pixels, label, neurons)`: the neurons' sensitivities, and which
of them changed."""


def transposed(
    model: Model, sites: tuple[Site, ...], ties: str = "one_sided"
) -> Callable[..., tuple[Float[Array, "b n"], Bool[Array, "b n"]]]:
    """Compile the sweep of one batch.

    Args:
      model: The architecture.
      sites: Whose neurons.
      ties: One of `TIES`; the limit at poolings that directly follow a site.

    Returns:
      `sweep(before, after, pixels, label)`: every neuron's sensitivity to every image,
      and on which it changed.
    """
    names = [site.name for site in sites]
    pools = [p for p in model.pools if p.site in names and ties == "one_sided"]
    taps = [*names, *(pool.name for pool in pools)]
    read_all, read = read_activations(model, taps), read_activations(model, names)

    @jax.jit
    def sweep(
        before: Variables, after: Variables, pixels: Array, label: Array
    ) -> tuple[Float[Array, "b n"], Bool[Array, "b n"]]:
        def logit(eps: Mapping[str, Array]) -> tuple[Array, dict[str, Array]]:
            seen = Recorder(names)
            logits = model.logits(before, pixels, tap=chain(perturb(eps), seen))
            return jnp.sum(jnp.take(logits, label, axis=1)), seen.activations

        _, shapes = jax.eval_shape(read_all, before, pixels)
        zero = {name: jnp.zeros(one.shape, one.dtype) for name, one in shapes.items()}
        gradient, old = jax.grad(logit, has_aux=True)(zero)
        _, new = read(after, pixels)
        change = {name: new[name] - old[name] for name in names}
        found = {n: jnp.sum(gradient[n] * change[n], axis=(1, 2)) for n in names}
        for pool in pools:
            site = pool.site
            found[site] += _correction(
                pool, gradient[pool.name], old[site], change[site]
            )
        return jnp.concatenate(list(found.values()), axis=1), _moved(change)

    return sweep


def _correction(
    pool: MaxPool,
    gradient: Float[Array, "b h2 w2 c"],
    activation: Float[Array, "b h w c"],
    change: Float[Array, "b h w c"],
) -> Float[Array, "b c"]:
    """What a pooling's ties add to the product of gradient and change at its site."""
    excess = tie_excess(activation, change, pool.window, pool.stride)
    return jnp.sum(gradient * excess, axis=(1, 2))


def by_transpose(
    model: Model, sites: tuple[Site, ...], batch_size: int, ties: str = "one_sided"
) -> Sense:
    """Eq. 3 for all neurons at once: the gradient at every site, times the change.

    Takes about three forward passes of the images, however many neurons there are.
    """
    mesh = data_mesh()
    sweep = transposed(model, sites, ties)
    if mesh.size > 1:
        own = sweep

        def everyone(*args: Any) -> tuple[Float[Array, "b n"], Bool[Array, "b n"]]:
            return gather_rows(mesh, own(*args))

        given = REPLICATED, REPLICATED, SHARDED, REPLICATED
        sweep = jax.jit(per_device(mesh, everyone, given, REPLICATED))

    def sense(
        before: Variables,
        after: Variables,
        pixels: np.ndarray,
        label: int,
        neurons: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray]:
        found = []
        before, after = replicate(mesh, (before, after))
        for some, valid in _divided(mesh, pixels, batch_size):
            parts = sweep(before, after, some, label)
            found.append([np.asarray(part)[valid][:, neurons] for part in parts])
        sensitivity, moved = (np.concatenate(p) for p in zip(*found, strict=True))
        return sensitivity, np.any(moved, axis=0)

    return sense


def by_jvp(
    model: Model, sites: tuple[Site, ...], batch_size: int, ties: str = "one_sided"
) -> Sense:
    """Eq. 3 by its definition, for chosen neurons one by one.

    Takes one forward pass of the images per neuron.
    """
    derived = model.one_sided() if ties == "one_sided" else model
    mesh, names = data_mesh(), [site.name for site in sites]
    where, n = site_slices(sites), neuron_count(sites)
    changed = _changes(model, names, mesh)

    def batch(
        before: Variables,
        change: dict[str, Array],
        pixels: Array,
        label: Array,
        neurons: Int[Array, " _"],
    ) -> Float[Array, "_ b"]:
        def logit(eps: Mapping[str, Array]) -> Float[Array, " b"]:
            logits = derived.logits(before, pixels, tap=perturb(eps))
            return jnp.take(logits, label, axis=1)

        def along(neuron: Int[Array, ""]) -> Float[Array, " b"]:
            own = jnp.arange(n) == neuron
            direction = {
                name: jnp.where(own[None, None, None, where[name]], change[name], 0)
                for name in names
            }
            zero = jax.tree.map(jnp.zeros_like, change)
            return jax.jvp(logit, (zero,), (direction,))[1]

        return gather_rows(mesh, jax.vmap(along)(neurons), axis=1)

    given = REPLICATED, SHARDED, SHARDED, REPLICATED, REPLICATED
    derive = jax.jit(per_device(mesh, batch, given, REPLICATED))

    def sense(
        before: Variables,
        after: Variables,
        pixels: np.ndarray,
        label: int,
        neurons: np.ndarray,
    ) -> tuple[np.ndarray, np.ndarray]:
        found, moved = [], []
        before, after = replicate(mesh, (before, after))
        for some, valid in _divided(mesh, pixels, batch_size):
            change, these = changed(before, after, some)
            parts = [
                np.asarray(derive(before, change, some, label, few))[used]
                for few, used in _batches(neurons, TANGENTS)
            ]
            found.append(np.concatenate(parts).T[valid])
            moved.append(np.asarray(these)[valid][:, neurons].any(axis=0))
        return np.concatenate(found), np.any(moved, axis=0)

    return sense


def _changes(
    model: Model, names: list[str], mesh: Mesh
) -> Callable[..., tuple[dict[str, Array], Bool[Array, "b n"]]]:
    """Compile how activations change, on each device, and which neurons' do, of all."""
    read = read_activations(model, names)

    def changes(
        before: Variables, after: Variables, pixels: Array
    ) -> tuple[dict[str, Array], Bool[Array, "b n"]]:
        _, old = read(before, pixels)
        _, new = read(after, pixels)
        change = {name: new[name] - old[name] for name in names}
        return change, gather_rows(mesh, _moved(change))

    given = REPLICATED, REPLICATED, SHARDED
    return jax.jit(per_device(mesh, changes, given, (SHARDED, REPLICATED)))


def _moved(change: Mapping[str, Float[Array, "b h w c"]]) -> Bool[Array, "b n"]:
    moved = [jnp.any(one != 0, axis=(1, 2)) for one in change.values()]
    return jnp.concatenate(moved, axis=1)


def _divided(
    mesh: Mesh, pixels: np.ndarray, size: int
) -> Iterator[tuple[Array, Bool[np.ndarray, " b"]]]:
    """All images in batches of so many per device, and which of a batch are valid."""
    whole = min(size, -(-len(pixels) // mesh.size)) * mesh.size
    own = process_rows(mesh, whole)
    for rows, valid in sequential_batches(len(pixels), whole):
        yield shard(mesh, pixels[rows[own]], whole), valid


def _batches(values: np.ndarray, size: int) -> list[tuple[np.ndarray, np.ndarray]]:
    """All values in batches of one size, and which of a batch are no padding."""
    batches = sequential_batches(len(values), min(size, len(values)))
    return [(values[rows], valid) for rows, valid in batches]

"""Eq. 3 as in the paper: a difference quotient, in double precision.

This is the reference for derivatives. The step goes along the evolution and only to its
side, so that the kinks of ReLUs and poolings count as in the paper's limit. It is a
millionth of the site's activation, over which networks are linear except for few kinks.

A bias of the logits is left out: next to a bias of .3 the logits of an untrained
InceptionV3, about 1e-9, would change by less than float64 resolves.
"""

from collections.abc import Callable, Mapping
from functools import partial
from typing import Any, cast

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, Int, UInt8

from conceptevo_jax.activations import Recorder, perturb
from conceptevo_jax.data import sequential_batches
from conceptevo_jax.models import Model, Tap, Variables
from conceptevo_jax.types import Site, site_slices

STEP = 1e-6
"""Step of a neuron's map, in units of its site's largest activation."""

NEURONS = 4
"""Neurons per call, each changed separately."""

DifferencesFunction = Callable[
    [Variables, Variables, UInt8[np.ndarray, "i h w 3"], int, Int[np.ndarray, " _"]],
    Float[np.ndarray, "i _"],
]
"""`differences(before, after, pixels, label, neurons)`: the neurons' sensitivities."""


def forward_differences(model: Model, sites: tuple[Site, ...]) -> DifferencesFunction:
    """Prepare the difference quotients of Eq. 3; compiled once for any snapshots and
    classes.

    Takes a forward pass of the images per neuron, in float64 on a single device. All
    images are one batch, so use few.

    Args:
      model: The architecture.
      sites: The sites of the neurons.

    Returns:
      The differences; NaN if the network does not compute in the type of its input.
    """
    names = [site.name for site in sites]
    read_sites, shifted_logits = (
        _compile_reader(model, names),
        _compile_shifts(model, sites),
    )

    def differences(
        before: Variables,
        after: Variables,
        pixels: np.ndarray,
        label: int,
        neurons: np.ndarray,
    ) -> np.ndarray:
        # Layers may ask which of two types is the wider.
        with jax.enable_x64(True), jax.numpy_dtype_promotion("standard"):
            before = _cast_to_float64(before)
            images = _cast_to_float64(model.normalise(jnp.asarray(pixels)))
            activations = read_sites(before, images)
            change = _differences(
                activations, read_sites(_cast_to_float64(after), images)
            )
            zero_steps = np.zeros((NEURONS, sum(site.channels for site in sites)))
            before = _drop_output_bias(
                before, lambda v: shifted_logits(v, images, change, zero_steps)[0]
            )
            size = _step_sizes(
                [activations[name] for name in names], [change[name] for name in names]
            )
            steps = np.where(np.arange(len(size)) == neurons[:, None], size, 0)
            # The unmoved logits in the same calls: compiled apart they round apart.
            steps = np.concatenate([np.zeros_like(steps[:1]), steps])
            logits_at = partial(shifted_logits, before, images, change)
            logits = _in_batches(logits_at, steps)[..., label]
        if logits.dtype != np.float64:
            return np.full((len(pixels), len(neurons)), np.nan)
        return ((logits[1:] - logits[0]) / size[neurons, None]).T

    return differences


def _compile_reader(
    model: Model, names: list[str]
) -> Callable[[Variables, Array], dict[str, Array]]:
    """Compile the reading of activations from images that are normalised already."""

    @jax.jit
    def read_sites(variables: Variables, images: Array) -> dict[str, Array]:
        recorder = Recorder(names)
        _logits(model, variables, images, recorder)
        return recorder.activations

    return read_sites


def _compile_shifts(
    model: Model, sites: tuple[Site, ...]
) -> Callable[..., Float[Array, "_ b m"]]:
    """Compile the logits of `before` with activations moved along their change.

    Returns:
      `shifted_logits(before, images, change, steps)`: the logits for each row of
      `steps` `[_ n]`, how far each neuron is moved, as a share of its change.
    """
    slices = site_slices(sites)

    @jax.jit
    def shifted_logits(
        before: Variables,
        images: Array,
        change: Mapping[str, Array],
        steps: Float[Array, "_ n"],
    ) -> Float[Array, "_ b m"]:
        def logits_after(step: Float[Array, " n"]) -> Float[Array, "b m"]:
            shifts = {
                name: step[None, None, None, columns] * change[name]
                for name, columns in slices.items()
            }
            return _logits(model, before, images, perturb(shifts))

        return jax.vmap(logits_after)(steps)

    return shifted_logits


def _in_batches(
    logits_at: Callable[[np.ndarray], Array], steps: Float[np.ndarray, "_ n"]
) -> Float[np.ndarray, "_ b m"]:
    """The logits of all steps, `NEURONS` rows per call."""
    parts = [
        np.asarray(logits_at(steps[rows]))[valid]
        for rows, valid in sequential_batches(len(steps), NEURONS)
    ]
    return np.concatenate(parts)


def _differences(
    before: Mapping[str, Array], after: Mapping[str, Array]
) -> dict[str, Array]:
    return {name: after[name] - before[name] for name in before}


def _logits(
    model: Model, variables: Variables, images: Array, tap: Tap
) -> Float[Array, "b m"]:
    return cast(Array, model.module.apply(variables, images, tap=tap))


def _drop_output_bias(
    variables: Variables, logits: Callable[[Variables], Float[Array, "b m"]]
) -> Variables:
    """The variables without constants that are merely added to the logits.

    Which leaf that is depends on the architecture: each of the right shape is left out
    on trial, and stays out if the logits differ by it alone.
    """
    full_logits = logits(variables)
    leaves, tree = jax.tree.flatten(variables)
    for index, leaf in enumerate(leaves):
        if leaf.shape != full_logits.shape[1:]:
            continue
        candidate_leaves = list(leaves)
        candidate_leaves[index] = jnp.zeros_like(leaf)
        shifted_logits = logits(jax.tree.unflatten(tree, candidate_leaves))
        if jnp.allclose(
            shifted_logits + leaf[None], full_logits, rtol=1e-9, atol=1e-12
        ):
            leaves = candidate_leaves
            full_logits = shifted_logits
    return jax.tree.unflatten(tree, leaves)


def _step_sizes(
    activations: list[Array], changes: list[Array]
) -> Float[np.ndarray, " n"]:
    """The share of its change that is each neuron's step; arbitrary without a change.

    A share of a change alone would be no small step where the change is a multiple of
    the activation, as it is from an untrained network on.
    """
    sizes = []
    for activation, change in zip(activations, changes, strict=True):
        largest_change = np.abs(np.asarray(change)).max(axis=(0, 1, 2))
        scale = np.abs(np.asarray(activation)).max() or largest_change.max() or 1.0
        sizes.append(STEP * scale / np.where(largest_change > 0, largest_change, scale))
    return np.concatenate(sizes)


def _cast_to_float64(tree: Any) -> Any:
    """The same values in float64."""
    return jax.tree.map(lambda leaf: jnp.asarray(leaf, jnp.float64), tree)

"""Eq. 3 as the paper writes it: a quotient of differences, in double precision.

What derivatives are judged by. The step is taken along the evolution, to its side
alone, so that the kinks of ReLUs and poolings count as in the paper's limit. It is a
millionth of the site's activation: networks are linear over that but for few kinks.
A bias of the logits is left out: beside one of .3 the answers of an untrained
InceptionV3, some 1e-9, would change by less than float64 can tell.
"""

from collections.abc import Callable, Mapping
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
"""How far a neuron's map is moved, in units of its site's largest activation."""

NEURONS = 4
"""Moved per call, each for itself."""

Differences = Callable[
    [Variables, Variables, UInt8[np.ndarray, "i h w 3"], int, Int[np.ndarray, " _"]],
    Float[np.ndarray, "i _"],
]
"""`differences(before, after, pixels, label, neurons)`: the neurons' sensitivities."""


def forward_differences(model: Model, sites: tuple[Site, ...]) -> Differences:
    """Prepare the quotients of Eq. 3; compiled once for any snapshots and classes.

    Takes a forward pass of the images per neuron, in float64 on a single device. All
    images are one batch, so give few.

    Args:
      model: The architecture.
      sites: Whose neurons.

    Returns:
      The differences; NaN where the network computes in another type than it is given.
    """
    names, where = [site.name for site in sites], site_slices(sites)

    def logits(variables: Variables, images: Array, tap: Tap) -> Float[Array, "b m"]:
        return cast(Array, model.module.apply(variables, images, tap=tap))

    @jax.jit
    def read(variables: Variables, images: Array) -> dict[str, Array]:
        recorder = Recorder(names)
        logits(variables, images, recorder)
        return recorder.activations

    @jax.jit
    def moved(
        before: Variables,
        images: Array,
        change: Mapping[str, Array],
        steps: Float[Array, "_ n"],
    ) -> Float[Array, "_ b m"]:
        def along(step: Float[Array, " n"]) -> Float[Array, "b m"]:
            eps = {k: step[None, None, None, where[k]] * change[k] for k in names}
            return logits(before, images, perturb(eps))

        return jax.vmap(along)(steps)

    def differences(
        before: Variables,
        after: Variables,
        pixels: np.ndarray,
        label: int,
        neurons: np.ndarray,
    ) -> np.ndarray:
        # Layers may ask which of two types is the wider.
        with jax.enable_x64(True), jax.numpy_dtype_promotion("standard"):
            before = _wide(before)
            images = _wide(model.normalise(jnp.asarray(pixels)))
            old, new = read(before, images), read(_wide(after), images)
            change = {name: new[name] - old[name] for name in names}
            still = np.zeros((NEURONS, sum(site.channels for site in sites)))
            before = _without_output_bias(
                before, lambda v: moved(v, images, change, still)[0]
            )
            size = _step_sizes([old[k] for k in names], [change[k] for k in names])
            steps = np.where(np.arange(len(size)) == neurons[:, None], size, 0)
            # The unmoved logits in the same calls: compiled apart they round apart.
            rows = np.concatenate([np.zeros_like(steps[:1]), steps])
            parts = [
                np.asarray(moved(before, images, change, rows[some]))[valid]
                for some, valid in sequential_batches(len(rows), NEURONS)
            ]
        values = np.concatenate(parts)[..., label]
        if values.dtype != np.float64:
            return np.full((len(pixels), len(neurons)), np.nan)
        return ((values[1:] - values[0]) / size[neurons, None]).T

    return differences


def _without_output_bias(
    variables: Variables, logits: Callable[[Variables], Float[Array, "b m"]]
) -> Variables:
    """The variables without constants that are merely added to the logits."""
    whole = logits(variables)
    leaves, tree = jax.tree.flatten(variables)
    for number, leaf in enumerate(leaves):
        if leaf.shape != whole.shape[1:]:
            continue
        without = list(leaves)
        without[number] = jnp.zeros_like(leaf)
        rest = logits(jax.tree.unflatten(tree, without))
        if jnp.allclose(rest + leaf[None], whole, rtol=1e-9, atol=1e-12):
            leaves = without
            whole = rest
    return jax.tree.unflatten(tree, leaves)


def _step_sizes(
    activations: list[Array], changes: list[Array]
) -> Float[np.ndarray, " n"]:
    """Shares of each neuron's change that make up a step; any, of one without a change.

    A share of a change alone would be no small step where the change is a multiple of
    the activation, as it is from an untrained network on.
    """
    sizes = []
    for activation, change in zip(activations, changes, strict=True):
        largest = np.abs(np.asarray(change)).max(axis=(0, 1, 2))
        scale = np.abs(np.asarray(activation)).max() or largest.max() or 1.0
        sizes.append(STEP * scale / np.where(largest > 0, largest, scale))
    return np.concatenate(sizes)


def _wide(tree: Any) -> Any:
    """The same values in float64."""
    return jax.tree.map(lambda leaf: jnp.asarray(leaf, jnp.float64), tree)

"""Sensitivities of all neurons to one batch of images, by one reverse pass.

Each is the gradient of the class logit at a site times the change of the activation.
Where a max pooling directly follows a site, each of its windows is corrected for ties.
"""

from collections.abc import Callable, Mapping

import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float

from conceptevo_jax.activations import Recorder, chain, perturb, read_activations
from conceptevo_jax.models import MaxPool, Model, Variables
from conceptevo_jax.models.pooling import tie_excess
from conceptevo_jax.types import Site


def compile_vjp_sweep(
    model: Model, sites: tuple[Site, ...], ties: str = "one_sided"
) -> Callable[..., tuple[Float[Array, "b n"], Bool[Array, "b n"]]]:
    """Compile the reverse-mode sweep of one batch.

    Args:
      model: The architecture.
      sites: The sites of the neurons.
      ties: `one_sided`, Eq. 3's limit at poolings that directly follow a site, or
        `first`, as in autodiff.

    Returns:
      `sweep(before, after, pixels, label)`: every neuron's sensitivity for every image,
      and whether it changed on that image.
    """
    names = [site.name for site in sites]
    pools = [p for p in model.pools if p.site in names and ties == "one_sided"]
    taps = [*names, *(pool.name for pool in pools)]
    read_all_sites, read_sites = (
        read_activations(model, taps),
        read_activations(model, names),
    )

    @jax.jit
    def sweep(
        before: Variables, after: Variables, pixels: Array, label: Array
    ) -> tuple[Float[Array, "b n"], Bool[Array, "b n"]]:
        def logit(eps: Mapping[str, Array]) -> tuple[Array, dict[str, Array]]:
            recorder = Recorder(names)
            logits = model.logits(before, pixels, tap=chain(perturb(eps), recorder))
            return jnp.sum(jnp.take(logits, label, axis=1)), recorder.activations

        _, shapes = jax.eval_shape(read_all_sites, before, pixels)
        # The gradient with respect to perturbations of zero is that of the activations.
        zero = {name: jnp.zeros(x.shape, x.dtype) for name, x in shapes.items()}
        gradient, activations = jax.grad(logit, has_aux=True)(zero)
        _, activations_after = read_sites(after, pixels)
        change = {name: activations_after[name] - activations[name] for name in names}
        products = {n: jnp.sum(gradient[n] * change[n], axis=(1, 2)) for n in names}
        for pool in pools:
            site = pool.site
            products[site] += _tie_correction(
                pool, gradient[pool.name], activations[site], change[site]
            )
        sensitivity = jnp.concatenate(list(products.values()), axis=1)
        return sensitivity, changed_neurons(change)

    return sweep


def _tie_correction(
    pool: MaxPool,
    gradient: Float[Array, "b h2 w2 c"],
    activation: Float[Array, "b h w c"],
    change: Float[Array, "b h w c"],
) -> Float[Array, "b c"]:
    """What a pooling's ties add to the product of gradient and change at its site."""
    excess = tie_excess(activation, change, pool.window, pool.stride)
    return jnp.sum(gradient * excess, axis=(1, 2))


def changed_neurons(
    change: Mapping[str, Float[Array, "b h w c"]],
) -> Bool[Array, "b n"]:
    """Which neurons changed in any cell, per image."""
    changes_by_site = [
        jnp.any(difference != 0, axis=(1, 2)) for difference in change.values()
    ]
    return jnp.concatenate(changes_by_site, axis=1)

"""Activations and logit gradients of a site, pooled over space: the input of TCAV.

A concept is a direction among a site's channels, independent of the place in the image.
So activations are averaged over space; gradients are summed, since a direction is added
to every cell.
"""

from collections.abc import Callable

import jax
import jax.numpy as jnp
import numpy as np
from jaxtyping import Array, Float, UInt8

from conceptevo_jax.activations import map_batches, perturb, read_activations
from conceptevo_jax.errors import DataError, UsageError
from conceptevo_jax.models import Model, Variables

BATCH = 64
"""Images per call of the model."""


def pooled_activations(
    model: Model, variables: Variables, site: str
) -> Callable[[UInt8[np.ndarray, "i h w 3"]], Float[np.ndarray, "i c"]]:
    """A reader of a site's activations, averaged over space.

    Args:
      model: The network.
      variables: The snapshot's variables.
      site: Name of the site to read.

    Raises:
      UsageError: for an unknown site, or one of a single channel. The reader raises
        `DataError` for no images, or activations that are not finite.
    """
    _require_channels(model, site)
    read = read_activations(model, [site])

    @jax.jit
    def batch(variables: Variables, pixels: Array) -> Float[Array, "b c"]:
        return read(variables, pixels)[1][site].mean(axis=(1, 2))

    return lambda pixels: _map_finite(
        lambda images: batch(variables, images),
        pixels,
        f"activations at {site} of {model.name}",
    )


def class_gradients(
    model: Model,
    variables: Variables,
    site: str,
    pixels: UInt8[np.ndarray, "i h w 3"],
    label: int,
) -> Float[np.ndarray, "i c"]:
    """How the class's logit changes when a channel rises everywhere.

    Args:
      model: The network.
      variables: The snapshot's variables.
      site: Name of the site whose activations are perturbed.
      pixels: Images, usually of the class.
      label: Index of the class.

    Returns:
      ∂ logit / ∂ activation at the site, summed over space: its product with a
      direction is the derivative along that direction added to every cell.

    Raises:
      UsageError: for an unknown site, one of a single channel, or an unknown class.
      DataError: for no images, or gradients that are not finite.
    """
    _require_channels(model, site)
    if not 0 <= label < model.classes:
        raise UsageError(
            f"class {label} is none of the {model.classes} classes of {model.name}: "
            f"give 0 to {model.classes - 1}."
        )
    read = read_activations(model, [site])

    @jax.jit
    def batch(variables: Variables, images: Array) -> Float[Array, "b c"]:
        _, shapes = jax.eval_shape(read, variables, images)
        zero = jnp.zeros(shapes[site].shape, shapes[site].dtype)

        def logit(eps: Array) -> Array:
            logits = model.logits(variables, images, tap=perturb({site: eps}))
            return logits[:, label].sum()

        # Images do not influence each other, so that the gradient of the sum over the
        # batch holds every image's gradient.
        return jax.grad(logit)(zero).sum(axis=(1, 2))

    return _map_finite(
        lambda images: batch(variables, images),
        pixels,
        f"gradients of class {label} at {site} of {model.name}",
    )


def _require_channels(model: Model, name: str) -> None:
    site = model.site(name)
    if site.channels < 2:
        raise UsageError(
            f"site {name} of {model.name} has one channel: a concept needs a direction "
            "among two or more; choose another site."
        )


def _map_finite(
    call: Callable[[Array], Array], pixels: UInt8[np.ndarray, "i h w 3"], name: str
) -> Float[np.ndarray, "i c"]:
    """The call's rows for all images, in batches; an error unless all are finite."""
    if not len(pixels):
        raise DataError(f"no images for {name}: one or more are needed.")
    rows = map_batches(call, pixels, batch_size=BATCH)
    if not np.isfinite(rows).all():
        raise DataError(
            f"{name} are not finite: the snapshot has diverged; choose an earlier one."
        )
    return rows

"""The functions of a network with kinks, and their derivatives there.

A directional derivative is one-sided: the limit from the side that the direction points
to. Away from kinks it is the ordinary derivative. If two values are equal, their
maximum changes as fast as the faster of both, so the derivative of a maximum is the
largest tangent over all equal values; autodiff gives the tangent of the first value,
and 0 for a ReLU at exactly 0.

One-sided derivatives are not linear in their direction. They exist only in forward mode
(`jax.jvp`) and cannot be transposed: training uses autodiff's derivatives.
"""

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Bool, Float


def relu(x: Float[Array, "*shape"], *, one_sided: bool) -> Float[Array, "*shape"]:
    """The larger of the value and 0; NaN stays NaN.

    Args:
      x: Any values.
      one_sided: Whether the derivative at exactly 0 is the one-sided one, in forward
        mode, instead of 0.
    """
    return maximum_one_sided(x, jnp.zeros_like(x)) if one_sided else nn.relu(x)


def maximum(
    first: Float[Array, "*shape"], second: Float[Array, "*shape"]
) -> Float[Array, "*shape"]:
    """The larger one; NaN before any number; of equal ones the first is derived.

    Args:
      first: Values; of equal ones these are derived.
      second: Values of the same shape.
    """
    return jnp.where(_takes_second(first, second), second, first)


@jax.custom_jvp
def maximum_one_sided(
    first: Float[Array, "*shape"], second: Float[Array, "*shape"]
) -> Float[Array, "*shape"]:
    """The same, with the one-sided derivative where both are equal: forward mode.

    Args:
      first: As for `maximum`.
      second: As for `maximum`.
    """
    return maximum(first, second)


@maximum_one_sided.defjvp
def _derive(
    values: tuple[Array, Array], tangents: tuple[Array, Array]
) -> tuple[Array, Array]:
    (first, second), (first_tangent, second_tangent) = values, tangents
    tangent = jnp.where(_takes_second(first, second), second_tangent, first_tangent)
    is_tied = first == second
    return maximum(first, second), jnp.where(
        is_tied, jnp.maximum(first_tangent, second_tangent), tangent
    )


def _takes_second(first: Array, second: Array) -> Bool[Array, "*shape"]:
    return (first < second) | jnp.isnan(second)

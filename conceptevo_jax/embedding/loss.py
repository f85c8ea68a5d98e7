"""Eq. 1: the loss of a pair of co-activated neurons.

For the neuron embedding only, and to be differentiated with respect to the rows that
a batch uses, never to all vectors. Costs `2 R + 1` inner products per pair.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float


def pair_losses(
    center: Float[Array, "b d"],
    context: Float[Array, "b d"],
    center_negatives: Float[Array, "b r d"],
    context_negatives: Float[Array, "b r d"],
    *,
    negatives_learn: bool = True,
) -> tuple[Float[Array, " b"], Float[Array, " b"]]:
    """Negative log likelihood of each pair; their sum over D is J₁ of Eq. 1.

    −log σ(vₙ·vₘ) − Σᵣ log(1 − σ(vₙ·vᵣ)) − Σᵣ log(1 − σ(vₘ·vᵣ)), the two sums over
    draws of their own, with log(1 − σ(x)) = log σ(−x) so that nothing overflows.

    Args:
      center: Vectors vₙ.
      context: Vectors vₘ.
      center_negatives: The R random neurons' vectors vᵣ in the sum with vₙ.
      context_negatives: Those in the sum with vₘ.
      negatives_learn: Whether vᵣ receives a gradient, as in Eq. 1. The authors'
        code does not update it.

    Returns:
      The total per pair, and its first term, that of the co-activated pair.
    """
    if not negatives_learn:
        center_negatives = jax.lax.stop_gradient(center_negatives)
        context_negatives = jax.lax.stop_gradient(context_negatives)
    positive = -jax.nn.log_sigmoid(jnp.einsum("bd,bd->b", center, context))
    center_products = jnp.einsum("bd,brd->br", center, center_negatives)
    context_products = jnp.einsum("bd,brd->br", context, context_negatives)
    negative = jax.nn.log_sigmoid(-center_products) + jax.nn.log_sigmoid(
        -context_products
    )
    return positive - negative.sum(axis=1), positive

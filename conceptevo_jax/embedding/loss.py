"""Eq. 1: what a pair of co-activated neurons costs.

For the neuron embedding only, and to be differentiated with respect to the rows that
a batch touches, never to all vectors. Costs `2 R + 1` inner products a pair.
"""

import jax
import jax.numpy as jnp
from jaxtyping import Array, Float


def pair_losses(
    first: Float[Array, "b d"],
    second: Float[Array, "b d"],
    against_first: Float[Array, "b r d"],
    against_second: Float[Array, "b r d"],
    *,
    negatives_learn: bool = True,
) -> tuple[Float[Array, " b"], Float[Array, " b"]]:
    """Negative log likelihood of each pair; their sum over D is J₁ of Eq. 1.

    −log σ(vₙ·vₘ) − Σᵣ log(1 − σ(vₙ·vᵣ)) − Σᵣ log(1 − σ(vₘ·vᵣ)), the two sums over
    draws of their own, with log(1 − σ(x)) = log σ(−x) so that nothing overflows.

    Args:
      first: Vectors vₙ.
      second: Vectors vₘ.
      against_first: The R random neurons' vectors vᵣ in the sum with vₙ.
      against_second: Those in the sum with vₘ.
      negatives_learn: Whether vᵣ receives a gradient, as Eq. 1 says. The authors'
        code leaves it where it is.

    Returns:
      The total per pair, and its first term, that of the co-activated pair.
    """
    if not negatives_learn:
        against_first = jax.lax.stop_gradient(against_first)
        against_second = jax.lax.stop_gradient(against_second)
    positive = -jax.nn.log_sigmoid(jnp.einsum("bd,bd->b", first, second))
    apart_first = jnp.einsum("bd,brd->br", first, against_first)
    apart_second = jnp.einsum("bd,brd->br", second, against_second)
    negative = jax.nn.log_sigmoid(-apart_first) + jax.nn.log_sigmoid(-apart_second)
    return positive - negative.sum(axis=1), positive

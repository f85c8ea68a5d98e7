"""Batch normalisation like the reference networks, which Flax does not provide."""

import flax.linen as nn
import jax
import jax.numpy as jnp
from jaxtyping import Array, Float


def promote_to_float32(x: Float[Array, "*shape"]) -> Float[Array, "*shape"]:
    """The array, in float32 if it has a narrower type."""
    return x if x.dtype.itemsize >= 4 else x.astype(jnp.float32)


class BatchNorm(nn.Module):
    """Batch normalisation (Ioffe & Szegedy, 2015) that keeps PyTorch's statistics.

    As in PyTorch, and unlike in Flax, the running variance uses the unbiased
    estimate, so that trainings of both can be compared number by number. Parameters
    `scale` and `bias`; `batch_stats` holds `mean` and `var`.

    Attributes:
      epsilon: Added to the variance.
      momentum: Weight of the newest batch in the running statistics.
    """

    epsilon: float = 1e-3
    momentum: float = 0.1

    @nn.compact
    def __call__(
        self, x: Float[Array, "b h w c"], *, use_running_average: bool
    ) -> Float[Array, "b h w c"]:
        """Normalise each channel by the batch's statistics, or by the running ones."""
        shape, kind, x = (x.shape[-1],), x.dtype, promote_to_float32(x)
        scale = self.param("scale", nn.initializers.ones, shape, jnp.float32)
        bias = self.param("bias", nn.initializers.zeros, shape, jnp.float32)
        mean = self.variable("batch_stats", "mean", jnp.zeros, shape, jnp.float32)
        var = self.variable("batch_stats", "var", jnp.ones, shape, jnp.float32)
        if use_running_average:
            centre, spread = mean.value, var.value
        else:
            centre, spread = jnp.mean(x, (0, 1, 2)), jnp.var(x, (0, 1, 2))
            if not self.is_initializing():
                count = x.size // x.shape[-1]
                unbiased = spread * (count / max(count - 1, 1))
                self._move(mean, centre)
                self._move(var, unbiased)
        factor = scale * jax.lax.rsqrt(spread + self.epsilon)
        normal = (x - centre[None, None, None]) * factor[None, None, None]
        return (normal + bias[None, None, None]).astype(kind)

    def _move(self, running: nn.Variable[Array], newest: Float[Array, " c"]) -> None:
        running.value += self.momentum * (newest - running.value)

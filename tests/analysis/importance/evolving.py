"""A network that is linear after its sites, with weights made by hand."""

import flax.linen as nn
import jax.numpy as jnp
import numpy as np

from conceptevo_jax.models import Model, identity_tap
from conceptevo_jax.types import Site, Snapshot

CHANNELS, CLASSES, SIDE = 8, 3, 4


class Hand(nn.Module):
    """`first` is the brightness times a weight per channel; logits weigh its sums.

    `second` doubles `first`, so that both are cuts of the network.
    """

    @nn.compact
    def __call__(self, images, *, train=False, tap=identity_tap):
        gain = self.param("gain", nn.initializers.ones, (CHANNELS,))
        head = self.param("head", nn.initializers.zeros, (CHANNELS, CLASSES))
        x = images.mean(axis=-1, keepdims=True) * gain[None, None, None]
        x = tap("first", nn.relu(x))
        x = tap("second", 2 * x)
        return x.sum(axis=(1, 2)) @ head


def hand_model() -> Model:
    facts = {"channels": CHANNELS, "receptive_field": 1, "stride": 1}
    return Model(
        name="hand",
        preset="tiny",
        module=Hand(),
        sites=(
            Site(name="first", rectified=True, **facts),
            Site(name="second", rectified=True, **facts),
        ),
        size=SIDE,
        classes=CLASSES,
        mean=(0.0, 0.0, 0.0),
        std=(1.0, 1.0, 1.0),
    )


def weights(gain, head) -> dict:
    shape = {"gain": (CHANNELS,), "head": (CHANNELS, CLASSES)}
    values = {"gain": gain, "head": head}
    return {
        "params": {
            name: jnp.asarray(np.broadcast_to(value, shape[name]), jnp.float32)
            for name, value in values.items()
        }
    }


def snapshot(variables, epoch=0, run="run") -> Snapshot:
    return Snapshot(run=run, epoch=epoch, load=lambda: variables)

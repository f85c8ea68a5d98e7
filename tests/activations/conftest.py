"""A model whose activations are known: two sites that pass the pixels on."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import pytest

from conceptevo_jax.models import Model, identity_tap
from conceptevo_jax.types import Site


class Glass(nn.Module):
    """Channels of `first` are those of the image, of `second` their 2 × 2 corners."""

    @nn.compact
    def __call__(self, images, *, train=False, tap=identity_tap):
        scale = self.param("scale", nn.initializers.ones, ())
        x = tap("first.pre", images * scale)
        x = tap("first", nn.relu(x))
        x = tap("second", -x[:, :2, :2])
        return x.sum(axis=(1, 2))


@pytest.fixture
def glass() -> Model:
    facts = {"receptive_field": 1, "stride": 1}
    return Model(
        name="glass",
        preset="tiny",
        module=Glass(),
        sites=(
            Site(name="first", channels=3, rectified=True, pre="first.pre", **facts),
            Site(name="second", channels=3, rectified=False, **facts),
        ),
        size=4,
        classes=3,
        mean=(0.5, 0.5, 0.5),
        std=(0.5, 0.5, 0.5),
    )


@pytest.fixture
def scale() -> dict:
    return {"params": {"scale": jnp.float32(1)}}


@pytest.fixture
def images(glass, rng) -> jax.Array:
    return glass.normalise(jnp.asarray(rng.integers(0, 256, (5, 4, 4, 3), "u1")))

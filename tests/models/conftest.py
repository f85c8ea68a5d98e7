"""Weights for any architecture, without compiling its initialisation."""

from collections.abc import Callable

import jax
import numpy as np
import pytest

from conceptevo_jax.models import Model, Variables


def _draw(rng: np.random.Generator, path: tuple, leaf: jax.ShapeDtypeStruct):
    if path[-1].key in ("var", "scale"):
        return rng.uniform(0.5, 1.5, leaf.shape).astype(leaf.dtype)
    fan_in = np.prod(leaf.shape[:-1]) if len(leaf.shape) > 1 else 200
    return (rng.normal(size=leaf.shape) * np.sqrt(2 / fan_in)).astype(leaf.dtype)


@pytest.fixture(scope="session")
def random_variables() -> Callable[[Model], Variables]:
    """He-normal kernels, small biases, and scales and variances about 1."""

    def build(model: Model) -> Variables:
        rng = np.random.default_rng(7)
        return jax.tree_util.tree_map_with_path(
            lambda path, leaf: _draw(rng, path, leaf), model.shapes()
        )

    return build

"""Convolutions, whichever way they are computed."""

from functools import partial

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from conceptevo_jax.models import convolution
from conceptevo_jax.models.convolution import (
    Conv,
    convolve,
    line_product,
    patch_product,
    tile_product,
    xla_convolution,
)
from conceptevo_jax.models.depthwise import (
    banded_product,
    convolve_depthwise,
    shifted_sums,
)

pytestmark = pytest.mark.slow

CASES = {
    "square kernel": ((6, 5), (3, 3), (1, 1), (1, 1)),
    "larger than the map": ((2, 2), (3, 3), (1, 1), (1, 1)),
    "row": ((4, 7), (1, 7), (1, 1), (0, 3)),
    "column": ((7, 4), (7, 1), (1, 1), (3, 0)),
    "long row": ((3, 40), (1, 3), (1, 1), (0, 1)),
    "row with steps": ((5, 7), (1, 3), (1, 2), (0, 1)),
    "one cell": ((5, 4), (1, 1), (1, 1), (0, 0)),
    "tiles": ((8, 6), (2, 2), (2, 2), (0, 0)),
    "tiles and a rest": ((9, 7), (2, 3), (2, 3), (0, 0)),
    "steps": ((7, 7), (3, 3), (2, 2), (0, 0)),
}
"""By name: sides of the map, the kernel, its steps, and the padding."""


@pytest.fixture(params=CASES.values(), ids=CASES)
def case(request, rng):
    sides, kernel, stride, pad = request.param
    x = rng.normal(size=(3, *sides, 4)).astype(np.float32)
    weights = rng.normal(size=(*kernel, 4, 5)).astype(np.float32)
    return jnp.asarray(x), jnp.asarray(weights), {"stride": stride, "pad": pad}


def by_definition(x, kernel, stride, pad):
    """Every output cell as a sum over the kernel's taps, in float64."""
    padded = np.pad(x, ((0, 0), (pad[0],) * 2, (pad[1],) * 2, (0, 0)))
    views = np.lib.stride_tricks.sliding_window_view(
        padded.astype(np.float64), kernel.shape[:2], (1, 2)
    )[:, :: stride[0], :: stride[1]]
    return np.einsum("bhwcij,ijco->bhwo", views, kernel)


def gradients(run, x, kernel):
    def total(x, kernel):
        return jnp.sum(jnp.sin(run(x, kernel)))

    return jax.grad(total, argnums=(0, 1))(x, kernel)


def close(found, expected):
    np.testing.assert_allclose(found, expected, rtol=1e-5, atol=1e-5)


def test_what_the_rule_chooses_is_a_convolution(case):
    x, kernel, how = case
    close(convolve(x, kernel, **how), by_definition(x, kernel, **how))


def test_its_gradient_is_that_of_xla(case):
    x, kernel, how = case
    found = gradients(partial(convolve, **how), x, kernel)
    expected = gradients(partial(xla_convolution, **how), x, kernel)
    jax.tree.map(close, found, expected)


def test_its_forward_derivative_is_that_of_xla(case):
    x, kernel, how = case
    _, found = jax.jvp(partial(convolve, **how), (x, kernel), (x, kernel))
    _, expected = jax.jvp(partial(xla_convolution, **how), (x, kernel), (x, kernel))
    close(found, expected)


def test_patches_serve_every_shape(case):
    x, kernel, how = case
    close(patch_product(x, kernel, **how), by_definition(x, kernel, **how))


def ways(call):
    """Which convolutions a call is made of: XLA's, and matrix products."""
    made = str(jax.make_jaxpr(call)())
    return made.count("conv_general_dilated["), made.count("dot_general[")


def test_accelerators_get_their_own_convolution(case, monkeypatch):
    x, kernel, how = case
    monkeypatch.setattr(jax, "default_backend", lambda: "gpu")
    assert ways(lambda: convolve(x, kernel, **how)) == (1, 0)
    depthwise = jnp.ones((7, 7, 1, x.shape[-1]))
    assert ways(lambda: convolve_depthwise(x, depthwise)) == (1, 0)


@pytest.mark.parametrize(
    ("name", "way"),
    [
        ("square kernel", "xla_convolution"),
        ("steps", "xla_convolution"),
        ("larger than the map", "patch_product"),
        ("row with steps", "patch_product"),
        ("long row", "patch_product"),
        ("row", "line_product"),
        ("column", "line_product"),
        ("one cell", "tile_product"),
        ("tiles and a rest", "tile_product"),
    ],
)
def test_shapes_decide_on_cpu(name, way, monkeypatch):
    sides, kernel, stride, pad = CASES[name]

    def taken(*args, **kwargs):
        raise LookupError(way)

    monkeypatch.setattr(convolution, way, taken)
    with pytest.raises(LookupError, match=way):
        convolve(
            jnp.ones((1, *sides, 4)), jnp.ones((*kernel, 4, 2)), stride=stride, pad=pad
        )


def test_the_layer_is_that_of_flax(case):
    x, kernel, how = case
    sides = kernel.shape[:2]
    ours = Conv(5, sides, **how)
    theirs = nn.Conv(5, sides, how["stride"], [(side,) * 2 for side in how["pad"]])
    variables = ours.init(jax.random.key(3), x)
    jax.tree.map(
        np.testing.assert_array_equal, variables, theirs.init(jax.random.key(3), x)
    )
    variables["params"]["bias"] = jnp.arange(5.0)
    close(ours.apply(variables, x), theirs.apply(variables, x))
    assert (
        "bias"
        not in Conv(5, sides, use_bias=False).init(jax.random.key(0), x)["params"]
    )


def depthwise(x: np.ndarray, kernel: np.ndarray) -> np.ndarray:
    """By definition: every cell a sum over its 7×7 neighbours inside the map."""
    h, w = x.shape[1:3]
    out, half = np.zeros(x.shape), kernel.shape[0] // 2
    for row in range(h):
        for column in range(w):
            for i in range(max(0, row - half), min(h, row + half + 1)):
                for j in range(max(0, column - half), min(w, column + half + 1)):
                    tap = kernel[i - row + half, j - column + half, 0]
                    out[:, row, column] += x[:, i, j] * tap
    return out


DEPTHWISE = [shifted_sums, banded_product, convolve_depthwise]


@pytest.mark.parametrize("height", [1, 2, 4, 9])
@pytest.mark.parametrize("run", DEPTHWISE)
def test_depthwise_convolutions_equal_the_definition(run, height, rng):
    x = rng.normal(size=(2, height, height + 1, 3)).astype(np.float32)
    kernel = rng.normal(size=(7, 7, 1, 3)).astype(np.float32)
    found = run(jnp.asarray(x), jnp.asarray(kernel))
    np.testing.assert_allclose(found, depthwise(x, kernel), rtol=1e-4, atol=1e-4)


def test_both_depthwise_ways_have_one_gradient(rng):
    x = jnp.asarray(rng.normal(size=(2, 5, 4, 3)), jnp.float32)
    kernel = jnp.asarray(rng.normal(size=(7, 7, 1, 3)), jnp.float32)
    jax.tree.map(
        partial(np.testing.assert_allclose, rtol=1e-4, atol=1e-4),
        gradients(shifted_sums, x, kernel),
        gradients(banded_product, x, kernel),
    )


@pytest.mark.parametrize(("side", "products"), [(8, 2), (9, 0)])
def test_small_maps_are_convolved_by_matrices(side, products):
    x, kernel = jnp.ones((1, side, side, 2)), jnp.ones((7, 7, 1, 2))
    found, dots = ways(lambda: convolve_depthwise(x, kernel))
    assert found == 0
    assert (dots > 0) == (products > 0)


def test_a_single_tile_needs_no_padding(rng):
    x = jnp.asarray(rng.normal(size=(2, 3, 3, 4)), jnp.float32)
    kernel = jnp.asarray(rng.normal(size=(3, 3, 4, 2)), jnp.float32)
    how = {"stride": (1, 1), "pad": (0, 0)}
    close(tile_product(x, kernel), by_definition(x, kernel, **how))


def test_lines_keep_padding_that_reaches_beyond_the_map(rng):
    x = jnp.asarray(rng.normal(size=(2, 2, 3, 4)), jnp.float32)
    kernel = jnp.asarray(rng.normal(size=(1, 7, 4, 2)), jnp.float32)
    found = line_product(x, kernel, pad=(0, 3))
    close(found, by_definition(x, kernel, (1, 1), (0, 3)))

"""Derivatives at kinks: the limits from the side that a direction points to."""

import flax.linen as nn
import jax
import jax.numpy as jnp
import numpy as np
import pytest

from conceptevo_jax.models.kinks import maximum, maximum_one_sided, relu


def along(function, values, direction):
    values, direction = (
        tuple(jnp.asarray(one, jnp.float32) for one in given)
        for given in (values, direction)
    )
    return jax.jvp(function, values, direction)[1].tolist()


def test_a_relu_at_zero_rises_but_does_not_fall():
    values, direction = [-1.0, 0, 0, 0, 2, 2], [5.0, 3, -3, 0, 3, -3]

    def derived(one_sided):
        return along(lambda x: relu(x, one_sided=one_sided), (values,), (direction,))

    assert derived(True) == [0, 3, 0, 0, 3, -3]
    assert derived(False) == [0, 0, 0, 0, 3, -3]


def test_of_two_equal_values_the_faster_one_counts():
    first, second = [1.0, 1, 1, 2, 1], [1.0, 1, 1, 1, 2]
    one, other = [4.0, -4, -2, -5, 9], [3.0, -1, -2, 7, 6]
    given = (first, second), (one, other)
    assert along(maximum_one_sided, *given) == [4, -1, -2, -5, 6]
    assert along(maximum, *given) == [4, -4, -2, -5, 6]


@pytest.mark.parametrize("one_sided", [False, True])
def test_values_are_those_of_a_relu(one_sided):
    x = jnp.asarray([-np.inf, -1, -0.0, 0, 1, np.inf, np.nan], jnp.float32)
    np.testing.assert_array_equal(relu(x, one_sided=one_sided), nn.relu(x))


def test_what_is_not_a_number_is_taken_before_any_number():
    first, second = jnp.asarray([np.nan, 1.0, -np.inf]), jnp.asarray([1.0, np.nan, 0])
    for function in (maximum, maximum_one_sided):
        np.testing.assert_array_equal(function(first, second), [np.nan, np.nan, 0])
    direction = [2.0, 2, 2], [3.0, 3, 3]
    assert along(maximum_one_sided, (first, second), direction) == [2, 3, 3]

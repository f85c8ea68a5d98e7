"""A key changes with the content, and only then."""

import dataclasses
import pathlib

import numpy as np
import pytest
from hypothesis import assume, given
from hypothesis import strategies as st

from conceptevo_jax.store.keys import content_key, json_values

PLAIN = st.recursive(
    st.none() | st.booleans() | st.integers() | st.text(max_size=5),
    lambda inner: (
        st.lists(inner, max_size=3)
        | st.dictionaries(st.text(max_size=5), inner, max_size=3)
    ),
    max_leaves=6,
)


def same(left, right):
    """Equality that tells True from 1."""
    return repr(left) == repr(right)


@pytest.mark.slow
@given(left=PLAIN, right=PLAIN)
def test_different_settings_have_different_keys(left, right):
    assume(not same(left, right))
    assume(not (isinstance(left, dict) and left == right))
    assert content_key(left) != content_key(right)


@given(settings=st.dictionaries(st.text(max_size=5), PLAIN, max_size=5))
def test_the_order_of_settings_does_not_matter(settings):
    backwards = dict(reversed(settings.items()))
    assert content_key("train", settings) == content_key("train", backwards)


def test_the_form_of_equal_settings_does_not_matter():
    @dataclasses.dataclass
    class Settings:
        k: int
        widths: tuple[int, ...]

    key = content_key({"k": 10, "widths": [1, 2]})
    assert content_key(Settings(k=10, widths=(1, 2))) == key
    assert content_key({"k": np.int64(10), "widths": (np.int32(1), 2)}) == key


def test_keys_are_the_same_on_every_machine():
    key = content_key("stimuli", {"k": 10, "pool": None}, {"snapshot": "ab"})
    assert key == "b332c6b9f098"
    ones = np.ones((2, 3), "<f4")
    assert content_key(arrays={"w": ones}) == "b2972361384d"


def test_arrays_enter_by_name_dtype_shape_and_value(rng):
    array = rng.normal(size=(4, 6))
    others = [
        {"v": array},
        {"w": array.astype(np.float32)},
        {"w": array.reshape(6, 4)},
        {"w": array + 1e-9},
        {"w": array, "x": array},
        {},
    ]
    keys = {content_key(arrays=other) for other in others}
    assert len(keys) == len(others)
    assert content_key(arrays={"w": array}) not in keys
    assert content_key(arrays={"w": array[:]}) == content_key(arrays={"w": array})


def test_memory_layout_does_not_enter(rng):
    array = rng.normal(size=(4, 6))
    turned = np.asfortranarray(array)
    assert content_key(arrays={"w": turned}) == content_key(arrays={"w": array})


@pytest.mark.parametrize("value", [np.ones(2), pathlib.Path("x"), {1, 2}, object()])
def test_what_has_no_faithful_form_is_refused(value):
    with pytest.raises(TypeError, match="has no JSON form"):
        json_values({"setting": value})

"""Reading torchvision's state dictionaries, and refusing those of another network."""

import jax
import numpy as np
import pytest
from flax.traverse_util import flatten_dict
from torchvision_states import NAMES, torchvision_state

from conceptevo_jax.errors import DataError
from conceptevo_jax.models import build_model, from_torchvision, vgg


@pytest.fixture(params=["vgg16", "vgg19", "inception_v3", "convnext_tiny"])
def model(request):
    return build_model(request.param, preset="tiny", classes=7)


@pytest.mark.slow
def test_every_variable_comes_from_its_entry(model, rng):
    state = torchvision_state(model, rng)
    variables = from_torchvision(model, state)
    given, told = (
        jax.tree.map(lambda leaf: (leaf.shape, leaf.dtype), tree)
        for tree in (variables, model.shapes())
    )
    assert given == told
    for path, leaf in flatten_dict(variables).items():
        name = ".".join([*path[1:-1], NAMES.get(path[-1], path[-1])])
        np.testing.assert_array_equal(np.sort(leaf, None), np.sort(state[name], None))


@pytest.mark.slow
def test_axes_are_turned(rng):
    model = build_model("convnext_tiny", preset="tiny", classes=7)
    state = torchvision_state(model, rng)
    params = from_torchvision(model, state)["params"]
    for h, w, i, o in rng.integers(0, 2, (20, 4)):
        down = state["features.2.1.weight"][o, i, h, w]
        assert params["features.2.1"]["kernel"][h, w, i, o] == down
        depthwise = state["features.1.0.block.0.weight"][o, 0, h, w]
        assert params["features.1.0"]["block.0"]["kernel"][h, w, 0, o] == depthwise
        linear = state["classifier.2.weight"][o, i]
        assert params["classifier.2"]["kernel"][i, o] == linear


def test_the_linear_layer_after_a_map_reads_it_channels_last(monkeypatch, rng):
    size = vgg.Size((4, 4, 4, 4, 3), 5, 64, 0.0)
    monkeypatch.setitem(vgg.PRESETS, "toy", size)
    model = build_model("vgg16", preset="toy", classes=7)
    state = torchvision_state(model, rng)
    kernel = from_torchvision(model, state)["params"]["classifier.0"]["kernel"]
    features = rng.normal(size=(2, 2, 3)).astype(np.float32)
    channels_first = features.transpose(2, 0, 1).reshape(-1)
    expected = state["classifier.0.weight"] @ channels_first
    np.testing.assert_allclose(features.reshape(-1) @ kernel, expected, rtol=1e-5)


def test_other_weights_are_refused_with_their_names(model, rng):
    state = torchvision_state(model, rng)
    last = [name for name in state if name.endswith("weight")][-1]
    gone = state.pop(next(iter(state)))
    state |= {"extra.weight": gone, last: np.zeros((3, 3), np.float32)}
    with pytest.raises(
        DataError, match=r"missing: .*unexpected: extra\.weight"
    ) as error:
        from_torchvision(model, state)
    assert f"misshaped: {last} is (3, 3), not" in str(error.value)
    assert model.name in str(error.value)


def test_only_the_first_few_names_are_listed(model, rng):
    missing = sum(
        not name.endswith("tracked") for name in torchvision_state(model, rng)
    )
    with pytest.raises(DataError, match=f"and {missing - 5} more") as error:
        from_torchvision(model, {})
    assert "unexpected" not in str(error.value)
    assert "misshaped" not in str(error.value)

"""VGG: the published facts, a NumPy reference, and its initialisation."""

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from conceptevo_jax.models import Model, build_model
from conceptevo_jax.models.initial import trace_initialisation
from conceptevo_jax.models.tapped import parameter_count
from conceptevo_jax.models.vgg import IMAGENET_MEAN, IMAGENET_STD, VGG, Size
from conceptevo_jax.types import neuron_count

FACTS = {
    "vgg16": (138_357_544, 13, 4_224),
    "vgg16_no_dropout": (138_357_544, 13, 4_224),
    "vgg19": (143_667_240, 16, 5_504),
}

# Configurations D and E of Simonyan & Zisserman, 2015, by stage: M is a max-pooling.
LAYERS = {
    "vgg16": "1 1 M 2 2 M 3 3 3 M 4 4 4 M 5 5 5 M",
    "vgg19": "1 1 M 2 2 M 3 3 3 3 M 4 4 4 4 M 5 5 5 5 M",
}


@pytest.mark.parametrize("name", FACTS)
def test_full_size_has_the_published_counts(name):
    model = build_model(name, classes=1000)
    parameters, sites, neurons = FACTS[name]
    assert parameter_count(model.shapes()) == parameters
    assert len(model.sites) == sites
    assert neuron_count(model.sites) == neurons
    assert model.size == 224
    assert (model.mean, model.std) == (IMAGENET_MEAN, IMAGENET_STD)


@pytest.mark.parametrize("name", LAYERS)
def test_layers_are_named_as_torchvision_names_them(name):
    model = build_model(name, classes=1000)
    index, expected = 0, []
    for layer in LAYERS[name].split():
        if layer != "M":
            expected.append(f"features.{index}")
        index += 1 if layer == "M" else 2
    assert [site.name for site in model.sites] == expected
    dense = ["classifier.0", "classifier.3", "classifier.6"]
    assert set(model.shapes()["params"]) == {*expected, *dense}
    assert all(site.rectified for site in model.sites)


def _reference(layers: str, params: dict, images: np.ndarray) -> np.ndarray:
    """The same network in NumPy, its convolution as a sum over nine shifts."""
    x, index = images.astype(np.float64), 0
    for layer in layers.split():
        b, h, w, c = x.shape
        if layer == "M":
            x = x.reshape(b, h // 2, 2, w // 2, 2, c).max(axis=(2, 4))
            index += 1
            continue
        kernel = params[f"features.{index}"]["kernel"]
        padded = np.pad(x, ((0, 0), (1, 1), (1, 1), (0, 0)))
        shifts = ((i, j) for i in range(3) for j in range(3))
        x = sum(padded[:, i : i + h, j : j + w] @ kernel[i, j] for i, j in shifts)
        x = np.maximum(x + params[f"features.{index}"]["bias"], 0)
        index += 2
    x = x.reshape(len(x), -1)
    for index in (0, 3, 6):
        dense = params[f"classifier.{index}"]
        x = x @ dense["kernel"] + dense["bias"]
        x = x if index == 6 else np.maximum(x, 0)
    return x


@pytest.mark.slow
@pytest.mark.parametrize("name", LAYERS)
def test_logits_equal_a_numpy_reference(name, random_variables, rng):
    model = build_model(name, preset="tiny", classes=5)
    variables = random_variables(model)
    images = rng.normal(size=(3, 32, 32, 3)).astype(np.float32)
    logits = model.module.apply(variables, jnp.asarray(images))
    expected = _reference(LAYERS[name], variables["params"], images)
    np.testing.assert_allclose(logits, expected, rtol=1e-3, atol=1e-4)


@pytest.fixture(scope="module")
def vgg16() -> Model:
    return build_model("vgg16", preset="tiny", classes=10)


@pytest.fixture(scope="module")
def initial(vgg16):
    return vgg16.init(3)


def test_leaving_out_dropout_leaves_the_initial_weights(initial):
    other = build_model("vgg16_no_dropout", preset="tiny", classes=10).init(3)
    jax.tree.map(np.testing.assert_array_equal, initial, other)


def test_narrow_presets_start_from_he_by_fan_in(initial):
    _require_spread(initial["params"], lambda shape: np.sqrt(2 / np.prod(shape[:-1])))


def test_the_full_size_starts_as_torchvision_does():
    """By its `wide` flag, at widths that cost nothing."""
    size = Size((16,) * 5, 64, 32, 0.5, wide=True)
    module = VGG(depths=(1,) * 5, size=size, classes=300, dropout=0.5)
    variables = trace_initialisation(module, (1, 32, 32, 3)).draw(jax.random.key(0))

    def spread(shape):
        return np.sqrt(2 / (9 * shape[-1])) if len(shape) == 4 else 0.01

    _require_spread(variables["params"], spread)


def _require_spread(params, spread):
    for layer in params.values():
        kernel = np.asarray(layer["kernel"])
        error = 5 / np.sqrt(kernel.size)
        assert abs(kernel.std() / spread(kernel.shape) - 1) < error
        assert abs(kernel.mean() / spread(kernel.shape)) < error
        assert not np.any(layer["bias"])

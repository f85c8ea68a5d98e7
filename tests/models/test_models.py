"""Finding models and sites by name."""

import pytest

from conceptevo_jax.errors import UsageError
from conceptevo_jax.models import MODELS, build_model


def test_an_unknown_model_lists_the_valid_ones():
    with pytest.raises(UsageError, match=r"unknown model 'vgg61'.*vgg16") as caught:
        build_model("vgg61", classes=3)
    assert all(name in str(caught.value) for name in MODELS)


def test_a_model_tells_its_name_preset_and_classes():
    for name in MODELS:
        model = build_model(name, preset="tiny", classes=3)
        assert (model.name, model.preset, model.classes) == (name, "tiny", 3)


def test_a_site_is_found_by_name():
    model = build_model("vgg16", preset="tiny", classes=3)
    assert model.site("features.28") is model.sites[-1]
    with pytest.raises(UsageError, match=r"site of vgg16 'features.1'.*features.28"):
        model.site("features.1")

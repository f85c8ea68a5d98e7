"""Eq. 3 against its definition in the networks that the smoke demo has trained."""

import numpy as np
import pytest
from exactness import site_errors, worst

from conceptevo_jax.data import load_images
from conceptevo_jax.models import build_model
from conceptevo_jax.store import Store
from conceptevo_jax.training import snapshots

LABEL = 3

FURTHER_ON = {
    ("inception_v3", "init"): {"Conv2d_2b_3x3", "Conv2d_3b_1x1", "Conv2d_4a_3x3"}
}
"""Sites behind which a ReLU is at exactly 0: the sweep does not follow that."""


@pytest.mark.parametrize("name", ["vgg16", "inception_v3", "convnext_tiny"])
def test_sensitivities_are_exact_at_every_site(demo, name):
    """From the untrained network on, and from one that has learnt for an epoch."""
    images = load_images("shapes", "test", data_dir=None, test_images=200)
    pixels = np.stack([images.image(row) for row in (LABEL, LABEL + 10)])
    entries = [
        entry
        for entry in Store(demo.store).entries()
        if entry.stage == "train" and entry.about.startswith(f"{name}: ")
    ]
    model = build_model(name, preset="tiny", classes=10)
    shots = {
        shot.epoch: shot.load() for shot in snapshots(entries[0].path, name, model)
    }
    errors = site_errors(model, pixels)
    for before in ("init", 0):
        found = errors(shots[before], shots[3], LABEL)
        assert worst(found["sensitivity_by_jvp"])[1] < 1e-4, before
        swept = found["sensitivity_by_vjp"].items()
        beyond = {site for site, error in swept if error >= 3e-2}
        assert beyond <= FURTHER_ON.get((name, before), set())

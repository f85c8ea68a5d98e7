"""InceptionV3: the published facts, its auxiliary head, grids and initialisation."""

from itertools import pairwise

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax.traverse_util import flatten_dict

from conceptevo_jax.activations import Recorder
from conceptevo_jax.models import Model, build_model
from conceptevo_jax.models.tapped import parameter_count
from conceptevo_jax.models.vgg import IMAGENET_MEAN, IMAGENET_STD
from conceptevo_jax.types import neuron_count

# Szegedy et al., 2016, Table 1 and Figs. 5 to 7, as torchvision has them.
CHANNELS = {
    "Conv2d_1a_3x3": 32,
    "Conv2d_2a_3x3": 32,
    "Conv2d_2b_3x3": 64,
    "Conv2d_3b_1x1": 80,
    "Conv2d_4a_3x3": 192,
    "Mixed_5b": 256,
    "Mixed_5c": 288,
    "Mixed_5d": 288,
    "Mixed_6a": 768,
    "Mixed_6b": 768,
    "Mixed_6c": 768,
    "Mixed_6d": 768,
    "Mixed_6e": 768,
    "Mixed_7a": 1280,
    "Mixed_7b": 2048,
    "Mixed_7c": 2048,
}


@pytest.fixture(scope="module")
def full() -> Model:
    return build_model("inception_v3", classes=1000)


@pytest.mark.slow
def test_full_size_has_the_published_counts(full):
    assert parameter_count(full.shapes()) == 27_161_264
    assert neuron_count(full.sites) == 10_448
    assert {site.name: site.channels for site in full.sites} == CHANNELS
    assert (full.size, full.mean, full.std) == (299, IMAGENET_MEAN, IMAGENET_STD)


def test_the_last_field_is_the_published_one(full):
    """Araujo et al., 2019, https://distill.pub/2019/computing-receptive-fields."""
    last = full.sites[-1]
    assert (last.receptive_field, last.stride) == (1311, 32)


def test_the_pooled_channels_of_two_blocks_are_copies(full):
    copies = {site.name: site.copies for site in full.sites if site.copies}
    assert copies == {
        "Mixed_6a": tuple(range(768 - 288, 768)),
        "Mixed_7a": tuple(range(1280 - 768, 1280)),
    }
    assert sum(map(len, copies.values())) == 1_056


@pytest.mark.slow
@pytest.mark.parametrize(
    ("preset", "grids"), [("full", (35, 17, 8)), ("small", (15, 7, 3))]
)
def test_no_cell_is_missed_where_the_grid_shrinks(preset, grids):
    model = build_model("inception_v3", preset=preset, classes=10)
    seen = _shapes(model)
    names = ("Mixed_5d", "Mixed_6e", "Mixed_7c")
    assert tuple(seen[name].shape[1] for name in names) == grids
    assert all(fine == 2 * coarse + 1 for fine, coarse in pairwise(grids))


def _shapes(model: Model) -> dict:
    recorder = Recorder([site.name for site in model.sites])
    images = jax.ShapeDtypeStruct((1, model.size, model.size, 3), jnp.float32)

    def apply(variables, images):
        model.module.apply(variables, images, tap=recorder)
        return recorder.activations

    return jax.eval_shape(apply, model.shapes(), images)


@pytest.fixture(scope="module")
def tiny() -> Model:
    return build_model("inception_v3", preset="tiny", classes=10)


@pytest.mark.slow
def test_the_auxiliary_head_is_sown_in_training_mode_only(tiny):
    images = jax.ShapeDtypeStruct((4, 32, 32, 3), jnp.float32)

    def apply(variables, images, train):
        rngs = {"dropout": jax.random.key(0)}
        mutable = ["batch_stats", "auxiliary"]
        options = {"train": train, "rngs": rngs, "mutable": mutable}
        return tiny.module.apply(variables, images, **options)[1]

    for train in (True, False):
        changed = jax.eval_shape(
            lambda *a, t=train: apply(*a, t), tiny.shapes(), images
        )
        sown = jax.tree.leaves(changed.get("auxiliary", {}))
        assert [logits.shape for logits in sown] == [(4, 10)] * train
    assert "auxiliary" not in tiny.shapes()


@pytest.mark.slow
def test_it_starts_as_torchvision_does():
    """N(0, .1), but .001 for the auxiliary logits; normalisations do nothing yet."""
    model = build_model("inception_v3", preset="small", classes=3000)
    leaves = flatten_dict(model.init(3))
    for path, leaf in leaves.items():
        leaf, error = np.asarray(leaf), 5 / np.sqrt(leaf.size)
        spread = 0.001 if "AuxLogits" in path and "fc" in path else 0.1
        if path[-1] == "bias" and "fc" in path:
            spread = np.sqrt(1 / 3 / leaves[*path[:-1], "kernel"].shape[0])
            assert abs(leaf).max() <= np.sqrt(3) * spread
        elif path[-1] != "kernel":
            np.testing.assert_array_equal(leaf, path[-1] in ("scale", "var"))
            continue
        assert abs(np.std(leaf) / spread - 1) < error
        assert abs(np.mean(leaf) / spread) < error

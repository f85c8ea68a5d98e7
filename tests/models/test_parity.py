"""Logits, sites, batch statistics and auxiliary logits equal torchvision's networks.

At toy width and with random weights and statistics, in float32; initial weights have
torchvision's distributions. Skipped only where the extra `[parity]` is not installed.
"""

import dataclasses
import importlib.util
from collections.abc import Callable
from functools import partial
from typing import Any

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from flax.traverse_util import flatten_dict

from conceptevo_jax.activations import Recorder, tap_names
from conceptevo_jax.benchmarks.peers.torch_networks import import_torchvision
from conceptevo_jax.models import (
    Model,
    Variables,
    build_model,
    convnext,
    from_torchvision,
    inception,
    vgg,
)
from conceptevo_jax.models.torchvision import name_in_torchvision

if importlib.util.find_spec("torchvision") is None:
    pytest.skip("the extra [parity] is not installed", allow_module_level=True)

import torch
from torch_weights import draw_weights

pytestmark = pytest.mark.slow

zoo = import_torchvision().models
CLASSES, BATCH, CLOSE = 5, 4, 1e-4
VGG_WIDTHS, HIDDEN, DIVIDE, CONVNEXT_WIDTHS = (4, 6, 8, 10, 12), 20, 16, (8, 12, 16, 24)


def _vgg(name: str) -> torch.nn.Module:
    """Torchvision's layers, on maps of 2×2 instead of 7×7 at the end."""
    published = {64: 0, 128: 1, 256: 2, 512: 3}
    letters, stage = [], 0
    for width in zoo.vgg.cfgs[{"vgg16": "D", "vgg19": "E"}[name]]:
        assert width == "M" or min(stage, 3) == published[width]
        letters.append("M" if width == "M" else VGG_WIDTHS[stage])
        stage += width == "M"
    network = zoo.vgg.VGG(zoo.vgg.make_layers(letters), dropout=0.0)
    network.avgpool = torch.nn.Identity()
    for index, sides in {
        0: (4 * VGG_WIDTHS[-1], HIDDEN),
        3: (HIDDEN, HIDDEN),
        6: (HIDDEN, CLASSES),
    }.items():
        network.classifier[index] = torch.nn.Linear(*sides)
    return network


def _inception() -> torch.nn.Module:
    """Torchvision's blocks, every width divided."""
    source = zoo.inception

    def narrow(before, after, **options):
        before = before if before == 3 else before // DIVIDE
        return source.BasicConv2d(before, after // DIVIDE, **options)

    blocks = [getattr(source, f"Inception{x}") for x in ("A", "B", "C", "D", "E")]
    blocks.append(source.InceptionAux)
    network = source.Inception3(
        num_classes=CLASSES,
        inception_blocks=[narrow, *(partial(b, conv_block=narrow) for b in blocks)],
        init_weights=False,
        dropout=0.0,
    )
    network.fc = torch.nn.Linear(2048 // DIVIDE, CLASSES)
    network.AuxLogits.fc = torch.nn.Linear(768 // DIVIDE, CLASSES)
    return network


def _convnext() -> torch.nn.Module:
    following = (*CONVNEXT_WIDTHS[1:], None)
    stages = zip(CONVNEXT_WIDTHS, following, (3, 3, 9, 3), strict=True)
    config = [zoo.convnext.CNBlockConfig(*stage) for stage in stages]
    return zoo.convnext.ConvNeXt(config, num_classes=CLASSES)


# By architecture: where its sizes are, one of toy width, and torchvision's network.
TOYS: dict[str, tuple[Any, Any, Callable[[], torch.nn.Module]]] = {
    "vgg16": (vgg, vgg.Size(VGG_WIDTHS, HIDDEN, 64, 0.0), partial(_vgg, "vgg16")),
    "vgg19": (vgg, vgg.Size(VGG_WIDTHS, HIDDEN, 64, 0.0), partial(_vgg, "vgg19")),
    "inception_v3": (
        inception,
        dataclasses.replace(inception.PRESETS["full"], divide=DIVIDE, dropout=0.0),
        _inception,
    ),
    "convnext_tiny": (
        convnext,
        convnext.Size(CONVNEXT_WIDTHS, 4, 64, 0.5, 0.0),
        _convnext,
    ),
}


@dataclasses.dataclass(frozen=True, kw_only=True)
class Pair:
    """A model and torchvision's network, with the same weights and images."""

    model: Model
    reference: torch.nn.Module
    variables: Variables
    images: np.ndarray


def _pair(name: str) -> Pair:
    source, size, build = TOYS[name]
    with pytest.MonkeyPatch.context() as patch:
        patch.setitem(source.PRESETS, "toy", size)
        model = build_model(name, preset="toy", classes=CLASSES)
    rng = np.random.default_rng(11)
    reference = build().eval()
    state = {n: draw_weights(rng, n, v) for n, v in reference.state_dict().items()}
    reference.load_state_dict(state)
    images = rng.normal(size=(BATCH, model.size, model.size, 3)).astype(np.float32)
    return Pair(
        model=model,
        reference=reference,
        variables=from_torchvision(model, state),
        images=images,
    )


def _referred(reference: torch.nn.Module, images: np.ndarray) -> Any:
    with torch.no_grad():
        return reference(torch.from_numpy(images.transpose(0, 3, 1, 2)))


def _difference(ours: Any, theirs: Any) -> float:
    theirs = np.asarray(theirs)
    if theirs.ndim == 4:
        theirs = theirs.transpose(0, 2, 3, 1)
    assert ours.shape == theirs.shape
    return float(np.abs(np.asarray(ours) - theirs).max())


@pytest.mark.parametrize("name", TOYS)
def test_logits_and_every_site_are_torchvisions_in_evaluation_mode(name):
    pair, seen = _pair(name), {}
    # Copied: torchvision's ReLU overwrites what comes before it.
    for site in pair.model.sites:
        pair.reference.get_submodule(site.name).register_forward_hook(
            lambda _, __, out, name=site.name: seen.update({name: out.clone()})
        )
    logits = _referred(pair.reference, pair.images)
    ours, recorded = _evaluated(pair)
    assert _difference(ours, logits) <= CLOSE
    assert np.abs(ours).max() > 100 * CLOSE
    for site in pair.model.sites:
        found = recorded[site.pre or site.name]
        assert _difference(found, seen[site.name]) <= CLOSE, site.name
        assert np.abs(found).max() > 100 * CLOSE, site.name


def _evaluated(pair: Pair) -> tuple[jax.Array, dict[str, jax.Array]]:
    names = {
        name
        for before in (True, False)
        for name in tap_names(pair.model.sites, before_relu=before)
    }

    @jax.jit
    def apply(variables, images):
        recorder = Recorder(sorted(names))
        logits = pair.model.module.apply(variables, images, tap=recorder)
        return logits, recorder.activations

    return apply(pair.variables, jnp.asarray(pair.images))


@pytest.mark.parametrize(
    ("dtype", "close"),
    # Some ninety normalisations by few cells multiply the rounding of float32.
    [("float32", 1e-3), ("float64", 1e-6)],
)
def test_training_mode_gives_torchvisions_logits_and_running_statistics(dtype, close):
    """Of both heads of InceptionV3, the one of the four that has such a mode."""
    pair = _pair("inception_v3")
    reference = pair.reference.train().to(getattr(torch, dtype))
    with jax.enable_x64(dtype == "float64"), jax.numpy_dtype_promotion("standard"):
        given = jax.tree.map(lambda x: x.astype(dtype), (pair.variables, pair.images))
        logits, changed = _trained(pair.model, *given)
    expected = _referred(reference, pair.images.astype(dtype))
    (auxiliary,) = jax.tree.leaves(changed["auxiliary"])
    assert _difference(logits, expected.logits) <= close
    assert _difference(auxiliary, expected.aux_logits) <= close
    moved = from_torchvision(pair.model, reference.state_dict())["batch_stats"]
    within = partial(np.testing.assert_allclose, rtol=0, atol=min(close, CLOSE))
    jax.tree.map(within, changed["batch_stats"], moved)


def _trained(model: Model, variables: Variables, images: Any) -> tuple[Any, Any]:
    apply = partial(
        model.module.apply, train=True, mutable=["batch_stats", "auxiliary"]
    )
    return jax.jit(apply)(variables, images, rngs={"dropout": jax.random.key(0)})


class _NarrowLinear(torch.nn.Linear):
    """Linear layers of torchvision's VGG, narrow: its first has 103 million weights."""

    def __init__(self, inputs: int, outputs: int):
        super().__init__(inputs // 32, outputs // 10)


def _initial_vgg() -> tuple[Model, torch.nn.Module]:
    with pytest.MonkeyPatch.context() as patch:
        narrow = dataclasses.replace(vgg.PRESETS["full"], hidden=400, side=32)
        patch.setitem(vgg.PRESETS, "narrow", narrow)
        patch.setattr(torch.nn, "Linear", _NarrowLinear)
        return build_model("vgg16", preset="narrow", classes=100), zoo.vgg16()


# By architecture: ours, and torchvision's as it starts by itself.
INITIAL: dict[str, Callable[[], tuple[Model, torch.nn.Module]]] = {
    "vgg16": _initial_vgg,
    "inception_v3": lambda: (
        build_model("inception_v3", classes=1000),
        zoo.inception_v3(init_weights=True),
    ),
    "convnext_tiny": lambda: (
        build_model("convnext_tiny", classes=1000),
        zoo.convnext_tiny(),
    ),
}


@pytest.mark.parametrize("name", INITIAL)
def test_initial_weights_have_torchvisions_means_and_deviations(name):
    """At full size, but for VGG's linear layers."""
    torch.manual_seed(5)
    model, network = INITIAL[name]()
    reference = {
        entry: value.numpy()
        for entry, value in network.state_dict().items()
        if not entry.endswith("num_batches_tracked")
    }
    ours = {name_in_torchvision(p): v for p, v in flatten_dict(model.init(3)).items()}
    assert ours.keys() == reference.keys()
    for entry, theirs in reference.items():
        array, spread = np.asarray(ours[entry]), theirs.std()
        if theirs.min() == theirs.max():
            np.testing.assert_array_equal(array, theirs.flat[0], entry)
            continue
        # Five deviations of a difference of two estimates.
        error = 5 * np.sqrt(1 / array.size + 1 / theirs.size)
        assert abs(array.std() / spread - 1) < error, entry
        assert abs(array.mean() - theirs.mean()) < error * spread, entry

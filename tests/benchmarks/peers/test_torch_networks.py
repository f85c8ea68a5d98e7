"""PyTorch's networks do the work of ours: the same weights give the same numbers."""

import importlib.util

import jax
import jax.numpy as jnp
import numpy as np
import pytest

from conceptevo_jax.benchmarks.peers.torch_networks import (
    ARCHITECTURES,
    torch_network,
    why_no_compiler,
)
from conceptevo_jax.models import build_model, from_torchvision

if importlib.util.find_spec("torchvision") is None:
    pytest.skip("the extra [parity] is not installed", allow_module_level=True)

import torch
from torch_weights import draw_weights

CLASSES, BATCH = 5, 3


@pytest.mark.slow
@pytest.mark.parametrize("name", ARCHITECTURES)
def test_narrow_networks_give_the_logits_of_ours(name, rng):
    model = build_model(name, preset="tiny", classes=CLASSES)
    network = torch_network(model).eval()
    state = {n: draw_weights(rng, n, v) for n, v in network.state_dict().items()}
    network.load_state_dict(state)
    variables = from_torchvision(model, {n: v.numpy() for n, v in state.items()})
    images = rng.normal(size=(BATCH, model.size, model.size, 3)).astype(np.float32)
    with torch.no_grad():
        theirs = network(torch.from_numpy(images.transpose(0, 3, 1, 2))).numpy()
    ours = jax.jit(model.module.apply)(variables, jnp.asarray(images))
    assert np.abs(theirs).max() > 0.01
    np.testing.assert_allclose(ours, theirs, rtol=2e-3, atol=1e-4)


@pytest.mark.slow
@pytest.mark.parametrize("name", ARCHITECTURES)
def test_full_networks_have_all_parameters_of_the_published_ones(name):
    model = build_model(name, classes=CLASSES)
    sizes = [leaf.size for leaf in jax.tree.leaves(model.shapes()["params"])]
    network = torch_network(model)
    assert sum(p.numel() for p in network.parameters()) == sum(sizes)
    assert not any(p.is_meta for p in (*network.parameters(), *network.buffers()))


def test_without_a_compiler_the_reason_is_given(monkeypatch, tmp_path):
    monkeypatch.setenv("PATH", str(tmp_path))
    assert "C++ compiler" in why_no_compiler()

"""What is timed is the same work on both sides, and growth is told by its exponent."""

import importlib.util
import json

import numpy as np
import pytest

from conceptevo_jax.activations import Sweep, read_peaks
from conceptevo_jax.benchmarks import growth, image_vectors, networks, stimuli
from conceptevo_jax.benchmarks.map_time import map_share
from conceptevo_jax.benchmarks.peers.torch_networks import torch_network
from conceptevo_jax.benchmarks.rows import is_within_bound, row_claims
from conceptevo_jax.models import build_model, from_torchvision
from conceptevo_jax.training import Optimizer

pytestmark = pytest.mark.slow

needs_torch = pytest.mark.skipif(
    importlib.util.find_spec("torchvision") is None,
    reason="the extra [parity] is not installed",
)


@pytest.mark.parametrize("power", [0.0, 1.0, 2.0])
def test_the_exponent_of_a_power_law_is_found(power):
    sizes = (10, 100, 1000)
    costs = [7 * size**power for size in sizes]
    assert growth.power_law_exponent(sizes, costs) == pytest.approx(power)


def test_what_does_not_grow_weighs_least_at_the_last_sizes():
    sizes = (1, 10_000, 100_000)
    costs = [100 + size for size in sizes]
    assert growth.power_law_exponent(sizes, costs) == pytest.approx(1, abs=0.01)
    assert growth.power_law_exponent((1,), (1.0,)) is None
    assert growth.power_law_exponent((1, 2), (0.0, 1.0)) is None


def test_a_fold_holds_four_bytes_more_per_image():
    few, many = growth.fold_images(1000), growth.fold_images(3000)
    assert many - few == 4 * 2000


def test_growth_is_told_by_size_and_its_claims_name_what_grows():
    rows = growth.grow_neurons((64, 128))
    assert [row.what for row in rows[:2]] == ["64 neurons", "128 neurons"]
    assert [one.id for one in row_claims(rows)] == [
        "time_of_embedding_by_neurons",
        "memory_of_embedding_by_neurons",
    ]


def test_both_solvers_stop_at_one_residual_and_find_the_same_vectors():
    rows = image_vectors.measure_image_vectors(neurons=60, images=300, turns=1)
    by_claim = {row.claim: row for row in rows if row.claim}
    assert by_claim["image_vectors_against_descent"].value > 0
    # Seven arrays of images by dimensions and of neurons by dimensions would be more.
    taken = by_claim["image_vectors_memory"].value
    assert 8 * 30 * 300 < taken < 7 * 8 * 30 * (300 + 60)


def test_the_rate_of_descent_is_the_largest_that_is_stable():
    matrix, _ = image_vectors.random_problem(40, 300)
    largest = np.linalg.norm(matrix.toarray(), 2)
    assert image_vectors.stable_rate(matrix) == pytest.approx(largest**-2)


@pytest.fixture(scope="module")
def shared(rng_of_module):
    """A tiny VGG16 of PyTorch's and ours with its weights."""
    model = build_model("vgg16", preset="tiny", classes=4)
    network = torch_network(model)
    state = {n: v.numpy() for n, v in network.state_dict().items()}
    return model, network, from_torchvision(model, state)


@pytest.fixture(scope="module")
def rng_of_module():
    return np.random.default_rng(3)


@needs_torch
def test_hooks_and_topk_find_the_stimuli_that_the_sweep_finds(shared):
    model, network, variables = shared
    pixels = stimuli.random_images(24, model.size)
    theirs = stimuli.torch_stimuli(model, network, pixels, size=8)()
    fold = stimuli.ranking_fold(model, 24)
    run = Sweep(read_peaks(model), (fold,), tuple, batch_size=8)
    (top,) = run(variables, stimuli.wrap_images(pixels))
    ours, live = np.asarray(top.rows)[:, :10], np.asarray(top.values)[:, 9] > 0
    assert live.mean() > 0.5
    same = [set(a) == set(b) for a, b in zip(ours[live], theirs[live], strict=True)]
    assert np.mean(same) > 0.95  # all but near ties


@needs_torch
def test_a_training_step_of_pytorch_descends_the_loss_of_both_heads(rng):
    model = build_model("inception_v3", preset="tiny", classes=4)
    pixels = rng.integers(0, 256, (8, model.size, model.size, 3), np.uint8)
    labels = rng.integers(0, 4, 8, np.int32)
    calls = networks.torch_calls(model, Optimizer(), pixels, labels, compiled=False)
    assert calls[networks.FORWARD]().shape == (8, 4)
    losses = [calls[networks.STEP]() for _ in range(15)]
    assert losses[-1] < losses[0]
    assert losses[0] == pytest.approx(1.4 * np.log(4), rel=0.5)  # both heads


def test_networks_without_pytorch_are_rows_with_a_reason(monkeypatch, rng):
    monkeypatch.setattr(networks, "why_no_torch", lambda: "not run: needs torch")
    model = build_model("vgg16", preset="tiny", classes=4)
    pixels = rng.integers(0, 256, (2, model.size, model.size, 3), np.uint8)
    rows = networks.measure_network(
        model, Optimizer(), pixels, np.zeros(2, np.int32), turns=1, compiles=True
    )
    assert all(row.seconds for row in rows[:2])
    assert {row.why for row in rows[2:]} == {"not run: needs torch"}
    assert all(row.value is None for row in rows[2:])


@needs_torch
def test_only_a_full_network_claims_the_overhead():
    model = build_model("vgg16", preset="tiny", classes=4)
    rows = stimuli.measure_stimuli(model, batch=4, batches=3, turns=1)
    by_peer = {row.peer: row for row in rows if row.peer}
    peers = (stimuli.FORWARD, stimuli.HOOKS, stimuli.COMPILED_HOOKS)
    assert tuple(by_peer) == peers
    assert by_peer[stimuli.COMPILED_HOOKS].why.startswith("not run: takes minutes")
    assert not row_claims(rows)
    assert is_within_bound(by_peer[stimuli.FORWARD]) is None


def test_the_share_of_the_map_is_that_of_the_demos_record(tmp_path):
    assert map_share(tmp_path)[0] is None
    told = {"seconds": 200.0, "timings": {"layout": 30.0}}
    (tmp_path / "results.json").write_text(json.dumps(told))
    assert map_share(tmp_path) == (0.15, "30.0 s of 200 s")
    told["timings"] = {"layout": 0.0}
    (tmp_path / "results.json").write_text(json.dumps(told))
    assert map_share(tmp_path) == (
        None,
        "not run: the demo took its map from the store",
    )

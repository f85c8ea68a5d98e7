"""The paper's settings: every configuration composes and says what the paper says."""

from pathlib import Path

import jax
import jax.numpy as jnp
import pytest

from conceptevo_jax.benchmarks.check_settings import check_benchmark
from conceptevo_jax.cli.compose import resolve
from conceptevo_jax.cli.experiment import composed_config
from conceptevo_jax.cli.locate import experiments, folder
from conceptevo_jax.models import build_model
from conceptevo_jax.models.tapped import parameter_count
from conceptevo_jax.reports.check_config import check_config
from conceptevo_jax.reports.importance.settings import (
    ImportanceSettings,
    ReversionSettings,
)
from conceptevo_jax.types import neuron_count

pytestmark = pytest.mark.slow

PAPER = folder("configs") / "run" / "paper"

OF_THE_PAPER = [name for name in experiments() if name != "monitor_rates"]
"""The one left out is about many small networks at any scale."""

RUNS = {
    # name: model, optimizer, learning rate, weight decay, epochs seen
    "vgg16": ("vgg16", "sgd", 0.01, 0.0, [0, 5, 21, 207]),
    "vgg16_large_lr": ("vgg16", "sgd", 0.05, 0.0, [3, 12, 13, 14]),
    "vgg16_no_dropout": ("vgg16_no_dropout", "sgd", 0.01, 0.0, [0, 1, 3, 30]),
    "vgg19": ("vgg19", "sgd", 0.01, 0.0, [0, 5, 21, 207]),
    "inception_v3": ("inception_v3", "sgd", 0.045, 0.0, [1, 11, 121]),
    "inception_v3_code_lr": ("inception_v3", "sgd", 0.5, 0.0, [1, 11, 121]),
    "inception_v3_unstable": ("inception_v3", "sgd", 1.5, 0.0, [4, 70, 71, 100]),
    "convnext_tiny": ("convnext_tiny", "adamw", 0.004, 0.05, [1, 3, 96]),
    "convnext_tiny_large_lr": ("convnext_tiny", "adamw", 0.02, 0.05, [13, 14, 15, 16]),
    "convnext_tiny_no_decay": ("convnext_tiny", "adamw", 0.004, 0.0, [0, 1, 2, 7, 32]),
}

COUNTS = {
    # name: parameters with 1,000 classes, neurons, input side
    "vgg16": (138_357_544, 4_224, 224),
    "vgg19": (143_667_240, 5_504, 224),
    "inception_v3": (27_161_264, 10_448, 299),
    "convnext_tiny": (28_589_128, 8_640, 256),
}


def made(*words):
    return resolve(composed_config(list(words)))


def test_every_file_is_known_here():
    assert {path.stem for path in PAPER.glob("*.yaml")} == set(RUNS)


@pytest.mark.parametrize("name", RUNS)
def test_a_run_of_the_paper_has_its_numbers(name):
    config = made(
        "experiment=unified_space", "scale=paper", f"run@runs.base=paper/{name}"
    )
    run = config.runs["base"]
    model, optimizer, rate, decay, seen = RUNS[name]
    assert (run.model.name, run.model.preset) == (model, "full")
    assert (run.optimizer.name, run.optimizer.learning_rate) == (optimizer, rate)
    assert (run.optimizer.weight_decay, run.optimizer.momentum) == (decay, 0.9)
    assert (run.optimizer.schedule, run.optimizer.warmup_epochs) == ("constant", 0)
    assert (run.batch_size, run.milestones) == (512, seen)
    assert run.epochs == seen[-1] + 1
    told = run.regularisation
    assert (told.random_crop, told.flip, told.label_smoothing, told.ema) == (0, 0, 0, 0)
    if model == "inception_v3":
        assert told.auxiliary_weight == 0
    check_config(config)
    check_benchmark(config)


@pytest.mark.parametrize("experiment", OF_THE_PAPER)
def test_the_methods_numbers_are_the_papers(experiment):
    config = made(f"experiment={experiment}", "scale=paper", "method=paper")
    method, data = config.method, config.dataset
    assert method.stimuli.k == 10
    assert (method.embedding.dim, method.embedding.negatives) == (30, 3)
    assert method.embedding.learning_rate == 0.05
    assert method.projection.learning_rate == 0.002
    assert (data.name, data.train_images) == ("tfds:imagenet2012", None)
    assert (data.pool_images, data.options["test_split"]) == (None, "validation")
    assert data.facts.train == 1_281_167
    assert all(run.model.preset == "full" for run in config.runs.values())


@pytest.mark.parametrize("method", ["default", "paper", "original_code"])
@pytest.mark.parametrize("scale", ["smoke", "demo", "gpu", "paper"])
@pytest.mark.parametrize("experiment", experiments())
def test_every_experiment_composes_at_every_scale(experiment, scale, method):
    config = made(f"experiment={experiment}", f"scale={scale}", f"method={method}")
    assert (config.name, config.scale_name) == (experiment, scale)
    check_config(config)
    check_benchmark(config)


@pytest.mark.parametrize("dataset", ["cifar10", "imagenette", "fashion_mnist"])
def test_a_gpu_trains_full_size_networks_on_the_set_that_is_named(dataset):
    config = made("experiment=unified_space", "scale=gpu", f"dataset={dataset}")
    assert config.dataset.name.startswith(("tfds:", "fashion_mnist"))
    assert (config.dataset.side, config.dataset.train_images) == (299, None)
    check_config(config)
    check_benchmark(config)


@pytest.mark.parametrize("name", COUNTS)
def test_full_size_networks_have_the_published_shapes(name):
    model = build_model(name, classes=1000)
    parameters, neurons, side = COUNTS[name]
    assert parameter_count(model.shapes()) == parameters
    assert neuron_count(model.sites) == neurons
    assert model.size == side
    pixels = jax.ShapeDtypeStruct((2, 299, 299, 3), jnp.uint8)
    logits = jax.eval_shape(model.logits, model.shapes(), pixels)
    assert logits.shape == (2, 1000)


@pytest.mark.parametrize("experiment", OF_THE_PAPER)
def test_a_plan_of_the_paper_touches_nothing(call, experiment):
    code, out, err = call(f"experiment={experiment}", "scale=paper", "dry_run=true")
    assert code == 0, err
    assert "1,333,167 images of 299 pixels, decoded on demand" in out
    assert ("208 epochs" in out) == (experiment != "benchmark")  # which trains nothing
    assert "one H100 (assumed)" in out
    assert "nothing was done" in out
    assert not list(Path.cwd().iterdir())


def test_the_plan_of_the_bases_training_is_its_arithmetic(call):
    """208 epochs of three forward passes (each 39.3 GFLOP) over ImageNet.

    209 times 60,000 images are evaluated besides, and all are observed once.
    """
    _, out, _ = call("experiment=unified_space", "scale=paper", "dry_run=true")
    (row,) = (line for line in out.splitlines() if "VGG19 (base)" in line)
    images = 3 * 208 * 1_281_167 + 209 * 60_000 + 1_282_167
    days = images * 39.3e9 / 150e12 / 86_400
    told = int(row.split("│")[3].split()[0])
    assert "days" in row
    assert abs(told - days) <= 0.55


def test_the_plan_of_reverting_is_its_arithmetic(call):
    """100 classes, two evolutions: 128 of 1,281 images rank, all of them judge.

    For each of 5 repeats, 5 quantiles and both ways, half of the network (30.9 GFLOP)
    after each of 13 sites, and both networks once.
    """
    _, out, _ = call("experiment=reversion", "scale=paper", "dry_run=true")
    (row,) = (line for line in out.splitlines() if "vgg16: 100 classes" in line)
    train, heldout = 1_281_167 // 1000, 50 + 100
    images = train * 4 + (train + heldout) * (5 * 5 * 2 * 13 / 2 + 2)
    hours = 100 * 2 * images * 30.9e9 / 150e12 / 3600
    told = int(row.split("│")[3].split()[0])
    assert " h " in row
    assert abs(told - hours) <= 0.55


def test_the_evolutions_of_the_paper_have_its_numbers():
    config = made("experiment=reversion", "scale=paper")
    reverting, of = ReversionSettings.of(config), ImportanceSettings.of(config)
    assert (reverting.images, reverting.bins, reverting.repeats) == (128, 4, 5)
    assert (of.images, of.classes, of.patches, of.epochs) == (128, 100, 9, [])
    assert of.shown == {
        "vgg16": "n02883205",  # bow tie
        "inception_v3": "n01531178",  # goldfinch
        "convnext_tiny": "n02105855",  # Shetland sheepdog
    }

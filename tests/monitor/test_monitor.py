"""The monitor on planted responses and on real networks; it never raises."""

import dataclasses
import json
import sys
import time
import types

import jax
import jax.numpy as jnp
import numpy as np
import pytest
from planted import he_normal

from conceptevo_jax.data import DecodedImages, images_id, select_part
from conceptevo_jax.errors import DataError, UsageError
from conceptevo_jax.models import build_model
from conceptevo_jax.monitor import (
    DAMAGED,
    HEALTHY,
    LOST,
    UNKNOWN,
    ConceptMonitor,
    json_lines,
    mlflow_metrics,
    tensorboard,
    wandb_metrics,
)
from conceptevo_jax.projection import SpaceSettings, base_space, project_neurons
from conceptevo_jax.stimuli import find_stimuli

pytestmark = pytest.mark.slow

COUNT = 60
SITES = {"early": 10, "middle": 10, "late": 30}


@pytest.fixture(scope="module")
def images():
    rng = np.random.default_rng(0)
    pixels = rng.integers(0, 256, (400, 32, 32, 3), dtype=np.uint8)
    keys = tuple(f"{i:04}" for i in range(400))
    labels = np.arange(400, dtype=np.int32) % 10
    return DecodedImages(pixels=pixels, labels=labels, keys=keys)


def watching(images, **settings):
    return ConceptMonitor(None, images, None, SITES, probe=COUNT, **settings)


def planted(rng, noise=0.1):
    """Responses of one network, again and again with some noise."""
    fixed = np.random.default_rng(5).gamma(1.0, 1.0, (COUNT, 50))
    return fixed + noise * rng.gamma(1.0, 1.0, fixed.shape)


def test_a_steady_network_is_healthy(images, rng):
    monitor = watching(images)
    reports = [monitor.update_arrays(e, planted(rng)) for e in range(4)]
    assert [r.status for r in reports] == [HEALTHY] * 4
    assert not any(r.should_stop for r in reports)
    assert reports[0].measures["persistence"] is None
    assert reports[3].measures["persistence"] > 0.4
    assert reports[3].measures["cka"] > 0.9


def test_other_stimuli_are_damage_and_constant_answers_are_loss(images, rng):
    monitor = watching(images)
    for epoch in range(3):
        monitor.update_arrays(epoch, planted(rng))
    shuffled = planted(rng)[rng.permutation(COUNT)]
    damaged = monitor.update_arrays(3, shuffled)
    assert (damaged.status, damaged.should_stop) == (DAMAGED, False)
    constant = 5 + 1e-3 * planted(rng)
    lost = monitor.update_arrays(4, constant)
    assert (lost.status, lost.should_stop) == (LOST, True)
    # Its neurons still rank the images as before: what comes back is the same.
    assert monitor.update_arrays(5, planted(rng)).status == HEALTHY


def test_a_network_that_was_dead_from_the_first_epoch_is_lost(images):
    """Nine in ten neurons answer nothing, the late ones among them."""
    monitor, dead = watching(images), np.zeros((COUNT, 50))
    dead[:, :5] = np.random.default_rng(5).gamma(1.0, 1.0, (COUNT, 5))
    for epoch in range(3):
        report = monitor.update_arrays(epoch, dead)
        assert (report.status, report.should_stop) == (LOST, True)
        assert "live share is 0.100, below 0.2" in report.reasons
        assert "selectivity is 0.000, below 0.02" in report.reasons


@pytest.mark.parametrize("bad", [np.nan, np.inf])
def test_responses_that_are_not_finite_are_loss(images, rng, bad):
    monitor = watching(images)
    monitor.update_arrays(0, planted(rng))
    report = monitor.update_arrays(1, np.full((COUNT, 50), bad))
    assert report.status == LOST
    assert report.measures["nonfinite_share"] == 1
    assert "100% of the neurons respond with NaN or infinity" in report.reasons
    json.dumps(report.as_dict(), allow_nan=False)


def test_an_epoch_twice_replaces_itself_and_says_so(images, rng):
    monitor, other = watching(images), watching(images)
    first, second, third = (planted(rng) for _ in range(3))
    monitor.update_arrays(0, first)
    monitor.update_arrays(1, np.zeros((COUNT, 50)))
    again = monitor.update_arrays(1, second)
    assert "epoch 1 was seen before: it replaces itself" in again.reasons
    other.update_arrays(0, first)
    assert again.measures == other.update_arrays(1, second).measures
    third_report = monitor.update_arrays(2, third)
    assert third_report.measures == other.update_arrays(2, third).measures


def test_other_shapes_are_told_and_not_raised(images, rng):
    monitor = watching(images)
    monitor.update_arrays(0, planted(rng))
    report = monitor.update_arrays(1, planted(rng)[:, :7])
    assert report.status == UNKNOWN
    assert not report.should_stop
    assert "DataError: peaks are (60, 7)" in report.reasons[0]
    assert monitor.update_arrays(2, planted(rng)).status == HEALTHY


@pytest.fixture(scope="module")
def model():
    return build_model("vgg16", preset="tiny", classes=10)


def with_scale(variables, factor):
    return jax.tree.map(lambda leaf: factor * leaf, variables)


def test_a_flax_model_and_a_function_of_its_own_say_the_same(images, model):
    variables = model.init(seed=0)
    own = ConceptMonitor.of_model(model, None, images, probe=COUNT)

    def apply(variables, pixels):
        seen = {}

        def tap(site, activation):
            seen[site] = activation
            return activation

        model.logits(variables, pixels, tap=tap)
        return {site.name: seen[site.name] for site in model.sites}

    channels = {site.name: site.channels for site in model.sites}
    user = ConceptMonitor(None, images, apply, channels, probe=COUNT)
    for epoch, factor in enumerate((1.0, 1.1)):
        pair = [m.update(epoch, with_scale(variables, factor)) for m in (own, user)]
        assert (
            pair[0].measures["persistence"]
            == pytest.approx(pair[1].measures["persistence"])
            or pair[0].measures["persistence"] is None
        )
        assert pair[0].measures["selectivity"] == pytest.approx(
            pair[1].measures["selectivity"], rel=1e-5
        )


def test_weights_that_are_not_finite_are_loss(images, model):
    monitor = ConceptMonitor.of_model(model, None, images, probe=COUNT)
    variables = model.init(seed=0)
    monitor.update(0, variables)
    report = monitor.update(1, with_scale(variables, np.nan))
    assert (report.status, report.should_stop) == (LOST, True)


def test_variables_of_another_model_are_told_and_change_nothing(images, model):
    other = build_model("vgg16", preset="small", classes=10)
    monitor = ConceptMonitor.of_model(model, None, images, probe=COUNT)
    assert monitor.update(0, model.init(seed=0)).status == HEALTHY
    report = monitor.update(1, he_normal(other))
    assert report.status == UNKNOWN
    (why,) = report.reasons
    assert "the variables are not those of vgg16 (tiny, 10 classes)" in why
    assert "They fit vgg16 (small, 10 classes)" in why
    back = monitor.update(2, model.init(seed=0))
    assert back.status == HEALTHY
    assert back.measures["persistence"] == 1


def test_weights_of_other_shapes_begin_anew_where_the_network_is_the_users(images):
    def apply(weights, pixels):
        flat = pixels.reshape(len(pixels), -1).astype(jnp.float32)
        return {"h": jax.nn.relu(flat @ weights["in"]) @ weights["out"]}

    def weights(width):
        drawn = np.random.default_rng(width).normal(size=(2, 3072, width))
        return {"in": jnp.asarray(drawn[0]), "out": jnp.asarray(drawn[1].T[:, :30])}

    monitor = ConceptMonitor(None, images, apply, {"h": 30}, probe=COUNT)
    assert monitor.update(0, weights(40)).status == HEALTHY
    report = monitor.update(1, weights(50))
    assert report.status == HEALTHY
    assert any("other shapes: the monitor starts" in why for why in report.reasons)
    assert report.measures["persistence"] is None


def test_a_site_that_apply_does_not_give_is_named(images):
    monitor = ConceptMonitor(
        None, images, lambda v, x: {"a": jnp.zeros((len(x), 3))}, {"b": 3}, probe=COUNT
    )
    report = monitor.update(0, {})
    assert report.status == UNKNOWN
    assert "apply gives no activation of site 'b', but of: a" in report.reasons[0]


@pytest.fixture(scope="module")
def space(images, model):
    pool, pixels = select_part(images, size=len(images), seed=0)
    find = find_stimuli(model, pool, sample=100)
    base = build_model("vgg16", preset="tiny", classes=10).init(seed=3)
    stimuli, sample = find(base, pixels)
    settings = SpaceSettings(policy="responsive")
    made, *_ = base_space(
        model, base, stimuli, sample, pixels, settings=settings, repeats=5
    )
    return made


def test_a_space_adds_places_by_step_2_2_alone(images, model, space):
    monitor = ConceptMonitor.of_model(model, space, images, probe=COUNT)
    first = monitor.update(0, model.init(seed=0))
    second = monitor.update(1, model.init(seed=1))
    assert first.measures["coverage"] == 1
    assert first.measures["effective_rank"] > 1
    assert first.measures["movement"] is None
    assert second.measures["movement"] > 0
    # The same neurons by hand: their stimuli among the probe, projected.
    assert np.array_equal(monitor.pool.rows, np.sort(monitor.pool.rows))
    find = find_stimuli(model, monitor.pool, projection_images=None)
    stimuli, _ = find(model.init(seed=1), monitor.probe)
    ids = np.where(stimuli.image_ids >= 0, monitor.pool.rows[stimuli.image_ids], -1)
    moved = dataclasses.replace(
        stimuli, image_ids=ids.astype(np.int32), pool_id=space.pool_id
    )
    vectors = project_neurons(moved, space).vectors
    kept = monitor._history.now.embedding.vectors
    np.testing.assert_allclose(kept, vectors, rtol=1e-5, atol=1e-6)


def test_the_images_must_be_the_pool_of_the_space(images, model, space):
    part = DecodedImages(
        pixels=images.pixels[:300], labels=images.labels[:300], keys=images.keys[:300]
    )
    assert images_id(part.keys, part.labels, 32) != space.pool_id
    with pytest.raises(DataError, match="the monitor's images"):
        ConceptMonitor.of_model(model, space, part)


def test_the_probe_is_an_eighth_at_most_a_thousand_and_not_too_small(images, model):
    monitor = ConceptMonitor.of_model(model, None, images)
    assert len(monitor.probe) == 50
    counts = np.bincount(monitor.probe.labels)
    assert counts.min() == counts.max() == 5
    with pytest.raises(UsageError, match="a probe of 20 images is too small for k=10"):
        ConceptMonitor.of_model(model, None, images, probe=20)
    with pytest.raises(UsageError, match="no sites are named"):
        ConceptMonitor(None, images, None, {})


def test_memory_does_not_grow_with_epochs(images, rng):
    monitor = watching(images)
    sizes = []
    for epoch in range(6):
        monitor.update_arrays(epoch, planted(rng))
        kept = jax.tree.leaves(
            [vars(g.stimuli) | vars(g.responses) for g in _glances(monitor)]
        )
        sizes.append(sum(leaf.nbytes for leaf in kept if hasattr(leaf, "nbytes")))
    assert sizes[2] == sizes[-1]


def _glances(monitor):
    history = monitor._history
    return [glance for glance in (history.before, history.now) if glance is not None]


def test_sinks_get_every_report_and_may_fail(images, rng, tmp_path):
    def broken(report):
        raise OSError("disk full")

    monitor = watching(images, sinks=[broken, json_lines(tmp_path / "a" / "m.jsonl")])
    first = monitor.update_arrays(0, planted(rng))
    second = monitor.update_arrays(1, planted(rng))
    assert first.reasons == ()
    assert second.reasons == ("a sink failed: OSError: disk full",)
    lines = (tmp_path / "a" / "m.jsonl").read_text().splitlines()
    assert [json.loads(line)["epoch"] for line in lines] == [0, 1]


def test_tensorboard_files_hold_the_measures(images, rng, tmp_path):
    pytest.importorskip("tensorboardX")
    monitor = watching(images, sinks=[tensorboard(tmp_path)])
    monitor.update_arrays(0, planted(rng))
    (file,) = tmp_path.glob("events*")
    end = time.monotonic() + 60
    while b"concepts/selectivity" not in file.read_bytes():
        assert time.monotonic() < end, "nothing was written"
        time.sleep(0.2)


class _Log(list):
    def log(self, numbers):
        self.append(numbers)

    def log_metrics(self, numbers, step):
        self.append({**numbers, "step": step})


def test_wandb_and_mlflow_get_numbers(images, rng):
    to_wandb, to_mlflow = _Log(), _Log()
    monitor = watching(
        images, sinks=[wandb_metrics(to_wandb), mlflow_metrics(to_mlflow)]
    )
    monitor.update_arrays(7, planted(rng))
    assert to_wandb[0]["epoch"] == to_mlflow[0]["step"] == 7
    assert to_wandb[0]["concepts/status"] == to_mlflow[0]["concepts/status"] == 0
    assert "concepts/selectivity" in to_mlflow[0]
    assert "concepts/persistence" not in to_mlflow[0]


@pytest.mark.parametrize("name", ["tensorboardX", "wandb", "mlflow"])
def test_a_missing_package_is_named(monkeypatch, tmp_path, name):
    monkeypatch.setitem(sys.modules, name, None)
    make = {"tensorboardX": lambda: tensorboard(tmp_path), "wandb": wandb_metrics}
    with pytest.raises(UsageError, match=f"{name} is not installed: pip install"):
        make.get(name, mlflow_metrics)()


def test_wandb_itself_is_used_where_no_run_is_given(monkeypatch, images, rng):
    log = _Log()
    module = types.ModuleType("wandb")
    module.log = log.log
    monkeypatch.setitem(sys.modules, "wandb", module)
    watching(images, sinks=[wandb_metrics()]).update_arrays(0, planted(rng))
    assert len(log) == 1

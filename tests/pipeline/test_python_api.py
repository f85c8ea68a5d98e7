"""The README's calls, without any setting, are an experiment with `method=default`."""

import numpy as np
import omegaconf
import pytest
from rich.console import Console

import conceptevo_jax as ce
from conceptevo_jax.cli.locate import folder
from conceptevo_jax.cli.schema import PackageSettings
from conceptevo_jax.config import DatasetFacts, MethodConfig
from conceptevo_jax.pipeline.runs import execute
from conceptevo_jax.pipeline.runs_in_space import place_runs
from conceptevo_jax.pipeline.session import Session
from conceptevo_jax.pipeline.unified import space_jobs

IMAGES = 1100
"""So many that sixty images project a neuron, and that a sample of 1,000 is not all."""


@pytest.fixture(scope="module")
def session(tmp_path_factory, make_dataset, make_run):
    """An experiment of a base and a run, by the packaged `method=default`."""
    default = omegaconf.OmegaConf.load(folder("configs") / "method" / "default.yaml")
    method = omegaconf.OmegaConf.merge(MethodConfig, default)
    config = PackageSettings(
        name="unified_space",
        scale_name="smoke",
        preset="tiny",
        run_dir=str(tmp_path_factory.mktemp("runs") / "result"),
        dataset=make_dataset(
            options={"train_images": IMAGES, "test_images": 40},
            facts=DatasetFacts(train=IMAGES, test=40, classes=10),
        ),
        method=omegaconf.OmegaConf.to_object(method),
        runs={n: make_run(batch_size=100, seed=s) for s, n in enumerate(("a", "b"))},
        base="a",
    )
    return Session(config, Console(quiet=True))


@pytest.fixture(scope="module")
def trained(session):
    jobs = space_jobs(session.config)
    return {job.name: execute(session.store, session.images, job) for job in jobs}


@pytest.fixture(scope="module")
def pipeline(session, trained):
    return place_runs(session, trained["a"], {"b": trained["b"]})


@pytest.fixture(scope="module")
def pool(session):
    images = ce.load_images("shapes", "train", data_dir=None, train_images=IMAGES)
    pool = ce.select_pool(images, seed=session.config.dataset.seed)
    assert pool.pool_id == session.images.pool.pool_id
    return pool


@pytest.fixture(scope="module")
def api(session, trained, pool):
    """The README's calls on the same images and weights, some with other numbers."""

    def compute(find_options):
        model, pixels = trained["a"].model, session.images.pool_pixels
        base, other = (trained[name].snapshots[-1].load() for name in ("a", "b"))
        find = ce.find_stimuli(model, pool, **find_options)
        stimuli, sample = find(base, pixels)
        space, *_ = ce.base_space(model, base, stimuli, sample, pixels)
        top_images = stimuli, find(other, pixels)[0]
        return space, *(ce.project_neurons(images, space) for images in top_images)

    return compute


@pytest.mark.slow
def test_without_settings_the_api_gives_the_pipelines_vectors(pipeline, api):
    space, home, placed = api({})
    expected = pipeline.base_space.space
    pairs = {
        "learned neurons": (space.neurons, expected.neurons),
        "images": (space.images, expected.images),
        "the base": (home, pipeline.base.placed[0]),
        "the other run": (placed, pipeline.runs["b"].placed[0]),
    }
    for name, (ours, theirs) in pairs.items():
        assert theirs.placed.any(), name
        np.testing.assert_array_equal(ours.vectors, theirs.vectors, name)
        np.testing.assert_array_equal(ours.coverage, theirs.coverage, name)


@pytest.mark.slow
@pytest.mark.parametrize("options", [{"projection_images": None}, {"sample": 1000}])
def test_other_numbers_of_images_give_other_vectors(pipeline, api, options):
    """So the equality above is a finding."""
    *_, placed = api(options)
    assert not np.array_equal(placed.vectors, pipeline.runs["b"].placed[0].vectors)

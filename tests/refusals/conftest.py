"""All that the public functions take, and a count of what is compiled."""

from types import SimpleNamespace

import jax
import jaxtyping
import numpy as np
import pytest
from planted import he_normal
from refusing import CLASSES, COUNT, SIDE, K, decoded

import conceptevo_jax as ce
from conceptevo_jax.data import select_part
from conceptevo_jax.stimuli import Search
from conceptevo_jax.types import (
    Embedding,
    Layout,
    Responses,
    Stimuli,
    neuron_count,
)


@pytest.fixture(autouse=True)
def as_users_run_it():
    """Annotations are not checked: users have no jaxtyping hook."""
    jaxtyping.config.update("jaxtyping_disable", True)
    yield
    jaxtyping.config.update("jaxtyping_disable", False)


@pytest.fixture
def compilations():
    """Names of what is compiled, while the test runs."""
    events = []

    def listen(event, _, **facts):
        if event.endswith("backend_compile_duration"):
            events.append(event)

    jax.monitoring.register_event_duration_secs_listener(listen)
    yield events
    jax.monitoring.unregister_event_duration_listener(listen)


@pytest.fixture(scope="module")
def shape_images():
    """Draws an image set of so many images."""

    def build(count):
        return ce.load_images("shapes", "train", data_dir=None, train_images=count)

    return build


@pytest.fixture(scope="module")
def at_hand():
    """All that the public functions take, none of it computed."""
    model = ce.build_model("vgg16", preset="tiny", classes=CLASSES)
    pool, images = select_part(decoded(), size=COUNT, seed=0)
    rng, n = np.random.default_rng(1), neuron_count(model.sites)
    order = [rng.permutation(COUNT)[:K] for _ in range(n)]
    stimuli = Stimuli(
        image_ids=np.array(order, np.int32),
        peaks=np.ones((n, K), np.float32),
        positions=np.zeros((n, K, 2), np.int32),
        count=np.full(n, K, np.int32),
        tied=np.zeros(n, bool),
        dead=np.zeros(n, bool),
        nonfinite=np.zeros(n, bool),
        grids=np.ones((len(model.sites), 2), np.int32),
        sites=model.sites,
        pool_id=pool.pool_id,
    )
    peaks = rng.normal(size=(COUNT, n)).astype(np.float32)
    vectors = rng.normal(size=(n, 5)).astype(np.float32)
    responses = Responses(peaks=peaks, sites=model.sites, images_id="sample")
    other = ce.build_model("vgg16", preset="small", classes=7)
    return SimpleNamespace(
        model=model,
        variables=he_normal(model),
        other=he_normal(other),
        find=ce.find_stimuli(model, pool, Search(k=K)),
        find_by_candidates=ce.find_stimuli(
            model, pool, Search(k=K, compute="bfloat16")
        ),
        pool=pool,
        images=images,
        stimuli=stimuli,
        responses=responses,
        embedding=Embedding(vectors=vectors, coverage=np.ones(n, np.float32)),
        layout=Layout(points=vectors[:, :2], vectors=vectors, stability=1.0, seed=0),
        windows=ce.patch_windows(stimuli, side=SIDE, input_size=SIDE),
    )

"""Two processes leave in one store what one process would have left there."""

import dataclasses
import re
from pathlib import Path

import jax
import numpy as np
import pytest
from together import watched_job

from conceptevo_jax.devices import start_processes
from conceptevo_jax.errors import UsageError
from conceptevo_jax.pipeline.images import prepare_images
from conceptevo_jax.pipeline.observe import Observer
from conceptevo_jax.pipeline.runs import execute, is_finished
from conceptevo_jax.stimuli import Search
from conceptevo_jax.store import Store
from conceptevo_jax.training import read_table
from conceptevo_jax.training.table import TABLE

pytestmark = pytest.mark.slow

CHILD = str(Path(__file__).with_name("together.py"))
ASKED = str(Path(__file__).with_name("asked_to_end.py"))


@pytest.fixture(scope="module")
def left(launch, tmp_path_factory):
    """Where two processes worked, and what each told."""
    folder = tmp_path_factory.mktemp("together") / "store"
    return Store(folder), launch([CHILD, str(folder)], processes=2)


def test_both_have_everything_and_nothing_unfinished_is_left(left):
    store, told = left
    last = {one.splitlines()[-1] for one in told}
    assert last == {"['0', 'init'] 1"}, "the pool is found among the training images"
    assert all(entry.finished for entry in store.entries())
    stages = sorted(entry.stage for entry in store.entries())
    assert stages == ["images"] * 4 + ["observe"] * 2 + ["train"]


def test_one_process_finds_it_finished_and_observes_the_same(left, tmp_path):
    store, job = left[0], watched_job()
    images = prepare_images(store, job.dataset)
    assert is_finished(store, images, job)
    run = execute(store, images, job)
    assert [report["epoch"] for report in run.reports] == [0]
    look = Observer(
        Store(tmp_path), images, run.model, run.key, Search(k=3), None, job.sample
    )
    for shot in run.snapshots:
        alone, key = look(shot)
        assert key == run.keys[shot.epoch]
        stored = run.observations[shot.epoch]
        np.testing.assert_array_equal(stored.found.image_ids, alone.found.image_ids)
        jax.tree.map(
            lambda a, b: np.testing.assert_allclose(a, b, atol=1e-5),
            *(dataclasses.asdict(one)["judgement"]["peaks"] for one in (stored, alone)),
        )


def test_a_signal_to_one_process_ends_all_of_them_after_the_same_epoch(
    launch, tmp_path
):
    ended = launch([ASKED, str(tmp_path / "store")], processes=2)
    last = {printed.splitlines()[-1] for printed in ended}
    (line,) = last
    number = re.fullmatch(
        r"tiny: ended by SIGTERM before epoch (\d+), of 2000 epochs\. Run the same.*",
        line,
    )
    (entry,) = [e for e in Store(tmp_path / "store").entries() if e.stage == "train"]
    assert not entry.finished
    rows = [row.epoch for row in read_table(entry.path / TABLE)]
    assert rows == ["init", *range(int(number[1]))]


def test_without_other_processes_it_is_said_how_to_launch_them(monkeypatch):
    for name in ("JAX_COORDINATOR_ADDRESS", "JAX_NUM_PROCESSES", "JAX_PROCESS_ID"):
        monkeypatch.delenv(name, raising=False)
    with pytest.raises(UsageError, match=r"srun.*JAX_COORDINATOR_ADDRESS.*launching"):
        start_processes()

"""Jobs travel as JSON, and a training ends once it has collapsed."""

import json

import pytest

from conceptevo_jax.config import SearchConfig
from conceptevo_jax.pipeline import runs
from conceptevo_jax.pipeline.images import prepare_images
from conceptevo_jax.pipeline.plan import Step, plan_job, total_seconds
from conceptevo_jax.pipeline.runs import Until, execute, is_finished, job_from_json
from conceptevo_jax.store import Store
from conceptevo_jax.store.keys import json_values
from conceptevo_jax.training import Row
from conceptevo_jax.types import Snapshot


@pytest.mark.parametrize("until", [None, Until(learns=0.5, collapses=0.2)])
@pytest.mark.parametrize("search", [None, SearchConfig(k=3, ties="order")])
@pytest.mark.parametrize("seen", [None, ("init", "step2", 0)])
def test_a_job_survives_the_way_to_another_process(make_job, until, search, seen):
    job = make_job("a job", search=search, seen=seen, early_steps=[1, 2])
    object.__setattr__(job, "until", until)
    again = job_from_json(json.loads(json.dumps(json_values(job))))
    assert again == job


def row(epoch, top1):
    shares = dict.fromkeys(
        ("running_top1", "running_top5", "train_top1", "train_top5", "test_top5"), 0.5
    )
    return Row(
        epoch=epoch,
        step=0,
        learning_rate=0.1,
        loss=1.0,
        test_top1=top1,
        nonfinite_step=None,
        seconds=0.0,
        **shares,
    )


@pytest.mark.parametrize(
    ("curve", "ends"),
    [
        ([0.1, 0.1, 0.1], [False, False, False]),
        ([0.1, 0.5, 0.3, 0.2], [False, False, False, True]),
        ([0.1, 0.6, 0.1], [False, False, True]),
        ([0.1, 0.49, 0.1], [False, False, False]),
    ],
)
def test_a_run_ends_once_it_has_learnt_and_collapsed(
    tmp_path, monkeypatch, curve, ends
):
    rows = []
    monkeypatch.setattr(runs, "read_table", lambda path: rows)
    check = runs._stop(Until(learns=0.5, collapses=0.2), tmp_path)
    found = []
    for epoch, top1 in enumerate(curve):
        rows.append(row(epoch, top1))
        snapshot = Snapshot(run="a", epoch=epoch, load=dict)
        found.append(check(snapshot, rows[-1]))
    assert found == ends


def test_images_are_chosen_apart_decoded_once_and_found_again(tmp_path, make_dataset):
    store = Store(tmp_path / "store")
    images = prepare_images(store, make_dataset(pool_images=30))
    assert set(images.pool.keys) < set(images.train.keys)
    assert set(images.selection.keys).isdisjoint(images.judgement.keys)
    assert (len(images.selection), len(images.judgement)) == (10, 20)
    assert images.pool_pixels.keys == images.pool.keys
    again = Store(store.root)
    assert prepare_images(again, make_dataset(pool_images=30)).train.keys
    assert again.seconds == {}
    assert again.reused == 5


@pytest.mark.slow
def test_a_job_is_finished_only_with_all_that_it_observes(tmp_path, make_job):
    store, search = Store(tmp_path / "store"), SearchConfig(k=5)
    plain_job, seen = make_job(), make_job(search=search, seen=(0,))
    images = prepare_images(store, plain_job.dataset)
    assert not is_finished(store, images, plain_job)
    trained = execute(store, images, plain_job)
    assert trained.observations == {}
    assert is_finished(store, images, plain_job)
    assert not is_finished(store, images, seen)
    observed = execute(store, images, seen)
    assert observed.key == trained.key
    assert is_finished(store, images, seen)
    assert not is_finished(store, images, make_job(search=search))
    other = make_job(search=SearchConfig(k=6), seen=(0,))
    assert not is_finished(store, images, other)
    assert not is_finished(store, images, make_job(seed=8))


def test_a_plan_grows_with_what_is_asked_for(make_job):
    one, two = plan_job(make_job()), plan_job(make_job(epochs=2))
    assert one.stage == "train"
    assert 0 < one.seconds < two.seconds
    assert 0 < one.bytes < two.bytes
    seen = plan_job(make_job(search=SearchConfig()))
    assert seen.stage == "train and observe"
    assert seen.bytes > one.bytes
    first = plan_job(make_job(search=SearchConfig(), seen=(0,)))
    assert one.bytes < first.bytes < seen.bytes


def test_side_by_side_takes_at_least_as_long_as_the_longest():
    steps = [
        Step(stage="train", about="a", seconds=seconds, bytes=1)
        for seconds in (10.0, 2.0, 2.0)
    ]
    assert total_seconds(steps, 1) == 14
    assert total_seconds(steps, 2) == 10
    assert total_seconds([], 2) == 0

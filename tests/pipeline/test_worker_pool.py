"""Workers do what this process would do, and none outlives a failure."""

import json
import os
import signal
import subprocess
import sys
import threading

import jax
import numpy as np
import pytest

from conceptevo_jax.config import SearchConfig
from conceptevo_jax.devices import cores
from conceptevo_jax.errors import DataError, UsageError
from conceptevo_jax.pipeline import worker, worker_pool
from conceptevo_jax.pipeline.images import prepare_images
from conceptevo_jax.pipeline.runs import execute, is_finished
from conceptevo_jax.pipeline.worker_pool import WorkerError, run_side_by_side
from conceptevo_jax.store import Store
from conceptevo_jax.store.keys import json_values
from conceptevo_jax.training import NonFiniteLossError, TimeUpError

pytestmark = pytest.mark.slow

PATIENCE = 600
"""Seconds after which a worker is taken to hang."""


@pytest.fixture
def started(monkeypatch):
    """Every worker process that the test starts."""
    processes = []

    class Recorded(subprocess.Popen):
        def __init__(self, *arguments, **options):
            super().__init__(*arguments, **options)
            processes.append(self)

    monkeypatch.setattr(worker_pool.subprocess, "Popen", Recorded)
    return processes


def ignore(name, done, total):
    pass


@pytest.fixture(scope="module")
def store(tmp_path_factory, make_job):
    """One store for all, so that images are made once."""
    store = Store(tmp_path_factory.mktemp("workers") / "store")
    prepare_images(store, make_job().dataset)
    return store


@pytest.fixture(scope="module")
def both(store, tmp_path_factory, make_job):
    """One observed and one plain job, done by workers and done here."""
    jobs = [
        make_job("seen", search=SearchConfig(k=5), seen=(0,)),
        make_job("other", seed=4),
    ]
    here = Store(tmp_path_factory.mktemp("here") / "store")
    images = prepare_images(here, jobs[0].dataset)
    local = [execute(here, images, job) for job in jobs]
    told = []
    assert not any(is_finished(store, images, job) for job in jobs)
    run_side_by_side(store, jobs, 2, lambda *message: told.append(message))
    assert all(is_finished(store, images, job) for job in jobs)
    return here, jobs, local, told


def kept(store, runs):
    keys = {key for run in runs for key in (run.key, *run.keys.values())}
    return {(e.stage, e.key, e.about) for e in store.entries() if e.key in keys}


def test_workers_leave_the_stages_that_this_process_would(store, both):
    here, _, local, _ = both
    assert kept(store, local) == kept(here, local)
    assert len(kept(here, local)) == 3


def test_workers_train_the_same_weights_and_see_the_same(store, both):
    _, jobs, local, _ = both
    images = prepare_images(store, jobs[0].dataset)
    found = [execute(store, images, job) for job in jobs]
    for one, other in zip(found, local, strict=True):
        assert (one.key, one.keys) == (other.key, other.keys)
        for snapshot, again in zip(one.snapshots, other.snapshots, strict=True):
            jax.tree.map(
                # One core adds up in another order than several.
                lambda a, b: np.testing.assert_allclose(a, b, rtol=1e-3, atol=1e-5),
                snapshot.load(),
                again.load(),
            )
    peaks = [run.observations[0].judgement.peaks for run in (found[0], local[0])]
    np.testing.assert_allclose(*peaks, rtol=1e-3, atol=1e-4)


def test_progress_of_every_job_reaches_its_end(both):
    _, jobs, _, told = both
    for job in jobs:
        steps = [(done, total) for name, done, total in told if name == job.name]
        assert [done for done, _ in steps] == sorted(done for done, _ in steps)
        assert steps[-1][0] == steps[-1][1] == steps[0][1]


def test_results_are_read_back_without_running_anything(store, both):
    _, jobs, local, _ = both
    fresh = Store(store.root)
    images = prepare_images(fresh, jobs[0].dataset)
    again = execute(fresh, images, jobs[0])
    assert fresh.seconds == {}
    assert [row.epoch for row in again.rows] == ["init", 0]
    assert again.row(0).step == local[0].row(0).step == 3


def test_a_wrong_name_arrives_as_it_was_raised_and_names_the_run(
    store, make_job, make_dataset, started
):
    job = make_job("wrong", dataset=make_dataset(options={"colour": 1}))
    named = "run wrong: unknown option of data set shapes 'colour'.*train_images"
    with pytest.raises(UsageError, match=named):
        run_side_by_side(store, [job], 1, ignore)
    assert [process.poll() for process in started] == [1]


@pytest.mark.parametrize(
    "kind", [UsageError, DataError, NonFiniteLossError, TimeUpError]
)
def test_expected_errors_keep_their_type(kind):
    told = []
    lines = [
        json.dumps({"done": 1, "total": 3}),
        json.dumps({"error": kind.__name__, "text": "it went wrong"}),
    ]
    with pytest.raises(kind, match=r"^run a: it went wrong$"):
        worker_pool._follow(lines, "a", lambda *message: told.append(message))
    assert told == [("a", 1, 3)]


def test_a_bug_in_a_worker_shows_the_end_of_what_it_wrote(store, make_job):
    job = make_job("buggy")
    job.run.optimizer.momentum = "much"  # No type checker is at hand in a worker.
    with pytest.raises(WorkerError, match=r"run buggy: .* code 1\.(?s:.*)TypeError"):
        run_side_by_side(store, [job], 1, ignore)


def test_a_worker_that_is_dead_before_its_order_is_told_of(
    monkeypatch, tmp_path, make_job
):
    def dead(self, store, core, errors):
        process = subprocess.Popen(
            [sys.executable, "-c", "raise SystemExit('no memory left')"],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=errors,
            text=True,
        )
        process.wait()
        return process

    monkeypatch.setattr(worker_pool._Processes, "_start", dead)
    with pytest.raises(WorkerError, match=r"run one: .* code 1\.(?s:.*)no memory left"):
        run_side_by_side(Store(tmp_path), [make_job("one")], 1, ignore)


def test_when_a_worker_is_killed_the_others_end_and_none_starts(
    store, make_job, started
):
    jobs = [make_job(f"run{seed}", seed=seed, epochs=100) for seed in range(6, 10)]

    def kill_first(name, done, total):
        started[0].kill()

    with pytest.raises(DataError, match=r"process was killed.* workers=1"):
        run_side_by_side(store, jobs, 2, kill_first)
    assert len(started) <= 2
    assert all(process.poll() is not None for process in started)


@pytest.fixture
def interruptible():
    """Python's own handler: what a shell runs in the background ignores signals."""
    before = signal.signal(signal.SIGINT, signal.default_int_handler)
    yield
    signal.signal(signal.SIGINT, before)


@pytest.mark.usefixtures("interruptible")
def test_an_interruption_leaves_nothing_running(store, make_job, started):
    def interrupt(name, done, total):
        if done == 1:
            os.kill(os.getpid(), signal.SIGINT)

    with pytest.raises(KeyboardInterrupt):
        run_side_by_side(store, [make_job("long", epochs=100)], 1, interrupt)
    assert [process.poll() for process in started] == [-signal.SIGTERM]


@pytest.mark.parametrize("works", [False, True], ids=["compiling", "training"])
def test_a_worker_whose_parent_is_gone_leaves_in_the_middle_of_its_work(
    store, make_job, tmp_path, works
):
    """The system closes the pipe of a parent that dies, whatever it dies of."""
    job = json_values(make_job("orphan", seed=23, epochs=10_000))
    order = json.dumps({"job": job, "observe": True, "seconds": None})
    with (
        (tmp_path / "errors").open("w+") as errors,
        worker_pool._Processes()._start(store, cores()[0], errors) as process,
    ):
        process.stdin.write(f"{order}\n")
        process.stdin.flush()
        if works:
            assert "done" in json.loads(process.stdout.readline())
        process.stdin.close()
        assert process.wait(timeout=PATIENCE) == worker.EXIT_ORPHANED


def test_a_worker_stops_when_the_time_is_up_and_goes_on_later(store, make_job):
    """With no time left nothing is begun; the same call with time ends it."""
    job = make_job("late", seed=17)
    images = prepare_images(store, job.dataset)
    with pytest.raises(TimeUpError, match=r"run late: .*before epoch 0, of 1 epochs"):
        run_side_by_side(store, [job], 1, ignore, lambda: -1.0)
    assert not is_finished(store, images, job)
    run_side_by_side(store, [job], 1, ignore, lambda: 600.0)
    assert is_finished(store, images, job)


@pytest.fixture
def pretend(monkeypatch):
    """No process: `pretend(call)` has `call(core, name, observe)` do every piece."""

    def use(call):
        def do(self, piece, seconds, on_job):
            call(self.core, piece.job.name, piece.observe)

        monkeypatch.setattr(worker_pool._Worker, "work_on", do)

    return use


def test_no_more_pieces_at_a_time_than_cores(pretend, tmp_path, make_job):
    running, most, lock = [0], [0], threading.Lock()

    def count(core, name, observe):
        with lock:
            running[0] += 1
            most[0] = max(most[0], running[0])
        assert core in cores()
        with lock:
            running[0] -= 1

    pretend(count)
    jobs = [make_job(str(i)) for i in range(20)]
    run_side_by_side(Store(tmp_path), jobs, 50, ignore)
    assert 1 <= most[0] <= len(cores())


def test_a_worker_keeps_the_users_flags_and_has_one_thread():
    found = worker_pool._one_core({"XLA_FLAGS": "--xla_a=1", "PATH": "here"})
    assert found["XLA_FLAGS"].split()[0] == "--xla_a=1"
    assert len(found["XLA_FLAGS"].split()) == 2
    assert (found["PATH"], found["OMP_NUM_THREADS"]) == ("here", "1")


def test_what_comes_next_is_prepared_once_no_job_waits(pretend, tmp_path, make_job):
    told = []
    pretend(lambda core, name, observe: told.append(name))
    jobs = [make_job(str(i)) for i in range(5)]
    place = Store(tmp_path)
    run_side_by_side(place, jobs, 1, ignore, meanwhile=lambda: told.append("next"))
    assert told == ["0", "1", "2", "3", "4", "next"]


def test_trainings_come_before_observations(pretend, tmp_path, make_job):
    told = []
    pretend(lambda core, name, observe: told.append((name, observe)))
    jobs = [make_job("a", search=SearchConfig(k=5)), make_job("b")]
    jobs.append(make_job("c", search=SearchConfig(k=5)))
    run_side_by_side(Store(tmp_path), jobs, 1, ignore)
    trained = [("a", False), ("b", False), ("c", False)]
    assert told == [*trained, ("a", True), ("c", True)]


def test_a_core_without_a_training_observes_what_another_trained(
    pretend, monkeypatch, tmp_path, make_job
):
    """`long` is in training until the other core has observed `short`, not before."""
    seen, by = threading.Event(), {}

    def do(core, name, observe):
        if (name, observe) == ("long", False):
            assert seen.wait(30)
        by[name, observe] = core
        if observe:
            seen.set()

    pretend(do)
    monkeypatch.setattr(worker_pool, "cores", lambda: [0, 1])
    search = SearchConfig(k=5)
    jobs = [make_job("long", search=search), make_job("short", search=search)]
    run_side_by_side(Store(tmp_path), jobs, 2, ignore)
    assert by["short", True] == by["short", False] != by["long", False]
    assert list(by)[:3] == [("short", False), ("short", True), ("long", False)]


def test_nothing_is_observed_before_it_is_trained(make_job):
    agenda = worker_pool._Agenda([make_job("one", search=SearchConfig(k=5))])
    training = agenda.next()
    found = []
    other = threading.Thread(target=lambda: found.append(agenda.next()))
    other.start()
    other.join(0.05)
    assert found == []
    agenda.mark_trained(training)
    other.join(30)
    assert [(piece.job.name, piece.observe) for piece in found] == [("one", True)]
    assert agenda.next() is None


def test_one_process_serves_all_jobs_of_its_core(store, make_job, started):
    jobs = [make_job("first", seed=21), make_job("second", seed=22)]
    run_side_by_side(store, jobs, 1, ignore)
    assert [process.poll() for process in started] == [0]
    images = prepare_images(store, jobs[0].dataset)
    assert all(is_finished(store, images, job) for job in jobs)

"""Where results go, and how many processes train them."""

import io
import itertools

import jax
import pytest
from rich.console import Console

from conceptevo_jax.config import Config, MethodConfig
from conceptevo_jax.pipeline import session
from conceptevo_jax.pipeline.session import Session, worker_count
from conceptevo_jax.pipeline.worker import use_cache
from conceptevo_jax.store import Store


def config(method="default", **changes):
    settings = {"name": "demo", "scale_name": "smoke", "preset": "tiny"}
    return Config(**settings, **changes, method=MethodConfig(name=method))


@pytest.mark.parametrize(
    ("wanted", "jobs", "backend", "count"),
    [
        (None, 9, "cpu", 2),
        (None, 1, "cpu", 1),
        (None, 0, "cpu", 1),
        (None, 9, "gpu", 1),
        (5, 9, "gpu", 5),
        (5, 3, "cpu", 3),
        (0, 3, "cpu", 1),
    ],
)
def test_one_process_per_core_on_cpu_and_one_elsewhere(
    monkeypatch, wanted, jobs, backend, count
):
    monkeypatch.setattr(session, "cores", lambda: [0, 1])
    monkeypatch.setattr(session.jax, "default_backend", lambda: backend)
    assert worker_count(wanted, jobs) == count


def test_processes_that_work_together_train_one_run_at_a_time(monkeypatch):
    monkeypatch.setattr(session, "process_count", lambda: 2)
    assert worker_count(None, 9) == worker_count(5, 9) == 1


def test_only_the_first_process_has_the_result_folder_and_all_have_the_store(
    tmp_path, monkeypatch, make_dataset
):
    settings = config(run_dir=str(tmp_path / "results"), dataset=make_dataset())
    first = Session(settings, Console(quiet=True))
    assert not (tmp_path / "results").exists()
    assert first.folder.is_dir()
    monkeypatch.setattr(session, "is_first", lambda: False)
    other = Session(settings, Console(quiet=True))
    assert first.folder == tmp_path / "results"
    assert other.folder.is_dir()
    assert not other.folder.is_relative_to(tmp_path)
    assert other.store.root == first.store.root == tmp_path / "store"


@pytest.mark.parametrize("given", [None, "shared"])
def test_programs_are_kept_in_the_store_unless_jax_was_given_a_folder(tmp_path, given):
    name = "jax_compilation_cache_dir"
    names = (name, "jax_persistent_cache_min_compile_time_secs")
    before = {name: getattr(jax.config, name) for name in names}
    try:
        jax.config.update(name, given)
        use_cache(Store(tmp_path))
        kept = getattr(jax.config, name)
    finally:
        for setting, value in before.items():
            jax.config.update(setting, value)
    assert kept == (given or str(tmp_path / ".compiled"))


def test_a_log_tells_for_what_a_stage_was_entered(tmp_path, monkeypatch, make_dataset):
    settings = config(run_dir=str(tmp_path / "results"), dataset=make_dataset())
    clock = itertools.count(0.0, 2.0)
    monkeypatch.setattr(session.time, "perf_counter", lambda: next(clock))
    console = Console(file=io.StringIO(), width=200)
    began = Session(settings, console)
    for name in ("cat", "elk"):
        with began.stage("importance", subject=f"vgg16, {name}"):
            pass
    lines = console.file.getvalue().splitlines()
    assert lines[-2:] == [
        "importance, vgg16, cat: 2.0 s",
        "importance, vgg16, elk: 2.0 s",
    ]
    assert began.timings["importance"] == 4


def test_a_log_tells_what_ended_once_and_how_far_the_others_are(monkeypatch):
    monkeypatch.setattr(session, "LOG_SECONDS", 0.0)
    lines = []
    log = session._Log(lines.append)
    for step in ("one", 1, 4), ("one", 4, 4), ("other", 2, 4), ("one", 4, 4):
        log.report_step(*step)
    log.report_step("other", 4, 4)
    log.report_step("other", 4, 4)
    assert lines == [
        "one step 1 of 4",
        "one: trained and observed",
        "other step 2 of 4",
        "other step 2 of 4",
        "other: trained and observed",
    ]

"""The monitor beside a training: live, afterwards, after a kill, and from outside."""

import dataclasses
import json
import shutil

import pytest

from conceptevo_jax.config import SearchConfig
from conceptevo_jax.errors import DataError
from conceptevo_jax.monitor import ConceptMonitor, Rules
from conceptevo_jax.pipeline import monitoring, training_folder
from conceptevo_jax.pipeline.images import prepare_images
from conceptevo_jax.pipeline.monitor_reports import read_reports
from conceptevo_jax.pipeline.runs import execute, is_finished
from conceptevo_jax.pipeline.trained_run import TrainingIdentity
from conceptevo_jax.pipeline.training_folder import find_training, follow
from conceptevo_jax.store import Store
from conceptevo_jax.training import RUN, read_run, read_table
from conceptevo_jax.training.table import TABLE, write_table

pytestmark = pytest.mark.slow

EPOCHS = 3


@pytest.fixture(scope="module")
def store(tmp_path_factory):
    return Store(tmp_path_factory.mktemp("watched") / "store")


@pytest.fixture(scope="module")
def images(store, make_dataset):
    return prepare_images(store, make_dataset())


@pytest.fixture(scope="module", autouse=True)
def small_probe():
    """60 images would give a probe of 7."""
    patch = pytest.MonkeyPatch()

    def small(store, images, model, space_key):
        return ConceptMonitor.of_model(model, None, images, probe=40)

    patch.setattr("conceptevo_jax.pipeline.runs.make_monitor", small)
    patch.setattr("conceptevo_jax.pipeline.monitoring.make_monitor", small)
    of_model = ConceptMonitor.of_model
    patch.setattr(
        training_folder.ConceptMonitor,
        "of_model",
        lambda *args, **rest: of_model(*args, **{"probe": 40, **rest}),
    )
    yield
    patch.undo()


def watched_job(make_job, **changes):
    job = make_job("watched", epochs=EPOCHS, early_steps=[1], **changes)
    return dataclasses.replace(job, monitor=True)


@pytest.fixture(scope="module")
def trained(store, images, make_job):
    return execute(store, images, watched_job(make_job))


def told(reports):
    return [{k: v for k, v in one.items() if k != "seconds"} for one in reports]


def test_whole_epochs_are_reported(trained):
    assert [report["epoch"] for report in trained.reports] == list(range(EPOCHS))
    assert trained.reports[0]["measures"]["persistence"] is None
    assert trained.reports[2]["measures"]["persistence"] is not None


def test_a_finished_training_is_read_again_to_the_same_reports(
    store, images, trained, make_job
):
    (file,) = store.path("train", trained.key).glob("monitor-*.jsonl")
    before = told(trained.reports)
    file.unlink()
    assert not is_finished(store, images, watched_job(make_job))
    again = execute(store, images, watched_job(make_job))
    assert told(again.reports) == before
    assert is_finished(store, images, watched_job(make_job))


def test_a_training_that_was_watched_in_part_is_read_again(
    store, images, trained, make_job
):
    (file,) = store.path("train", trained.key).glob("monitor-*.jsonl")
    lines = file.read_text().splitlines(keepends=True)
    file.write_text(lines[0])
    assert not is_finished(store, images, watched_job(make_job))
    again = execute(store, images, watched_job(make_job))
    assert told(again.reports) == told(trained.reports)


def test_unwatched_jobs_are_the_same_training_without_reports(
    store, images, trained, make_job
):
    job = dataclasses.replace(watched_job(make_job), monitor=False)
    plain = execute(store, images, job)
    assert plain.key == trained.key
    assert plain.reports == ()


def test_after_a_kill_the_epochs_before_are_caught_up_with(trained, store, images):
    folder = store.path("train", trained.key)
    monitor = ConceptMonitor.of_model(trained.model, None, images.pool_pixels, probe=40)
    identity = TrainingIdentity.from_folder(folder)
    watch = monitoring.Watch(monitor, folder, identity, folder / "late.jsonl")
    last = trained.snapshots[-1]
    assert last.epoch == EPOCHS - 1
    watch(last, trained.rows[-1])
    found = read_reports(folder / "late.jsonl")
    assert told(found) == told(trained.reports)


def test_a_training_that_runs_is_followed_until_it_ends(
    trained, store, images, tmp_path, monkeypatch
):
    """Its folder is renamed when it is finished; nothing is told twice."""
    home = tmp_path / "store"
    shutil.copytree(store.root, home)
    final = home / f"train-{trained.key}"
    partial = final.rename(final.with_name(final.name + ".partial"))
    manifest, table = partial / "manifest.json", partial / TABLE
    kept, rows = manifest.read_text(), read_table(table)
    manifest.unlink()
    # init, step1 and epoch 0, of which the table has been written.
    write_table(table, rows[:3])

    def meanwhile(seconds):
        assert seconds == 7
        write_table(table, rows)
        manifest.write_text(kept)
        partial.rename(final)

    monkeypatch.setattr(training_folder.time, "sleep", meanwhile)
    seen = list(follow(partial, None, interval=7.0, wait=True))
    assert [report.epoch for report, _ in seen] == list(range(EPOCHS))
    assert [row.epoch for _, row in seen] == list(range(EPOCHS))
    assert told(report.as_dict() for report, _ in seen) == told(trained.reports)


def test_images_that_are_not_kept_are_asked_for(trained, store, tmp_path):
    home = tmp_path / "store"
    folder = home / f"train-{trained.key}"
    shutil.copytree(store.path("train", trained.key), folder)
    shutil.copy(store.root / "store.json", home)
    with pytest.raises(DataError, match=r"no decoded images.*keep_decoded=true"):
        list(follow(folder, None, interval=1.0, wait=False))


def test_a_training_of_another_version_is_told(trained, store, tmp_path):
    folder = tmp_path / "store" / f"train-{trained.key}"
    shutil.copytree(store.path("train", trained.key), folder)
    (folder / RUN).write_text(json.dumps({"name": "tiny", "model": "vgg16"}))
    with pytest.raises(DataError, match="not a training folder of this version"):
        list(follow(folder, None, interval=1.0, wait=False))


def test_a_training_is_found_by_folder_or_key(trained, store, tmp_path):
    folder = store.path("train", trained.key)
    assert find_training(str(folder), store) == folder
    assert find_training(trained.key, store) == folder
    with pytest.raises(
        DataError, match=rf"'?nothing'? is not the folder of a training.*{trained.key}"
    ):
        find_training("nothing", store)


def test_the_command_prints_a_line_per_epoch(call, trained, store):
    folder = str(store.path("train", trained.key))
    code, out, _ = call("monitor", folder, "wait=false")
    assert code == 0
    lines = [line for line in out.splitlines() if line.startswith("top-1 ")]
    assert len(lines) == EPOCHS
    assert all(f"| epoch {epoch}: " in line for epoch, line in enumerate(lines))
    assert "selectivity" in lines[0]


@pytest.mark.parametrize(
    ("words", "told"),
    [
        ((), "say which: conceptevo monitor TRAINING"),
        (("wait=false",), "say which: conceptevo monitor TRAINING"),
        (("x", "wait=perhaps"), "unknown wait 'perhaps'. Valid: false, true."),
        (("x", "interval=0"), "interval must be a number of seconds above 0, not '0'."),
        (("x", "intervall=1"), "unknown option 'intervall'. Did you mean 'interval'?"),
    ],
)
def test_mistakes_in_the_command_are_explained(call, words, told, trained, store):
    folder = str(store.path("train", trained.key))
    code, _, err = call("monitor", *(folder if word == "x" else word for word in words))
    assert code == 2
    assert told in err


def test_a_run_folder_says_what_it_learns_from(trained, store, images):
    about = read_run(store.path("train", trained.key))
    assert about["train"] == images.train.images_id


def test_the_search_does_not_matter(store, images, make_job, trained):
    job = watched_job(make_job, search=SearchConfig(k=3), seen=(0,))
    found = execute(store, images, job).reports
    assert told(found) == told(trained.reports)


def test_rules_have_the_documented_defaults():
    assert dataclasses.asdict(Rules()) == {
        "lost": 0.2,
        "nonfinite": 0.5,
        "damaged": 0.5,
        "shaken": 0.5,
        "least_selectivity": 0.02,
        "least_live": 0.2,
    }

"""Stages run once, survive a kill, and can be listed and freed."""

import dataclasses
import shutil
import threading
from concurrent.futures import ThreadPoolExecutor

import numpy as np
import pytest

from conceptevo_jax.errors import DataError
from conceptevo_jax.store import Store, write_sealed
from conceptevo_jax.types import Embedding


class Killed(BaseException):
    """Stands for whatever ends a stage in its middle."""


def embedding(value=1.0):
    return Embedding(vectors=np.full((3, 2), value), coverage=np.ones(3))


@pytest.fixture
def store(tmp_path):
    return Store(tmp_path / "runs" / "store")


def make_record(store, make=embedding, **changes):
    asked = {"config": {"k": 10}, "inputs": {"pool": "ab"}, "about": "base"}
    return store.record("embed", Embedding, make, **(asked | changes))


def make_folder(store, make, **changes):
    asked = {"config": {"lr": 0.1}, "inputs": {}, "about": "vgg"}
    return store.folder("train", make, **(asked | changes))


def refuse(*_):
    raise AssertionError("a finished stage was run again")


def test_a_finished_record_is_loaded_and_not_made_again(store):
    first, key = make_record(store)
    again = Store(store.root)
    second, same = make_record(again, refuse)
    np.testing.assert_array_equal(first.vectors, second.vectors)
    assert same == key
    assert (store.reused, again.reused) == (0, 1)
    assert set(store.seconds) == {"embed"}
    assert again.seconds == {}


@pytest.mark.parametrize(
    ("changes", "again"),
    [
        ({"config": {"k": 11}}, True),
        ({"inputs": {"pool": "cd"}}, True),
        ({"inputs": {"images": "ab"}}, True),
        ({"about": "the base, in other words"}, False),
        ({"config": {"k": np.int64(10)}}, False),
    ],
)
def test_only_what_a_stage_depends_on_runs_it_again(store, changes, again):
    _, key = make_record(store)
    _, other = make_record(store, **changes)
    assert (other != key) is again
    assert store.reused == (not again)


def test_stages_of_one_setting_do_not_share_a_key(store):
    keys = {
        store.record(name, Embedding, embedding, config={}, inputs={})[1]
        for name in ("embed", "project")
    }
    assert len(keys) == 2


def test_a_record_whose_making_fails_is_not_there(store):
    def fail():
        raise Killed

    with pytest.raises(Killed):
        make_record(store, fail)
    assert store.entries() == []
    assert store.seconds == {}
    assert make_record(store)[0].vectors.shape == (3, 2)


def test_a_killed_folder_is_unfinished_and_finds_its_files_again(store):
    def half(folder):
        (folder / "epoch0").write_text("weights")
        raise Killed

    def rest(folder):
        assert (folder / "epoch0").read_text() == "weights"
        (folder / "epoch1").write_text("more")

    with pytest.raises(Killed):
        make_folder(store, half)
    (entry,) = store.entries()
    assert (entry.stage, entry.finished) == ("train", False)
    assert not store.has("train", entry.key)
    folder, key = make_folder(store, rest)
    assert key == entry.key
    assert store.has("train", key)
    assert sorted(p.name for p in folder.iterdir()) == [
        "epoch0",
        "epoch1",
        "manifest.json",
    ]
    assert [e.finished for e in store.entries()] == [True]


def test_a_stage_that_fails_before_it_keeps_anything_leaves_nothing(store):
    def fail(folder):
        raise DataError("an image is no image")

    with pytest.raises(DataError, match="no image"):
        make_folder(store, fail)
    assert store.entries() == []
    assert not list(store.root.glob("train-*"))


def test_a_finished_folder_is_not_filled_again(store):
    first, key = make_folder(store, lambda folder: (folder / "a").write_text("a"))
    assert make_folder(store, refuse) == (first, key)
    assert store.reused == 1


def test_a_finished_folder_that_lost_its_manifest_is_named_before_any_work(store):
    folder, _ = make_folder(store, lambda folder: (folder / "a").write_text("a"))
    (folder / "manifest.json").unlink()
    with pytest.raises(DataError, match=r"manifest\.json is missing"):
        make_folder(store, refuse)


def test_a_damaged_record_is_refused_rather_than_made_again(store):
    _, key = make_record(store)
    (store.path("embed", key) / "arrays.npz").write_bytes(b"PK")
    with pytest.raises(DataError, match=rf"embed-{key}/arrays\.npz is damaged"):
        make_record(store, refuse)


def test_entries_tell_what_there_is_newest_last(store):
    assert store.entries() == []
    _, record = make_record(store)
    _, folder = make_folder(store, lambda folder: (folder / "a").write_bytes(b"12345"))
    (store.root / "notes.txt").write_text("no stage")
    entries = store.entries()
    assert {(e.stage, e.key, e.about) for e in entries} == {
        ("embed", record, "base"),
        ("train", folder, "vgg"),
    }
    assert [e.modified for e in entries] == sorted(e.modified for e in entries)
    for entry in entries:
        files = [p for p in entry.path.rglob("*") if p.is_file()]
        assert entry.bytes == sum(p.stat().st_size for p in files) > 0
        assert entry.finished


def test_a_stage_with_a_dash_in_its_name_keeps_it(store):
    _, key = store.record("image-vectors", Embedding, embedding, config={}, inputs={})
    (entry,) = store.entries()
    assert (entry.stage, entry.key) == ("image-vectors", key)


def test_what_a_kill_left_under_a_temporary_name_can_be_seen_and_removed(
    store, monkeypatch
):
    def kill(*_, **__):
        raise Killed

    with monkeypatch.context() as patched:
        patched.setattr(np, "savez", kill)
        # A real kill lets nothing be put in order.
        patched.setattr(shutil, "rmtree", lambda *_, **__: None)
        with pytest.raises(Killed):
            make_record(store)
    (entry,) = store.entries()
    assert (entry.stage, entry.finished) == ("embed", False)
    store.remove(entry)
    assert store.entries() == []
    _, key = make_record(store)
    assert entry.key == key
    assert [e.finished for e in store.entries()] == [True]


def test_removing_frees_one_stage_and_the_rest_stays_usable(store):
    make_record(store)
    make_record(store, config={"k": 20})
    first, second = store.entries()
    store.remove(first)
    assert [e.key for e in store.entries()] == [second.key]
    assert not first.path.exists()


def test_nothing_outside_the_store_is_removed(store, tmp_path):
    make_record(store)
    (entry,) = store.entries()
    (tmp_path / "precious").mkdir()
    stray = dataclasses.replace(entry, path=tmp_path / "precious")
    with pytest.raises(DataError, match="does not lie in the store"):
        store.remove(stray)
    assert (tmp_path / "precious").is_dir()


@pytest.mark.parametrize("kind", ["folder", "record"])
def test_of_two_jobs_that_need_a_stage_one_makes_it_and_the_other_waits(store, kind):
    other, made = Store(store.root), []
    begun, asked = threading.Event(), threading.Event()

    def has(stage, key):
        found = Store.has(other, stage, key)
        asked.set()
        return found

    def make(*folder):
        made.append(folder)
        begun.set()
        assert asked.wait(60), "the other one has looked and found nothing"
        return None if folder else embedding()

    def job(own):
        stage = make_folder if kind == "folder" else make_record
        return stage(own, make)[1]

    other.has = has
    with ThreadPoolExecutor() as threads:
        first = threads.submit(job, store)
        assert begun.wait(60)
        second = threads.submit(job, other)
        assert first.result() == second.result()
    assert len(made) == 1
    assert (store.reused, other.reused) == (0, 1)


def test_a_record_under_another_name_is_refused(store):
    """Renamed by hand, or copied: found under a key that it was not made for."""
    _, key = make_record(store)
    _, other = make_record(store, config={"k": 20})
    shutil.rmtree(store.path("embed", other))
    shutil.copytree(store.path("embed", key), store.path("embed", other))
    with pytest.raises(DataError, match=rf"made under the key {key}, not {other}"):
        make_record(store, refuse, config={"k": 20})
    folder, key = make_folder(store, lambda folder: (folder / "a").write_text("a"))
    _, other = make_folder(store, lambda folder: None, config={"lr": 0.2})
    shutil.rmtree(store.path("train", other))
    shutil.copytree(folder, store.path("train", other))
    with pytest.raises(DataError, match=rf"made under the key {key}, not {other}"):
        make_folder(store, refuse, config={"lr": 0.2})


def test_a_store_of_another_layout_is_refused_before_any_work(store):
    make_record(store)
    write_sealed(store.root / "store.json", {"layout": 1})
    again = Store(store.root)
    with pytest.raises(DataError, match="is a store of layout 1; this version reads"):
        make_record(again, refuse, config={"k": 30})
    (store.root / "store.json").unlink()
    with pytest.raises(DataError, match="it is a store of an earlier layout"):
        make_record(again, refuse)


def test_a_file_is_no_store(store):
    store.root.parent.mkdir()
    store.root.write_text("mine")
    with pytest.raises(DataError, match=r"store is a file, not a store\. Name the"):
        store.entries()
    with pytest.raises(DataError, match="store is a file, not a store"):
        make_folder(store, refuse)
    assert store.root.read_text() == "mine"


def test_a_folder_of_something_else_does_not_become_a_store(tmp_path):
    (tmp_path / "thesis.tex").write_text("mine")
    with pytest.raises(DataError, match="is not a store: it has no store"):
        make_record(Store(tmp_path), refuse)
    assert [path.name for path in tmp_path.iterdir()] == ["thesis.tex"]

"""What killed processes left under temporary names is dropped, and nothing else."""

import os
import subprocess
import sys

import numpy as np
import pytest

from conceptevo_jax.store import Store, content_key
from conceptevo_jax.store.files import drop_abandoned, temporary_beside


@pytest.fixture
def dead():
    """The number of a process that has ended."""
    with subprocess.Popen([sys.executable, "-c", ""]) as process:
        process.wait()
    return process.pid


def left_by(monkeypatch, process, path):
    """A temporary name as another process makes it."""
    with monkeypatch.context() as patched:
        patched.setattr(os, "getpid", lambda: process)
        return temporary_beside(path)


def test_only_what_nobody_writes_any_more_is_dropped(monkeypatch, tmp_path, dead):
    deep = tmp_path / "tables"
    deep.mkdir()
    abandoned = left_by(monkeypatch, dead, deep / "rows.csv")
    folder = left_by(monkeypatch, dead, tmp_path / "scene")
    kept = [
        left_by(monkeypatch, os.getppid(), deep / "rows.csv"),
        temporary_beside(tmp_path / "results.json"),
        tmp_path / ".mine.tmp",
        tmp_path / "notes.tmp",
    ]
    folder.mkdir()
    for path in (abandoned, folder / "sheet", *kept):
        path.write_text("half")
    drop_abandoned(tmp_path, recursive=False)
    assert abandoned.exists()
    assert not folder.exists()
    drop_abandoned(tmp_path)
    assert not abandoned.exists()
    assert all(path.exists() for path in kept)


def test_under_a_lock_all_goes_but_what_is_not_ours(monkeypatch, tmp_path):
    """A process that was just killed is still listed until its parent has waited."""
    path = left_by(monkeypatch, os.getppid(), tmp_path / "images.npy")
    mine = tmp_path / ".mine.tmp"
    for each in (path, mine):
        each.write_text("half")
    drop_abandoned(tmp_path, locked=True)
    assert (path.exists(), mine.exists()) == (False, True)


def test_what_another_machine_may_be_writing_stays(monkeypatch, tmp_path, dead):
    monkeypatch.setattr("platform.node", lambda: "elsewhere")
    path = left_by(monkeypatch, dead, tmp_path / "results.json")
    path.write_text("half")
    monkeypatch.undo()
    drop_abandoned(tmp_path)
    assert path.exists()


def test_a_stage_that_is_made_again_holds_nothing_half_written(
    monkeypatch, tmp_path, dead
):
    store = Store(tmp_path / "store")

    def half(folder):
        left_by(monkeypatch, dead, folder / "images.npy").write_text("half")
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.folder("images", half, config={}, inputs={}, about="")
    left_by(monkeypatch, dead, store.root / "embed-0123456789ab").mkdir()
    again = Store(store.root)
    folder, _ = again.folder(
        "images",
        lambda folder: np.save(folder / "images.npy", np.zeros(3)),
        config={},
        inputs={},
        about="",
    )
    assert sorted(path.name for path in folder.iterdir()) == [
        "images.npy",
        "manifest.json",
    ]
    assert not list(store.root.glob(".*.tmp"))


def test_what_another_writer_left_meanwhile_is_dropped_with_its_stage(
    monkeypatch, tmp_path
):
    """The store was opened while the other was alive."""
    store = Store(tmp_path / "store")

    def make(folder):
        np.save(folder / "images.npy", np.zeros(3))

    store.folder("images", make, config={"side": 1}, inputs={}, about="")
    key = content_key("images", {"side": 2}, {})
    of_it = left_by(monkeypatch, os.getppid(), store.path("images", key))
    others = [
        left_by(monkeypatch, os.getppid(), store.path("images", "0" * 12)),
        left_by(monkeypatch, os.getppid(), store.path("images", f"{key}.other")),
        left_by(monkeypatch, 2**60, store.root / "no-process"),
    ]
    for folder in (of_it, *others):
        folder.mkdir()
    store.folder("images", make, config={"side": 2}, inputs={}, about="")
    assert not of_it.exists()
    assert all(path.exists() for path in others)
    Store(store.root).folder("images", make, config={"side": 3}, inputs={}, about="")
    assert all(path.exists() for path in others)

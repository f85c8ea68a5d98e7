"""`ls` shows what a store holds; `clean` frees what it is told to, when told twice."""

import json
import threading
from concurrent.futures import ThreadPoolExecutor

import pytest

from conceptevo_jax.cli.store_commands import size
from conceptevo_jax.store import Store


@pytest.fixture
def store(tmp_path):
    """Two finished stages, one of two kinds each, and one unfinished."""
    store = Store(tmp_path / "runs" / "store")

    def fill(folder):
        (folder / "weights").write_bytes(bytes(2000))

    for stage, seed in (("train", 1), ("train", 2), ("observe", 1)):
        about = f"{stage} of run{seed}"
        store.folder(stage, fill, config=seed, inputs={}, about=about)

    def fail(folder):
        fill(folder)
        raise KeyboardInterrupt

    with pytest.raises(KeyboardInterrupt):
        store.folder("train", fail, config=3, inputs={})
    return store


def kept(store):
    return {(e.stage, e.about) for e in store.entries()}


EVERYTHING = {
    ("train", "train of run1"),
    ("train", "train of run2"),
    ("observe", "observe of run1"),
    ("train", ""),
}


@pytest.mark.parametrize("words", [("ls",), ("clean",), ("clean", "yes=true")])
def test_an_empty_store_is_no_error(call, words):
    code, out, _ = call(*words)
    assert code == 0
    assert ("holds nothing yet" if words == ("ls",) else "0 stages") in out


def test_what_is_kept_is_listed(call, store):
    code, out, _ = call("ls")
    assert code == 0
    for entry in store.entries():
        assert entry.key in out
    assert out.count("unfinished") == 1
    assert "train of run2" in out
    assert "2.0 kB" in out
    assert f"4 stages, {size(sum(e.bytes for e in store.entries()))}" in out


def test_another_store_can_be_named(call, store, tmp_path):
    assert "holds nothing" in call("ls", f"store={tmp_path / 'other'}")[1]
    assert "4 stages" in call("ls", f"store={store.root}")[1]


@pytest.mark.parametrize("more", [(), ("yes=false",), ("stage=all",), ("yes=False",)])
def test_without_consent_nothing_is_deleted(call, store, more):
    code, out, _ = call("clean", *more)
    assert code == 0
    assert "would be deleted: repeat with yes=true" in out
    assert kept(store) == EVERYTHING


def test_by_default_only_the_unfinished_goes(call, store):
    assert "1 stages" in call("clean")[1]
    code, out, _ = call("clean", "yes=true")
    assert code == 0
    assert "1 stages deleted, 2.0 kB freed" in out
    assert kept(store) == EVERYTHING - {("train", "")}


def test_a_stage_a_key_or_all_go_when_chosen(call, store):
    key = next(e.key for e in store.entries() if e.about == "train of run2")
    call("clean", f"key={key}", "yes=true")
    assert kept(store) == EVERYTHING - {("train", "train of run2")}
    call("clean", "stage=train", "yes=true")
    assert kept(store) == {("observe", "observe of run1")}
    call("clean", "stage=all", "yes=true")
    assert kept(store) == set()
    assert store.root.is_dir()


def test_names_are_shown_before_anything_is_deleted(call, store):
    names = {entry.path.name for entry in store.entries() if not entry.finished}
    for words in ((), ("yes=true",)):
        code, out, _ = call("clean", *words)
        assert code == 0
        assert all(name in out for name in names)


def test_one_folder_too_high_nothing_is_deleted(call, store):
    """Results lie there, and whatever a user keeps beside them."""
    above = store.root.parent
    for name in ("demo-demo/results.json", "my-holiday-photos/a.jpg", "train-notes/b"):
        (above / name).parent.mkdir()
        (above / name).write_text("mine")
    code, _, err = call("clean", f"store={above}", "stage=all", "yes=true")
    assert code == 3
    assert f"{above} is not a store" in err
    assert len(list(above.rglob("*"))) > 6
    assert kept(store) == EVERYTHING


def test_in_a_store_only_stages_are_deleted(call, store, tmp_path):
    """A folder that only looks like a stage, and a link to one elsewhere, stay."""
    lookalike = store.root / "train-0123456789ab"
    lookalike.mkdir()
    (lookalike / "thesis.tex").write_text("mine")
    elsewhere = tmp_path / "observe-0123456789ab"
    elsewhere.mkdir()
    (elsewhere / "manifest.json").write_text("{}")
    (store.root / elsewhere.name).symlink_to(elsewhere)
    call("clean", "stage=all", "yes=true")
    assert kept(store) == set()
    assert (lookalike / "thesis.tex").is_file()
    assert (elsewhere / "manifest.json").is_file()


def test_what_a_running_job_makes_is_left_alone(call, store):
    begun, cleaned = threading.Event(), threading.Event()

    def make(folder):
        (folder / "epoch_0").write_text("weights")
        begun.set()
        assert cleaned.wait(60)
        assert (folder / "epoch_0").is_file()

    with ThreadPoolExecutor() as threads:
        running = threads.submit(store.folder, "train", make, config=9, inputs={})
        assert begun.wait(60)
        try:
            code, out, _ = call("clean", "stage=all", "yes=true")
        finally:
            cleaned.set()
        folder, _ = running.result()
    assert code == 0
    assert "in use by a running job: left alone" in out
    assert (folder / "epoch_0").is_file()


def test_a_store_of_an_earlier_layout_is_named_with_what_to_do(call, store):
    (store.root / "store.json").unlink()
    for command in ("ls", "clean"):
        code, _, err = call(command)
        assert code == 3
        assert f"{store.root} holds stages but no store.json" in err
        assert "Delete that folder or move it away" in err


@pytest.mark.parametrize(
    ("word", "named"),
    [
        ("stage=trian", "unknown stage 'trian'. Did you mean 'train'? Valid: all, ob"),
        ("key=abc", "unknown key 'abc'"),
        ("yess=true", "unknown option 'yess'. Did you mean 'yes'? Valid: key, stage,"),
        ("yes=false", "yes= is given twice: leave out 'yes=false' or the other."),
    ],
)
def test_what_is_unknown_deletes_nothing(call, store, word, named):
    code, _, err = call("clean", "yes=true", word)
    assert code == 2
    assert named in err
    assert kept(store) == EVERYTHING


def test_consent_is_given_or_not(call, store):
    code, _, err = call("clean", "yes=perhaps")
    assert code == 2
    assert "unknown yes 'perhaps'. Valid: false, true." in err
    assert kept(store) == EVERYTHING


def test_a_foreign_manifest_counts_as_unfinished(call, store):
    entry = next(e for e in store.entries() if e.about == "train of run1")
    (entry.path / "manifest.json").write_text(json.dumps({"schema": 99}))
    assert call("ls")[1].count("unfinished") == 2


@pytest.mark.parametrize(
    ("count", "text"),
    [
        (0, "0 B"),
        (999, "999 B"),
        (1000, "1.0 kB"),
        (2.5e6, "2.5 MB"),
        (3e10, "30.0 GB"),
    ],
)
def test_sizes_are_told_for_people(count, text):
    assert size(int(count)) == text

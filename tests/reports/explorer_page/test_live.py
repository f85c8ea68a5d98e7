"""A training on the map of a finished result, while it runs and afterwards."""

import dataclasses
import json
import re
import shutil

import numpy as np
import pytest

from conceptevo_jax.cli.project import config_of
from conceptevo_jax.errors import DataError
from conceptevo_jax.explorer import load_scene, without_patches
from conceptevo_jax.projection import place_points
from conceptevo_jax.reports.explorer_page import live_page as module
from conceptevo_jax.reports.explorer_page.live_page import choose_space, follow_on_map
from conceptevo_jax.reports.unified_space.add_run import add_run
from conceptevo_jax.store import save_record, seal, write_sealed
from conceptevo_jax.training import RUN, read_run, read_table
from conceptevo_jax.training.table import TABLE, write_table

NAMES = ["init", "step1", 0, 1]


@pytest.fixture
def home(explored, tmp_path):
    """A copy of the result and its store."""
    root = explored.folder.parent
    for name in (explored.folder.name, "store"):
        shutil.copytree(root / name, tmp_path / name)
    return tmp_path


@pytest.fixture
def folder(explored, home):
    """The finished training."""
    return home / "store" / f"train-{explored.run.run.key}"


def follow(folder, home, explored, **changes):
    how = {"interval": 7.0, "wait": True, **changes}
    return follow_on_map(folder, home / "result", explored.session.config, **how)


def revision_of(page):
    text = (page.parent / "data" / "revision.js").read_text()
    return json.loads(re.fullmatch(r"conceptevoRevision\((.*)\);", text)[1])


def test_a_finished_training_is_shown_once(folder, home, explored):
    (shown,) = follow(folder, home, explored)
    assert shown.page == home / "live-vgg16" / "index.html"
    assert shown.finished
    assert list(shown.epochs) == NAMES
    told = revision_of(shown.page)
    assert told["live"]
    assert told["finished"]
    for place in (*told["chunks"].values(), *told["sheets"].values()):
        assert (shown.page.parent / place).is_file()


def test_it_lies_where_the_map_places_it_beside_the_base(folder, home, explored):
    (shown,) = follow(folder, home, explored)
    scene = load_scene(shown.page.parent / "scene").scene
    known = load_scene(home / "result" / "scene").scene
    base, course = scene.courses
    np.testing.assert_array_equal(base.points, known.courses[0].points)
    for at, epoch in enumerate(course.epochs):
        vectors = explored.run.placed[epoch].vectors
        np.testing.assert_array_equal(course.vectors[at], vectors)
        np.testing.assert_array_equal(
            course.points[at], place_points(explored.layout, vectors)
        )
    assert scene.space_id == known.space_id
    assert course.title == "Tiny vgg16"
    other = known.courses[1]
    assert dict(course.measures) == dict(other.measures)
    np.testing.assert_array_equal(course.group, other.group)
    named = scene.pictures.names
    before = known.pictures.names
    for one, same in zip(scene.courses, known.courses, strict=True):
        seen = np.where(one.image_ids < 0, "", np.array(named)[one.image_ids])
        wanted = np.where(same.image_ids < 0, "", np.array(before)[same.image_ids])
        np.testing.assert_array_equal(seen, wanted)


def test_every_new_snapshot_refreshes_the_page_until_the_end(
    folder, home, explored, monkeypatch
):
    """Its folder is renamed when it is finished; nothing new writes nothing."""
    partial = folder.rename(folder.with_name(folder.name + ".partial"))
    manifest, table = partial / "manifest.json", partial / TABLE
    kept, rows = manifest.read_text(), read_table(table)
    manifest.unlink()
    # Of the first epoch, whose length is not known yet.
    write_table(table, rows[:2])
    sleeps = []

    def meanwhile(seconds):
        sleeps.append(seconds)
        if len(sleeps) == 2:
            write_table(table, rows[:3])
        if len(sleeps) == 3:
            write_table(table, rows)
            manifest.write_text(kept)
            partial.rename(folder)

    monkeypatch.setattr(module.time, "sleep", meanwhile)
    told = []
    for shown in follow(partial, home, explored):
        told.append((list(shown.epochs), shown.finished, revision_of(shown.page)))
    assert [epochs for epochs, _, _ in told] == [NAMES[:1], NAMES[:3], NAMES]
    assert [finished for _, finished, _ in told] == [False, False, True]
    assert [one["finished"] for *_, one in told] == [False, False, True]
    assert len({one["revision"] for *_, one in told}) == 3
    assert sleeps == [7.0] * 3


def test_it_does_not_wait_when_told_so(folder, home, explored):
    partial = folder.rename(folder.with_name(folder.name + ".partial"))
    (partial / "manifest.json").unlink()
    (shown,) = follow(partial, home, explored, wait=False)
    assert not shown.finished


def test_the_training_and_the_result_are_only_read(folder, home, explored):
    def state():
        paths = [*folder.rglob("*"), *(home / "result").rglob("*")]
        return {p: p.stat().st_mtime_ns for p in paths if p.is_file()}

    before = state()
    list(follow(folder, home, explored))
    assert state() == before


@pytest.mark.parametrize("where", ["call", "result"])
def test_patches_can_be_left_out(folder, home, explored, where):
    if where == "result":
        path = home / "result" / "scene"
        scene = without_patches(load_scene(path).scene)
        module.save_scene(path, scene, ())
    (shown,) = follow(folder, home, explored, patches=where != "call")
    saved = load_scene(shown.page.parent / "scene")
    assert saved.sheets == []
    assert not any(one.corners.size for one in saved.scene.courses)
    key = explored.session.images.pool.keys[0].rpartition("/")[0]
    texts = [path.read_text() for path in saved_manifests(shown.page.parent)]
    assert not any(key in text for text in texts)


def saved_manifests(folder):
    return (folder / "scene").glob("*/manifest.json")


def test_reports_of_the_monitor_are_shown(folder, home, explored):
    report = {"epoch": 1, "status": "lost", "reasons": ["why"], "measures": {}}
    (folder / "monitor-x.jsonl").write_text(json.dumps(seal(report)) + "\n")
    (shown,) = follow(folder, home, explored)
    course = load_scene(shown.page.parent / "scene").scene.courses[1]
    (told,) = course.reports
    assert (told["epoch"], told["progress"], told["status"]) == (1, 2.0, "lost")


def test_the_newest_result_of_the_same_images_is_chosen(folder, home):
    assert choose_space(folder, config_of) == home / "result"
    shutil.copytree(home / "result", home / "other")
    (home / "other" / "space" / "manifest.json").unlink()
    assert choose_space(folder, config_of) == home / "result"


def test_without_a_result_of_these_images_it_says_what_to_do(folder, home):
    write_sealed(folder / RUN, {**read_run(folder), "train": "others"})
    with pytest.raises(DataError, match="name one with space=RESULT_FOLDER"):
        choose_space(folder, config_of)
    (folder / RUN).write_text("{}")
    with pytest.raises(DataError, match="no folder of a training of this version"):
        choose_space(folder, config_of)


def test_a_scene_of_another_space_is_refused(folder, home, explored):
    layout = dataclasses.replace(explored.layout, points=explored.layout.points + 1)
    save_record(home / "result" / "layout", layout)
    with pytest.raises(DataError, match="not of the space and map beside it"):
        list(follow(folder, home, explored))


def test_the_command_says_where_the_page_is(call, folder, home):
    code, out, _ = call("explore", "--live", str(folder), "wait=false")
    assert code == 0
    assert f"on the map of {home / 'result'}" in out
    assert f"Open {home / 'live-vgg16' / 'index.html'}" in out
    assert "4 snapshots, last 1; the training is finished" in out


@pytest.mark.parametrize(
    ("words", "code", "told"),
    [
        ((), 2, "say which: conceptevo explore --live TRAINING"),
        (("nothing",), 3, "nothing is no training's folder"),
        (("x", "wait=perhaps"), 2, "unknown wait 'perhaps'. Valid: false, true."),
        (("x", "interval=0"), 2, "interval must be a number of seconds above 0"),
        (("x", "spce=y"), 2, "unknown option 'spce'. Did you mean 'space'?"),
        (("x", "space=y"), 3, "y/config.yaml is missing"),
        (("x", "--tables"), 2, "unknown flag '--tables'"),
    ],
)
def test_mistakes_in_the_command_are_explained(call, folder, words, code, told):
    given = [str(folder) if word == "x" else word for word in words]
    found, _, err = call("explore", "--live", *given)
    assert found == code
    assert told in err


@pytest.mark.parametrize("name", ["../../../escaped", "/escaped", "..", "a\x1bb", 7])
def test_a_run_of_somebody_elses_name_is_put_nowhere(folder, home, name):
    write_sealed(folder / RUN, {**read_run(folder), "name": name})
    before = set(home.parent.rglob("*"))
    key = folder.name.removesuffix(".partial").rpartition("-")[2]
    with pytest.raises(DataError, match=r"run\.json cannot be used: "):
        add_run(home / "result", config_of(home / "result"), key)
    assert set(home.parent.rglob("*")) <= before | {home / "store" / ".locks"}


def test_a_run_is_not_added_through_a_link(folder, home):
    (home / "own").mkdir()
    (home / "result" / "projected").symlink_to("../own")
    key = folder.name.removesuffix(".partial").rpartition("-")[2]
    with pytest.raises(DataError, match=r"projected.* leads to .*own.*, out of"):
        add_run(home / "result", config_of(home / "result"), key)
    assert not list((home / "own").iterdir())

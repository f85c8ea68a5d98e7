"""A training on the map of a finished result, while it runs and afterwards."""

import dataclasses
import json
import re
import shutil

import numpy as np
import pytest

from conceptevo_jax.cli.project import config_of
from conceptevo_jax.errors import DataError
from conceptevo_jax.explorer import drop_patches, load_scene, save_scene
from conceptevo_jax.projection import place_points
from conceptevo_jax.reports.explorer_page import live_page as module
from conceptevo_jax.reports.explorer_page.live_page import choose_space, follow_on_map
from conceptevo_jax.reports.unified_space.add_run import add_run
from conceptevo_jax.store import save_record, seal, write_sealed
from conceptevo_jax.training import RUN, read_run, read_table
from conceptevo_jax.training.table import TABLE, write_table

pytestmark = pytest.mark.slow

NAMES = ["init", "step1", 0, 1]


@pytest.fixture
def workspace(explored, tmp_path):
    """A copy of the result and its store."""
    root = explored.folder.parent
    for name in (explored.folder.name, "store"):
        shutil.copytree(root / name, tmp_path / name)
    return tmp_path


@pytest.fixture
def folder(explored, workspace):
    """The finished training."""
    return workspace / "store" / f"train-{explored.run.run.key}"


def follow(folder, workspace, explored, **changes):
    settings = {"interval": 7.0, "wait": True, **changes}
    return follow_on_map(
        folder, workspace / "result", explored.session.config, **settings
    )


def revision_of(page):
    text = (page.parent / "data" / "revision.js").read_text()
    return json.loads(re.fullmatch(r"conceptevoRevision\((.*)\);", text)[1])


def test_a_finished_training_is_shown_once(folder, workspace, explored):
    (update,) = follow(folder, workspace, explored)
    assert update.page == workspace / "live-vgg16" / "index.html"
    assert update.is_finished
    assert list(update.epochs) == NAMES
    revision = revision_of(update.page)
    assert revision["live"]
    assert revision["finished"]
    for name in (*revision["chunks"].values(), *revision["sheets"].values()):
        assert (update.page.parent / name).is_file()


def test_it_lies_where_the_map_places_it_beside_the_base(folder, workspace, explored):
    (update,) = follow(folder, workspace, explored)
    scene = load_scene(update.page.parent / "scene").scene
    result_scene = load_scene(workspace / "result" / "scene").scene
    base, course = scene.courses
    np.testing.assert_array_equal(base.points, result_scene.courses[0].points)
    for index, epoch in enumerate(course.epochs):
        vectors = explored.run.placed[epoch].vectors
        np.testing.assert_array_equal(course.vectors[index], vectors)
        np.testing.assert_array_equal(
            course.points[index], place_points(explored.layout, vectors)
        )
    assert scene.space_id == result_scene.space_id
    assert course.title == "Tiny vgg16"
    result_course = result_scene.courses[1]
    assert dict(course.measures) == dict(result_course.measures)
    np.testing.assert_array_equal(course.group, result_course.group)
    names = scene.pictures.names
    result_names = result_scene.pictures.names
    for live_course, source_course in zip(
        scene.courses, result_scene.courses, strict=True
    ):
        images = np.where(
            live_course.image_ids < 0, "", np.array(names)[live_course.image_ids]
        )
        expected_images = np.where(
            source_course.image_ids < 0,
            "",
            np.array(result_names)[source_course.image_ids],
        )
        np.testing.assert_array_equal(images, expected_images)


def test_every_new_snapshot_refreshes_the_page_until_the_end(
    folder, workspace, explored, monkeypatch
):
    """Its folder is renamed when it is finished; nothing new writes nothing."""
    partial = folder.rename(folder.with_name(folder.name + ".partial"))
    manifest, table = partial / "manifest.json", partial / TABLE
    manifest_text, rows = manifest.read_text(), read_table(table)
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
            manifest.write_text(manifest_text)
            partial.rename(folder)

    monkeypatch.setattr(module.time, "sleep", meanwhile)
    updates = []
    for update in follow(partial, workspace, explored):
        updates.append(
            (list(update.epochs), update.is_finished, revision_of(update.page))
        )
    assert [epochs for epochs, _, _ in updates] == [NAMES[:1], NAMES[:3], NAMES]
    assert [finished for _, finished, _ in updates] == [False, False, True]
    assert [revision["finished"] for *_, revision in updates] == [False, False, True]
    assert len({revision["revision"] for *_, revision in updates}) == 3
    assert sleeps == [7.0] * 3


def test_it_does_not_wait_when_told_so(folder, workspace, explored):
    partial = folder.rename(folder.with_name(folder.name + ".partial"))
    (partial / "manifest.json").unlink()
    (update,) = follow(partial, workspace, explored, wait=False)
    assert not update.is_finished


def test_the_training_and_the_result_are_only_read(folder, workspace, explored):
    def state():
        paths = [*folder.rglob("*"), *(workspace / "result").rglob("*")]
        return {p: p.stat().st_mtime_ns for p in paths if p.is_file()}

    before = state()
    list(follow(folder, workspace, explored))
    assert state() == before


@pytest.mark.parametrize("location", ["call", "result"])
def test_patches_can_be_left_out(folder, workspace, explored, location):
    if location == "result":
        path = workspace / "result" / "scene"
        scene = drop_patches(load_scene(path).scene)
        save_scene(path, scene, ())
    (update,) = follow(folder, workspace, explored, patches=location != "call")
    saved = load_scene(update.page.parent / "scene")
    assert saved.sheets == []
    assert not any(course.corners.size for course in saved.scene.courses)
    key = explored.session.images.pool.keys[0].rpartition("/")[0]
    texts = [path.read_text() for path in saved_manifests(update.page.parent)]
    assert not any(key in text for text in texts)


def saved_manifests(folder):
    return (folder / "scene").glob("*/manifest.json")


def test_reports_of_the_monitor_are_shown(folder, workspace, explored):
    report = {"epoch": 1, "status": "lost", "reasons": ["why"], "measures": {}}
    (folder / "monitor-x.jsonl").write_text(json.dumps(seal(report)) + "\n")
    (update,) = follow(folder, workspace, explored)
    course = load_scene(update.page.parent / "scene").scene.courses[1]
    (shown_report,) = course.reports
    assert (
        shown_report["epoch"],
        shown_report["progress"],
        shown_report["status"],
    ) == (1, 2.0, "lost")


def test_the_newest_result_of_the_same_images_is_chosen(folder, workspace):
    assert choose_space(folder, config_of) == workspace / "result"
    shutil.copytree(workspace / "result", workspace / "other")
    (workspace / "other" / "space" / "manifest.json").unlink()
    assert choose_space(folder, config_of) == workspace / "result"


def test_without_a_result_of_these_images_it_says_what_to_do(folder, workspace):
    write_sealed(folder / RUN, {**read_run(folder), "train": "others"})
    with pytest.raises(DataError, match="name one with space=RESULT_FOLDER"):
        choose_space(folder, config_of)
    (folder / RUN).write_text("{}")
    with pytest.raises(DataError, match="not a training folder of this version"):
        choose_space(folder, config_of)


def test_a_scene_of_another_space_is_refused(folder, workspace, explored):
    layout = dataclasses.replace(explored.layout, points=explored.layout.points + 1)
    save_record(workspace / "result" / "layout", layout)
    with pytest.raises(DataError, match="does not belong to the space and map"):
        list(follow(folder, workspace, explored))


def test_the_command_says_where_the_page_is(call, folder, workspace):
    code, out, _ = call("explore", "--live", str(folder), "wait=false")
    assert code == 0
    assert f"on the map of {workspace / 'result'}" in out
    assert f"Open {workspace / 'live-vgg16' / 'index.html'}" in out
    assert "4 snapshots, last epoch 1; the training is finished" in out


@pytest.mark.parametrize(
    ("words", "expected_code", "message"),
    [
        ((), 2, "say which: conceptevo explore --live TRAINING"),
        (("nothing",), 3, "nothing is not the folder of a training"),
        (("x", "wait=perhaps"), 2, "unknown wait 'perhaps'. Valid: false, true."),
        (("x", "interval=0"), 2, "interval must be a number of seconds above 0"),
        (("x", "spce=y"), 2, "unknown option 'spce'. Did you mean 'space'?"),
        (("x", "space=y"), 3, "y/config.yaml is missing"),
        (("x", "--tables"), 2, "unknown flag '--tables'"),
    ],
)
def test_mistakes_in_the_command_are_explained(
    call, folder, words, expected_code, message
):
    arguments = [str(folder) if word == "x" else word for word in words]
    exit_code, _, err = call("explore", "--live", *arguments)
    assert exit_code == expected_code
    assert message in err


@pytest.mark.parametrize("name", ["../../../escaped", "/escaped", "..", "a\x1bb", 7])
def test_a_run_of_somebody_elses_name_is_put_nowhere(folder, workspace, name):
    write_sealed(folder / RUN, {**read_run(folder), "name": name})
    before = set(workspace.parent.rglob("*"))
    key = folder.name.removesuffix(".partial").rpartition("-")[2]
    with pytest.raises(DataError, match=r"run\.json cannot be used: "):
        add_run(workspace / "result", config_of(workspace / "result"), key)
    assert set(workspace.parent.rglob("*")) <= before | {workspace / "store" / ".locks"}


def test_a_run_is_not_added_through_a_link(folder, workspace):
    (workspace / "own").mkdir()
    (workspace / "result" / "projected").symlink_to("../own")
    key = folder.name.removesuffix(".partial").rpartition("-")[2]
    with pytest.raises(DataError, match=r"projected.* leads to .*own.*, out of"):
        add_run(workspace / "result", config_of(workspace / "result"), key)
    assert not list((workspace / "own").iterdir())

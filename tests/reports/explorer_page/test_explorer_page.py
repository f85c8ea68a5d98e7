"""Scenes say what the stages found, and their pages what the configuration wants."""

import dataclasses
import json

import numpy as np
import pyarrow.parquet as pq
import pytest
from partial_records import partial_record

from conceptevo_jax.analysis.alignment.verdicts import (
    NO_SCORE,
    Agreement,
    Alignment,
)
from conceptevo_jax.analysis.dynamics.snapshot_measures import (
    ObservedSnapshot,
    Reference,
)
from conceptevo_jax.analysis.dynamics.trajectory import measure_evolution
from conceptevo_jax.analysis.statistics.intervals import share_interval
from conceptevo_jax.config import ExplorerConfig
from conceptevo_jax.epochs import epoch_label, epoch_tick
from conceptevo_jax.explorer import export, load_scene
from conceptevo_jax.monitor import judge_stored
from conceptevo_jax.projection import place_points
from conceptevo_jax.reports.concepts.measure import (
    CONCEPT_COUNT,
    find_concepts,
    run_lifetimes,
)
from conceptevo_jax.reports.explorer_page.describe_scene import describe_scene
from conceptevo_jax.reports.explorer_page.page import (
    add_study,
    explore,
    write_explorer,
)
from conceptevo_jax.reports.importance.evolutions import Evolution
from conceptevo_jax.reports.importance.run_importance import RunImportance
from conceptevo_jax.reports.unified_space.figures import run_curves
from conceptevo_jax.reports.unified_space.training_maps import training_map
from conceptevo_jax.stimuli import patch_windows
from conceptevo_jax.study import Study, save_study
from conceptevo_jax.study.design.tasks import Task
from conceptevo_jax.types import Embedding, Importance, site_slices

UNALIGNED = partial_record(
    Alignment,
    correlation=partial_record(Agreement, overall=NO_SCORE),
)


@pytest.fixture(scope="module")
def scene(explored):
    return load_scene(explored.folder / "scene").scene


@pytest.fixture(scope="module")
def course(scene):
    return scene.courses[1]


@pytest.fixture
def move_session(explored, tmp_path, monkeypatch):
    """The same session, with another result folder and settings of its own."""

    def move(**explorer):
        config = dataclasses.replace(
            explored.session.config, explorer=ExplorerConfig(**explorer)
        )
        monkeypatch.setattr(explored.session, "config", config)
        monkeypatch.setattr(explored.session, "folder", tmp_path)
        return explored.session

    return move


def test_figures_of_a_run_call_its_snapshots_as_the_package_does(explored):
    """Panels of the map are whole snapshots, ticks of the curves lie under theirs."""
    run = explored.run
    everywhere = {run.snapshot(e): run.placed[e].vectors[:, :2] for e in run.epochs}
    points = explored.points | everywhere
    images, named = explored.session.images, explored.named
    panels = training_map([run], explored.base, points, images, named).axes
    heads = [axes.texts[0].get_text() for axes in panels]
    assert heads == [epoch_label(e) for e in ("init", 0, 1)]
    unaligned = dataclasses.replace(
        run, alignments=dict.fromkeys(run.epochs, UNALIGNED)
    )
    for axes in run_curves([unaligned]).axes:
        ticks = [tick.get_text() for tick in axes.get_xticklabels()]
        assert ticks == [epoch_tick(e) for e in ("init", 0, 1)]
        places = [run.epochs_of_training(epoch) for epoch in ("init", 0, 1)]
        np.testing.assert_allclose(axes.get_xticks(), places)
        np.testing.assert_allclose(
            axes.lines[0].get_xdata(),
            [run.epochs_of_training(epoch) for epoch in run.epochs],
        )


def test_measures_are_those_of_the_tables(explored, course):
    base, run = explored.base, explored.run
    snapshots = [
        ObservedSnapshot(
            snapshot=run.snapshot(epoch),
            stimuli=run.stimuli(epoch),
            responses=run.run.observations[epoch].judgement,
            embedding=run.placed[epoch],
        )
        for epoch in run.epochs
    ]
    last = base.epochs[-1]
    embedding = base.placed[last]
    reference = Reference(
        stimuli=base.stimuli(last),
        embedding=embedding,
        maps=np.zeros((1, len(embedding.coverage), 2)),
    )
    pool = len(explored.session.images.pool)
    table = measure_evolution(snapshots, reference, pool_size=pool, draws=0)
    for name in ("entropy", "effective_rank", "movement", "coverage"):
        expected = [None if np.isnan(v) else v for v in table.series(name).tolist()]
        assert list(course.measures[name]) == expected, name
    dead = 1 - table.series("live_share")
    np.testing.assert_allclose(course.measures["dead_share"], dead)
    assert course.measures["entropy"][-1] is not None
    assert course.measures["movement"][0] is None


def test_drawn_points_stay_and_others_are_placed(explored, scene, course):
    last = explored.run.snapshot(explored.run.epochs[-1])
    np.testing.assert_array_equal(course.points[-1], explored.points[last])
    for index, epoch in enumerate(explored.run.epochs[:-1]):
        vectors = explored.run.placed[epoch].vectors
        np.testing.assert_array_equal(
            course.points[index], place_points(explored.layout, vectors)
        )
    base_course = scene.courses[0]
    assert base_course.is_base
    assert not course.is_base
    np.testing.assert_array_equal(base_course.points[0], explored.points[scene.base])


def test_stimuli_patches_and_lives_are_the_stages(explored, scene, course):
    session, run = explored.session, explored.run
    keys = session.images.pool.keys
    names = [*scene.pictures.names, None]
    for index, epoch in enumerate(run.epochs):
        stimuli = run.stimuli(epoch)
        expected_keys = [
            [None if i < 0 else keys[i] for i in row] for row in stimuli.image_ids
        ]
        image_keys = [[names[i] for i in row] for row in course.image_ids[index]]
        assert image_keys == expected_keys
        np.testing.assert_array_equal(course.peaks[index], stimuli.peaks)
        side, size = session.images.pool_pixels.side, run.run.model.size
        windows = patch_windows(stimuli, side=side, input_size=size)
        np.testing.assert_array_equal(course.corners[index, :, :, 0], windows.top)
        np.testing.assert_array_equal(course.corners[index, :, :, 1], windows.left)
        np.testing.assert_array_equal(course.length, windows.length)
    concepts = explored.named.concepts
    lives = run_lifetimes(run, concepts, session.images.pool.labels)
    rows = (lives.concept, lives.born, lives.settled, lives.left, lives.died)
    np.testing.assert_array_equal(course.lives, np.stack(rows))


def test_every_image_is_a_stimulus_and_has_its_class(explored, scene):
    used = np.unique(np.concatenate([c.image_ids.ravel() for c in scene.courses]))
    assert set(used.tolist()) - {-1} == set(range(len(scene.pictures.rows)))
    pool = explored.session.images.pool
    np.testing.assert_array_equal(
        scene.pictures.labels, pool.labels[scene.pictures.rows]
    )


def test_of_dead_neurons_neither_place_nor_movement_is_told(course):
    dead = course.dead
    assert np.isnan(course.coverage[dead]).all()
    assert np.isnan(course.points[dead]).all()
    assert (course.group[dead] == -1).all()
    assert np.isnan(course.movement[0]).all()
    either = dead[1:] | dead[:-1]
    np.testing.assert_array_equal(np.isnan(course.movement[1:]), either)


def test_a_run_that_was_not_watched_has_the_monitors_verdict(explored, course):
    run = explored.run.run
    assert len(run.reports) == 0
    epochs = [epoch for epoch in course.epochs if isinstance(epoch, int)]
    samples = {epoch: run.observations[epoch].sample for epoch in epochs}
    verdicts = judge_stored(samples, explored.session.images.pool)
    shown = {r["epoch"]: (r["status"], r["reasons"]) for r in course.reports}
    assert shown == verdicts
    assert verdicts


def test_a_placed_neuron_is_in_the_nearest_group(scene, course):
    assert len(scene.groups) == len(scene.centers) == CONCEPT_COUNT
    placed = np.isfinite(course.vectors).all(axis=2)
    vectors = course.vectors[placed].astype(float)
    vectors /= np.linalg.norm(vectors, axis=1, keepdims=True)
    distances = ((vectors[:, None] - scene.centers) ** 2).sum(axis=2)
    groups = course.group[placed]
    np.testing.assert_allclose(
        distances[np.arange(len(groups)), groups], distances.min(axis=1)
    )


def test_a_base_with_too_few_neurons_has_no_groups(explored):
    last = explored.base.epochs[-1]
    embedding = explored.base.placed[last]
    few_vectors = embedding.vectors.copy()
    few_vectors[19:] = np.nan
    placed = {last: Embedding(vectors=few_vectors, coverage=embedding.coverage)}
    base = dataclasses.replace(explored.base, placed=placed)
    space = dataclasses.replace(explored.space, base=base)
    named = find_concepts(explored.session.images, base)
    scene = describe_scene(explored.session, space, explored.joint_layout, named)
    assert scene.groups == []
    assert all((course.group == -1).all() for course in scene.courses)


def important_of(run, ends, sites, score):
    first, last = (next(s for s in run.run.snapshots if s.epoch == e) for e in ends)
    evolution = Evolution(
        run=run.run,
        title="t",
        number=1,
        before=first,
        after=last,
        accuracies=(0.1, 0.9),
        relative=False,
    )
    n = len(score)
    importance = Importance(
        before=first.name,
        after=last.name,
        label=4,
        images=np.arange(10),
        sensitivity=np.tile(score, (10, 1)),
        score=score,
        changed=np.ones(n, bool),
        halves=np.full(len(sites), np.nan),
        checked=np.arange(0),
        difference=0.0,
        sites=tuple(sites),
    )
    return evolution, importance


def test_importance_lies_at_its_neurons_with_its_interval(explored):
    """Measured at the second site alone."""
    run = explored.run
    sites = run.run.model.sites[1:2]
    score = np.linspace(0, 1, sites[0].channels).round(1)
    between_shown = important_of(run, ("init", 1), sites, score)
    ending_elsewhere = important_of(run, ("init", 0), sites, score)
    placed = {epoch: embedding for epoch, embedding in run.placed.items() if epoch != 0}
    shorter = dataclasses.replace(run, placed=placed)
    important = RunImportance(
        run=run.run,
        evolutions=[between_shown[0], ending_elsewhere[0]],
        importances=[[between_shown[1]], [ending_elsewhere[1]]],
        featured_label=4,
        sampled_labels=[4],
    )
    space = dataclasses.replace(explored.space, runs={"vgg16": shorter})
    scene = describe_scene(
        explored.session, space, explored.joint_layout, explored.named, [important]
    )
    course = scene.courses[1]
    assert list(course.epochs) == ["init", "step1", 1]
    # The other one ends at a snapshot that is not shown.
    assert course.evolutions == [
        {"before": 0, "after": 2, "classes": [4], "images": 10}
    ]
    neurons = site_slices(run.run.model.sites)[sites[0].name]
    values = course.importance[0, 0]
    np.testing.assert_allclose(values[0, neurons], score, atol=1e-6)
    intervals = [share_interval(round(10 * s), 10) for s in score]
    np.testing.assert_allclose(values[1:, neurons].T, intervals, atol=1e-6)
    unmeasured = np.delete(values, np.arange(neurons.start, neurons.stop), axis=1)
    assert np.isnan(unmeasured).all()
    ranks = course.rank[0, 0]
    assert sorted(ranks[neurons]) == list(range(len(score)))
    assert ranks[neurons][-1] < ranks[neurons][0]
    assert (np.delete(ranks, np.arange(neurons.start, neurons.stop)) == -1).all()


def test_a_result_has_a_page_of_all_its_runs(explored, parts_of, read_chunk):
    text = (explored.folder / "explorer.html").read_text()
    meta, _ = read_chunk(parts_of(text, "chunk")["core"])
    assert meta["title"] == "ConceptEvo on drawn shapes"
    assert [run["name"] for run in meta["runs"]] == ["base", "vgg16"]
    assert meta["runs"][1]["title"] == "Tiny vgg16"
    assert len(parts_of(text, "sheet")) == 1


def test_without_a_page_nothing_is_written(explored, move_session, tmp_path):
    session = move_session(page=False)
    assert explore(session, explored.space, explored.joint_layout, explored.named) == []
    assert list(tmp_path.iterdir()) == []


def test_without_patches_no_name_is_left_anywhere(explored, move_session, tmp_path):
    session = move_session(patches=False)
    assert explore(session, explored.space, explored.joint_layout, explored.named) == [
        tmp_path / "explorer.html"
    ]
    saved = load_scene(tmp_path / "scene")
    assert saved.sheets == []
    class_folder = explored.session.images.pool.keys[0].rpartition("/")[0]
    for path in (tmp_path / "scene").glob("*/manifest.json"):
        assert class_folder not in json.dumps(json.loads(path.read_text())), path


@pytest.mark.slow
def test_tables_lie_beside_the_page_when_asked_for(explored, move_session, tmp_path):
    session = move_session(tables=True)
    explore(session, explored.space, explored.joint_layout, explored.named)
    table = pq.read_table(tmp_path / "explorer-tables" / "neurons.parquet")
    neurons = len(explored.base.stimuli(1).dead)
    assert table.num_rows == neurons * 5


def test_a_large_page_becomes_a_folder_and_replaces_the_file(
    explored, move_session, tmp_path, monkeypatch, scene
):
    session = move_session()
    page, parts = tmp_path / "explorer.html", tmp_path / "explorer" / "index.html"
    whole = describe_scene(
        session, explored.space, explored.joint_layout, explored.named
    )
    assert write_explorer(session, whole) == page
    monkeypatch.setattr(export, "LARGEST_PAGE", 1000)
    assert write_explorer(session, whole) == parts
    assert not page.exists()
    monkeypatch.undo()
    session = move_session()
    assert write_explorer(session, whole) == page
    assert not parts.exists()


def ask_about(course, folder):
    """A study of the untrained network and of a snapshot that no page shows."""
    site = course.sites[0].name
    cards = tuple(f"vgg16@{epoch}/{site}/{n}" for n, epoch in enumerate(("init", 99)))
    settings = {"category": "same_model", "cards": (f"vgg16@1/{site}/5", *cards)}
    tasks = (
        Task(id="same_model-1", intruder=2, **settings),
        Task(id="same_model-1-again", intruder=2, repeats="same_model-1", **settings),
    )
    patches = np.zeros((2, 3, 1, 4, 4, 3), np.uint8)
    save_study(folder, Study(title="t", tasks=tasks, patches=patches))


@pytest.mark.slow
def test_a_page_lists_the_groups_of_the_study_beside_it(
    explored, move_session, tmp_path, course, parts_of, read_chunk
):
    session = move_session()
    ask_about(course, tmp_path)
    (page,) = explore(session, explored.space, explored.joint_layout, explored.named)
    core = parts_of(page.read_text(), "chunk")["core"]
    last = list(course.epochs).index(1)
    group = {
        "name": "same_model-1",
        "category": "one model, several epochs",
        "members": [[1, last, 5]],
        "intruder": [1, 0, 0],
        "missing": 1,
    }
    assert read_chunk(core)[0]["scenes"][0]["given"] == [group]
    saved = add_study(load_scene(tmp_path / "scene"), tmp_path)
    (saved_group,) = saved.study_groups
    assert (saved_group.members, saved_group.intruder) == (((1, last, 5),), (1, 0, 0))


def test_a_result_without_a_study_lists_no_groups(explored):
    saved = load_scene(explored.folder / "scene")
    assert add_study(saved, explored.folder) is saved

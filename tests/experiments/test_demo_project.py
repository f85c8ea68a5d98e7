"""A training is added to the demo's space, which stays as it is."""

import shutil

import numpy as np

from conceptevo_jax.store import Store, load_record
from conceptevo_jax.types import Embedding, Layout

SMOKE = ("experiment=demo", "scale=smoke")


def training(demo, about):
    return next(e for e in Store(demo.store).entries() if e.about.startswith(about))


def contents(folder):
    return {path: path.read_bytes() for path in folder.rglob("*") if path.is_file()}


def project(call, demo, key):
    """Project a training; nothing that was there may change."""
    kept = [contents(demo.folder / part) for part in ("space", "layout", "tables")]
    code, out, _ = call("project", f"space={demo.folder}", f"run={key}")
    assert code == 0
    parts = ("space", "layout", "tables")
    assert [contents(demo.folder / part) for part in parts] == kept
    (folder,) = (demo.folder / "projected").glob(f"*-{key}")
    assert str(folder) in out.replace("\n", "")
    return folder


def test_a_run_is_added_to_a_space_that_stays_as_it_is(demo, call):
    key = training(demo, "vgg16_large_lr seed 2").key
    folder = project(call, demo, key)
    layout = load_record(demo.folder / "layout", Layout)
    low, high = np.nanmin(layout.points, axis=0), np.nanmax(layout.points, axis=0)
    for epoch in ("init", 0, 1, 2, 3):
        placed = load_record(folder / f"epoch_{epoch}", Embedding)
        points = np.load(folder / f"epoch_{epoch}" / "points.npy")
        assert (np.isfinite(points).all(axis=1) == placed.placed).all()
        inside = points[placed.placed]
        assert ((inside >= low - 1e-4) & (inside <= high + 1e-4)).all()
    assert (folder / "map.png").stat().st_size > 10_000
    assert (folder / "snapshots.csv").read_text().count("\n") == 6


def test_adding_a_run_of_the_demo_gives_the_demos_vectors(demo, call):
    folder = project(call, demo, training(demo, "vgg16: ").key)
    for epoch in ("init", 3):
        added = load_record(folder / f"epoch_{epoch}", Embedding)
        stored = next(
            e.path
            for e in Store(demo.store).entries()
            if e.stage == "project" and e.about == f"vgg16@{epoch}"
        )
        vectors = load_record(stored, Embedding).vectors
        np.testing.assert_array_equal(added.vectors, vectors)


def test_a_run_that_is_not_there_is_told_with_those_that_are(demo, call):
    code, _, err = call("project", f"space={demo.folder}", "run=abc")
    assert code == 3
    assert "no finished training 'abc'" in err
    assert f"{training(demo, 'vgg16: ').key} (vgg16: VGG16" in err


def test_a_result_whose_settings_were_edited_is_refused_by_name(demo, call):
    """Another pool, by its seed: nothing there is of these images."""
    edited = demo.folder.with_name("edited")
    shutil.copytree(demo.folder, edited, ignore=shutil.ignore_patterns("projected"))
    config = edited / "config.yaml"
    text = config.read_text()
    option = "\n    test_images: 250\n"
    assert text.count(option) == 1
    config.write_text(text.replace(option, f"{option}    seed: 1\n"))
    key = training(demo, "vgg16: ").key
    code, _, err = call("project", f"space={edited}", f"run={key}")
    assert code == 3
    assert f"{config} is not the configuration of the results" in err
    assert "dataset.options.seed" in err
    assert not (edited / "projected").exists()


def test_a_damaged_record_is_named(demo, call, tmp_path):
    shutil.copytree(demo.store, tmp_path / "runs" / "store")
    store = Store(tmp_path / "runs" / "store")
    entry = next(e for e in store.entries() if e.about == "vgg16@2")
    arrays = entry.path / "arrays.npz"
    arrays.write_bytes(arrays.read_bytes()[:1000])
    code, _, err = call(*SMOKE)
    assert code == 3
    assert f"{arrays} is damaged or incomplete" in err
    assert "Delete its folder" in err
    assert entry.stage in ("observe", "project")

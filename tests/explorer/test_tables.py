"""Tables hold the scene's own numbers, and other tools can read them."""

import io
import math
import re

import numpy as np
import pyarrow.parquet as pq
import pytest
from PIL import Image
from scenes import pool_pixels

from conceptevo_jax.explorer.neuron_table import PATCHES, top_classes
from conceptevo_jax.explorer.tables import write_tables
from conceptevo_jax.types import neuron_ids


@pytest.fixture
def saved(make_scene, keep_scene):
    return keep_scene(make_scene())


@pytest.fixture
def rows(saved, tmp_path):
    path, _ = write_tables(saved, tmp_path / "tables")
    return pq.read_table(path).to_pylist()


def test_there_is_a_row_per_run_snapshot_and_neuron(saved, rows):
    wanted = [
        neuron
        for one in saved.scene.courses
        for epoch in one.epochs
        for neuron in neuron_ids(f"{one.name}@{epoch}", one.sites)
    ]
    assert [row["id"] for row in rows] == wanted
    for row in rows:
        snapshot = f"{row['run']}@{row['epoch']}"
        assert row["id"] == f"{snapshot}/{row['site']}/{row['index']}"


def test_numbers_are_the_scenes_and_what_is_not_known_is_null(saved, rows):
    left = iter(rows)
    for one in saved.scene.courses:
        for snapshot in range(len(one.epochs)):
            for neuron in range(5):
                row = next(left)
                for name, value in (
                    ("x", one.points[snapshot, neuron, 0]),
                    ("y", one.points[snapshot, neuron, 1]),
                    ("coverage", one.coverage[snapshot, neuron]),
                    ("movement", one.movement[snapshot, neuron]),
                    ("strongest_response", one.peaks[snapshot, neuron, 0]),
                ):
                    assert (row[name] is None) == math.isnan(value)
                    assert row[name] is None or row[name] == value
                assert row["dead"] == one.dead[snapshot, neuron]
                assert row["progress"] == one.progress[snapshot]
                group = one.group[snapshot, neuron]
                assert row["group"] == (None if group < 0 else group)
                assert row["concept"] == (None if group < 0 else "bird")
                for name, place in zip(
                    ("born", "settled", "left", "died"),
                    one.lives[1:, neuron],
                    strict=True,
                ):
                    known = None if place < 0 else str(one.epochs[place])
                    assert row[name] == known


def test_row_groups_are_snapshots(saved, tmp_path):
    path, _ = write_tables(saved, tmp_path / "tables")
    assert pq.ParquetFile(path).num_row_groups == 4


def test_a_patch_is_an_image_of_what_the_neuron_sees_most(saved, rows):
    """Three by three pixels of its strongest image, enlarged to the size of a tile."""
    course, pixels = saved.scene.courses[0], pool_pixels()
    neuron = 2
    row = rows[neuron]
    with Image.open(io.BytesIO(row["patch"]["bytes"])) as image:
        shown = np.asarray(image).astype(int)
    used = min(PATCHES, int((course.image_ids[0, neuron] >= 0).sum()))
    assert shown.shape == (8, 8 * used, 3)
    image_row = saved.scene.pictures.rows[course.image_ids[0, neuron, 0]]
    top, left = course.corners[0, neuron, 0]
    patch = pixels[image_row, top : top + 3, left : left + 3]
    # Lossy, so its mean colour only.
    assert np.abs(shown[:, :8].mean(axis=(0, 1)) - patch.mean(axis=(0, 1))).max() < 40


def test_without_patches_the_column_is_null(saved, tmp_path):
    folder = tmp_path / "tables"
    path, config = write_tables(saved, folder, patches=False)
    assert pq.read_table(path)["patch"].null_count == 20
    assert "sprite" not in config.read_text()
    assert not list(folder.glob("**/*.png"))


def test_the_top_class_is_that_of_most_stimuli(make_scene):
    scene = make_scene()  # rows 2 3 5 8, so classes 2 0 2 2
    ids = np.array([[0, 1, 2], [1, 1, 0], [-1, -1, -1], [1, -1, -1]])
    names = [scene.classes[2], scene.classes[0], None, scene.classes[0]]
    assert top_classes(scene, ids) == names


def test_projector_files_fit_together(saved, tmp_path):
    _, config = write_tables(saved, tmp_path / "tables")
    told = config.read_text()
    entries = re.findall(r"embeddings \{\n(.*?)\n\}", told, flags=re.S)
    assert len(entries) == 2
    for entry, course in zip(entries, saved.scene.courses, strict=True):
        named = dict(re.findall(r'(\w+): "([^"]*)"', entry))
        assert named["tensor_name"] == f"{course.name}@{course.epochs[-1]}"
        table = (config.parent / named["tensor_path"]).read_text().splitlines()
        held = np.array([line.split("\t") for line in table], float)
        live = ~course.dead[-1]
        np.testing.assert_allclose(held, course.vectors[-1, live], rtol=1e-5)
        lines = (config.parent / named["metadata_path"]).read_text().splitlines()
        assert len(lines) == len(held) + 1
        assert {line.count("\t") for line in lines} == {lines[0].count("\t")}
        ids = neuron_ids(f"{course.name}@{course.epochs[-1]}", course.sites)
        wanted = [name for name, own in zip(ids, live, strict=True) if own]
        assert [line.split("\t")[0] for line in lines[1:]] == wanted
        with Image.open(config.parent / named["image_path"]) as sprite:
            side = int(re.search(r"single_image_dim: (\d+)", entry)[1])
            assert sprite.width == sprite.height == 2 * side


def test_tables_replace_earlier_ones(saved, tmp_path):
    folder = tmp_path / "tables"
    write_tables(saved, folder)
    write_tables(saved, folder, patches=False)
    names = {path.name for path in folder.iterdir()}
    assert names == {"neurons.parquet", "projector"}
